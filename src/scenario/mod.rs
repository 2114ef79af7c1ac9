//! Scenarios: which faults happen, and when. Rules apply on top of the fixtures and do not change them.
//!
//! ```text
//! YAML → words (the table: structs of what was written) → language → rule (compiled) → ScenarioSet
//! message::Asked → ScenarioSet::decide(state, world, now) → Decision → serve::pipeline applies it to the answer
//! ```
//!
//! The engine decides and has no side effects: the time is an argument, counters and tokens are in
//! a [`ScenarioState`] per world, and a draw is a pure function of seed, rule, world and number.
//! Precedence: gates first; then delays, which add up; then, among the outcomes of all matching
//! rules, a fault of the connection beats a status. A client's rule beats one of all clients, a
//! phase's rule one of the whole scenario, and the earlier rule the later one. Every rule that
//! matches a request which passed the gates counts it, whether or not its outcome is the one that
//! applies.

mod engine;
mod language;
mod preview;
mod rule;
mod words;

#[cfg(test)]
mod connection_tests;
#[cfg(test)]
mod draw_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod language_tests;
#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod lint_tests;
#[cfg(test)]
mod mutation_tests;
#[cfg(test)]
mod preview_tests;
#[cfg(test)]
mod shared_tests;
#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod time_tests;

#[cfg(any(feature = "etcd", test))]
pub(crate) use engine::entry::EntryKey;
pub(crate) use engine::progress::UnmetRule;
#[cfg(feature = "etcd")]
pub(crate) use engine::shared::EntryChanges;
#[cfg(test)]
pub(crate) use engine::state::RuleUse;
pub(crate) use engine::state::ScenarioState;
pub(crate) use engine::tally::Tallies;
pub(crate) use language::lint::{Part, PathTemplate, RequestShape, Served};
pub(crate) use language::load::{Entry, LoadedScenarios, load, load_all};
pub use language::load::{expand, shipped};
pub(crate) use preview::explain::RuleExplanation;
pub(crate) use rule::crash::Crash;
pub(crate) use rule::decision::{Answer, Applied, Decision, GateSeen, IssuedToken, PlannedPlace};
pub(crate) use rule::expect::Expect;
pub(crate) use rule::generate::Generate;
pub(crate) use rule::http2::Http2;
pub(crate) use rule::kubernetes::Compact;
pub(crate) use rule::life::Life;
pub(crate) use rule::limit::RetryAfter;
pub(crate) use rule::matcher::Compared;
#[cfg(test)]
pub(crate) use rule::point::PointThen;
pub(crate) use rule::set::ScenarioSet;
pub(crate) use rule::status::StatusAnswer;
pub(crate) use words::table::ContinueToken;
pub use words::table::Grade;
pub(crate) use words::{reference, schema};
