//! `crash`: a simulated restart of the server.

use std::time::Duration;

use crate::scenario::words::Either;
use crate::scenario::words::table::{CrashWords, Kept, Restart};

/// What a restart loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crash {
    /// How long connections are refused.
    pub(crate) down: Duration,
    /// Whether the objects are reset to those of the fixtures, with revisions from the beginning.
    pub(crate) loses_revisions: bool,
    /// Whether all tokens become invalid.
    pub(crate) loses_tokens: bool,
}

impl Crash {
    /// Compiles `crash`.
    pub(in crate::scenario) fn compile(words: &Either<Restart, CrashWords<'_>>) -> Self {
        match words {
            Either::Short(Restart) => {
                Self { down: Duration::ZERO, loses_revisions: false, loses_tokens: true }
            }
            Either::Object(words) => Self {
                down: words.down.unwrap_or_default(),
                loses_revisions: words.revisions == Some(Kept::Lost),
                loses_tokens: words.tokens != Some(Kept::Kept),
            },
        }
    }
}
