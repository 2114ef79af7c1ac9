//! Plays a case against a server, step by step, to the first answer that differs.

use std::thread::sleep;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::answer::described;
use crate::backend::Backend;
use crate::case::{BackendStep, Case, RequestStep, Step, Variables, text_of};
use crate::compare::{difference, same};
use crate::normal::Normal;
use crate::reply::Reply;
use crate::root;
use crate::server::Server;
use crate::wire::Outgoing;

/// How long a case may take, whatever it waits for.
const CASE: Duration = Duration::from_secs(10);

/// How long the backend's requests are waited for, and an answer that must have some place.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often is looked again while waiting.
const AGAIN: Duration = Duration::from_millis(20);

/// What a path keeps when it is percent-encoded.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A server under test with a backend of its own. Cases are played on it one after the other.
pub(crate) struct Player {
    server: Server,
    backend: Backend,
    /// A case took too long: the server may still be busy with it.
    late: bool,
}

/// A case on its way.
struct Run<'a> {
    server: &'a Server,
    backend: &'a Backend,
    normal: Normal,
    variables: Variables,
    deadline: Instant,
}

impl Player {
    pub(crate) fn new(server: Server) -> Result<Self, String> {
        let backend = Backend::start().map_err(|error| format!("the backend: {error}"))?;
        Ok(Self { server, backend, late: false })
    }

    /// Whether another case can be played on the same server.
    pub(crate) fn usable(&mut self) -> bool {
        !self.late && self.server.runs()
    }

    /// Plays a case. The error says at which step it differs, and how.
    pub(crate) fn play(&mut self, case: &Case) -> Result<(), String> {
        let deadline = Instant::now() + CASE;
        let result = self.steps(case, deadline);
        self.late = Instant::now() > deadline;
        result
    }

    fn steps(&self, case: &Case, deadline: Instant) -> Result<(), String> {
        let target = (self.server.host.as_str(), self.server.address.port());
        let variables = [
            ("backend", self.backend.url()),
            ("backend_host", self.backend.host()),
            ("root", self.server.root.display().to_string()),
        ];
        let mut run = Run {
            server: &self.server,
            backend: &self.backend,
            normal: Normal::new(case, target, &self.backend.host()),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
            deadline,
        };
        run.clean().map_err(|problem| format!("before the first step: {problem}"))?;
        if case.steps.len() != case.expect.len() {
            return Err("the case does not have an expectation for each step".to_owned());
        }
        for (number, (raw, want)) in (1..).zip(case.steps.iter().zip(&case.expect)) {
            let step = Step::read(raw, &run.variables)
                .map_err(|problem| format!("step {number}: {problem}"))?;
            let at = |problem: String| format!("step {number} ({}): {problem}", step.summary());
            let got = run.step(&step).map_err(at)?;
            if Instant::now() > deadline {
                return Err(at(format!("the case took longer than {} s", CASE.as_secs())));
            }
            if !same(want, &got) {
                return Err(at(format!("the answer differs\n{}", difference(want, &got))));
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Each case begins from nothing.
    fn clean(&self) -> Result<(), String> {
        let recording = self.call("GET", "/__admin/recordings/status", None)?;
        if String::from_utf8_lossy(&recording.body).contains("Recording") {
            self.call("POST", "/__admin/recordings/stop", None)?;
        }
        self.call("POST", "/__admin/settings", Some("{}"))?;
        self.call("DELETE", "/__admin/mappings", None)?;
        for folder in ["mappings", "__files"] {
            root::empty(&self.server.root.join(folder))?;
        }
        self.call("POST", "/__admin/reset", None)?;
        let files = self.call("GET", "/__admin/files", None)?;
        for file in serde_json::from_slice::<Vec<String>>(&files.body).unwrap_or_default() {
            let name = file.rsplit("__files/").next().unwrap_or_default().trim_start_matches('/');
            let name = utf8_percent_encode(name, PATH);
            self.call("DELETE", &format!("/__admin/files/{name}"), None)?;
        }
        self.backend.forget();
        Ok(())
    }

    fn call(&self, method: &str, path: &str, body: Option<&str>) -> Result<Reply, String> {
        let request = Outgoing::new(method, path, &[], body.map(str::as_bytes));
        request.exchange(self.server.address, false, self.deadline)
    }

    /// What is compared of what a step brings; null where nothing is.
    fn step(&mut self, step: &Step) -> Result<Value, String> {
        match step {
            Step::Stub(step) => {
                let stub = text_of(&step.stub);
                let reply = self.call("POST", "/__admin/mappings", Some(&stub))?;
                let made = reply.status == Some(201);
                Ok(if made { Value::Null } else { json!({"status": reply.status}) })
            }
            Step::Request(step) => self.request(step),
            Step::Backend(step) => Ok(self.backend_saw(step)),
            Step::File(step) => {
                root::write(&self.server.root, &step.file, &text_of(&step.content))?;
                Ok(Value::Null)
            }
            Step::Exists(step) => {
                let found = root::files(&self.server.root, &step.exists)?;
                let mut names: Vec<_> = found.iter().map(|name| self.normal.text(name)).collect();
                names.sort();
                Ok(json!({"files": names}))
            }
        }
    }

    fn request(&mut self, step: &RequestStep) -> Result<Value, String> {
        let request = Outgoing::of(step)?;
        let patience = self.until(PATIENCE);
        let reply = loop {
            let deadline = step
                .timeout
                .map_or(self.deadline, |seconds| self.until(Duration::from_secs_f64(seconds)));
            let reply = request.exchange(self.server.address, step.to_end, deadline)?;
            let Some(place) = &step.until else { break reply };
            let document: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            if document.pointer(place).is_some() || Instant::now() > patience {
                break reply;
            }
            sleep(AGAIN);
        };
        for (name, place) in &step.save {
            let document: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            let value = match place.strip_prefix("header:") {
                Some(header) => reply.header(header).map(str::to_owned),
                None => document.pointer(place).and_then(Value::as_str).map(str::to_owned),
            };
            self.variables.insert(name.clone(), value.unwrap_or_else(|| "MISSING".to_owned()));
        }
        if step.quiet { Ok(Value::Null) } else { described(step, &reply, &mut self.normal) }
    }

    fn backend_saw(&mut self, step: &BackendStep) -> Value {
        let patience = self.until(PATIENCE);
        while self.backend.seen().len() < step.backend && Instant::now() < patience {
            sleep(AGAIN);
        }
        sleep(Duration::from_secs_f64(step.settle));
        let mut requests = Vec::new();
        for seen in self.backend.seen() {
            let body = String::from_utf8_lossy(&seen.body);
            let mut request =
                json!({"method": seen.method, "path": seen.path, "body": self.normal.text(&body)});
            for name in &step.compare_headers {
                let values =
                    seen.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
                let values: Vec<_> = values.map(|(_, value)| self.normal.text(value)).collect();
                request[name.to_lowercase()] = json!(values);
            }
            requests.push(request);
        }
        json!({"backend": requests})
    }

    /// That time from now, but not beyond the case's deadline.
    fn until(&self, time: Duration) -> Instant {
        self.deadline.min(Instant::now() + time)
    }
}
