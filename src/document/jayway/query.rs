//! The syntax tree of a path.

use crate::java::decimal::Decimal;
use crate::java::json::Json;
use crate::java::regex::Regex;

/// A parsed path.
#[derive(Debug)]
pub(crate) struct Query {
    /// Whether it begins with `$` (or with nothing) and not with `@`.
    pub(super) from_root: bool,
    pub(super) steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// `.a`, `['a','b']`
    Members(Vec<String>),
    /// `[0]`, `[0,-1]`
    Items(Vec<i64>),
    /// `[1:3]`
    Slice(Option<i64>, Option<i64>),
    /// `*`
    All,
    /// `..`
    Deep,
    /// `[?(...)]`
    Filter(Condition),
    /// `.length()`
    Function(Function, Vec<Parameter>),
}

/// What is computed from a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Keys,
    First,
    Last,
    Index,
    Min,
    Max,
    Average,
    Sum,
    Deviation,
    Concat,
    Append,
    /// A name that Jayway refuses when the path is followed.
    Unknown,
}

/// What a function is given.
#[derive(Debug)]
pub(super) enum Parameter {
    Path(Query),
    Json(Json),
}

/// A condition on a value.
#[derive(Debug)]
pub(super) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    /// Whether a path leads anywhere, and whether it shall.
    Exists(Query, bool),
    Compare(Operand, Comparison, Operand),
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    /// `===`: of one type, too.
    Same,
    NotSame,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
    /// An operator that Jayway has for its Java interface only.
    Never,
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Operand {
    Path(Query),
    Text(String),
    Number(Decimal),
    Bool(bool),
    Null,
    Pattern(Box<Regex>),
    /// A list or an object.
    Json(Json),
}

impl Step {
    /// Returns whether the step leads to one value at most. Several names at the end of a path make
    /// one object.
    pub(super) fn is_definite(&self, last: bool) -> bool {
        match self {
            Self::Members(names) => names.len() == 1 || last,
            Self::Items(items) => items.len() == 1,
            Self::Function(..) => true,
            Self::Slice(..) | Self::All | Self::Deep | Self::Filter(_) => false,
        }
    }
}

impl Query {
    /// Returns whether the path leads to one value at most.
    pub(crate) fn is_definite(&self) -> bool {
        self.are_definite(self.steps.len())
    }

    /// Returns whether the first `steps` steps lead to one value at most.
    pub(super) fn are_definite(&self, count: usize) -> bool {
        let last = self.steps.len();
        self.steps[..count].iter().enumerate().all(|(at, step)| step.is_definite(at + 1 == last))
    }
}
