//! Temporary.
#![allow(missing_docs, missing_debug_implementations, unused, clippy::all)]
use crate::document::*;
use crate::message::*;
use http::{HeaderMap, StatusCode};
use std::{path::Path, sync::Arc, time::Duration};
pub struct LoadedScenarios {
    pub set: ScenarioSet,
    pub warnings: Diagnostics,
}
pub fn load(n: &[String]) -> Result<LoadedScenarios, Diagnostics> {
    Ok(LoadedScenarios { set: ScenarioSet, warnings: Diagnostics::default() })
}
pub fn shipped() -> Vec<(String, String)> {
    vec![]
}
#[derive(Debug, Default)]
pub struct ScenarioSet;
impl ScenarioSet {
    pub fn is_empty(&self) -> bool {
        true
    }
    pub fn len(&self) -> usize {
        0
    }
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        [].into_iter()
    }
    pub fn seed(&self) -> u64 {
        0
    }
    pub fn with_seed(self, s: u64) -> Self {
        self
    }
    pub fn generated(&self) -> &[Generate] {
        &[]
    }
    pub fn wants_body(&self, f: &Facts<'_>) -> bool {
        false
    }
    pub fn decide(&self, s: &ScenarioState, f: &Facts<'_>, now: Duration) -> Decision {
        unimplemented!()
    }
}
pub struct Facts<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a Query<'a>,
    pub headers: &'a HeaderMap,
    pub body: Option<&'a [u8]>,
    pub verb: Option<&'a str>,
    pub resource: Option<&'a str>,
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
    pub subresource: Option<&'a str>,
    pub page: Option<u64>,
    pub world: &'a str,
}
#[derive(Debug, Default)]
pub struct ScenarioState;
impl ScenarioState {
    pub fn reset(&self) {}
}
pub struct Decision {
    pub delay: Duration,
    pub answer: Option<Answer>,
    pub fault: Option<Fault>,
    pub page_size: Option<u64>,
    pub by: Option<Applied>,
}
pub struct Applied {
    pub rule: Arc<str>,
    pub draw: Option<u64>,
}
pub enum Answer {
    Status(StatusAnswer),
    Reply(Reply),
    IssueToken(IssuedToken),
}
pub struct StatusAnswer {
    pub code: StatusCode,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub retry_after: Option<Duration>,
    pub headers: HeaderMap,
    pub error_code: Option<String>,
    pub continue_token: Option<ContinueToken>,
}
pub enum ContinueToken {
    Fresh,
    None,
}
pub struct Reply;
impl Reply {
    pub fn plan(&self) -> Plan {
        unimplemented!()
    }
}
pub struct IssuedToken {
    pub token: String,
    pub expires_in: Duration,
}
pub struct Generate {
    pub resource: String,
    pub namespace: String,
    pub count: u64,
    pub like: Option<String>,
    pub labels: Vec<(String, String)>,
    pub source: Arc<Path>,
    pub place: Option<Place>,
}
impl Generate {
    pub fn name(&self, n: u64) -> String {
        String::new()
    }
}
