//! Exchanges through a queue, with a sink that is slow or stands still.

use std::collections::HashMap;

use http::{HeaderMap, Method, StatusCode};

use super::*;
use crate::record::backlog;
use crate::record::exchange::{Arrivals, ArrivedBody, BodyCopy, End};
use crate::record::spool::SpoolThread;
use crate::redact::Key;

/// What a sink got: of each request its answers, in order.
#[derive(Debug, Default)]
struct Got {
    answers: HashMap<String, Vec<String>>,
    lost: usize,
}

#[derive(Clone, Default)]
struct TestSink {
    got: Arc<Mutex<Got>>,
    /// While it is held, nothing is taken.
    gate: Arc<Mutex<()>>,
    takes_files: bool,
}

impl Sink for TestSink {
    fn repeats(&self, sent: &SentRequest, answer: &ReceivedAnswer) -> bool {
        let text = String::from_utf8(answer.body.bytes().to_vec()).unwrap();
        self.got.lock().unwrap().answers.get(&sent.target).and_then(|list| list.last())
            == Some(&text)
    }

    fn record(
        &self,
        sent: SentRequest,
        answer: ReceivedAnswer,
        learned: &dyn Fn() -> bool,
    ) -> bool {
        if !learned() {
            return false;
        }
        drop(self.gate.lock().unwrap());
        let text = match &answer.body {
            ArrivedBody::File(_) if !self.takes_files => return false,
            ArrivedBody::File(file) => std::io::read_to_string(file.open().unwrap()).unwrap(),
            ArrivedBody::Held(bytes, _) => String::from_utf8(bytes.to_vec()).unwrap(),
        };
        assert_ne!(text, "panic", "on purpose");
        self.got.lock().unwrap().answers.entry(sent.target).or_default().push(text);
        true
    }

    fn lost(&self, count: usize, _: &str) {
        self.got.lock().unwrap().lost += count;
    }

    fn key(&self, sent: &SentRequest) -> u64 {
        sent.target.bytes().map(u64::from).sum()
    }
}

fn exchange(target: &str, text: &str) -> (SentRequest, ReceivedAnswer) {
    let sent = SentRequest {
        method: Method::GET,
        origin: None,
        target: target.to_owned(),
        headers: HeaderMap::new(),
        body: BodyCopy::default(),
        links: None,
    };
    let mut arrivals = Arrivals::default();
    arrivals.push(Duration::ZERO, text.as_bytes(), usize::MAX).unwrap();
    let body = arrivals.finish(None);
    let (status, headers) = (StatusCode::OK, HeaderMap::new());
    (
        sent,
        ReceivedAnswer {
            status,
            headers,
            reason: None,
            informational: Vec::new(),
            layout: None,
            waited: std::time::Duration::ZERO,
            body,
            trailers: None,
            end: End::Whole,
        },
    )
}

fn push(queue: &Queue, target: &str, text: &str) {
    let (sent, answer) = exchange(target, text);
    let mut reserved = queue.budget().reserve();
    reserved.grow(1000);
    queue.push(sent, answer, reserved);
}

fn queue(folder: &Path, sink: &TestSink, memory: usize) -> (Queue, usize) {
    let limits = QueueLimits { memory, backlog: 1 << 20, gives_way: true };
    let redactor = Arc::new(Redactor::new(Key::of(b"key")));
    let spools = SpoolFolder::new(folder, &redactor);
    Queue::start(folder, limits, redactor, spools, Box::new(sink.clone())).unwrap()
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n}")).collect()
}

#[tokio::test]
async fn answers_of_a_request_stay_in_order_through_memory_and_disk() {
    let folder = tempfile::tempdir().unwrap();
    let sink = TestSink::default();
    let (queue, left) = queue(folder.path(), &sink, 1 << 20);
    assert_eq!(left, 0);
    for n in 0..300 {
        push(&queue, &format!("/{}", n % 3), &format!("{}", n / 3));
        if n == 100 {
            // From here on exchanges go to the disk.
            let held = sink.gate.lock().unwrap();
            while !folder.path().join(backlog::FILE).exists() {
                push(&queue, "/other", "x");
                thread::sleep(Duration::from_millis(5));
            }
            drop(held);
        }
    }
    queue.drained().await;
    let got = sink.got.lock().unwrap();
    for target in ["/0", "/1", "/2"] {
        assert_eq!(got.answers[target], numbers(100), "{target}");
    }
    assert_eq!(got.lost, 0);
    drop(got);
    assert_eq!(queue.budget().held().0, 0);
    drop(queue);
    assert!(!folder.path().join(backlog::FILE).exists(), "nothing is left");
}

