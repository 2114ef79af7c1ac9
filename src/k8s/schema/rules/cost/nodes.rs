//! The parts of an expression as costs see them, and the sizes that declarations give them
//! (`checker.AstNode`, `sizeEstimator` of `pkg/apiserver/schema/cel/compilation.go`).

use ::cel::common::ast::IdedExpr;

use super::super::language::types::{Decl, Shape, Type};
use super::size::Range;

/// A part of an expression, as costs of functions see it.
#[derive(Debug)]
pub(super) struct Node<'e> {
    pub(super) path: Vec<String>,
    pub(super) of: Type,
    pub(super) expr: Option<&'e IdedExpr>,
    pub(super) size: Option<Range>,
}

/// The sizes of the values that variables lead to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes<'c> {
    /// The declaration of `self` and `oldSelf`.
    pub(super) root: &'c Decl,
}

impl Sizes<'_> {
    /// The size that a declaration has for a path; its first step is the name of a variable.
    pub(super) fn declared(&self, path: &[String]) -> Option<Range> {
        let (_, steps) = path.split_first()?;
        let mut at: &Decl = self.root;
        for step in steps {
            at = match (step.as_str(), &at.shape) {
                ("@items" | "@values", Shape::List(inner) | Shape::Map(inner)) => inner,
                ("@keys", Shape::Map(_)) => {
                    return Some(Range::new(0, 0)).filter(|_| steps.last() == Some(step));
                }
                (name, Shape::Object(of)) => of.fields.get(name)?,
                _ => return None,
            };
        }
        Some(Range::new(0, at.max))
    }

    /// The size of the values of a node (`sizeEstimate`).
    pub(super) fn size_of(&self, node: &Node<'_>) -> Range {
        node.size.or_else(|| self.declared(&node.path)).unwrap_or(Range::UNKNOWN)
    }
}

/// The items of a list (`listElementNode`).
pub(super) fn items(list: &Node<'_>) -> Option<Node<'static>> {
    let of = match &list.of {
        Type::List(item) | Type::Optional(item) => (**item).clone(),
        Type::Map(key, _) => (**key).clone(),
        _ => return None,
    };
    let mut path = list.path.clone();
    if !path.is_empty() {
        path.push("@items".to_owned());
    }
    Some(Node { path, of, expr: None, size: None })
}
