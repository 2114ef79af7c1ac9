//! How a replay used its recordings: which never answered, which sequences were asked on, which requests had none.

use serde_json::{Value, json};

use crate::matching::{STARTED, Stub, miss_differences};
use crate::message::Asked;
use crate::record::Proxy;
use crate::redact::Redactor;

use super::state::Shared;

/// How many differences from the nearest recording are named.
const NAMED: usize = 3;

/// How stubs were used, from [`RunningServer::replay_report`](crate::RunningServer::replay_report). All texts are
/// for people, and have no secrets.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().nothing_loaded().start().await?;
/// let report = server.replay_report();
/// assert!(report.unused.is_empty() && report.exhausted.is_empty() && report.unmatched.is_empty());
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayReport {
    /// Stubs that never answered, each with its file.
    pub unused: Vec<String>,
    /// The last stubs of sequences that answered more than once, each with its file: clients asked more often than
    /// was recorded.
    pub exhausted: Vec<String>,
    /// Requests that nothing answered, each once; of many the first thousand.
    pub unmatched: Vec<String>,
    /// How many exchanges a recorder could not write to its folder.
    pub unwritten: u64,
}

impl ReplayReport {
    /// The report of what has been asked so far.
    pub(crate) fn of(shared: &Shared) -> Self {
        let stubs = shared.stubs.load();
        let mut report = Self::default();
        for stub in stubs.stubs() {
            if !stub.is_used() {
                report.unused.push(line(stub));
            } else if stub.is_used_again() && is_last(stub) {
                report.exhausted.push(line(stub));
            }
        }
        report.unused.sort_unstable();
        report.exhausted.sort_unstable();
        report.unmatched = shared.misses.all();
        let progress = shared.settings.proxy.as_ref().and_then(Proxy::progress);
        report.unwritten = progress.and_then(|now| now["lost"].as_u64()).unwrap_or(0);
        report
    }

    /// As JSON, for the admin API.
    pub(crate) fn to_json(&self) -> Value {
        json!({"unused": self.unused, "exhausted": self.exhausted, "unmatched": self.unmatched})
    }
}

/// Whether a stub ends a sequence: its scenario stays in the state that the stub asks for.
fn is_last(stub: &Stub) -> bool {
    stub.scenario().is_some_and(|scenario| {
        scenario.required_state.as_deref().is_some_and(|state| state != STARTED)
            && scenario.new_state.is_none()
    })
}

fn line(stub: &Stub) -> String {
    let name = stub.name().map_or_else(|| stub.id.to_string(), str::to_owned);
    format!("{name} ({})", stub.source().display())
}

/// Why no recording answers a request, and which comes nearest: the message of a Status.
pub(super) fn nearest_recording(
    nearest: Option<&Stub>,
    asked: &Asked<'_>,
    redactor: &Redactor,
) -> String {
    let target = redactor.target(asked.target());
    let mut text = format!("no recording answers {} {target}", asked.method());
    let Some(stub) = nearest else { return text };
    let differences = miss_differences(stub, asked, redactor);
    text.push_str(&format!("; the nearest is {}", line(stub)));
    if !differences.is_empty() {
        let named: Vec<String> = differences.into_iter().take(NAMED).collect();
        text.push_str(&format!(": {}", named.join(", ")));
    }
    text
}
