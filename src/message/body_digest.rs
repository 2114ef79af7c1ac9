//! The digest of a body that is too large to be stored.

use sha2::{Digest as _, Sha256};

/// SHA-256 of a body, and its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodyDigest {
    /// The digest.
    pub(crate) sha256: [u8; 32],
    /// The length.
    pub(crate) length: u64,
}

/// A digest that grows with its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct GrowingDigest {
    state: Sha256,
    length: u64,
}

impl BodyDigest {
    /// Returns the digest of a whole body.
    #[must_use]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { sha256: Sha256::digest(bytes).into(), length: bytes.len() as u64 }
    }
}

impl GrowingDigest {
    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// Returns the digest of the added bytes.
    #[must_use]
    pub(crate) fn finish(self) -> BodyDigest {
        BodyDigest { sha256: self.state.finalize().into(), length: self.length }
    }
}
