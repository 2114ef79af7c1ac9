//! The bounds of the engine: every rendering ends within them, whatever the template.

use thiserror::Error;

/// Tags, helper calls and loop turns in one rendering.
pub(crate) const MAX_STEPS: usize = 1_000_000;

/// Bytes of text that one rendering makes, in its result and on the way there.
pub(crate) const MAX_OUTPUT_BYTES: usize = 64 << 20;

/// How deep blocks and expressions may nest.
pub(crate) const MAX_NESTING: usize = 64;

/// How many parts a list or map may have, those of its parts included.
pub(crate) const MAX_PARTS: usize = 1_000_000;

/// How deep lists and maps may nest.
pub(crate) const MAX_DEPTH: usize = 200;

/// A bound that a rendering reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Limit {
    /// See [`MAX_STEPS`].
    #[error("takes more than {MAX_STEPS} steps; shorten its loops")]
    Steps,
    /// See [`MAX_OUTPUT_BYTES`].
    #[error("makes more than {MAX_OUTPUT_BYTES} bytes of text; shorten its loops")]
    Output,
    /// See [`MAX_PARTS`].
    #[error("makes a value of more than {MAX_PARTS} parts")]
    Parts,
    /// See [`MAX_DEPTH`].
    #[error("nests values more than {MAX_DEPTH} deep")]
    Depth,
}
