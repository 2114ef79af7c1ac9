//! Renders nodes: looks paths up, calls helpers, and counts steps and bytes.

use std::sync::Arc;

use super::ast::{Block, Call, Node, Param};
use super::error::{At, Failure, RenderError};
use super::limits::{Limit, MAX_OUTPUT_BYTES, MAX_STEPS};
use super::output::Output;
use super::path::Path;
use super::scope::{Scope, Variables};
use super::value::Value;
use super::{RenderContext, show};

/// The result of a helper: a value, which is rendered in its place.
pub(crate) type Answer = Result<Value, Failure>;

/// A helper.
pub(crate) type Helper = for<'a, 'i, 's, 'r, 'c> fn(&'a mut Invocation<'i, 's, 'r, 'c>) -> Answer;

/// The helpers that a rendering calls.
#[derive(Debug)]
pub(crate) struct Helpers {
    /// All, by [`super::ast::HelperId`], with their names.
    pub(crate) all: &'static [(&'static str, Helper)],
    /// What renders a block that is named after a list.
    pub(crate) each: Helper,
}

/// One rendering.
pub(crate) struct Renderer<'r, 'c> {
    /// The external inputs: time, randomness, the host.
    pub(crate) context: &'r mut RenderContext<'c>,
    /// The variables that helpers assigned.
    pub(crate) variables: Variables,
    helpers: &'static Helpers,
    steps: usize,
    budget: usize,
}

impl<'r, 'c> Renderer<'r, 'c> {
    pub(crate) fn new(context: &'r mut RenderContext<'c>, helpers: &'static Helpers) -> Self {
        let variables = Variables::new();
        Self { context, variables, helpers, steps: MAX_STEPS, budget: MAX_OUTPUT_BYTES }
    }

