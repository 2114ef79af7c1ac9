//! A rule of `x-kubernetes-validations`, compiled when it is first needed.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::super::{Additional, Schema};
use super::language::types::Decl;
use super::program::{Program, Wanted, self_type_name};

/// One rule of a schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule {
    pub(super) expression: String,
    pub(super) message: String,
    pub(super) message_expression: String,
    pub(super) reason: Option<String>,
    /// Where a violation is reported, from the value on, such as `.spec.a`.
    pub(super) field_path: String,
    pub(super) optional_old_self: bool,
    compiled: Arc<OnceLock<Compiled>>,
}

/// The programs of a rule.
#[derive(Debug)]
pub(super) struct Compiled {
    /// The rule itself; nothing for an empty one.
    pub(super) rule: Result<Option<Program>, String>,
    pub(super) message: Option<Result<Program, String>>,
}

impl Rule {
    /// Parses an item of `x-kubernetes-validations`.
    pub(in super::super) fn parse(rule: &Value) -> Self {
        let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        Self {
            expression: text("rule"),
            message: text("message"),
            message_expression: text("messageExpression"),
            reason: rule["reason"].as_str().map(str::to_owned),
            field_path: text("fieldPath"),
            optional_old_self: rule["optionalOldSelf"] == true,
            compiled: Arc::default(),
        }
    }

    /// The programs of it, for values of a schema. `is_resource` says that they are whole objects.
    pub(super) fn compiled(&self, schema: &Schema, is_resource: bool) -> &Compiled {
        self.compiled.get_or_init(|| self.compile(schema, is_resource))
    }

    /// `compileRule`.
    fn compile(&self, schema: &Schema, is_resource: bool) -> Compiled {
        if self.expression.trim().is_empty() {
            return Compiled { rule: Ok(None), message: None };
        }
        let Some(of) = Decl::of(schema, is_resource, &self_type_name()) else {
            let why = "failed to convert to declType for CEL validation rules";
            return Compiled { rule: Err(why.to_owned()), message: None };
        };
        let program =
            |text: &str, wanted| Program::compile(text, &of, self.optional_old_self, wanted);
        let rule = program(&self.expression, Wanted::Bool);
        let has_message = rule.is_ok() && !self.message_expression.is_empty();
        let message = has_message.then(|| program(&self.message_expression, Wanted::Text));
        Compiled { rule: rule.map(Some), message }
    }

    /// The way of `fieldPath` from a value on, as messages have it (`ValidFieldPath`): empty for a wrong one.
    pub(super) fn steps(&self, schema: &Schema) -> String {
        let (mut path, mut at, mut rest) = (String::new(), schema, self.field_path.as_str());
        while !rest.is_empty() {
            let (name, after) = if let Some(quoted) = rest.strip_prefix("['") {
                let Some(parts) = quoted.split_once("']") else { return String::new() };
                parts
            } else {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
            };
            rest = after;
            if at.properties.is_empty() {
                let Additional::Schema(inner) = &at.additional else { return String::new() };
                path.push_str(&format!("[{name}]"));
                at = inner;
            } else {
                let Some(inner) = at.properties.get(name) else { return String::new() };
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(name);
                at = inner;
            }
        }
        path
    }

    /// The message, or the rule itself (`ruleErrorString`).
    pub(super) fn shown(&self) -> &str {
        if self.message.is_empty() { self.expression.trim() } else { self.message.trim() }
    }

    /// The message, or that the rule has failed (`ruleMessageOrDefault`).
    pub(super) fn default_message(&self) -> String {
        if self.message.is_empty() {
            return format!("failed rule: {}", self.shown());
        }
        self.shown().to_owned()
    }
}
