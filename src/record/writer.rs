//! Exchanges → files, on threads of their own, each file whole or not at all.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{Notify, oneshot};

use crate::redact::{Key, Redactor};
use crate::transport::Logger;

use super::exchange::{Answered, Asked};
use super::key_file;
use super::mapping::{self, Recorded};

/// Writes exchanges into a directory. Clones write through the same threads; when the last one goes,
/// everything is on disk.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    writers: Vec<Writer>,
    room: Arc<Room>,
    redactor: Arc<Redactor>,
    log: Logger,
}

/// One thread. The same request always goes to the same one, so that the later answer is kept.
struct Writer {
    jobs: Option<Mutex<Sender<Job>>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Write(Box<(Asked, Answered)>, Reserved),
    Flush(oneshot::Sender<()>),
}

/// How many threads write, at most.
const MOST_WRITERS: usize = 4;

impl Recorder {
    /// A recorder for a directory, which is made if it is not there. `most_bytes` of exchanges may be
    /// under way or wait to be written; then new requests wait, since a recording with gaps replays
    /// wrong answers.
    ///
    /// # Errors
    /// When the directory cannot be made, or a thread cannot be started.
    pub(crate) fn new(
        directory: &Path,
        most_bytes: usize,
        redactor: &Arc<Redactor>,
        log: &Logger,
    ) -> io::Result<Self> {
        remove_unfinished(directory);
        remove_unfinished(&directory.join("__files"));
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_WRITERS);
        let writers = (0..threads)
            .map(|_| Writer::start(directory.to_path_buf(), Arc::clone(redactor), Arc::clone(log)));
        let writers = writers.collect::<io::Result<Vec<_>>>()?;
        let room = Arc::new(Room::new(most_bytes));
        Ok(Self(Arc::new(Inner {
            writers,
            room,
            redactor: Arc::clone(redactor),
            log: Arc::clone(log),
        })))
    }

    /// The redactor of a recording: under the key in its directory, which is made if it is not there, or
    /// under one that somebody gives.
    ///
    /// # Errors
    /// When the directory or the key cannot be made or read.
    pub(crate) fn redactor(directory: &Path, key: Option<Key>) -> io::Result<Arc<Redactor>> {
        fs::create_dir_all(directory)?;
        let key = key.map_or_else(|| key_file::key(directory), Ok)?;
        Ok(Arc::new(Redactor::new(key)))
    }

    /// Waits until there is room for another exchange.
    pub(super) async fn room(&self) {
        self.0.room.wait().await;
    }

    /// Counts what an exchange that is under way holds.
    pub(super) fn reserve(&self) -> Reserved {
        Reserved { room: Arc::clone(&self.0.room), bytes: 0 }
    }

    /// How many bytes of exchanges are held, and how many may be.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        (self.0.room.held.load(Ordering::Relaxed), self.0.room.most)
    }

    /// Has an exchange written, soon.
    pub(super) fn write(&self, asked: Asked, answered: Answered, reserved: Reserved) {
        let mut hasher = DefaultHasher::new();
        (asked.method.as_str(), &asked.target).hash(&mut hasher);
        let writers = self.0.writers.len() as u64;
        let writer = usize::try_from(hasher.finish() % writers).unwrap_or_default();
        self.0.writers[writer].send(Job::Write(Box::new((asked, answered)), reserved));
    }

    /// Waits until everything that was given so far is on disk.
    pub async fn flush(&self) {
        let mut flushed = Vec::new();
        for writer in &self.0.writers {
            let (done, written) = oneshot::channel();
            writer.send(Job::Flush(done));
            flushed.push(written);
        }
        for written in flushed {
            // The thread ends only with the recorder.
            let _ = written.await;
        }
    }

    /// A line for people about an exchange that is not recorded.
    pub(super) fn say(&self, asked: &Asked, why: &str, error: &str) {
        let target = self.0.redactor.pass("").target(&asked.target);
        (self.0.log)(&format!("not recorded: {why} {} {target}{error}", asked.method));
    }
}

