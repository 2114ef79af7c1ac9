//! Rules from text, and a client that asks them.

use std::path::Path;
use std::time::Duration;

use http::HeaderMap;

use super::language::file;
use super::*;
use crate::document::{Diagnostics, Format, Source};
use crate::message::Query;

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
    let about = rule::set::About {
        name: "s".into(),
        path: "s.yaml".into(),
        timeline: scenario.timeline,
        verdict: scenario.verdict,
    };
    let parts = rule::set::Parts {
        rules: scenario.rules,
        tokens: scenario.tokens,
        scenarios: vec![about],
        generate: scenario.generate,
        http2: scenario.http2,
        seed,
    };
    Ok(ScenarioSet::new(parts).with_seed(seed))
}

pub(super) struct Client {
    pub(super) set: ScenarioSet,
    pub(super) state: ScenarioState,
    pub(super) now: Duration,
}

impl Client {
    pub(super) fn new(set: ScenarioSet) -> Self {
        Self { set, state: ScenarioState::default(), now: Duration::ZERO }
    }

    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        facts: impl FnOnce(&mut Facts<'_>),
    ) -> Decision {
        self.ask_with(method, path, &HeaderMap::new(), facts)
    }

    pub(super) fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        change: impl FnOnce(&mut Facts<'_>),
    ) -> Decision {
        let query = Query::default();
        let mut facts = Facts {
            method,
            path,
            query: &query,
            headers,
            body: None,
            parsed: std::cell::OnceCell::new(),
            verb: None,
            resource: None,
            namespace: None,
            name: None,
            subresource: None,
            page: None,
            world: "default",
        };
        change(&mut facts);
        self.set.decide(&self.state, &facts, self.now)
    }

    pub(super) fn code(&self, path: &str) -> u16 {
        code(&self.ask("GET", path, |_| {}))
    }
}

/// The status a decision answers; 200 when it lets the request pass.
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

/// A client under rules that are as they should be.
pub(super) fn client(text: &str) -> Client {
    Client::new(parse(text).unwrap_or_else(|why| panic!("{why}")))
}
