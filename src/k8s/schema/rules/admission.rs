//! Expressions of admission: match conditions and policies (`k8s.io/apiserver/pkg/admission/plugin/cel`).
//!
//! ```text
//! text, [Environment] → [Expression]   [Activation]: the variables of a request → [Found], an error, or [OutOfBudget]
//! ```

mod environment;
mod patches;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::access::{Access, Stage};
use super::evaluate::Composed;
use super::language::check::Names;
use super::language::literals;
use super::program::{Program, parse_and_check};
use super::value::{Outcome, Value};

pub(in super::super::super) use super::access::{Action, Authority};
pub(in super::super::super) use environment::{Environment, Returns};

/// A compiled expression.
#[derive(Debug)]
pub(in super::super::super) struct Expression {
    text: String,
    program: Result<Program, CompileError>,
    /// The type of its values, for variables.
    output: environment::Output,
}

/// Why an expression does not compile.
#[derive(Debug, Clone)]
pub(in super::super::super) struct CompileError {
    /// Upstream's message.
    pub(in super::super::super) text: String,
    /// Whether upstream takes it for an error of its own.
    pub(in super::super::super) internal: bool,
}

impl Expression {
    /// Compiles an expression, whose error is kept.
    pub(in super::super::super) fn compile(
        text: &str,
        environment: &Environment,
        returns: Returns,
    ) -> Self {
        let compiled = compile(text, environment, returns);
        let (program, output) = match compiled {
            Ok((program, output)) => (Ok(program), output),
            Err(error) => (Err(error), environment::Output::default()),
        };
        Self { text: text.to_owned(), program, output }
    }

    /// Why it does not compile.
    pub(in super::super::super) fn error(&self) -> Option<&CompileError> {
        self.program.as_ref().err()
    }

    /// The text of it.
    pub(in super::super::super) fn text(&self) -> &str {
        &self.text
    }
}

fn compile(
    text: &str,
    environment: &Environment,
    returns: Returns,
) -> Result<(Program, environment::Output), CompileError> {
    let invalid = |text: String| CompileError { text, internal: false };
    let variables = environment.variables();
    let names = Names { variables: &variables, patches: environment.patches };
    let (parsed, checked) = parse_and_check(text, names)
        .map_err(|why| invalid(format!("compilation failed: {why}")))?;
    let output = environment::Output::of(checked.types.get(&parsed.expr.id));
    returns.check(&output).map_err(invalid)?;
    let undefined = checked.patch_type.as_ref();
    let undefined = undefined.map(|name| format!("reference to undefined type: {name}"));
    if let Some(why) = undefined.or_else(|| literals::wrong_conversion(&parsed.expr)) {
        let text = format!("program instantiation failed: {why}");
        return Err(CompileError { text, internal: true });
    }
    Ok((Program::of_checked(parsed, checked), output))
}

/// A value that an expression has given.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super::super) enum Found {
    Bool(bool),
    Text(String),
    Null,
    /// Another one, by the name of its type.
    Other(String),
}

/// The budget is used up: no further expression is evaluated. Holds upstream's message.
#[derive(Debug)]
pub(in super::super::super) struct OutOfBudget;

impl OutOfBudget {
    /// Upstream's message.
    pub(in super::super::super) const TEXT: &str = "validation failed due to running out of cost budget, no further validation rules will be run";
}

/// What expressions see of a request.
#[derive(Debug, Clone, Copy)]
pub(in super::super::super) struct Inputs<'v> {
    pub(in super::super::super) object: &'v Json,
    pub(in super::super::super) old_object: &'v Json,
    pub(in super::super::super) request: &'v Json,
    pub(in super::super::super) namespace: &'v Json,
    pub(in super::super::super) params: &'v Json,
    /// Nothing where expressions cannot ask it.
    pub(in super::super::super) authority: Option<&'v dyn Authority>,
    /// The variables of the policy, in their order.
    pub(in super::super::super) variables: &'v [(String, Expression)],
}

/// The variables of a request: what is composed is evaluated once.
pub(in super::super::super) struct Activation<'v> {
    inputs: Inputs<'v>,
    composed: RefCell<HashMap<&'v str, Outcome<'v>>>,
    composed_cost: Cell<u64>,
}

