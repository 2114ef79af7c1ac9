//! The thread that writes bodies to their files, beside the answers.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use bytes::Bytes;

use super::SpoolFolder;
use super::body::{BodyOnDisk, SpooledBody};

/// How many bytes of all bodies wait to be written. Above it, bodies arrive no faster than the disk takes them.
const MOST_QUEUED: usize = 24 << 20;

/// What the thread does next.
enum Step {
    Write(Arc<BodyOnDisk>, Bytes),
    End(Arc<BodyOnDisk>),
}

/// The thread of a recording. It ends with the last clone of this, once all is written.
#[derive(Clone)]
pub(in crate::record) struct SpoolThread {
    folder: SpoolFolder,
    steps: Sender<Step>,
    meter: Arc<Meter>,
}

/// How much waits to be written, and who waits until it is less.
#[derive(Default)]
struct Meter {
    queued: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl SpoolThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(in crate::record) fn start(folder: SpoolFolder) -> io::Result<Self> {
        let (steps, received) = channel();
        let meter = Arc::new(Meter::default());
        let shared = Arc::clone(&meter);
        let name = "standin-bodies".to_owned();
        thread::Builder::new().name(name).spawn(move || run(&received, &shared))?;
        Ok(Self { folder, steps, meter })
    }

    /// One whose disk takes what a test lets it take.
    #[cfg(test)]
    pub(super) fn without_disk(folder: SpoolFolder) -> (Self, TestDisk) {
        let (steps, received) = channel();
        let meter = Arc::new(Meter::default());
        (Self { folder, steps, meter: Arc::clone(&meter) }, TestDisk(received, meter))
    }

    /// A body, with its beginning.
    pub(in crate::record) fn begin(&self, beginning: Bytes) -> Spool {
        let body = Arc::new(BodyOnDisk::new(self.folder.clone()));
        let spool = Spool { body, thread: self.clone() };
        spool.hand_over(beginning);
        spool
    }
}

impl std::fmt::Debug for SpoolThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpoolThread")
    }
}

/// The disk of a test.
#[cfg(test)]
pub(super) struct TestDisk(Receiver<Step>, Arc<Meter>);

#[cfg(test)]
impl TestDisk {
    pub(super) fn take_one(&self) {
        self.0.recv().expect("there is a step").run(&self.1);
    }
}

fn run(steps: &Receiver<Step>, meter: &Meter) {
    for step in steps {
        step.run(meter);
    }
}

impl Step {
    fn run(self, meter: &Meter) {
        match self {
            Self::Write(body, bytes) => {
                body.write(&bytes);
                meter.written(bytes.len());
            }
            Self::End(body) => body.end(),
        }
    }
}

impl Meter {
    fn is_full(&self) -> bool {
        self.queued.load(Ordering::Acquire) >= MOST_QUEUED
    }

    fn written(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Ordering::AcqRel);
        if !self.is_full() {
            let waiting = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *waiting)
            };
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

/// A body that is being written.
#[derive(Debug)]
pub(in crate::record) struct Spool {
    body: Arc<BodyOnDisk>,
    thread: SpoolThread,
}

impl Spool {
    /// Adds bytes.
    ///
    /// # Errors
    /// What the system reported for earlier ones: the disk may be full.
    pub(in crate::record) fn push(&self, bytes: &[u8]) -> io::Result<()> {
        if let Some(error) = self.body.error() {
            return Err(error);
        }
        self.hand_over(Bytes::copy_from_slice(bytes));
        Ok(())
    }

    /// Waits until there is room for more.
    pub(in crate::record) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        let meter = &self.thread.meter;
        if meter.is_full() {
            let mut waiting = meter.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(cx.waker().clone());
            drop(waiting);
            // What was written in between has woken nobody.
            if meter.is_full() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// The whole body.
    pub(in crate::record) fn finish(self) -> SpooledBody {
        // The thread runs as long as this.
        let _ = self.thread.steps.send(Step::End(Arc::clone(&self.body)));
        SpooledBody(self.body)
    }

    fn hand_over(&self, bytes: Bytes) {
        self.thread.meter.queued.fetch_add(bytes.len(), Ordering::AcqRel);
        let _ = self.thread.steps.send(Step::Write(Arc::clone(&self.body), bytes));
    }
}
