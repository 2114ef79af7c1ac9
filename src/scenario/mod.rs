//! Scenarios: what goes wrong, and when. Rules are laid over the fixtures, which stay untouched.
//!
//! ```text
//! YAML → words (the table: structs of what was written) → language → rule (compiled) → ScenarioSet
//! request → Facts → ScenarioSet::decide(state, now) → Decision → serve::pipeline applies it to the answer
//! ```
//!
//! The engine decides and performs nothing: the time is an argument, counters and tokens are in a
//! [`ScenarioState`] per world, and a draw is a pure function of seed, rule, world and number.
//! Precedence: gates first; then delays, which add up; then, among the outcomes of all matching rules, a fault
//! of the connection beats a status. A client's rule beats one of all clients, a phase's rule one of the whole
//! scenario, and the earlier rule the later one. Every rule that matches a request which passed the gates
//! counts it, whether or not its outcome is the one that applies.

mod engine;
mod language;
mod preview;
mod rule;
mod words;

#[cfg(test)]
mod draw_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod language_tests;
#[cfg(test)]
mod preview_tests;
#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod time_tests;

pub use engine::state::{RuleUse, ScenarioState};
pub use language::lint::Served;
pub use language::load::{Entry, LoadedScenarios, expand, load, shipped};
pub use preview::explain::{Explained, Tried};
pub use preview::requests::Preview;
pub use rule::decision::{Answer, Applied, Decision, GateSeen, IssuedToken};
pub use rule::expect::{Expect, Verdict};
pub use rule::facts::Facts;
pub use rule::generate::Generate;
pub use rule::http2::Http2;
pub use rule::kubernetes::{Compact, KubernetesThen};
pub use rule::matcher::Compared;
pub use rule::point::PointThen;
pub use rule::reply::Reply;
pub use rule::set::ScenarioSet;
pub use rule::status::StatusAnswer;
pub use words::table::{ContinueToken, Grade};
pub use words::{reference, schema};
