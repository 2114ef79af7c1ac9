//! The rules of a schema, held against an object (`pkg/apiserver/schema/cel/validation.go`).

use serde_json::Value as Json;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::super::findings::Findings;
use super::super::validate::{Correlation, old_item};
use super::super::{Additional, Kind, ListType, Schema};
use super::program::Program;
use super::rule::Rule;
use super::value::Value;

/// The most that all rules of an object may cost (`RuntimeCELCostBudget`).
const BUDGET: u64 = 10_000_000;

/// The violations of the rules of a schema and of those below it. `old` is the object before a change.
pub(in super::super) fn validate(schema: &Schema, new: &Json, old: Option<&Json>) -> Findings {
    let current = old.map(|old| Correlation::new(schema, new, old));
    let ratchet = Ratchet { current, parent: None };
    let mut walk = Walk { found: Findings::default(), budget: Some(BUDGET) };
    let place = Place { new, old, ratchet, path: "" };
    walk.node(schema, schema, true, &place);
    walk.found
}

/// The violations of a default at a path: it is held against the rules as an object that has not changed, and as one
/// that was not there (`validate` in `pkg/apiserver/schema/defaulting/validation.go`).
pub(in super::super) fn validate_default(
    schema: &Schema,
    default: &Json,
    path: &str,
    is_resource: bool,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for old in [Some(default), None] {
        let mut walk = Walk { found: Findings::default(), budget: Some(BUDGET) };
        let ratchet = Ratchet { current: None, parent: None };
        let place = Place { new: default, old, ratchet, path };
        walk.node(schema, schema, is_resource, &place);
        errors = walk.found.errors;
        if !errors.is_empty() {
            break;
        }
    }
    errors
}

/// The walk through an object.
struct Walk {
    found: Findings,
    /// What further rules may cost; nothing when no further rule is evaluated.
    budget: Option<u64>,
}

/// A value of the object, with its counterpart before the change.
struct Place<'p, 'v> {
    new: &'v Json,
    old: Option<&'v Json>,
    ratchet: Ratchet<'v>,
    path: &'p str,
}

/// What tells whether a value has changed: its counterpart, or that of the nearest value around it that has one.
#[derive(Clone, Copy)]
struct Ratchet<'v> {
    current: Option<Correlation<'v>>,
    parent: Option<Correlation<'v>>,
}

impl<'v> Ratchet<'v> {
    fn below(self, step: impl FnOnce(Correlation<'v>) -> Option<Correlation<'v>>) -> Self {
        match self.current {
            Some(current) => Self { current: step(current), parent: Some(current) },
            None => self,
        }
    }

    fn is_unchanged(&self) -> bool {
        self.current.or(self.parent).is_some_and(|correlation| correlation.is_unchanged())
    }
}

/// The path of a field.
fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

impl Walk {
    /// The rules of `validation` about a value of the schema `node`: they differ inside of `allOf`.
    fn node<'v>(
        &mut self,
        validation: &'v Schema,
        node: &'v Schema,
        is_root: bool,
        place: &Place<'_, 'v>,
    ) {
        if !validation.reaches_rules || place.new.is_null() || self.budget.is_none() {
            return;
        }
        self.rules(validation, node, is_root || node.embedded, place);
        for inner in &validation.all_of {
            let ratchet = Ratchet { current: None, parent: place.ratchet.parent };
            self.node(inner, node, is_root, &Place { ratchet, ..*place });
        }
        match place.new {
            Json::Object(map) => {
                let old = place.old.and_then(Json::as_object);
                for (name, value) in map {
                    let fields = (validation.properties.get(name), node.properties.get(name));
                    let values = (&validation.additional, &node.additional);
                    let (inner, of, path) = match (fields, values) {
                        ((Some(inner), Some(of)), _) => (inner, of, join(place.path, name)),
                        ((None, _), (Additional::Schema(inner), Additional::Schema(of))) => {
                            (&**inner, &**of, format!("{}[{name}]", place.path))
                        }
                        _ => continue,
                    };
                    let is_type = place.ratchet.parent.is_none()
                        && matches!(name.as_str(), "apiVersion" | "kind");
                    let ratchet = if is_type {
                        Ratchet { current: None, parent: None }
                    } else {
                        place.ratchet.below(|it| it.field(name))
                    };
                    let old = old.and_then(|old| old.get(name));
                    let place = Place { new: value, old, ratchet, path: &path };
                    self.node(inner, of, false, &place);
                }
            }
            Json::Array(list) => self.items(validation, node, list, place),
            _ => {}
        }
    }

