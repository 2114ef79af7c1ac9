//! Faults of the backend → a scenario beside the recording, which a replay lays on its answers.
//!
//! ```text
//! request → FaultLog::count → its number among the requests of its method and target
//! broken answer → FaultLog::add → .standin-faults.yaml: let pass as many, then the same fault
//! ```
//!
//! The part of a body that arrived is recorded as any other one; the rule ends it where the backend did.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use crate::fixtures::FAULTS;
use crate::message::Query;
use crate::redact::{MARK, Redactor};

use super::exchange::{SentRequest, path_of};
use super::files::{FileChange, RecordingFiles};
use super::forward::Origin;

/// How many faults a recording has at most.
const MAX_FAULTS: usize = 1000;

/// How many different requests are counted; faults of others are left out.
const MAX_REQUESTS: usize = 100_000;

/// What the backend did in place of an answer that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BackendFault {
    broken: Broken,
    /// How many bytes of the body arrived; nothing where no head did.
    after: Option<u64>,
}

/// How a connection broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Closed,
    Reset,
    /// What arrived is not HTTP.
    Garbage,
    /// The size of a chunk is not a number.
    Chunk,
    /// It stays open, and nothing arrives.
    Stalled,
}

/// A client that gives up sooner has not met a stall.
const SHORTEST_STALL: Duration = Duration::from_secs(1);

impl BackendFault {
    /// The fault that ended a body.
    pub(super) fn in_body(error: &(dyn Error + 'static), after: u64) -> Self {
        Self { broken: Broken::of(error), after: Some(after) }
    }

    /// The fault of an answer that did not begin in time.
    pub(super) fn silence() -> Self {
        Self { broken: Broken::Stalled, after: None }
    }

    /// The fault in place of an answer, by what the client of the backend says; nothing where the backend could not be
    /// asked at all.
    pub(super) fn in_place_of_answer(why: &str) -> Option<Self> {
        let lower = why.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let broken = if has(&[
            "certificate",
            "tls",
            "dns",
            "proxy",
            "refused",
            "unreachable",
            "timed out",
        ]) {
            return None;
        } else if has(&["reset", "broken pipe", "stream error"]) {
            Broken::Reset
        } else if has(&["before message completed", "incomplete", "closed", "end of file"]) {
            Broken::Closed
        } else if has(&["invalid", "parse", "parsing", "malformed"]) {
            Broken::Garbage
        } else {
            return None;
        };
        Some(Self { broken, after: None })
    }

    /// The fault of a backend that had not begun to answer when the client gave up after this time; nothing where the
    /// client did not wait for long.
    pub(super) fn without_answer(waited: Duration) -> Option<Self> {
        (waited >= SHORTEST_STALL).then(Self::silence)
    }

    /// What a rule of a scenario does.
    fn outcome(self) -> Value {
        match (self.broken, self.after) {
            (Broken::Stalled, _) => json!({"stall": "forever"}),
            (Broken::Garbage, None) => json!({"garbage": "before_headers"}),
            (Broken::Reset, None) => json!({"reset": "before_headers"}),
            (_, None) => json!({"close": "before_headers"}),
            (Broken::Reset, Some(0)) => json!({"reset": "after_headers"}),
            (Broken::Reset, Some(bytes)) => json!({"reset": {"bytes": bytes}}),
            (Broken::Chunk, Some(0)) => json!({"malformed_chunk": "after_headers"}),
            (Broken::Chunk, Some(bytes)) => json!({"malformed_chunk": {"bytes": bytes}}),
            (_, Some(0)) => json!({"close": "after_headers"}),
            (_, Some(bytes)) => json!({"close": {"bytes": bytes}}),
        }
    }
}

impl std::fmt::Display for BackendFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.broken {
            Broken::Closed => "it closed the connection",
            Broken::Reset => "it reset the connection",
            Broken::Garbage => "it sent what is not HTTP",
            Broken::Chunk => "it sent an invalid chunk",
            Broken::Stalled => "it sent nothing for as long as an answer may take",
        })?;
        match self.after {
            Some(bytes) => write!(f, " after {bytes} bytes of the body"),
            None => f.write_str(" before its answer"),
        }
    }
}

impl Broken {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                match error.kind() {
                    io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                        return Self::Reset;
                    }
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => return Self::Chunk,
                    _ => {}
                }
            }
            let text = error.to_string();
            if text.contains("chunk") {
                return Self::Chunk;
            }
            if text.contains("stream error") {
                return Self::Reset;
            }
            next = error.source();
        }
        Self::Closed
    }
}

/// The faults of a recording, and how often each request was sent.
#[derive(Debug, Default)]
pub(super) struct FaultLog(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    counts: HashMap<FaultyRequest, u64>,
    faults: Vec<RecordedFault>,
}

/// Method, target, and the server that it was for, where a client of a forward proxy sent it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct FaultyRequest {
    method: Method,
    target: String,
    origin: Option<Origin>,
}

impl FaultyRequest {
    fn of(sent: &SentRequest) -> Self {
        let (method, target) = (sent.method.clone(), sent.target.clone());
        Self { method, target, origin: sent.origin.clone() }
    }
}

#[derive(Debug)]
struct RecordedFault {
    request: FaultyRequest,
    /// Its number among the requests of its method and target, from 1.
    number: u64,
    fault: BackendFault,
}

impl FaultLog {
    /// Counts a request. Returns its number, from 1; nothing past the bound of different requests.
    pub(super) fn count(&self, sent: &SentRequest) -> Option<u64> {
        let counts = &mut self.lock().counts;
        let room = counts.len() < MAX_REQUESTS;
        let key = FaultyRequest::of(sent);
        let number = if room { counts.entry(key).or_default() } else { counts.get_mut(&key)? };
        *number += 1;
        Some(*number)
    }

