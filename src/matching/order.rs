//! The place of a stub among all stubs.

use std::cmp::Reverse;

/// The place of a stub in precedence order: the lower priority number first, and of equal ones the most
/// recently added first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    pub(super) priority: i32,
    pub(super) added: Reverse<u64>,
    /// Distinguishes a stub that replaced another one from the stub of its file in the same place; 0 for an added
    /// stub.
    pub(super) edition: u32,
}