    fn items<'v>(
        &mut self,
        validation: &'v Schema,
        node: &'v Schema,
        list: &'v [Json],
        place: &Place<'_, 'v>,
    ) {
        let (Some(inner), Some(of)) = (validation.items.as_deref(), node.items.as_deref()) else {
            return;
        };
        if !inner.reaches_rules {
            return;
        }
        let old = place.old.and_then(Json::as_array).filter(|_| node.list_type == ListType::Map);
        for (index, item) in list.iter().enumerate() {
            let old = old.and_then(|old| old_item(node, item, old));
            let ratchet = place.ratchet.below(|it| it.item(index));
            let path = format!("{}[{index}]", place.path);
            self.node(inner, of, false, &Place { new: item, old, ratchet, path: &path });
        }
    }

    /// The rules of one schema (`validateExpressions`).
    fn rules<'v>(
        &mut self,
        validation: &'v Schema,
        node: &'v Schema,
        is_resource: bool,
        place: &Place<'_, 'v>,
    ) {
        if validation.rules.is_empty() {
            return;
        }
        let kind = quote(node.kind.map_or("", Kind::as_str));
        let value = |json: &'v Json| {
            if is_resource { Value::of_resource(json, node) } else { Value::of(json, Some(node)) }
        };
        let this = value(place.new);
        let old = place.old.filter(|old| !old.is_null()).map(value);
        for rule in &validation.rules {
            let mut invalid = |why: &str| {
                self.found.errors.push(FieldError::invalid(place.path, &kind, why));
            };
            let compiled = rule.compiled(node, is_resource);
            let program = match &compiled.rule {
                Ok(None) => continue,
                Ok(Some(program)) => program,
                Err(why) => {
                    invalid(&format!("rule compile error: {why}"));
                    continue;
                }
            };
            let uses_old = program.uses_old_self();
            if uses_old && old.is_none() && !rule.optional_old_self {
                continue;
            }
            let Some(budget) = self.budget.filter(|budget| *budget > 0) else {
                invalid(OUT_OF_BUDGET);
                self.budget = None;
                return;
            };
            let (outcome, cost) = match (&this, old.as_ref()) {
                (Ok(this), old) => {
                    let old = old.cloned().transpose();
                    match old {
                        Ok(old) => evaluate(program, rule, this, old.as_ref()),
                        Err(why) => (Err(why), 0),
                    }
                }
                (Err(why), _) => (Err(why.clone()), 0),
            };
            let Some(rest) = budget.checked_sub(cost) else {
                invalid(OUT_OF_BUDGET);
                self.budget = None;
                return;
            };
            self.budget = Some(rest);
            match outcome {
                Ok(Value::Bool(true)) => {}
                Ok(_) => {
                    let old = old.as_ref().and_then(|old| old.as_ref().ok());
                    let Ok(this) = &this else { continue };
                    self.violated(node, rule, uses_old, this, old, place);
                }
                Err(why) => {
                    let shown = rule.shown();
                    if why.starts_with("no such overload") {
                        invalid(&format!(
                            "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
                        ));
                    } else if why.starts_with(super::evaluate::TOO_EXPENSIVE) {
                        invalid(&format!(
                            "'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
                        ));
                        self.budget = None;
                        return;
                    } else {
                        invalid(&format!("{why} evaluating rule: {shown}"));
                    }
                }
            }
            if self.budget.is_none() {
                return;
            }
        }
    }

    /// Reports the violation of a rule.
    fn violated<'v>(
        &mut self,
        node: &Schema,
        rule: &Rule,
        uses_old: bool,
        this: &Value<'v>,
        old: Option<&Value<'v>>,
        place: &Place<'_, 'v>,
    ) {
        let steps = rule.steps(node);
        let path = if steps.is_empty() { place.path.to_owned() } else { join(place.path, &steps) };
        let error = match self.detail(rule, node, this, old) {
            Ok(detail) => violation(node, rule, &path, place.new, &detail),
            Err(why) => {
                self.budget = None;
                let kind = quote(node.kind.map_or("", Kind::as_str));
                FieldError::invalid(&path, &kind, &why)
            }
        };
        if !uses_old && place.ratchet.is_unchanged() {
            self.found.warnings.push(error);
        } else {
            self.found.errors.push(error);
        }
    }

    /// What a violation says (`evalMessageExpression`, `ruleMessageOrDefault`); an error says why no further rule is
    /// evaluated.
    fn detail<'v>(
        &mut self,
        rule: &Rule,
        node: &Schema,
        this: &Value<'v>,
        old: Option<&Value<'v>>,
    ) -> Result<String, String> {
        const MAX_BYTES: usize = 5 << 10;
        let Some(Ok(message)) = &rule.compiled(node, false).message else {
            return Ok(rule.default_message());
        };
        // Upstream evaluates it without the optional old value.
        let (outcome, cost) = message.evaluate(this, old);
        let Some(rest) = self.budget.and_then(|budget| budget.checked_sub(cost)) else {
            return Err("messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run".to_owned());
        };
        self.budget = Some(rest);
        match outcome {
            Ok(Value::String(text)) => {
                let text = text.trim();
                let fits = !(text.is_empty() || text.len() > MAX_BYTES || text.contains('\n'));
                Ok(if fits { text.to_owned() } else { rule.default_message() })
            }
            Err(why) if why.starts_with(super::evaluate::TOO_EXPENSIVE) => Err(format!(
                "no further validation rules will be run due to call cost exceeds limit for messageExpression: {}",
                quote(&rule.message_expression)
            )),
            _ => Ok(rule.default_message()),
        }
    }
}

const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

fn evaluate<'v>(
    program: &Program,
    rule: &Rule,
    this: &Value<'v>,
    old: Option<&Value<'v>>,
) -> (Result<Value<'v>, String>, u64) {
    if rule.optional_old_self {
        let old = Value::Optional(old.cloned().map(std::sync::Arc::new));
        return program.evaluate(this, Some(&old));
    }
    program.evaluate(this, old)
}

/// `fieldErrorForReason`.
fn violation(schema: &Schema, rule: &Rule, field: &str, value: &Json, detail: &str) -> FieldError {
    let is_whole = matches!(schema.kind, Some(Kind::Object | Kind::Array));
    match rule.reason.as_deref() {
        Some("FieldValueForbidden") => FieldError::forbidden(field, detail),
        Some("FieldValueRequired") => FieldError::required(field, detail),
        Some("FieldValueDuplicate") if is_whole => {
            FieldError::duplicate(field, "").without_value("")
        }
        Some("FieldValueDuplicate") => FieldError::duplicate(field, json_text(value)),
        _ if is_whole => FieldError::invalid(field, "", detail).without_value(detail),
        _ => FieldError::invalid(field, json_text(value), detail),
    }
}
