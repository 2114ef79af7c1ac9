//! Writes exchanges to files on threads of its own, each file whole or not at all.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{Notify, oneshot};

use crate::redact::{Key, Redactor};
use crate::transport::Logger;

use super::exchange::{Arrivals, ReceivedAnswer, SentRequest, path_of};
use super::files::{BODIES, FileChange, FolderLock, RecordingFiles, UNFINISHED, write_manifest};
use super::key_file;
use super::ledger::{Ledger, RecordingOf};

/// Writes exchanges into a directory. Clones share their threads; once the last one is dropped, everything is on
/// disk.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Inner>);

struct Inner {
    writers: Vec<Writer>,
    budget: Arc<Budget>,
    redactor: Arc<Redactor>,
    ledger: Arc<Ledger>,
    log: Logger,
    folder: Folder,
    /// The URL of the backend.
    backend: String,
    /// The largest body that is recorded, in bytes.
    most_of_body: u64,
    /// Dropped last, once everything is on disk.
    _lock: FolderLock,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Waits for them.
        self.writers.clear();
        let Self { folder, backend, ledger, redactor, log, .. } = self;
        if let Err(error) = write_manifest(&folder.0, folder, backend, ledger.counts()) {
            log(&format!("the manifest of {} cannot be written: {error}", folder.0.display()));
        }
        log(&format!("{} in {}", ledger.counts(), folder.0.display()));
        let secrets = redactor.secrets();
        if !secrets.is_empty() {
            let kinds = secrets.iter().map(|(kind, many)| format!("{many} {kind}"));
            let kinds: Vec<String> = kinds.collect();
            log(&format!("secrets replaced: {}", kinds.join(", ")));
        }
    }
}

/// One thread. The same request always goes to the same thread, so that the later answer is kept.
struct Writer {
    jobs: Option<Mutex<Sender<Job>>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Write(Box<(SentRequest, ReceivedAnswer)>, Reserved),
    Flush(oneshot::Sender<()>),
}

/// The most threads that write.
const MAX_WRITERS: usize = 4;

impl Recorder {
    /// A recorder for a directory, which is made if it is missing. It holds at most `most_bytes` of exchanges;
    /// then new requests wait, since a recording with gaps replays wrong answers.
    ///
    /// # Errors
    /// When the directory cannot be made, or a thread cannot be started.
    pub(crate) fn new(
        directory: &Path,
        of: RecordingOf,
        most_bytes: usize,
        redactor: &Arc<Redactor>,
        log: &Logger,
    ) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let lock = FolderLock::take(directory)?;
        remove_unfinished(directory);
        remove_unfinished(&directory.join(BODIES));
        let ledger = Arc::new(Ledger::open(directory, of.earlier)?);
        let folder: Arc<Path> = directory.into();
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_WRITERS);
        let writers = (0..threads).map(|_| {
            let folder = Folder(Arc::clone(&folder));
            Writer::start(folder, Arc::clone(&ledger), Arc::clone(redactor), Arc::clone(log))
        });
        let writers = writers.collect::<io::Result<Vec<_>>>()?;
        let budget = Arc::new(Budget::new(most_bytes));
        Ok(Self(Arc::new(Inner {
            writers,
            budget,
            redactor: Arc::clone(redactor),
            ledger,
            log: Arc::clone(log),
            folder: Folder(folder),
            backend: of.backend,
            most_of_body: of.most_of_body,
            _lock: lock,
        })))
    }

    /// The redactor of a recording, with this key or the one in its directory, which is made if it is missing.
    ///
    /// # Errors
    /// When the directory or the key cannot be made or read.
    pub(crate) fn redactor(directory: &Path, key: Option<Key>) -> io::Result<Arc<Redactor>> {
        fs::create_dir_all(directory)?;
        let key = key.map_or_else(|| key_file::key(directory), Ok)?;
        Ok(Arc::new(Redactor::new(key)))
    }

    /// Where the body of an answer arrives.
    pub(super) fn arrivals(&self) -> Arrivals {
        Arrivals::with_folder(Arc::clone(&self.0.folder.0))
    }

    /// The largest body that is recorded, in bytes.
    pub(super) fn most_of_body(&self) -> u64 {
        self.0.most_of_body
    }

    /// Waits until the budget has room for another exchange.
    pub(super) async fn wait_for_room(&self) {
        self.0.budget.wait().await;
    }

    /// The share of one exchange in the budget.
    pub(super) fn reserve(&self) -> Reserved {
        Reserved { budget: Arc::clone(&self.0.budget), bytes: 0 }
    }

    /// What was recorded so far, for programs.
    #[must_use]
    pub(crate) fn progress(&self) -> serde_json::Value {
        let counts = self.0.ledger.counts();
        serde_json::json!({
            "directory": self.0.folder.0.to_string_lossy(),
            "exchanges": counts.exchanges(),
            "bytes": counts.bytes(),
            "skipped": counts.skipped(),
            "mappings": counts.files(),
            "requestsWithSeveralAnswers": counts.sequences(),
            "secrets": self.0.redactor.secrets(),
        })
    }

    /// How many bytes of exchanges are held, and the budget.
    #[must_use]
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.0.budget.held.load(Ordering::Relaxed), self.0.budget.most)
    }

    /// Queues an exchange to be written.
    pub(super) fn write(&self, sent: SentRequest, answer: ReceivedAnswer, reserved: Reserved) {
        let mut hasher = DefaultHasher::new();
        // Whatever the order of its query is, a request goes to the same thread.
        (sent.method.as_str(), path_of(&sent.target)).hash(&mut hasher);
        let writers = self.0.writers.len() as u64;
        let writer = usize::try_from(hasher.finish() % writers).unwrap_or_default();
        self.0.writers[writer].send(Job::Write(Box::new((sent, answer)), reserved));
    }

    /// Waits until all queued exchanges are on disk.
    pub(crate) async fn flush(&self) {
        let mut flushed = Vec::new();
        for writer in &self.0.writers {
            let (done, written) = oneshot::channel();
            writer.send(Job::Flush(done));
            flushed.push(written);
        }
        for written in flushed {
            // Fails only where the thread has ended, which it does with the recorder.
            let _ = written.await;
        }
    }

    /// Reports an exchange that is not recorded.
    pub(super) fn report_skipped(&self, sent: &SentRequest, why: &str, error: &str) {
        self.0.ledger.counts().add_skipped();
        let target = self.0.redactor.pass("").target(&sent.target);
        (self.0.log)(&format!("not recorded: {why} {} {target}{error}", sent.method));
    }
}

