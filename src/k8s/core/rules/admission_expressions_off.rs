//! Without the feature `cel` no expression in configurations of admission is checked.

use super::super::super::status::FieldError;

/// What an expression is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    /// A condition or a validation.
    Bool,
    /// A selection of devices.
    Selection,
    /// A message.
    Message,
    /// A value for the audit.
    Annotation,
    /// An object that is applied.
    Configuration,
    /// Operations of a JSON Patch.
    Operations,
}

/// The expressions of a policy or a webhook.
#[derive(Debug)]
pub(super) struct Expressions;

#[expect(clippy::unused_self, reason = "with the feature there is an environment")]
impl Expressions {
    /// Those of a policy.
    pub(super) fn of_policy(_has_params: bool, _has_variables: bool) -> Self {
        Self
    }

    /// Those that select devices.
    pub(super) fn of_devices() -> Self {
        Self
    }

    /// The expressions of its patches.
    pub(super) fn of_patches(&self) -> Self {
        Self
    }

    /// Nothing is checked.
    pub(super) fn declare(&mut self, _name: &str, _text: &str, _path: &str) -> Option<FieldError> {
        None
    }

    /// Nothing is checked.
    pub(super) fn check(&self, _text: &str, _wanted: Wanted, _path: &str) -> Option<FieldError> {
        None
    }

    /// Nothing is checked.
    pub(super) fn check_shown(
        &self,
        _text: &str,
        _shown: &str,
        _wanted: Wanted,
        _path: &str,
    ) -> Option<FieldError> {
        None
    }
}
