//! Scenarios: what goes wrong, and when. Rules are laid over the fixtures, which stay untouched.
//!
//! ```text
//! YAML → format, read_rule, then, point, timeline (all problems at once) → rule (compiled) → ScenarioSet
//! request → Facts → ScenarioSet::decide(state, now) → Decision → serve::pipeline lays it on the answer
//! ```
//!
//! The engine decides and never performs: time comes in as an argument, counters and tokens live in
//! a [`ScenarioState`] per world, a draw is a pure function of seed, rule, world and number.
//! Precedence: gates first; then delays, which add; then of all that matching rules say a connection
//! fault beats a status; a client's rule beats one of everybody, a phase's rule one of the whole scenario,
//! and the earlier rule the later one. Every rule that matches a request which got past the gates counts
//! it, whether or not its outcome is the one that shows.

mod decide;
mod delay;
mod draw;
mod expect;
mod explain;
mod facts;
mod flow;
mod format;
mod generate;
mod http2;
mod kubernetes;
mod lint;
mod load;
mod matcher;
mod point;
mod preview;
mod read_rule;
mod reply;
mod rule;
mod state;
mod status;
mod steer;
mod then;
mod timeline;
mod token;
mod wire;

#[cfg(test)]
mod language_tests;
#[cfg(test)]
mod tests;

/// The JSON Schema of scenario files, for editors.
pub const SCHEMA: &str = include_str!("schema.json");

pub use expect::{Expect, Grade, Verdict};
pub use explain::{Explained, Tried};
pub use facts::{Answer, Applied, Decision, Facts, GateSeen, IssuedToken};
pub use generate::Generate;
pub use http2::Http2;
pub use kubernetes::{Compact, KubernetesThen};
pub use lint::Served;
pub use load::{Entry, LoadedScenarios, expand, load, shipped};
pub use matcher::Compared;
pub use point::PointThen;
pub use preview::Preview;
pub use reply::Reply;
pub use rule::ScenarioSet;
pub use state::{RuleUse, ScenarioState};
pub use status::{ContinueToken, StatusAnswer};
