//! Scenarios: what goes wrong, and when. Rules are laid over the fixtures, which stay untouched.
//!
//! ```text
//! YAML → format (all problems at once) → rule (compiled) → ScenarioSet
//! request → Facts → ScenarioSet::decide(state, now) → Decision → serve::pipeline lays it on the answer
//! ```
//!
//! The engine decides and never performs: time comes in as an argument, counters and tokens live in
//! a [`ScenarioState`] per world, a draw is a pure function of seed, rule, world and number.
//! Precedence: gates first; then delays, which add; then of all that matching rules say a connection
//! fault beats a status, a client's rule beats one of everybody, and the earlier rule the later one. Every rule that matches a request
//! which got past the gates counts it, whether or not its outcome is the one that shows.

mod decide;
mod delay;
mod draw;
mod format;
mod generate;
mod load;
mod matcher;
mod reply;
mod rule;
mod state;
mod then;
mod token;

#[cfg(test)]
mod tests;

pub use decide::{Answer, Applied, Decision, Facts, IssuedToken};
pub use generate::Generate;
pub use load::{LoadedScenarios, load, shipped};
pub use reply::Reply;
pub use rule::ScenarioSet;
pub use state::ScenarioState;
pub use then::{ContinueToken, StatusAnswer};