impl<'v> Activation<'v> {
    /// The variables of a request.
    pub(in super::super::super) fn new(inputs: Inputs<'v>) -> Self {
        Self { inputs, composed: RefCell::default(), composed_cost: Cell::new(0) }
    }

    /// The value of an expression, or the message of its error (`evaluationActivation.Evaluate`).
    ///
    /// # Errors
    /// That the budget is used up.
    pub(in super::super::super) fn evaluate(
        &self,
        expression: &'v Expression,
        budget: &mut u64,
    ) -> Result<Result<Found, String>, OutOfBudget> {
        Ok(self.value(expression, budget)?.map(Found::of))
    }

    /// As [`Activation::evaluate`], with the value itself.
    fn value(
        &self,
        expression: &'v Expression,
        budget: &mut u64,
    ) -> Result<Outcome<'v>, OutOfBudget> {
        let program = match &expression.program {
            Ok(program) => program,
            Err(error) => return Ok(Err(format!("compilation error: {}", error.text))),
        };
        let (outcome, cost) = program.evaluate_with(self.variables(), Some(self));
        let composed = self.composed_cost.take();
        let rest = budget.checked_sub(composed).and_then(|rest| rest.checked_sub(cost));
        *budget = rest.ok_or(OutOfBudget)?;
        let failed = |why| format!("expression '{}' resulted in error: {why}", expression.text);
        Ok(outcome.map_err(failed))
    }

    fn variables(&self) -> Vec<(&'v str, Value<'v>)> {
        let Inputs { object, old_object, request, namespace, params, authority, .. } = self.inputs;
        let mut variables = vec![
            ("object", Value::dynamic(object)),
            ("oldObject", Value::dynamic(old_object)),
            ("request", Value::dynamic(request)),
            ("namespaceObject", Value::dynamic(namespace)),
            ("params", Value::dynamic(params)),
        ];
        if let Some(authority) = authority {
            let access = |stage, action| {
                Value::Access(Access { authority, stage, action: Arc::new(action) })
            };
            variables.push(("authorizer", access(Stage::Authorizer, Action::default())));
            let text = |value: &Json| Arc::from(value.as_str().unwrap_or_default());
            let resource = &request["requestResource"];
            let action = Action {
                group: text(&resource["group"]),
                resource: text(&resource["resource"]),
                subresource: text(&request["requestSubResource"]),
                namespace: text(&request["namespace"]),
                name: text(&request["name"]),
                ..Action::default()
            };
            variables.push(("authorizer.requestResource", access(Stage::Resource, action)));
        }
        variables
    }
}

impl<'v> Composed<'v> for Activation<'v> {
    fn has(&self, name: &str) -> bool {
        self.inputs.variables.iter().any(|(known, _)| known == name)
    }

    fn get(&self, name: &str) -> Option<Outcome<'v>> {
        let variables: &'v [(String, Expression)] = self.inputs.variables;
        // Of variables with the same name the last one counts.
        let (name, expression) = variables.iter().rev().find(|(known, _)| known == name)?;
        if let Some(known) = self.composed.borrow().get(name.as_str()) {
            return Some(known.clone());
        }
        let outcome = match &expression.program {
            Err(error) => {
                Err(format!("composited variable \"{name}\" fails to compile: {}", error.text))
            }
            Ok(program) => {
                let (outcome, cost) = program.evaluate_with(self.variables(), Some(self));
                self.composed_cost.set(self.composed_cost.get().saturating_add(cost));
                let failed =
                    |why| format!("composited variable \"{name}\" fails to evaluate: {why}");
                outcome.map_err(failed)
            }
        };
        self.composed.borrow_mut().insert(name, outcome.clone());
        Some(outcome)
    }
}

impl Found {
    /// Whether it is `false`.
    pub(in super::super::super) fn is_false(&self) -> bool {
        *self == Self::Bool(false)
    }

    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::String(text) => Self::Text(text.to_string()),
            Value::Null => Self::Null,
            other => Self::Other(other.type_name()),
        }
    }
}
