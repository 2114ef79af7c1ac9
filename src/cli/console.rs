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
    queue: Mutex<Queue>,
    changed: Condvar,
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
    /// Starts the thread that writes; `name` is used in the line about dropped lines.
    pub(super) fn start(
        name: &'static str,
        out: impl Write + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let console = Self(Arc::clone(&shared));
        thread::Builder::new()
            .name(format!("standin-{name}"))
            .spawn(move || write(&shared, name, out))?;
        Ok(console)
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

fn write(shared: &Shared, name: &str, mut out: impl Write) {
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
        let console = Console::start("standard output", Gate { open: opened, written }).unwrap();
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