#[tokio::test]
async fn what_is_not_done_in_time_is_done_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let sink = TestSink::default();
    let gate = Arc::clone(&sink.gate);
    let (first, _) = queue(folder.path(), &sink, 1 << 20);
    let left = {
        let (closed, opened) = std::sync::mpsc::channel::<()>();
        let holder = thread::spawn(move || {
            let held = gate.lock().unwrap();
            let _ = opened.recv();
            drop(held);
        });
        thread::sleep(Duration::from_millis(5));
        for n in 0..50 {
            push(&first, "/a", &format!("{n}"));
        }
        let left = first.end(Duration::from_millis(1)).await;
        drop(closed);
        holder.join().unwrap();
        left
    };
    drop(first);
    let done = sink.got.lock().unwrap().answers.get("/a").map_or(0, Vec::len);
    assert!(left > 0 && done + left == 50, "{done} are done, {left} are left");
    let (second, found) = queue(folder.path(), &sink, 1 << 20);
    assert_eq!(found, left);
    second.drained().await;
    assert_eq!(sink.got.lock().unwrap().answers["/a"], numbers(50));
}

#[tokio::test]
async fn an_exchange_in_the_hands_of_a_thread_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let sink = TestSink::default();
    let (first, _) = queue(folder.path(), &sink, 1 << 20);
    let gate = Arc::clone(&sink.gate);
    let held = gate.lock().unwrap();
    let file = folder.path().join(backlog::FILE);
    push(&first, "/a", "1");
    // It is alone in the queue, so a thread has it.
    while std::fs::metadata(&file).map_or(0, |data| data.len()) <= 64 {
        thread::sleep(Duration::from_millis(1));
    }
    push(&first, "/a", "2");
    let size = file.metadata().unwrap().len();
    while file.metadata().unwrap().len() == size {
        thread::sleep(Duration::from_millis(1));
    }
    // What a killed process leaves.
    let left = tempfile::tempdir().unwrap();
    std::fs::copy(&file, left.path().join(backlog::FILE)).unwrap();
    drop(held);
    let next = TestSink::default();
    let (second, found) = queue(left.path(), &next, 1 << 20);
    assert_eq!(found, 2);
    for (queue, sink) in [(first, sink), (second, next)] {
        queue.drained().await;
        assert_eq!(sink.got.lock().unwrap().answers["/a"], ["1", "2"]);
    }
    assert!(!file.exists(), "nothing is left");
}

#[tokio::test]
async fn repeats_cost_nothing_and_a_sink_that_fails_loses_one_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let sink = TestSink::default();
    let (queue, _) = queue(folder.path(), &sink, 1 << 20);
    for text in ["a", "panic", "b"] {
        push(&queue, "/x", text);
    }
    queue.drained().await;
    assert_eq!(sink.got.lock().unwrap().answers["/x"], ["a", "b"]);
    assert_eq!(sink.got.lock().unwrap().lost, 1);
}

#[test]
fn a_folder_that_cannot_be_written_loses_exchanges_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let sink = TestSink::default();
    let gone = folder.path().join("gone");
    let (queue, _) = queue(&gone, &sink, 2000);
    let held = sink.gate.lock().unwrap();
    while sink.got.lock().unwrap().lost == 0 {
        push(&queue, "/x", "a");
        thread::sleep(Duration::from_millis(5));
    }
    drop(held);
    drop(queue);
    let got = sink.got.lock().unwrap();
    assert!(got.lost > 0, "{got:?}");
}

/// An exchange whose body is in a file.
fn large(folder: &Path, target: &str, text: &str) -> (SentRequest, ReceivedAnswer) {
    let redactor = Arc::new(Redactor::new(Key::of(b"key")));
    let thread = SpoolThread::start(SpoolFolder::new(folder, &redactor)).unwrap();
    let file = thread.begin(text.to_owned().into()).finish();
    let (sent, answer) = exchange(target, "");
    (sent, ReceivedAnswer { body: ArrivedBody::File(file), ..answer })
}

