//! Exchanges → files, one thread, each file whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::transport::Logger;

use super::exchange::{Answered, Asked};
use super::mapping::{self, Recorded};

/// Writes exchanges into a directory. Clones write through the same thread; when the last one goes,
/// everything is on disk.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    jobs: Option<Mutex<Sender<Job>>>,
    thread: Option<JoinHandle<()>>,
    log: Logger,
}

enum Job {
    Write(Box<(Asked, Answered)>),
    Flush(oneshot::Sender<()>),
}

impl Recorder {
    /// A recorder for a directory, which is made if it is not there.
    ///
    /// # Errors
    /// When the directory cannot be made, or its thread cannot be started.
    pub fn new(directory: PathBuf, log: Logger) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let (jobs, received) = channel();
        let said = Arc::clone(&log);
        let thread = thread::Builder::new()
            .name("standin-recorder".to_owned())
            .spawn(move || run(&directory, &received, &said))?;
        Ok(Self(Arc::new(Inner { jobs: Some(Mutex::new(jobs)), thread: Some(thread), log })))
    }

    /// Has an exchange written, soon.
    pub(super) fn write(&self, asked: Asked, answered: Answered) {
        self.send(Job::Write(Box::new((asked, answered))));
    }

    /// Waits until everything that was given so far is on disk.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        self.send(Job::Flush(done));
        // The thread ends only with the recorder.
        let _ = written.await;
    }

    /// A line for people.
    pub(super) fn say(&self, line: &str) {
        (self.0.log)(line);
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.0.jobs {
            let _ = jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was printed already.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

fn run(directory: &Path, jobs: &Receiver<Job>, log: &Logger) {
    for job in jobs {
        match job {
            Job::Write(exchange) => {
                let (asked, answered) = *exchange;
                let recorded = mapping::of(&asked, answered);
                if let Err(error) = write(directory, &recorded) {
                    log(&format!(
                        "not recorded: {} {}: {} cannot be written: {error}; is the disk full, may the directory be written?",
                        asked.method,
                        asked.target,
                        directory.join(&recorded.name).display()
                    ));
                }
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

/// Writes under a name that loading leaves out, then renames: a crash leaves no half file.
fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.unfinished"));
    let written = (|| {
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&unfinished, directory.join(name))
    })();
    if written.is_err() {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&unfinished);
    }
    written
}
