//! Test helpers: rules from text, and a client that sends requests to them.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;

use super::language::file;
use super::*;
use crate::document::{Diagnostics, Format, Source};
use crate::message::{Asked, Request};

/// A documented endpoint.
pub(super) const JOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

pub(super) fn parse(text: &str) -> Result<ScenarioSet, String> {
    let source = Source { path: "s.yaml".into(), format: Format::Yaml, text: text.into() };
    let (scenario, problems) =
        file::read(&source, "s", Some(Path::new(".")), file::Offsets::default());
    if !problems.is_empty() {
        return Err(Diagnostics(problems).sorted().to_string());
    }
    let seed = scenario.seed.unwrap_or(1);
    let about = rule::set::ScenarioInfo {
        name: "s".into(),
        path: "s.yaml".into(),
        timeline: scenario.timeline,
        listening: scenario.listening,
        grading: scenario.grading,
        unused: scenario.unused,
    };
    let parts = rule::set::Parts {
        rules: scenario.rules,
        tokens: scenario.tokens,
        scenarios: vec![about],
        generate: scenario.generate,
        life: scenario.life,
        http2: scenario.http2,
        seed,
    };
    Ok(ScenarioSet::new(parts).with_seed(seed))
}

pub(super) struct Client {
    pub(super) set: ScenarioSet,
    pub(super) state: ScenarioState,
    pub(super) world: &'static str,
    pub(super) now: Duration,
}

impl Client {
    pub(super) fn new(set: ScenarioSet) -> Self {
        Self { set, state: ScenarioState::default(), world: "default", now: Duration::ZERO }
    }

    pub(super) fn ask(&self, method: &str, target: &str) -> Decision {
        self.send(&request(method, target))
    }

    pub(super) fn ask_with(&self, method: &str, target: &str, headers: &HeaderMap) -> Decision {
        let mut request = request(method, target);
        request.headers = headers.clone();
        self.send(&request)
    }

    pub(super) fn send(&self, request: &Request) -> Decision {
        self.set.decide(&self.state, &Asked::new(request), self.world, self.now)
    }

    pub(super) fn code(&self, path: &str) -> u16 {
        code(&self.ask("GET", path))
    }
}

pub(super) fn request(method: &str, target: &str) -> Request {
    Request::new(method.parse().unwrap(), target)
}

/// Returns the target of a page of a list chain.
pub(super) fn page(list: &str, page: u64) -> String {
    let token = URL_SAFE_NO_PAD.encode(format!("{{\"page\":{page}}}"));
    format!("{list}?limit=500&continue={token}")
}

/// Returns the status a decision answers; 200 when it lets the request pass.
pub(super) fn code(decision: &Decision) -> u16 {
    match &decision.answer {
        Some(Answer::Status(status)) => status.code.as_u16(),
        Some(Answer::Reply(reply)) => reply.plan().status.as_u16(),
        Some(Answer::IssueToken(_)) => 201,
        None => 200,
    }
}

pub(super) fn shipped_client(name: &str) -> Client {
    Client::new(load(&[name.to_owned()], 7).unwrap().set)
}

/// Creates a client with rules that must be valid.
pub(super) fn client(text: &str) -> Client {
    Client::new(parse(text).unwrap_or_else(|why| panic!("{why}")))
}
