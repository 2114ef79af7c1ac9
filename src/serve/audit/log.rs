//! The audit log: a thread that makes the lines of events and writes them (`plugin/pkg/audit/{log,buffered}`).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use crate::k8s::AuditPolicy;
use crate::transport::Logger;

/// How much may wait to be written, in bytes of the objects of the events. What comes above it is left out.
const MOST_WAITING: usize = 64 << 20;

/// What an event weighs besides its objects, in bytes.
const WEIGHT: usize = 2 << 10;

/// Where events are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuditTarget {
    /// Standard output.
    Output,
    /// The end of a file.
    File(PathBuf),
}

/// An event that is to be written: makes its line.
type Job = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// The audit policy with its log.
pub(crate) struct AuditLog {
    /// Which requests are written down.
    pub(super) policy: AuditPolicy,
    queue: Option<Sender<(usize, Job)>>,
    waiting: Arc<AtomicUsize>,
    /// Whether it was said that events are lost.
    has_lost: AtomicBool,
    lines: Logger,
    writer: Option<JoinHandle<()>>,
}

impl AuditLog {
    /// Opens the log. `lines` takes what is to be said to people.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn open(
        policy: AuditPolicy,
        target: &AuditTarget,
        lines: Logger,
    ) -> io::Result<Self> {
        let mut out: Box<dyn io::Write + Send> = match target {
            AuditTarget::Output => Box::new(io::stdout()),
            AuditTarget::File(path) => Box::new(open(path)?),
        };
        let (queue, jobs) = mpsc::channel::<(usize, Job)>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (done, said) = (Arc::clone(&waiting), Arc::clone(&lines));
        let writer = thread::Builder::new().name("audit".to_owned()).spawn(move || {
            for (weight, job) in jobs {
                let written = out.write_all(&job()).and_then(|()| out.flush());
                done.fetch_sub(weight, Ordering::Relaxed);
                if let Err(error) = written {
                    said(&format!("the audit log ends: it cannot be written: {error}"));
                    return;
                }
            }
        })?;
        Ok(Self {
            policy,
            queue: Some(queue),
            waiting,
            has_lost: AtomicBool::new(false),
            lines,
            writer: Some(writer),
        })
    }

    /// Writes an event some time later. `size` is that of its objects in bytes.
    pub(super) fn write(&self, size: usize, line: impl FnOnce() -> Vec<u8> + Send + 'static) {
        let weight = size + WEIGHT;
        if self.waiting.fetch_add(weight, Ordering::Relaxed) + weight > MOST_WAITING {
            self.waiting.fetch_sub(weight, Ordering::Relaxed);
            if !self.has_lost.swap(true, Ordering::Relaxed) {
                (self.lines)("the audit log is slower than the requests: events are lost");
            }
            return;
        }
        // A log that has ended said so.
        let _ = self.queue.as_ref().map(|queue| queue.send((weight, Box::new(line))));
    }
}

/// Opens a file at its end; it and its directory are made where they are not there (`ensureLogFile`).
fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Drop for AuditLog {
    /// What waits is written.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // A panic of the thread has been reported.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> AuditPolicy {
        let policy = json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}],
        });
        AuditPolicy::of(policy).unwrap()
    }

    #[test]
    fn what_waits_is_written_behind_what_is_there() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("logs/audit.log");
        let target = AuditTarget::File(path.clone());
        for text in ["a\n", "b\n"] {
            let log = AuditLog::open(policy(), &target, Arc::new(|_: &str| {})).unwrap();
            log.write(1, || text.into());
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
        assert!(
            AuditLog::open(
                policy(),
                &AuditTarget::File(directory.path().into()),
                Arc::new(|_: &str| {})
            )
            .is_err()
        );
    }

    #[test]
    fn a_queue_that_is_full_takes_no_more() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("audit.log");
        let log =
            AuditLog::open(policy(), &AuditTarget::File(path.clone()), Arc::new(|_: &str| {}))
                .unwrap();
        let (go, wait) = mpsc::channel::<()>();
        log.write(MOST_WAITING / 2, move || {
            // Holds the thread until the queue is full.
            let _ = wait.recv();
            b"1".into()
        });
        log.write(MOST_WAITING, || b"2".into());
        log.write(1, || b"3".into());
        go.send(()).unwrap();
        drop(log);
        assert_eq!(fs::read_to_string(&path).unwrap(), "13");
    }
}