    /// Counts work against the limit.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), Limit> {
        self.steps = self.steps.checked_sub(steps).ok_or(Limit::Steps)?;
        Ok(())
    }

    /// Counts text against the limit.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Limit> {
        self.budget = self.budget.checked_sub(bytes).ok_or(Limit::Output)?;
        Ok(())
    }

    /// Appends a value to a text.
    pub(crate) fn show(&mut self, value: &Value, out: &mut String) -> Result<(), Limit> {
        show::show(value, &mut Output::new(out, &mut self.budget))
    }

    /// Runs a function that writes text to an output with a budget.
    pub(crate) fn written(
        &mut self,
        write: impl FnOnce(&mut Output<'_>) -> Result<(), Limit>,
    ) -> Result<String, Limit> {
        let mut text = String::new();
        write(&mut Output::new(&mut text, &mut self.budget))?;
        Ok(text)
    }

    pub(crate) fn nodes(
        &mut self,
        nodes: &[Node],
        scope: &Scope<'_>,
        out: &mut String,
    ) -> Result<(), RenderError> {
        for node in nodes {
            match node {
                Node::Text(text) => {
                    self.charge(text.len())
                        .map_err(|limit| at(limit, At { line: 1, column: 0 }))?;
                    out.push_str(text);
                }
                Node::Tag(call) => {
                    let value = self.value(call, scope, out)?;
                    self.show(&value, out).map_err(|limit| at(limit, call.at))?;
                }
                Node::Block(block) => self.block(block, scope, out)?,
                Node::Partial(at, name) => {
                    return Err(RenderError::Partial { at: *at, name: name.to_string() });
                }
            }
        }
        Ok(())
    }

    /// Evaluates a tag or an expression in parentheses.
    fn value(
        &mut self,
        call: &Call,
        scope: &Scope<'_>,
        out: &mut String,
    ) -> Result<Value, RenderError> {
        self.spend(1).map_err(|limit| at(limit, call.at))?;
        match call.helper {
            Some(id) => {
                let (_, helper) = self.helpers.all[id.0];
                let mut invocation = self.invocation(call, None, scope, out)?;
                helper(&mut invocation).map_err(|failure| failure.at(call.at, &call.path.text))
            }
            None => Ok(scope.get(&call.path.parts, &self.variables).unwrap_or(Value::Null)),
        }
    }

    fn block(
        &mut self,
        block: &Block,
        scope: &Scope<'_>,
        out: &mut String,
    ) -> Result<(), RenderError> {
        let call = &block.call;
        self.spend(1).map_err(|limit| at(limit, call.at))?;
        if let Some(id) = call.helper {
            let (_, helper) = self.helpers.all[id.0];
            let mut invocation = self.invocation(call, Some(block), scope, out)?;
            let made =
                helper(&mut invocation).map_err(|failure| failure.at(call.at, &call.path.text))?;
            return self.show(&made, out).map_err(|limit| at(limit, call.at));
        }
        let value = scope.get(&call.path.parts, &self.variables).unwrap_or(Value::Null);
        let (name, each) = (&call.path.text, self.helpers.each);
        let mut invocation = Invocation::of(self, call, Some(block), scope, out);
        let shown = if block.inverted {
            if value.is_empty() { invocation.write_body() } else { Ok(()) }
        } else if value.items().is_some() {
            invocation.first = value;
            each(&mut invocation).map(drop)
        } else if let Value::Bool(there) = value {
            if there { invocation.write_body() } else { invocation.write_inverse() }
        } else if value.is_empty() {
            invocation.write_inverse()
        } else {
            invocation.write_body_with(value)
        };
        shown.map_err(|failure| failure.at(call.at, name))
    }

    fn invocation<'i, 's>(
        &'i mut self,
        call: &'i Call,
        block: Option<&'i Block>,
        scope: &'i Scope<'s>,
        out: &'i mut String,
    ) -> Result<Invocation<'i, 's, 'r, 'c>, RenderError> {
        let mut params = Vec::with_capacity(call.params.len());
        for param in &call.params {
            params.push(self.param(param, scope, call.at)?);
        }
        let mut hash = Vec::with_capacity(call.hash.len());
        for (name, param) in &call.hash {
            hash.push((name.clone(), self.param(param, scope, call.at)?));
        }
        let mut invocation = Invocation::of(self, call, block, scope, out);
        if !params.is_empty() {
            invocation.first = params.remove(0);
        }
        (invocation.params, invocation.hash) = (params, hash);
        Ok(invocation)
    }

    fn param(&mut self, param: &Param, scope: &Scope<'_>, tag: At) -> Result<Value, RenderError> {
        match param {
            Param::Literal(value) => Ok(value.clone()),
            Param::Path(path) => Ok(scope.get(&path.parts, &self.variables).unwrap_or(Value::Null)),
            Param::Call(call) => {
                self.value(call, scope, &mut String::new()).map_err(|error| error.within(tag))
            }
        }
    }
}

fn at(limit: Limit, at: At) -> RenderError {
    RenderError::Limit { at, limit }
}

/// A helper's call with its arguments, and what it may do with its block.
pub(crate) struct Invocation<'i, 's, 'r, 'c> {
    /// The rendering.
    pub(crate) renderer: &'i mut Renderer<'r, 'c>,
    /// The first argument, or the model if there is none.
    pub(crate) first: Value,
    /// The arguments after the first.
    pub(crate) params: Vec<Value>,
    /// The arguments by name.
    pub(crate) hash: Vec<(Arc<str>, Value)>,
    /// Whether there is a first argument.
    pub(crate) has_first: bool,
    scope: &'i Scope<'s>,
    block: Option<&'i Block>,
    out: &'i mut String,
}

impl<'i, 's, 'r, 'c> Invocation<'i, 's, 'r, 'c> {
    fn of(
        renderer: &'i mut Renderer<'r, 'c>,
        call: &'i Call,
        block: Option<&'i Block>,
        scope: &'i Scope<'s>,
        out: &'i mut String,
    ) -> Self {
        let (first, has_first) = (scope.model().clone(), !call.params.is_empty());
        let (params, hash) = (Vec::new(), Vec::new());
        Self { renderer, first, params, hash, has_first, scope, block, out }
    }

    /// Returns whether the helper has a block: `{{#helper}}...{{/helper}}`.
    pub(crate) fn is_block(&self) -> bool {
        self.block.is_some()
    }

