//! What rules have found: when they were compiled, and about an object.

use super::super::status::FieldError;

/// What compiling a rule has found (`CompilationResult`).
#[derive(Debug, Default)]
pub(crate) struct CompiledRule {
    pub(crate) error: Option<String>,
    pub(crate) message_error: Option<String>,
    /// What evaluating the rule costs at most.
    pub(crate) max_cost: u64,
    /// What evaluating the message costs at most; nothing without one.
    pub(crate) message_cost: Option<u64>,
    /// Whether it reads the object before a change.
    pub(crate) uses_old_self: bool,
}

/// What rules have found about an object.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) errors: Vec<FieldError>,
    /// Violations in what has not changed.
    pub(crate) warnings: Vec<FieldError>,
}
