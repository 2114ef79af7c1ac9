//! The expressions of `x-kubernetes-validations`: types and costs
//! (`ValidateCustomResourceDefinitionOpenAPISchema`, `cel_validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::schema::{self, Additional, Kind, Schema};
use super::super::super::status::FieldError;
use super::internal::shown_rule;

/// The most that an expression may cost by its text (`StaticEstimatedCostLimit`).
const RULE_LIMIT: u64 = 10_000_000;

/// The most that all expressions of a version may cost (`StaticEstimatedCRDCostLimit`).
const DEFINITION_LIMIT: u64 = 100_000_000;

/// How many of the most expensive rules are named.
const NAMED: usize = 4;

/// The estimated costs of all rules of a schema.
#[derive(Debug, Default)]
pub(super) struct TotalCost {
    /// Whether the costs of single rules do not count, because the schema has not changed.
    unchanged: bool,
    total: u64,
    /// The most expensive expressions, that one first.
    expensive: Vec<(String, u64)>,
}

impl TotalCost {
    pub(super) fn new(unchanged: bool) -> Self {
        Self { unchanged, ..Self::default() }
    }

    /// Adds the cost of an expression; says whether it is too high.
    fn add(&mut self, path: String, cost: u64, what: &str) -> Option<FieldError> {
        let is_over = !self.unchanged && cost > RULE_LIMIT;
        let error =
            is_over.then(|| FieldError::forbidden(&path, &exceeded(what, cost, RULE_LIMIT)));
        self.total = self.total.saturating_add(cost);
        if cost >= DEFINITION_LIMIT / 100 {
            let at = self.expensive.partition_point(|(_, other)| *other >= cost);
            self.expensive.insert(at, (path, cost));
            self.expensive.truncate(NAMED);
        }
        error
    }

    /// The violations of the limit of a whole schema.
    pub(super) fn errors(&self, path: &str) -> Vec<FieldError> {
        if self.total <= DEFINITION_LIMIT {
            return Vec::new();
        }
        let why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        let mut errors: Vec<FieldError> =
            self.expensive.iter().map(|(path, _)| FieldError::forbidden(path, why)).collect();
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        errors.push(FieldError::forbidden(path, &exceeded(what, self.total, DEFINITION_LIMIT)));
        errors
    }
}

/// That a cost is over its limit (`getCostErrorMessage`).
#[expect(clippy::cast_precision_loss, reason = "the factor is rounded")]
fn exceeded(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

/// A schema whose rules are compiled, with the number of its values in an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuleScope<'s> {
    schema: &'s Schema,
    is_resource: bool,
    /// How many values of it an object has at most, by the limits of the schemas around it; nothing without limits.
    cardinality: Option<u64>,
}

impl<'s> RuleScope<'s> {
    pub(super) fn root(schema: &'s Schema) -> Self {
        Self { schema, is_resource: true, cardinality: Some(1) }
    }

    fn below(&self, schema: &'s Schema) -> Self {
        let factor = match (self.schema.kind, &self.schema.additional) {
            (Some(Kind::Object), Additional::Schema(_) | Additional::Allowed(_)) => {
                self.schema.max_properties
            }
            (Some(Kind::Array), _) => self.schema.max_items,
            _ => Some(1),
        };
        let cardinality = self.cardinality.zip(factor).map(|(all, each)| all.saturating_mul(each));
        Self { schema, is_resource: schema.embedded, cardinality }
    }

    pub(super) fn property(&self, name: &str) -> Option<Self> {
        self.schema.properties.get(name).map(|inner| self.below(inner))
    }

    pub(super) fn additional(&self) -> Option<Self> {
        match &self.schema.additional {
            Additional::Schema(inner) => Some(self.below(inner)),
            _ => None,
        }
    }

    pub(super) fn item(&self) -> Option<Self> {
        self.schema.items.as_deref().map(|inner| self.below(inner))
    }
}

/// The violations of the expressions of rules at a path. `uncorrelatable` is the path of the outermost schema whose
/// values have no counterpart in the old object.
pub(super) fn check(
    scope: &RuleScope<'_>,
    rules: &[Value],
    path: &str,
    uncorrelatable: Option<&str>,
    total: &mut TotalCost,
) -> Vec<FieldError> {
    let path = format!("{path}.x-kubernetes-validations");
    let (compiled, most) = match schema::compile_rules(scope.schema, scope.is_resource) {
        Ok(compiled) => compiled,
        Err(why) => {
            let why = format!(
                "internal error: failed to construct type information for x-kubernetes-validations rules: {why}"
            );
            return vec![FieldError::internal(path, &why)];
        }
    };
    let mut errors = Vec::new();
    for (index, (found, rule)) in compiled.into_iter().zip(rules).enumerate() {
        let path = |field: &str| format!("{path}[{index}].{field}");
        let invalid =
            |field: &str, why: &str| FieldError::invalid(path(field), shown_rule(rule), why);
        let cost = found.max_cost.saturating_mul(scope.cardinality.unwrap_or(most));
        errors.extend(total.add(path("rule"), cost, "estimated rule cost"));
        errors.extend(found.error.map(|why| invalid("rule", &why)));
        errors.extend(found.message_error.map(|why| invalid("messageExpression", &why)));
        errors.extend(found.message_cost.and_then(|cost| {
            total.add(path("messageExpression"), cost, "estimated messageExpression cost")
        }));
        if found.uses_old_self {
            errors.extend(uncorrelatable.map(|around| {
                let shown = quote(rule["rule"].as_str().unwrap_or_default());
                let why = format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {around}"
                );
                FieldError::invalid(path("rule"), shown, &why)
            }));
        } else if let Some(optional) = rule.get("optionalOldSelf").and_then(Value::as_bool) {
            let why = "may not be set if oldSelf is not used in rule";
            errors.push(FieldError::invalid(path("optionalOldSelf"), optional, why));
        }
    }
    errors
}