    /// Returns an argument after the first; `None` if it is not there.
    pub(crate) fn param(&self, at: usize) -> Value {
        self.params.get(at).cloned().unwrap_or(Value::Null)
    }

    /// Returns an argument by name, unless it is null.
    pub(crate) fn named(&self, name: &str) -> Option<&Value> {
        let found = self.hash.iter().rev().find(|(key, _)| **key == *name);
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Returns an argument by name that must be a text.
    pub(crate) fn named_text(&self, name: &str) -> Result<Option<Arc<str>>, Failure> {
        match self.named(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(other) => Err(format!("{name} must be a text, not {}", other.kind()).into()),
        }
    }

    /// Returns the text that a value prints as.
    pub(crate) fn print(&mut self, value: &Value) -> Result<Arc<str>, Failure> {
        match value {
            Value::Null => Err("the value is missing".into()),
            Value::Text(text) | Value::Token(text) => Ok(text.clone()),
            value => {
                let mut text = String::new();
                self.renderer.show(value, &mut text)?;
                Ok(text.into())
            }
        }
    }

    /// Returns the text that the first argument prints as.
    pub(crate) fn print_first(&mut self) -> Result<Arc<str>, Failure> {
        let first = self.first.clone();
        self.print(&first)
    }

    /// Returns a text made by a helper, counted against the limit.
    pub(crate) fn made(&mut self, text: String) -> Result<Value, Failure> {
        self.renderer.charge(text.len())?;
        Ok(Value::text(text))
    }

    /// Renders the block's body in its place.
    pub(crate) fn write_body(&mut self) -> Result<(), Failure> {
        let Some(block) = self.block else { return Ok(()) };
        Ok(self.renderer.nodes(&block.body, self.scope, self.out)?)
    }

    /// Renders the block's body for another model, which `as |name|` names.
    pub(crate) fn write_body_with(&mut self, model: Value) -> Result<(), Failure> {
        let values = [model.clone()];
        self.write_turn(model, Vec::new(), &values)
    }

    /// Renders the block's body for one turn of a loop.
    pub(crate) fn write_turn(
        &mut self,
        model: Value,
        extra: Vec<(Arc<str>, Value)>,
        values: &[Value],
    ) -> Result<(), Failure> {
        let Some(block) = self.block else { return Ok(()) };
        self.renderer.spend(1)?;
        let scope = self.scope.child(model, extra);
        if block.names.is_empty() {
            return Ok(self.renderer.nodes(&block.body, &scope, self.out)?);
        }
        let names = block.names.iter().cloned().zip(values.iter().cloned()).collect();
        Ok(self.renderer.nodes(&block.body, &scope.named(names), self.out)?)
    }

    /// Renders what is after `{{else}}`.
    pub(crate) fn write_inverse(&mut self) -> Result<(), Failure> {
        let Some(block) = self.block else { return Ok(()) };
        Ok(self.renderer.nodes(&block.inverse, self.scope, self.out)?)
    }

    /// Returns the block's body as a text.
    pub(crate) fn body(&mut self) -> Result<String, Failure> {
        let mut text = String::new();
        if let Some(block) = self.block {
            self.renderer.nodes(&block.body, self.scope, &mut text)?;
        }
        Ok(text)
    }

    /// Returns the result of a helper that renders its block: nothing further if there is one.
    /// Without a block the text is empty and is not text to other helpers.
    pub(crate) fn written(&self) -> Value {
        if self.is_block() { Value::Null } else { Value::Token("".into()) }
    }

    /// Writes a text in place of the block.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.renderer.charge(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// Assigns a variable for the rest of the rendering.
    pub(crate) fn assign(&mut self, name: &str, value: Value) {
        self.renderer.variables.insert(name.into(), value);
    }

    /// Looks a name up below a value, as `lookup` does.
    pub(crate) fn lookup(&self, value: &Value, name: &str) -> Option<Value> {
        let scope = self.scope.child(value.clone(), Vec::new());
        scope.get(&Path::compile(name).parts, &self.renderer.variables)
    }
}