impl Writer {
    fn start(directory: PathBuf, redactor: Arc<Redactor>, log: Logger) -> io::Result<Self> {
        let (jobs, received) = channel();
        let thread = thread::Builder::new()
            .name("standin-recorder".to_owned())
            .spawn(move || run(&directory, &received, &redactor, &log))?;
        Ok(Self { jobs: Some(Mutex::new(jobs)), thread: Some(thread) })
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was printed already.
            let _ = thread.join();
        }
    }
}

/// What exchanges hold until they are written, in bytes.
#[derive(Debug)]
struct Room {
    held: AtomicUsize,
    most: usize,
    freed: Notify,
}

impl Room {
    fn new(most: usize) -> Self {
        Self { held: AtomicUsize::new(0), most, freed: Notify::new() }
    }

    async fn wait(&self) {
        loop {
            // Registered before looking, so that what is freed in between wakes us.
            let freed = self.freed.notified();
            if self.held.load(Ordering::Acquire) < self.most {
                return;
            }
            freed.await;
        }
    }
}

/// What one exchange holds.
#[derive(Debug)]
pub(super) struct Reserved {
    room: Arc<Room>,
    bytes: usize,
}

impl Reserved {
    pub(super) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.room.held.fetch_add(bytes, Ordering::AcqRel);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::AcqRel);
        self.room.freed.notify_waiters();
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

fn run(directory: &Path, jobs: &Receiver<Job>, redactor: &Redactor, log: &Logger) {
    for job in jobs {
        match job {
            Job::Write(exchange, reserved) => {
                let (asked, answered) = *exchange;
                let recorded = mapping::of(&asked, answered, redactor);
                if let Err(error) = write(directory, &recorded) {
                    log(&format!(
                        "not recorded: {} {}: {} cannot be written: {error}; is the disk full, may the directory be written?",
                        asked.method,
                        redactor.pass("").target(&asked.target),
                        directory.join(&recorded.name).display()
                    ));
                }
                drop(reserved);
            }
            Job::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// The body first: a mapping on disk always finds it.
fn write(directory: &Path, recorded: &Recorded) -> io::Result<()> {
    if let Some((name, bytes)) = &recorded.body_file {
        let bodies = directory.join("__files");
        fs::create_dir_all(&bodies)?;
        replace(&bodies, name, bytes)?;
    }
    let mut text = serde_json::to_string_pretty(&recorded.mapping)?;
    text.push('\n');
    replace(directory, &recorded.name, text.as_bytes())
}

/// What the name of a file ends with while it is being written, after the number of its process.
const UNFINISHED: &str = ".unfinished";

/// Removes what recorders that were killed have left. Files of one that runs stay.
fn remove_unfinished(directory: &Path) {
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in names {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(UNFINISHED)) else {
            continue;
        };
        let runs = name.rsplit_once('.').is_some_and(|(_, writer)| is_another_s(writer));
        if name.starts_with('.') && !runs {
            // One that somebody else has removed is gone as well.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a number is that of another process that runs.
#[cfg(unix)]
fn is_another_s(number: &str) -> bool {
    let number = number.parse().ok().filter(|number| *number != std::process::id().cast_signed());
    let process = number.and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| {
        // One that may not be asked runs too.
        let asked = rustix::process::test_kill_process(process);
        asked != Err(rustix::io::Errno::SRCH)
    })
}

/// Processes cannot be asked here: each may run.
#[cfg(not(unix))]
fn is_another_s(number: &str) -> bool {
    number.parse().is_ok_and(|number: u32| number != std::process::id())
}

/// Writes under a name that loading leaves out, then renames: a crash leaves no half file.
fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.{}{UNFINISHED}", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create(&unfinished)?;
        // Not synchronized: that costs more than all the rest, and a killed process loses nothing by it.
        file.write_all(bytes)?;
        fs::rename(&unfinished, directory.join(name))
    })();
    if written.is_err() {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&unfinished);
    }
    written
}
