//! Expressions in configurations of admission, checked when these are written (`validateCELCondition`). Without the
//! feature `cel` they are not.

use super::super::super::golang::quote;
use super::super::super::schema::admission::{CompileError, Environment, Expression, Returns};
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
pub(super) struct Expressions(Environment);

impl Expressions {
    /// Those of a policy.
    pub(super) fn of_policy(has_params: bool, has_variables: bool) -> Self {
        let environment = Environment::new(has_params);
        Self(if has_variables { environment.with_composed() } else { environment })
    }

    /// Those that select devices.
    pub(super) fn of_devices() -> Self {
        Self(Environment::of_devices())
    }

    /// The expressions of its patches.
    pub(super) fn of_patches(&self) -> Self {
        Self(self.0.with_patches())
    }

    /// Checks a variable, which later expressions may use.
    pub(super) fn declare(&mut self, name: &str, text: &str, path: &str) -> Option<FieldError> {
        let expression = Expression::compile(text, &self.0, Returns::Any);
        self.0.declare(name, &expression);
        expression.error().map(|error| violation(error, text, path))
    }

    /// Checks an expression.
    pub(super) fn check(&self, text: &str, wanted: Wanted, path: &str) -> Option<FieldError> {
        self.check_shown(text, text, wanted, path)
    }

    /// Checks an expression that is shown in another way.
    pub(super) fn check_shown(
        &self,
        text: &str,
        shown: &str,
        wanted: Wanted,
        path: &str,
    ) -> Option<FieldError> {
        let expression = match wanted {
            Wanted::Bool => Expression::compile(text, &self.0, Returns::Bool),
            Wanted::Selection => Expression::compile(text, &self.0, Returns::Selection),
            Wanted::Annotation => Expression::compile(text, &self.0, Returns::TextOrNull),
            Wanted::Configuration => Expression::compile(text, &self.0, Returns::Configuration),
            Wanted::Operations => Expression::compile(text, &self.0, Returns::Operations),
            Wanted::Message => {
                let environment = self.0.without_authorizer();
                Expression::compile(text, &environment, Returns::Text)
            }
        };
        expression.error().map(|error| violation(error, shown, path))
    }
}

/// `convertCELErrorToValidationError`.
fn violation(error: &CompileError, shown: &str, path: &str) -> FieldError {
    if error.internal {
        return FieldError::internal(path, &error.text);
    }
    FieldError::invalid(path, quote(shown), &error.text)
}
