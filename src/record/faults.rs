//! Faults of the backend → a scenario beside the recording, which a replay lays on its answers.
//!
//! ```text
//! request → FaultLog::count → its number among the requests of its method and target
//! broken answer → FaultLog::add → .standin-faults.yaml: let pass as many, then the same fault
//! ```
//!
//! The part of a body that arrived is recorded as any other one; the rule ends it where the backend did.

mod backend_fault;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use serde_json::{Map, Value, json};

use crate::fixtures::FAULTS;
use crate::message::Query;
use crate::redact::{MARK, Redactor};

use super::exchange::{SentRequest, path_of};
use super::files::{FileChange, RecordingFiles};
use super::forward::Origin;

pub(super) use backend_fault::BackendFault;

/// How many faults a recording has at most.
const MAX_FAULTS: usize = 1000;

/// How many different requests are counted; faults of others are left out.
const MAX_REQUESTS: usize = 100_000;

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
    use std::time::Duration;

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
        assert!(log.add(
            &sent("/a?b=c&token=zq9xK3mP4w"),
            2,
            BackendFault::in_body(&reset, 10, Duration::ZERO)
        ));
        log.count(&sent("/x*"));
        let why = "connection closed before message completed";
        let closed = BackendFault::in_place_of_answer(why, None, Duration::from_millis(2_960));
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
            r#"steps: [{"forever":true,"then":{"close":"before_headers","stall":"3000ms"}}]"#,
            r#"match: {"header":{"host":"api.test"},"method":"GET","path":"/far"}"#,
            r#"steps: [{"forever":true,"then":{"stall":"forever"}}]"#,
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