impl Writer {
    fn start(
        folder: Folder,
        ledger: Arc<Ledger>,
        redactor: Arc<Redactor>,
        log: Logger,
    ) -> io::Result<Self> {
        let (jobs, received) = channel();
        let thread = thread::Builder::new()
            .name("standin-recorder".to_owned())
            .spawn(move || run(&folder, &ledger, &received, &redactor, &log))?;
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
            // A panic of the thread was printed already.
            let _ = thread.join();
        }
    }
}

/// The memory budget of exchanges until they are written, in bytes.
#[derive(Debug)]
struct Budget {
    held: AtomicUsize,
    most: usize,
    freed: Notify,
}

impl Budget {
    fn new(most: usize) -> Self {
        Self { held: AtomicUsize::new(0), most, freed: Notify::new() }
    }

    async fn wait(&self) {
        loop {
            // Registered before the check, so that what is freed in between wakes this task.
            let freed = self.freed.notified();
            if self.held.load(Ordering::Acquire) < self.most {
                return;
            }
            freed.await;
        }
    }
}

/// The share of one exchange in the budget, returned when it is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Reserved {
    pub(super) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.held.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Takes a share of this size.
    pub(super) fn set(&mut self, bytes: usize) {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes >= before {
            self.budget.held.fetch_add(bytes - before, Ordering::AcqRel);
        } else {
            self.budget.held.fetch_sub(before - bytes, Ordering::AcqRel);
            self.budget.freed.notify_waiters();
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::AcqRel);
        self.budget.freed.notify_waiters();
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

fn run(folder: &Folder, ledger: &Ledger, jobs: &Receiver<Job>, redactor: &Redactor, log: &Logger) {
    for job in jobs {
        match job {
            Job::Write(exchange, reserved) => {
                let (sent, answer) = *exchange;
                if let Err(error) = ledger.record(&sent, answer, redactor, folder) {
                    log(&format!(
                        "not recorded: {} {}: it cannot be written to {}: {error}; is the disk full, may the directory be written?",
                        sent.method,
                        redactor.pass("").target(&sent.target),
                        folder.0.display()
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

/// The folder of a recording, each file of which is written whole or not at all.
struct Folder(Arc<Path>);

impl RecordingFiles for Folder {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(name))
    }

    fn folder(&self) -> &Path {
        &self.0
    }

    fn apply(&self, changes: Vec<FileChange>) -> io::Result<()> {
        for change in changes {
            match change {
                FileChange::Write { name, content } => match name.split_once('/') {
                    Some((folder, name)) => {
                        let folder = self.0.join(folder);
                        fs::create_dir_all(&folder)?;
                        replace(&folder, name, &content)?;
                    }
                    None => replace(&self.0, &name, &content)?,
                },
                FileChange::Move { body, name } => {
                    let path = self.0.join(name);
                    if let Some(folder) = path.parent() {
                        fs::create_dir_all(folder)?;
                    }
                    body.name(&path)?;
                }
                FileChange::Remove { name } => match fs::remove_file(self.0.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
        }
        Ok(())
    }
}

/// Removes files that killed recorders have left. Files of a running one stay.
fn remove_unfinished(directory: &Path) {
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in names {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(UNFINISHED)) else {
            continue;
        };
        let runs = name.rsplit_once('.').is_some_and(|(_, writer)| is_another_process(writer));
        if name.starts_with('.') && !runs {
            // It may have been removed meanwhile.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a number is that of another process that runs.
#[cfg(unix)]
fn is_another_process(number: &str) -> bool {
    let number = number.parse().ok().filter(|number| *number != std::process::id().cast_signed());
    let process = number.and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| {
        // A process without permission to signal it runs as well.
        let result = rustix::process::test_kill_process(process);
        result != Err(rustix::io::Errno::SRCH)
    })
}

/// Processes cannot be asked here: each may run.
#[cfg(not(unix))]
fn is_another_process(number: &str) -> bool {
    number.parse().is_ok_and(|number: u32| number != std::process::id())
}

/// Writes under a name that loading leaves out, then renames: a crash leaves no partial file.
fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.{}{UNFINISHED}", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create(&unfinished)?;
        // Not synced: that costs more than everything else, and a killed process loses nothing without it.
        file.write_all(bytes)?;
        fs::rename(&unfinished, directory.join(name))
    })();
    if written.is_err() {
        // The partial file is of no use.
        let _ = fs::remove_file(&unfinished);
    }
    written
}
