//! Near misses: the stubs nearest to an unmatched request.
//!
//! ```text
//! StubSet → [search], in steps → candidates → [distance], as WireMock weighs it → the nearest
//! ```

pub(super) mod distance;
mod search;

use std::sync::Arc;

use super::stub::Stub;

pub(crate) use search::MissSearch;

/// A stub that nearly matches.
#[derive(Debug, Clone)]
pub(crate) struct NearMiss {
    pub(crate) stub: Arc<Stub>,
    /// From 0 (only the state of its scenario differs) to 1.
    pub(crate) distance: f64,
}
