//! The last stage: requests with their answers, for people, for tests and for verification.
//!
//! ```text
//! serve::pipeline → [Journal] → the bounded log, in a [byte_queue] → [Exchange] → /__admin/requests, tests
//!                            └→ the observer: a line on the console
//! ```

mod byte_queue;
#[expect(clippy::module_inception, reason = "the module is about exchanges, this file is one")]
mod exchange;
mod journal;

pub use exchange::Exchange;
pub(crate) use journal::Observer;
pub use journal::{Journal, JournalLimits};
