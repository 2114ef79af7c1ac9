//! The tree of an expression.

/// An expression.
#[derive(Debug)]
pub(super) enum Expression {
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    Calculate(Operation, Box<Self>, Box<Self>),
    Negate(Box<Self>),
    Union(Box<Self>, Box<Self>),
    /// Steps from a start.
    Path(Start, Vec<Step>),
    /// Nodes filtered by predicates, with positions in document order.
    Filter(Box<Self>, Vec<Self>),
    Text(Box<str>),
    Number(f64),
    Call(Function, Vec<Self>),
}

/// Where a path begins.
#[derive(Debug)]
pub(super) enum Start {
    Root,
    Context,
    Expression(Box<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// One step of a path.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: NodeTest,
    pub(super) predicates: Vec<Expression>,
    /// Whether names are compared as they are written, and `text()` is no CDATA section. The JDK's
    /// iterator for `//name` does so; its others compare the text after a prefix, where namespaces
    /// are not resolved.
    pub(super) exact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Namespace,
    Parent,
    Preceding,
    PrecedingSibling,
    This,
}

/// A node test.
#[derive(Debug)]
pub(super) enum NodeTest {
    /// `node()`
    Any,
    /// `text()`
    Text,
    /// `comment()`
    Comment,
    /// `processing-instruction()`, perhaps of one target.
    Instruction(Option<Box<str>>),
    /// `*`: elements, or attributes on their axis.
    Every,
    /// `p:*`
    Namespace(Box<str>),
    /// A name in a namespace, or in none.
    Name(Option<Box<str>>, Box<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    Id,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

impl Function {
    /// Creates a function by its name, with the fewest and the most arguments that it takes.
    pub(super) fn of(name: &str) -> Option<(Self, usize, usize)> {
        Some(match name {
            "boolean" => (Self::Boolean, 1, 1),
            "ceiling" => (Self::Ceiling, 1, 1),
            "concat" => (Self::Concat, 2, usize::MAX),
            "contains" => (Self::Contains, 2, 2),
            "count" => (Self::Count, 1, 1),
            "false" => (Self::False, 0, 0),
            "floor" => (Self::Floor, 1, 1),
            "id" => (Self::Id, 1, 1),
            "lang" => (Self::Lang, 1, 1),
            "last" => (Self::Last, 0, 0),
            "local-name" => (Self::LocalName, 0, 1),
            "name" => (Self::Name, 0, 1),
            "namespace-uri" => (Self::NamespaceUri, 0, 1),
            "normalize-space" => (Self::NormalizeSpace, 0, 1),
            "not" => (Self::Not, 1, 1),
            "number" => (Self::Number, 0, 1),
            "position" => (Self::Position, 0, 0),
            "round" => (Self::Round, 1, 1),
            "starts-with" => (Self::StartsWith, 2, 2),
            "string" => (Self::String, 0, 1),
            "string-length" => (Self::StringLength, 0, 1),
            "substring" => (Self::Substring, 2, 3),
            "substring-after" => (Self::SubstringAfter, 2, 2),
            "substring-before" => (Self::SubstringBefore, 2, 2),
            "sum" => (Self::Sum, 1, 1),
            "translate" => (Self::Translate, 3, 3),
            "true" => (Self::True, 0, 0),
            _ => return None,
        })
    }
}

/// Marks the last step with which of the JDK's iterators finds it (`WalkerFactory`).
pub(super) fn note_iterator(start: &Start, steps: &mut [Step]) {
    let exact = is_descent(start, steps);
    if let Some(last) = steps.last_mut() {
        last.exact = exact;
    }
}

/// Returns whether a path selects the descendants of its start with one name.
fn is_descent(start: &Start, steps: &[Step]) -> bool {
    let Some((last, before)) = steps.split_last() else {
        return false;
    };
    let plain = |step: &Step| matches!(step.test, NodeTest::Any) && step.predicates.is_empty();
    let before = match (start, before) {
        (Start::Expression(_), _) => return false,
        (_, [first, rest @ ..]) if first.axis == Axis::This && plain(first) => rest,
        (Start::Context, []) => return false,
        (_, before) => before,
    };
    let below = match before {
        [] => last.axis == Axis::Descendant || last.axis == Axis::DescendantOrSelf,
        [below] => below.axis == Axis::DescendantOrSelf && plain(below) && last.axis == Axis::Child,
        _ => false,
    };
    below && !last.predicates.iter().any(counts)
}

/// Returns whether a predicate may be about positions, as the JDK guesses it.
fn counts(predicate: &Expression) -> bool {
    match predicate {
        Expression::Path(..) => false,
        Expression::Compare(comparison, left, right) if *comparison != Comparison::NotEqual => {
            counts_inside(left) || counts_inside(right)
        }
        Expression::Call(function, arguments) => is_count(*function, arguments),
        _ => true,
    }
}

fn counts_inside(operand: &Expression) -> bool {
    match operand {
        Expression::Path(..) | Expression::Text(_) | Expression::Number(_) => false,
        other => counts(other),
    }
}

fn is_count(function: Function, arguments: &[Expression]) -> bool {
    matches!(function, Function::Position | Function::Last) || arguments.iter().any(counts_inside)
}
