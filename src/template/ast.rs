//! The syntax tree of a parsed template. Immutable, and shared between threads.

use std::sync::Arc;

use super::error::At;
use super::path::Path;
use super::value::Value;

/// One piece of a template.
#[derive(Debug)]
pub(crate) enum Node {
    /// Text that stays as it is.
    Text(Box<str>),
    /// `{{...}}`: a value, or what a helper returns.
    Tag(Call),
    /// `{{#...}}...{{/...}}`.
    Block(Box<Block>),
    /// `{{> name}}`, which fails when it is rendered.
    Partial(At, Box<str>),
}

/// A helper, by its place in the table of helpers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HelperId(pub(crate) usize);

/// A helper with its arguments, or a path.
#[derive(Debug)]
pub(crate) struct Call {
    /// The place of the name.
    pub(crate) at: At,
    /// The name, also read as a path.
    pub(crate) path: Path,
    /// The helper of that name, if there is one.
    pub(crate) helper: Option<HelperId>,
    /// The arguments by position.
    pub(crate) params: Box<[Param]>,
    /// The arguments by name.
    pub(crate) hash: Box<[(Arc<str>, Param)]>,
}

/// An argument.
#[derive(Debug)]
pub(crate) enum Param {
    /// A text, a number, a truth value.
    Literal(Value),
    /// A path that is looked up.
    Path(Path),
    /// `(helper ...)`.
    Call(Box<Call>),
}

/// A block with its parts.
#[derive(Debug)]
pub(crate) struct Block {
    /// What opens it.
    pub(crate) call: Call,
    /// Whether it is `{{^...}}`, whose body is rendered for a missing value.
    pub(crate) inverted: bool,
    /// The names of `as |a b|`.
    pub(crate) names: Box<[Arc<str>]>,
    /// Up to `{{else}}` or the end.
    pub(crate) body: Box<[Node]>,
    /// After `{{else}}`.
    pub(crate) inverse: Box<[Node]>,
}
