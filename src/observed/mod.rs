//! Observed traffic → a scenario that reproduces its faults, for `standin scenario from`.
//!
//! ```text
//! journal ([journal]) | HAR ([har]) | recording ([folder]) → [Observation]s, in the order of time
//!    → [route]: requests of one kind together, paths as templates
//!    → [phases]: when faults begin and end
//!    → [rule]: outcomes one after the other, or shares of them, with latencies ([latency]) → [write]: YAML
//! ```
//!
//! Only the parts of a fault are taken over: statuses, header fields that instruct clients, bodies
//! of errors without their secrets, and where answers broke off. Names and values in paths become
//! patterns.

mod folder;
mod har;
mod journal;
mod latency;
mod outcome;
mod phases;
mod route;
mod rule;
#[cfg(test)]
mod tests;
mod write;

use std::time::Duration;

use serde_json::Value;

use crate::document::{Diagnostics, InlineText};
use crate::scenario;

pub(crate) use folder::read as read_folder;
pub(crate) use outcome::Outcome;

/// The most requests that are used; later ones are ignored.
const MAX_OBSERVATIONS: usize = 200_000;

/// A request with its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    /// When it was sent, since the epoch; `None` if that is not known.
    at: Option<Duration>,
    method: String,
    /// Path and query.
    target: String,
    /// From the request to the head of the answer; of a watch, to the end of the answer.
    took: Option<Duration>,
    outcome: Outcome,
}

/// The observations of one source.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// In the order of time, where times are known.
    observations: Vec<Observation>,
    /// Rules of a recording that are taken over unchanged, with their sources.
    rules: Vec<(String, Value)>,
    /// Messages about data that could not be used.
    pub(crate) notes: Vec<String>,
}

/// A scenario with its statistics.
#[derive(Debug)]
pub(crate) struct Reproduction {
    pub(crate) text: String,
    pub(crate) requests: usize,
    pub(crate) faults: usize,
    pub(crate) rules: usize,
    pub(crate) phases: usize,
}

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObservedError {
    /// The text is not one of the formats.
    #[error(
        "this is neither a journal nor a HAR: save http://HOST:PORT/__admin/requests, or export a HAR with bodies from a browser or a proxy"
    )]
    Format,
    /// It has no requests.
    #[error("there are no requests in it")]
    Empty,
    /// No faults were observed.
    #[error("none of the {0} requests met a fault, and none was slow")]
    Healthy(usize),
    /// The generated text is not a valid scenario.
    #[error("the generated scenario is invalid, which is a bug of this program: {0}")]
    Invalid(Diagnostics),
}

/// Reads a journal, as `/__admin/requests` gives it, or a HAR.
///
/// # Errors
/// It is neither.
pub(crate) fn read(json: &Value) -> Result<Observed, ObservedError> {
    let mut observed = if json["log"]["entries"].is_array() {
        har::read(json)
    } else {
        journal::read(json).ok_or(ObservedError::Format)?
    };
    let all = observed.observations.len();
    if all > MAX_OBSERVATIONS {
        observed.notes.push(format!("the first {MAX_OBSERVATIONS} of {all} requests are used"));
        observed.observations.truncate(MAX_OBSERVATIONS);
    }
    Ok(observed)
}

/// Generates a scenario; `from` names the source in comments.
///
/// # Errors
/// There are no requests, or no faults.
pub(crate) fn reproduce(observed: &Observed, from: &str) -> Result<Reproduction, ObservedError> {
    let observations = &observed.observations;
    if observations.is_empty() && observed.rules.is_empty() {
        return Err(ObservedError::Empty);
    }
    let made = write::scenario(observed, from);
    if made.rules == 0 {
        return Err(ObservedError::Healthy(observations.len()));
    }
    let inline = InlineText { name: "scenario.yaml".to_owned(), text: made.text.clone() };
    scenario::load_all(&[], &[inline], 0).map_err(ObservedError::Invalid)?;
    Ok(made)
}
