//! Lines for people, written by a thread of its own, so that a full pipe never blocks a request.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most bytes of lines that wait to be written; further lines are dropped and counted.
const MOST_WAITING: usize = 1 << 20;

/// How long [`Console::flush`] waits.
const LAST_LINES: Duration = Duration::from_millis(500);

/// A destination of lines. Clones share it.
#[derive(Clone)]
pub(super) struct Console(Arc<Shared>);

struct Shared {
    name: &'static str,
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Until the first line.
    out: Mutex<Option<Box<dyn Write + Send>>>,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<String>,
    bytes: usize,
    dropped: u64,
    /// A line is being written.
    writing: bool,
}

impl Console {
    /// Writes to `out`; `name` is used in the line about dropped lines.
    pub(super) fn new(name: &'static str, out: impl Write + Send + 'static) -> Self {
        let out: Mutex<Option<Box<dyn Write + Send>>> = Mutex::new(Some(Box::new(out)));
        let (queue, changed) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Shared { name, queue, changed, out }))
    }

    /// Starts the thread that writes, with the first line: most starts have none before requests are answered.
    fn begin(&self) {
        let out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(out) = out {
            let shared = Arc::clone(&self.0);
            let thread = thread::Builder::new().name(format!("standin-{}", shared.name));
            // Where there is no thread, lines wait up to their bound and are dropped: a server answers without them.
            let _ = thread.spawn(move || write(&shared, out));
        }
    }

    /// Queues a line. Never waits.
    pub(super) fn line(&self, line: &str) {
        let mut queue = self.0.lock();
        if queue.bytes + line.len() >= MOST_WAITING {
            queue.dropped += 1;
            return;
        }
        queue.bytes += line.len() + 1;
        queue.lines.push_back(format!("{line}\n"));
        drop(queue);
        self.begin();
        self.0.changed.notify_all();
    }

    /// Waits until all lines are written, or [`LAST_LINES`] have passed.
    pub(super) fn flush(&self) {
        let end = Instant::now() + LAST_LINES;
        let mut queue = self.0.lock();
        while !queue.lines.is_empty() || queue.writing {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.changed.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(shared: &Shared, mut out: Box<dyn Write + Send>) {
    let name = shared.name;
    loop {
        let mut queue = shared.lock();
        while queue.lines.is_empty() {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let lines: String = std::mem::take(&mut queue.lines).into_iter().collect();
        let dropped = std::mem::take(&mut queue.dropped);
        queue.writing = true;
        drop(queue);
        // A closed console must not stop the server.
        let _ = out.write_all(lines.as_bytes());
        if dropped > 0 {
            let line = format!("standin: {dropped} lines were dropped: nobody read {name}\n");
            let _ = out.write_all(line.as_bytes());
        }
        let _ = out.flush();
        // They count until they are written: they take memory until then.
        let mut queue = shared.lock();
        queue.bytes -= lines.len();
        queue.writing = false;
        drop(queue);
        shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Writes when it is let.
    struct Gate {
        open: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.open.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_console_that_nobody_reads_drops_lines_and_says_so() {
        let (open, opened) = channel();
        let (written, writes) = channel();
        let console = Console::new("standard output", Gate { open: opened, written });
        let line = "x".repeat(999);
        for _ in 0..3_000 {
            console.line(&line);
        }
        assert!(console.0.lock().bytes <= MOST_WAITING);
        // The queued lines and the count are written once the pipe is read.
        drop(open);
        let mut text = String::new();
        while !text.contains("were dropped") {
            text.push_str(
                std::str::from_utf8(&writes.recv_timeout(Duration::from_secs(60)).unwrap())
                    .unwrap(),
            );
        }
        let lines = text.lines().filter(|found| *found == line).count();
        let dropped = text.lines().find(|found| found.contains("were dropped")).unwrap();
        let count = 3_000 - lines;
        assert_eq!(
            dropped,
            format!("standin: {count} lines were dropped: nobody read standard output")
        );
        console.line("after");
        console.flush();
        assert!(console.0.lock().lines.is_empty());
    }
}
