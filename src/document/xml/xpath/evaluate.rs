//! Evaluates an expression on a document, within a limit of steps.

use super::super::{Document, NodeId};
use super::compare::compare;
use super::expression::{Expression, Operation, Start, Step};
use super::steps::Steps;
use super::{Value, XPathError};

/// One evaluation.
pub(super) struct Evaluation<'d> {
    pub(super) document: &'d Document,
    steps: Steps,
}

/// The context node of an expression, and its position and size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) node: NodeId,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'d> Evaluation<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, steps: Steps::default() }
    }

    /// Counts that this many nodes are visited.
    pub(super) fn count(&mut self, nodes: usize) -> Result<(), XPathError> {
        self.steps.count(nodes)
    }

    /// Evaluates at a single context node.
    pub(super) fn value(
        &mut self,
        expression: &Expression,
        node: NodeId,
    ) -> Result<Value, XPathError> {
        self.evaluate(expression, Context { node, position: 1, size: 1 })
    }

    pub(super) fn evaluate(
        &mut self,
        expression: &Expression,
        at: Context,
    ) -> Result<Value, XPathError> {
        self.count(1)?;
        Ok(match expression {
            Expression::Or(left, right) => Value::Boolean(
                self.evaluate(left, at)?.as_boolean() || self.evaluate(right, at)?.as_boolean(),
            ),
            Expression::And(left, right) => Value::Boolean(
                self.evaluate(left, at)?.as_boolean() && self.evaluate(right, at)?.as_boolean(),
            ),
            Expression::Compare(comparison, left, right) => {
                let (left, right) = (self.evaluate(left, at)?, self.evaluate(right, at)?);
                Value::Boolean(compare(*comparison, left, right, self.document, &mut self.steps)?)
            }
            Expression::Calculate(operation, left, right) => {
                let (left, right) = (self.number(left, at)?, self.number(right, at)?);
                Value::Number(match operation {
                    Operation::Add => left + right,
                    Operation::Subtract => left - right,
                    Operation::Multiply => left * right,
                    Operation::Divide => left / right,
                    Operation::Remainder => left % right,
                })
            }
            Expression::Negate(inner) => Value::Number(-self.number(inner, at)?),
            Expression::Union(left, right) => {
                let mut nodes = self.nodes(left, at)?;
                nodes.extend(self.nodes(right, at)?);
                self.count(nodes.len())?;
                nodes.sort_unstable();
                nodes.dedup();
                Value::Nodes(nodes)
            }
            Expression::Path(start, steps) => {
                let mut nodes = match start {
                    Start::Root => vec![Document::ROOT],
                    Start::Context => vec![at.node],
                    Start::Expression(expression) => self.nodes(expression, at)?,
                };
                for step in steps {
                    nodes = self.step(step, &nodes)?;
                }
                Value::Nodes(nodes)
            }
            Expression::Filter(inner, predicates) => {
                if predicates.is_empty() {
                    return self.evaluate(inner, at);
                }
                let mut nodes = self.nodes(inner, at)?;
                for predicate in predicates {
                    nodes = self.filter(nodes, predicate)?;
                }
                Value::Nodes(nodes)
            }
            Expression::Text(text) => Value::Text(text.to_string()),
            Expression::Number(number) => Value::Number(*number),
            Expression::Call(function, arguments) => self.call(*function, arguments, at)?,
        })
    }

    /// Returns the nodes that an expression finds.
    pub(super) fn nodes(
        &mut self,
        expression: &Expression,
        at: Context,
    ) -> Result<Vec<NodeId>, XPathError> {
        match self.evaluate(expression, at)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(XPathError::Type("nodes where it has another value")),
        }
    }

    pub(super) fn number(
        &mut self,
        expression: &Expression,
        at: Context,
    ) -> Result<f64, XPathError> {
        Ok(self.evaluate(expression, at)?.into_number(self.document))
    }

    pub(super) fn text(
        &mut self,
        expression: &Expression,
        at: Context,
    ) -> Result<String, XPathError> {
        Ok(self.evaluate(expression, at)?.into_text(self.document))
    }

    /// Returns what a step finds from all nodes, in document order.
    fn step(&mut self, step: &Step, from: &[NodeId]) -> Result<Vec<NodeId>, XPathError> {
        let mut all = Vec::new();
        for node in from {
            let mut found = self.axis(step.axis, &step.test, step.exact, *node)?;
            for predicate in &step.predicates {
                found = self.filter(found, predicate)?;
            }
            all.extend(found);
        }
        self.count(all.len())?;
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Returns the nodes that satisfy a predicate; a number selects a position.
    fn filter(
        &mut self,
        nodes: Vec<NodeId>,
        predicate: &Expression,
    ) -> Result<Vec<NodeId>, XPathError> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (at, node) in nodes.into_iter().enumerate() {
            let position = at + 1;
            let context = Context { node, position, size };
            let holds = match self.evaluate(predicate, context)? {
                Value::Number(number) => is_position(number, position),
                value => value.as_boolean(),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }
}

#[expect(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "a position is a small whole number"
)]
fn is_position(number: f64, position: usize) -> bool {
    number == position as f64
}
