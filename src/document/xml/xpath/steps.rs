//! The steps of one evaluation, which are limited.

use super::error::{MAX_STEPS, XPathError};

/// How many nodes have been visited.
#[derive(Debug, Default)]
pub(super) struct Steps(usize);

impl Steps {
    /// Counts that this many nodes are visited.
    pub(super) fn count(&mut self, nodes: usize) -> Result<(), XPathError> {
        self.0 += nodes;
        if self.0 > MAX_STEPS { Err(XPathError::Steps) } else { Ok(()) }
    }
}
