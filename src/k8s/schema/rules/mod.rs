//! The rules of `x-kubernetes-validations`
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go`), evaluated by the crate `cel`.
//!
//! A rule is parsed when it is first needed. One that calls a function which the crate does not have is not evaluated,
//! nor is one that costs too much ([`cost`]): that is an error, as upstream has it.

mod cost;
#[cfg(test)]
mod tests;
mod value;

use std::sync::{Arc, LazyLock, OnceLock};

use ::cel::objects::OptionalValue;
use ::cel::{Context, Env, ExecutionError, Program, Value as Cel, extensions};
use serde_json::Value;

use super::super::golang::{json_text, quote};
use super::super::status::FieldError;
use super::validate::{Correlation, old_item};
use super::{Additional, Kind, ListType, Schema};
use cost::{Budget, Exceeded};

/// One rule of a schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule {
    expression: String,
    message: String,
    message_expression: String,
    reason: Option<String>,
    /// Where a violation is reported, from the value on, such as `.spec.a`.
    field_path: String,
    optional_old_self: bool,
    compiled: Arc<OnceLock<Compiled>>,
}

/// The programs of a rule; none for one that cannot be parsed.
#[derive(Debug, Default)]
struct Compiled {
    rule: Option<Program>,
    message: Option<Program>,
    uses_old_self: bool,
    /// How deep the loops are nested in rule and message.
    depth: usize,
}

/// The result of a program.
enum Evaluated {
    Value(Cel),
    /// It calls a function that is not available.
    Unknown,
    Failed(String),
}

fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut environment = Env::stdlib().with_optional_support(true);
        for extension in [extensions::strings, extensions::lists] {
            // The extensions have no names in common with the standard library or with each other.
            let _ = environment.add_extension(extension);
        }
        Arc::new(environment)
    });
    &ENVIRONMENT
}

/// The syntax errors of an expression, with their places.
pub(super) fn syntax_errors(expression: &str) -> Option<String> {
    let errors = environment().compile(expression).err()?;
    let shown = errors.errors.iter().map(|error| {
        let (line, column) = error.pos;
        let why = error.msg.strip_prefix("Syntax error: ").unwrap_or(&error.msg);
        let text = usize::try_from(line - 1).ok().and_then(|line| expression.lines().nth(line));
        let dots = ".".repeat(usize::try_from(column - 1).unwrap_or_default());
        let snippet = text.map_or_else(String::new, |text| format!("\n | {text}\n | {dots}^"));
        format!("ERROR: <input>:{line}:{column}: Syntax error: {why}{snippet}")
    });
    Some(shown.collect::<Vec<_>>().join("\n"))
}

/// Whether an expression reads the object before a change.
pub(super) fn uses_old_self(expression: &str) -> bool {
    environment().compile(expression).is_ok_and(|program| uses_old(&program))
}

fn uses_old(program: &Program) -> bool {
    program.references().has_variable("oldSelf")
}

impl Rule {
    /// Parses an item of `x-kubernetes-validations`.
    pub(super) fn parse(rule: &Value) -> Self {
        let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        Self {
            expression: text("rule"),
            message: text("message").trim().to_owned(),
            message_expression: text("messageExpression"),
            reason: rule["reason"].as_str().map(str::to_owned),
            field_path: text("fieldPath"),
            optional_old_self: rule["optionalOldSelf"] == true,
            compiled: Arc::default(),
        }
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            // A list of any length out of a number has no bound by the object, and upstream has no such function.
            let is_bounded = |text: &str| !text.contains("lists.range");
            let compile =
                |text: &str| is_bounded(text).then(|| environment().compile(text).ok()).flatten();
            let rule = compile(&self.expression);
            Compiled {
                depth: cost::depth(&self.expression).max(cost::depth(&self.message_expression)),
                uses_old_self: rule.as_ref().is_some_and(uses_old),
                message: compile(&self.message_expression)
                    .filter(|_| !self.message_expression.is_empty()),
                rule,
            }
        })
    }

    /// The message, or the rule itself (`ruleErrorString`).
    fn shown(&self) -> &str {
        if self.message.is_empty() { self.expression.trim() } else { &self.message }
    }

    fn evaluate(&self, program: &Program, this: &Cel, old: Option<&Cel>) -> Evaluated {
        let mut context = Context::with_env(Arc::clone(environment()));
        context.add_variable_from_value("self", this.clone());
        if self.optional_old_self {
            let old = old.map_or_else(OptionalValue::none, |old| OptionalValue::of(old.clone()));
            context.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(old)));
        } else if let Some(old) = old {
            context.add_variable_from_value("oldSelf", old.clone());
        }
        match program.execute(&context) {
            Ok(value) => Evaluated::Value(value),
            Err(error) => failure(&error),
        }
    }

    /// What a violation says (`evalMessageExpression`, `ruleMessageOrDefault`).
    fn detail(&self, this: &Cel, old: Option<&Cel>) -> String {
        const MAX_BYTES: usize = 5 << 10;
        let evaluated = self.compiled().message.as_ref().map(|it| self.evaluate(it, this, old));
        if let Some(Evaluated::Value(Cel::String(text))) = evaluated {
            let text = text.trim();
            if !(text.is_empty() || text.len() > MAX_BYTES || text.contains('\n')) {
                return text.to_owned();
            }
        }
        if self.message.is_empty() {
            return format!("failed rule: {}", self.shown());
        }
        self.message.clone()
    }
}

/// An error of an evaluation, as `cel-go` words it.
fn failure(error: &ExecutionError) -> Evaluated {
    Evaluated::Failed(match error {
        ExecutionError::UndeclaredReference(_) | ExecutionError::NotSupportedAsMethod { .. } => {
            return Evaluated::Unknown;
        }
        // The names of operators begin with an underscore.
        ExecutionError::NoSuchOverload(error) if !error.function().starts_with('_') => {
            return Evaluated::Unknown;
        }
        ExecutionError::NoSuchOverload(_) => "no such overload".to_owned(),
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::IndexOutOfBounds(Cel::Int(index)) => {
            format!("index out of bounds: {index}")
        }
        other => other.to_string(),
    })
}

/// The violations of the rules of a schema and of those below it. `old` is the object before a change.
pub(super) fn validate(schema: &Schema, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let current = old.map(|old| Correlation::new(schema, new, old));
    let ratchet = Ratchet { current, parent: None };
    let mut found = Found { errors: Vec::new(), budget: Budget::new(), is_over: false };
    walk(schema, new, old, ratchet, "", &mut found);
    found.errors
}

/// The violations that were found, and what further rules may cost.
struct Found {
    errors: Vec<FieldError>,
    budget: Budget,
    /// Whether no further rule is evaluated.
    is_over: bool,
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

fn walk(
    schema: &Schema,
    new: &Value,
    old: Option<&Value>,
    ratchet: Ratchet<'_>,
    path: &str,
    found: &mut Found,
) {
    if !schema.has_rules || new.is_null() || found.is_over {
        return;
    }
    check(schema, new, old, ratchet, path, found);
    match new {
        Value::Object(map) => {
            let old = old.and_then(Value::as_object).filter(|_| !schema.atomic_map);
            for (name, value) in map {
                let step = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let (inner, path) = match (schema.properties.get(name), &schema.additional) {
                    (Some(property), _) => (property, step),
                    (None, Additional::Schema(inner)) => (&**inner, format!("{path}[{name}]")),
                    (None, _) => continue,
                };
                let ratchet = ratchet.below(|it| it.field(name));
                walk(inner, value, old.and_then(|old| old.get(name)), ratchet, &path, found);
            }
        }
        Value::Array(list) => {
            let Some(items) = schema.items.as_deref() else { return };
            let old = old.and_then(Value::as_array).filter(|_| schema.list_type == ListType::Map);
            for (index, item) in list.iter().enumerate() {
                let old = old.and_then(|old| old_item(schema, item, old));
                let ratchet = ratchet.below(|it| it.item(index));
                walk(items, item, old, ratchet, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// The rules of one schema (`validateExpressions`).
fn check(
    schema: &Schema,
    new: &Value,
    old: Option<&Value>,
    ratchet: Ratchet<'_>,
    path: &str,
    found: &mut Found,
) {
    if schema.rules.is_empty() {
        return;
    }
    let sizes = cost::sizes(new);
    let kind = quote(schema.kind.map_or("", Kind::as_str));
    let this = value::of(Some(schema), new);
    let old = old.filter(|old| !old.is_null()).map(|old| value::of(Some(schema), old));
    for rule in &schema.rules {
        let compiled = rule.compiled();
        let Some(program) = &compiled.rule else { continue };
        if compiled.uses_old_self && old.is_none() && !rule.optional_old_self {
            continue;
        }
        if let Err(exceeded) = found.budget.take(compiled.depth, &sizes) {
            let why = match exceeded {
                Exceeded::OneRule => format!(
                    "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {}",
                    rule.shown()
                ),
                Exceeded::AllRules => "validation failed due to running out of cost budget, no further validation rules will be run".to_owned(),
            };
            found.errors.push(FieldError::invalid(path, &kind, &why));
            found.is_over = true;
            return;
        }
        let errors = &mut found.errors;
        match rule.evaluate(program, &this, old.as_ref()) {
            Evaluated::Value(Cel::Bool(true)) | Evaluated::Unknown => {}
            Evaluated::Failed(why) => {
                let shown = rule.shown();
                let why = if why.starts_with("no such overload") {
                    format!(
                        "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
                    )
                } else {
                    format!("{why} evaluating rule: {shown}")
                };
                errors.push(FieldError::invalid(path, &kind, &why));
            }
            Evaluated::Value(_) if !compiled.uses_old_self && ratchet.is_unchanged() => {}
            Evaluated::Value(_) => {
                let detail = rule.detail(&this, old.as_ref());
                let field = format!("{path}{}", rule.field_path);
                let field = field.strip_prefix('.').unwrap_or(&field);
                errors.push(violation(schema, rule, field, new, &detail));
            }
        }
    }
}

/// `fieldErrorForReason`.
fn violation(schema: &Schema, rule: &Rule, field: &str, value: &Value, detail: &str) -> FieldError {
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