#[tokio::test]
async fn a_large_body_outlives_the_process_in_its_sealed_file() {
    let folder = tempfile::tempdir().unwrap();
    let sink = TestSink { takes_files: false, ..TestSink::default() };
    let (first, _) = queue(folder.path(), &sink, 1 << 20);
    let (sent, answer) = large(folder.path(), "/a", "large");
    first.push(sent, answer, first.budget().reserve());
    push(&first, "/a", "small");
    // The sink leaves the large one, as the ledger does when the recorder ends, and what is behind it waits.
    first.end(Duration::from_millis(100)).await;
    drop(first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the backlog, and the body");
    let sink = TestSink { takes_files: true, ..TestSink::default() };
    let (second, found) = queue(folder.path(), &sink, 1 << 20);
    assert_eq!(found, 2);
    second.drained().await;
    assert_eq!(sink.got.lock().unwrap().answers["/a"], ["large", "small"]);
    drop(second);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

/// A sink that keeps the order in which secrets were learned, and in which they could be replaced.
#[derive(Clone, Default)]
struct LearningSink {
    /// What was learned by the time when an exchange went on, by its target.
    known: Arc<Mutex<HashMap<String, Vec<String>>>>,
    learned: Arc<Mutex<Vec<String>>>,
}

impl Sink for LearningSink {
    fn repeats(&self, _: &SentRequest, _: &ReceivedAnswer) -> bool {
        false
    }

    fn record(&self, sent: SentRequest, _: ReceivedAnswer, learned: &dyn Fn() -> bool) -> bool {
        // Those that come first take longest.
        let number: u64 = sent.target[1..].parse().unwrap();
        thread::sleep(Duration::from_micros(2_000 / (number + 1)));
        self.learned.lock().unwrap().push(sent.target.clone());
        if !learned() {
            return false;
        }
        let known = self.learned.lock().unwrap().clone();
        self.known.lock().unwrap().insert(sent.target, known);
        true
    }

    fn lost(&self, _: usize, _: &str) {}

    fn key(&self, sent: &SentRequest) -> u64 {
        // Some have to wait for others.
        sent.target[1..].parse::<u64>().unwrap() % 7
    }
}

#[tokio::test]
async fn an_exchange_is_recorded_once_the_secrets_of_all_before_it_are_known() {
    for (backlog, ends) in [(0, false), (u64::MAX, false), (u64::MAX, true)] {
        let folder = tempfile::tempdir().unwrap();
        let sink = LearningSink::default();
        let redactor = Arc::new(Redactor::new(Key::of(b"k")));
        let spools = SpoolFolder::new(folder.path(), &redactor);
        let limits = QueueLimits { memory: 1 << 20, backlog, gives_way: true };
        let (queue, _) =
            Queue::start(folder.path(), limits, redactor, spools, Box::new(sink.clone())).unwrap();
        for number in 0..60 {
            push(&queue, &format!("/{number}"), "text");
        }
        if ends {
            // No thread may wait for what no other takes.
            assert_eq!(queue.end(Duration::from_secs(60)).await, 0);
        } else {
            queue.drained().await;
        }
        let known = sink.known.lock().unwrap();
        for number in 0..60 {
            let of = &known[&format!("/{number}")];
            assert!(
                (0..number).all(|before| of.contains(&format!("/{before}"))),
                "{number}: {of:?}"
            );
        }
    }
}

/// A sink that stands still at first, and counts what threads of low priority bring.
#[derive(Clone, Default)]
struct PrioritySink {
    gate: Arc<Mutex<()>>,
    by_low: Arc<Mutex<usize>>,
    all: Arc<Mutex<usize>>,
}

impl Sink for PrioritySink {
    fn repeats(&self, _: &SentRequest, _: &ReceivedAnswer) -> bool {
        false
    }

    fn record(&self, _: SentRequest, _: ReceivedAnswer, _: &dyn Fn() -> bool) -> bool {
        drop(self.gate.lock().unwrap());
        *self.by_low.lock().unwrap() += usize::from(thread::current().name() == Some(LOW));
        *self.all.lock().unwrap() += 1;
        true
    }

    fn lost(&self, _: usize, _: &str) {}

    fn key(&self, sent: &SentRequest) -> u64 {
        sent.target[1..].parse().unwrap()
    }
}

#[tokio::test]
async fn the_end_does_not_wait_for_threads_of_low_priority() {
    let folder = tempfile::tempdir().unwrap();
    let sink = PrioritySink::default();
    let redactor = Arc::new(Redactor::new(Key::of(b"k")));
    let spools = SpoolFolder::new(folder.path(), &redactor);
    let limits = QueueLimits { memory: 1 << 20, backlog: u64::MAX, gives_way: true };
    let (queue, _) =
        Queue::start(folder.path(), limits, redactor, spools, Box::new(sink.clone())).unwrap();
    let (closed, opened) = std::sync::mpsc::channel::<()>();
    let (gate, shared) = (Arc::clone(&sink.gate), Arc::clone(&queue.shared));
    let (held, is_held) = std::sync::mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        let gate = gate.lock().unwrap();
        held.send(()).unwrap();
        opened.recv().unwrap();
        while !shared.lock().ends {
            thread::yield_now();
        }
        drop(gate);
    });
    is_held.recv().unwrap();
    for number in 0..200 {
        push(&queue, &format!("/{number}"), "text");
    }
    closed.send(()).unwrap();
    assert_eq!(queue.end(Duration::from_secs(60)).await, 0);
    holder.join().unwrap();
    assert_eq!(*sink.all.lock().unwrap(), 200);
    let by_low = *sink.by_low.lock().unwrap();
    assert!(by_low <= mappers(), "{by_low}: more than they had in their hands");
}
