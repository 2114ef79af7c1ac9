//! Without the feature `cel` the expressions of `x-kubernetes-validations` are not compiled.
#![expect(clippy::unused_self, reason = "with the feature the same methods use what they hold")]

use serde_json::Value;

use super::super::super::status::FieldError;
use super::options::Options;

/// The estimated costs of all rules of a schema: not known.
#[derive(Debug)]
pub(super) struct TotalCost;

impl TotalCost {
    pub(super) fn new(_unchanged: bool) -> Self {
        Self
    }

    pub(super) fn errors(&self, _path: &str) -> Vec<FieldError> {
        Vec::new()
    }
}

/// A schema with what rules in it can speak of: nothing.
#[derive(Debug)]
pub(super) struct RuleScope;

impl RuleScope {
    pub(super) fn root(_schema: &Value) -> Self {
        Self
    }

    pub(super) fn property(&self, _schema: &Value, _name: &str) -> Self {
        Self
    }

    pub(super) fn additional(&self, _schema: &Value) -> Self {
        Self
    }

    pub(super) fn item(&self, _schema: &Value) -> Self {
        Self
    }
}

/// The violations of the expressions of rules: none are looked for.
pub(super) fn check(
    _scope: &RuleScope,
    _rules: &[Value],
    (_path, _uncorrelatable): (&str, Option<&str>),
    _options: &Options,
    _total: &mut TotalCost,
) -> Vec<FieldError> {
    Vec::new()
}