    /// Adds a fault; returns whether there is room.
    pub(super) fn add(&self, sent: &SentRequest, number: u64, fault: BackendFault) -> bool {
        let faults = &mut self.lock().faults;
        let room = faults.len() < MAX_FAULTS;
        if room {
            faults.push(RecordedFault { request: FaultyRequest::of(sent), number, fault });
        }
        room
    }

    /// Writes the scenario, or removes the one of an earlier recording.
    ///
    /// # Errors
    /// What the system reports.
    pub(super) fn write(&self, files: &dyn RecordingFiles, backend: &str) -> io::Result<()> {
        let seen = self.lock();
        let name = FAULTS.to_owned();
        if seen.faults.is_empty() {
            return files.apply(vec![FileChange::Remove { name }]);
        }
        let content = seen.scenario(backend).into_bytes().into();
        drop(seen);
        files.apply(vec![FileChange::Write { name, content }])
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn scenario(&self, backend: &str) -> String {
        let mut faults: Vec<&RecordedFault> = self.faults.iter().collect();
        faults.sort_by_key(|fault| {
            let FaultyRequest { method, target, origin } = &fault.request;
            (target.as_str(), method.as_str(), origin.as_ref().map(Origin::url), fault.number)
        });
        let mut out = format!(
            "# Made by --faults keep; standin serve lays it on the recording in this directory.\ndescription: {}\nrules:\n",
            Value::from(format!("Faults of {backend}, as they were recorded."))
        );
        for (at, RecordedFault { request, number, fault }) in faults.into_iter().enumerate() {
            let is_last = self.counts.get(request) == Some(number);
            let mut steps = Vec::new();
            if *number > 1 {
                steps.push(json!({"times": number - 1, "then": "pass"}));
            }
            // The last answer of a request is given from then on, and so is the last fault.
            steps.push(if is_last {
                json!({"forever": true, "then": fault.outcome()})
            } else {
                json!({"times": 1, "then": fault.outcome()})
            });
            let matched = Value::from(matched(request));
            let steps = Value::from(steps);
            // Writing to a text does not fail.
            let _ = write!(out, "- id: fault-{}\n  match: {matched}\n  steps: {steps}\n", at + 1);
        }
        out
    }
}

/// Which requests a rule is about: those of this method, target and server, whatever the secrets in it.
fn matched(request: &FaultyRequest) -> Map<String, Value> {
    let FaultyRequest { method, target, origin } = request;
    let marks = Redactor::marks(target);
    let path = marks.target(path_of(target));
    let mut out = Map::new();
    out.insert("method".to_owned(), method.as_str().into());
    out.insert("path".to_owned(), glob(&path).into());
    let query = target.split_once('?').map(|(_, query)| query);
    let query = Query::parse(query).unwrap_or_default();
    let query: Map<String, Value> = query
        .iter()
        .map(|(name, value)| (name.to_owned(), glob(&marks.parameter(name, value)).into()))
        .collect();
    if !query.is_empty() {
        out.insert("query".to_owned(), query.into());
    }
    if let Some(origin) = origin {
        out.insert("header".to_owned(), json!({"host": glob(&origin.authority())}));
    }
    out
}

/// A text as a glob that matches it; a mark matches anything.
fn glob(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            MARK => out.push('*'),
            '*' | '?' | '[' | ']' | '{' | '}' | '!' | '\\' => {
                out.push('[');
                out.push(c);
                out.push(']');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::exchange::BodyCopy;

    fn sent(target: &str) -> SentRequest {
        SentRequest {
            method: Method::GET,
            origin: None,
            target: target.to_owned(),
            headers: http::HeaderMap::new(),
            body: BodyCopy::default(),
            links: None,
        }
    }

    #[test]
    fn faults_are_laid_on_the_same_request_at_the_same_number() {
        let log = FaultLog::default();
        let numbers: Vec<_> = (0..3).map(|_| log.count(&sent("/a?b=c&token=zq9xK3mP4w"))).collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert!(log.add(&sent("/a?b=c&token=zq9xK3mP4w"), 2, BackendFault::in_body(&reset, 10)));
        log.count(&sent("/x*"));
        let closed = BackendFault::in_place_of_answer("connection closed before message completed");
        assert!(log.add(&sent("/x*"), 1, closed.unwrap()));
        let far = SentRequest { origin: Origin::parse("https://api.test"), ..sent("/far") };
        log.count(&far);
        assert_eq!(BackendFault::without_answer(Duration::from_millis(20)), None);
        let stalled = BackendFault::without_answer(Duration::from_secs(2)).unwrap();
        assert!(log.add(&far, 1, stalled));
        let text = log.lock().scenario("http://b");
        assert!(!text.contains("zq9xK3mP4w"), "{text}");
        for part in [
            r#"match: {"method":"GET","path":"/a","query":{"b":"c","token":"*"}}"#,
            r#"steps: [{"then":"pass","times":1},{"then":{"reset":{"bytes":10}},"times":1}]"#,
            r#"match: {"method":"GET","path":"/x[*]"}"#,
            r#"steps: [{"forever":true,"then":{"close":"before_headers"}}]"#,
            r#"match: {"header":{"host":"api.test"},"method":"GET","path":"/far"}"#,
            r#"steps: [{"forever":true,"then":{"stall":"forever"}}]"#,
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn what_says_that_the_backend_was_not_asked_is_no_fault() {
        for why in ["invalid peer certificate", "Connection refused (os error 111)", "dns error"] {
            assert_eq!(BackendFault::in_place_of_answer(why), None, "{why}");
        }
    }
}
