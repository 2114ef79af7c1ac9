//! The audit log: a thread that makes the lines of events and writes them (`plugin/pkg/audit/{log,buffered}`).

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::k8s::AuditPolicy;
use crate::transport::Logger;

use super::rotation::{AuditRotation, RotatingFile};

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

/// What sends events to a webhook: takes their lines, and ends when there are no more.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "record"),
    expect(dead_code, reason = "a build without a client has none")
)]
pub(crate) struct EventSender {
    pub(crate) lines: mpsc::Sender<Vec<u8>>,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

/// An event that is to be written: makes its line. The log ends with nothing.
type Job = Option<Box<dyn FnOnce() -> Vec<u8> + Send>>;

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
    /// What sends events to the webhook.
    sending: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl AuditLog {
    /// Opens the log: a file or the output, events for a webhook, or both. `lines` takes what is to be said to people.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn open(
        policy: AuditPolicy,
        target: Option<(&AuditTarget, AuditRotation)>,
        webhook: Option<EventSender>,
        lines: Logger,
    ) -> io::Result<Self> {
        let mut out: Box<dyn io::Write + Send> = match target {
            None => Box::new(io::sink()),
            Some((AuditTarget::Output, _)) => Box::new(io::stdout()),
            Some((AuditTarget::File(path), rotation)) => {
                Box::new(RotatingFile::open(path, rotation)?)
            }
        };
        let (webhook, sending) = webhook.map(|EventSender { lines, task }| (lines, task)).unzip();
        let (queue, jobs) = channel::<(usize, Job)>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (done, said) = (Arc::clone(&waiting), Arc::clone(&lines));
        let writer = thread::Builder::new().name("audit".to_owned()).spawn(move || {
            let mut is_full = false;
            for (weight, job) in jobs {
                let Some(job) = job else { return };
                let line = job();
                let written = out.write_all(&line).and_then(|()| out.flush());
                if let Some(webhook) = &webhook
                    && webhook.try_send(line).is_err()
                    && !std::mem::replace(&mut is_full, true)
                {
                    said("the audit webhook is slower than the requests: events are lost");
                }
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
            sending: Mutex::new(sending),
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
        let _ = self.queue.as_ref().map(|queue| queue.send((weight, Some(Box::new(line)))));
    }

    /// Ends the log. What waits is written, and sent to the webhook within some time.
    pub(crate) async fn end(&self, within: Duration) {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A log that has ended said so.
        let _ = self.queue.as_ref().map(|queue| queue.send((0, None)));
        if let Some(sending) = sending {
            // What is not sent by then is lost.
            let _ = tokio::time::timeout(within, sending).await;
        }
    }
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
    use std::fs;

    use serde_json::json;

    use super::*;

    fn policy() -> AuditPolicy {
        let policy = json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}],
        });
        AuditPolicy::of(policy).unwrap()
    }

    fn opened(target: &AuditTarget) -> io::Result<AuditLog> {
        let target = Some((target, AuditRotation::default()));
        AuditLog::open(policy(), target, None, Arc::new(|_: &str| {}))
    }

    #[test]
    fn what_waits_is_written_behind_what_is_there() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("logs/audit.log");
        let target = AuditTarget::File(path.clone());
        for text in ["a\n", "b\n"] {
            let log = opened(&target).unwrap();
            log.write(1, || text.into());
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
        assert!(opened(&AuditTarget::File(directory.path().into())).is_err());
    }

    #[test]
    fn a_queue_that_is_full_takes_no_more() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("audit.log");
        let log = opened(&AuditTarget::File(path.clone())).unwrap();
        let (go, wait) = channel::<()>();
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
