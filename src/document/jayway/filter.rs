//! The conditions of `[?(...)]`.

use super::eval::{Found, Steps, TooLong};
use super::parse::{Cursor, MAX_NESTING, Query};
use super::{Kind, Tree};

/// A condition on a value.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Or(Vec<Condition>),
    And(Vec<Condition>),
    Not(Box<Condition>),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
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
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    /// `@...`
    Here(Query),
    /// `$...`
    Root(Query),
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
    Pattern(regex::Regex),
    List(Vec<Operand>),
}

/// The longest operator first where one begins another.
const COMPARISONS: [(&str, Comparison); 14] = [
    ("===", Comparison::Equal),
    ("!==", Comparison::NotEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("=~", Comparison::Matches),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("in ", Comparison::In),
    ("nin ", Comparison::NotIn),
    ("contains ", Comparison::Contains),
    ("size ", Comparison::Size),
    ("empty ", Comparison::Empty),
];

impl Cursor<'_> {
    pub(super) fn condition(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(format!("filters nest more than {MAX_NESTING} deep"));
        }
        let mut any = vec![self.all()?];
        while self.eat("||") {
            any.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Or(any) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.single()?];
        while self.eat("&&") {
            all.push(self.single()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::And(all) })
    }

    fn single(&mut self) -> Result<Condition, String> {
        if self.eat("!") {
            self.depth += 1;
            if self.depth > MAX_NESTING {
                return Err(format!("filters nest more than {MAX_NESTING} deep"));
            }
            let inner = self.single()?;
            self.depth -= 1;
            return Ok(Condition::Not(Box::new(inner)));
        }
        if self.eat("(") {
            let inner = self.condition()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        self.space();
        let rest = self.rest();
        let found = COMPARISONS.iter().find(|(text, _)| {
            rest.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text))
        });
        let Some((text, comparison)) = found else {
            return match left {
                Operand::Here(_) | Operand::Root(_) => Ok(Condition::Exists(left)),
                _ => Err(self.wrong("an operator")),
            };
        };
        self.at += text.len();
        let right = self.operand()?;
        Ok(Condition::Compare(left, *comparison, right))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        self.space();
        let rest = self.rest();
        match rest.chars().next() {
            Some('@') => {
                self.at += 1;
                self.nested().map(Operand::Here)
            }
            Some('$') => {
                self.at += 1;
                self.nested().map(Operand::Root)
            }
            Some('\'' | '"') => self.quoted().map(Operand::Text),
            Some('/') => self.pattern(),
            Some('[') => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.eat("]") {
                    if !items.is_empty() {
                        self.expect(",")?;
                    }
                    self.space();
                    if self.rest().starts_with(['[', '@', '$', '/']) {
                        return Err(self.wrong("a text or number"));
                    }
                    items.push(self.operand()?);
                }
                Ok(Operand::List(items))
            }
            Some(_) => {
                let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
                let length = rest.find(ends).unwrap_or(rest.len());
                let operand = match &rest[..length] {
                    "true" => Operand::Bool(true),
                    "false" => Operand::Bool(false),
                    "null" => Operand::Null,
                    number => match number.parse() {
                        Ok(number)
                            if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') =>
                        {
                            Operand::Number(number)
                        }
                        _ => return Err(self.wrong("a path, a text in quotes or a number")),
                    },
                };
                self.at += length;
                Ok(operand)
            }
            None => Err(self.wrong("a path, a text in quotes or a number")),
        }
    }

    fn nested(&mut self) -> Result<Query, String> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(format!("filters nest more than {MAX_NESTING} deep"));
        }
        let query = self.steps()?;
        self.depth -= 1;
        Ok(query)
    }

    fn pattern(&mut self) -> Result<Operand, String> {
        let rest = &self.rest()[1..];
        let mut escaped = false;
        let end = rest.char_indices().find_map(|(at, c)| {
            let found = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            found.then_some(at)
        });
        let Some(end) = end else {
            return Err(self.wrong("a regular expression with its end '/'"));
        };
        let flags = rest[end + 1..].find(|c: char| !c.is_ascii_alphabetic());
        let flags = &rest[end + 1..end + 1 + flags.unwrap_or(rest.len() - end - 1)];
        let mut builder = regex::RegexBuilder::new(&format!(r"\A(?:{})\z", &rest[..end]));
        builder
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'))
            .size_limit(1 << 20);
        let pattern = builder.build().map_err(|_| self.wrong("a regular expression"))?;
        self.at += 1 + end + 1 + flags.len();
        Ok(Operand::Pattern(pattern))
    }
}

/// What an operand is for one value.
enum Side<'t, T> {
    Missing,
    Kind(Kind<'t>),
    Value(&'t T),
    Many(Vec<Option<&'t T>>),
    Pattern(&'t regex::Regex),
    Literals(&'t [Operand]),
}

impl Condition {
    /// Whether a value fulfils the condition.
    pub(super) fn holds<T: Tree>(
        &self,
        here: &T,
        root: &T,
        steps: &mut Steps,
    ) -> Result<bool, TooLong> {
        steps.spend()?;
        Ok(match self {
            Self::Or(any) => {
                for one in any {
                    if one.holds(here, root, steps)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::And(all) => {
                for one in all {
                    if !one.holds(here, root, steps)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Not(inner) => !inner.holds(here, root, steps)?,
            Self::Exists(operand) => match operand.side(here, root, steps)? {
                Side::Missing => false,
                Side::Many(values) => !values.is_empty(),
                _ => true,
            },
            Self::Compare(left, comparison, right) => {
                let left = left.side(here, root, steps)?;
                let right = right.side(here, root, steps)?;
                comparison.holds(&left, &right, steps)?
            }
        })
    }
}

impl Operand {
    fn side<'t, T: Tree>(
        &'t self,
        here: &'t T,
        root: &'t T,
        steps: &mut Steps,
    ) -> Result<Side<'t, T>, TooLong> {
        let found = match self {
            Self::Here(query) => query.run(here, root, false, steps)?,
            Self::Root(query) => query.run(root, root, false, steps)?,
            Self::Text(text) => return Ok(Side::Kind(Kind::Text(text))),
            Self::Number(number) => return Ok(Side::Kind(Kind::Number(*number))),
            Self::Bool(value) => return Ok(Side::Kind(Kind::Bool(*value))),
            Self::Null => return Ok(Side::Kind(Kind::Null)),
            Self::Pattern(pattern) => return Ok(Side::Pattern(pattern)),
            Self::List(items) => return Ok(Side::Literals(items)),
        };
        Ok(match found {
            Found::One(value) => Side::Value(value),
            Found::Many(values) => Side::Many(values),
            Found::Null => Side::Kind(Kind::Null),
            #[expect(clippy::cast_precision_loss, reason = "a length")]
            Found::Count(count) => Side::Kind(Kind::Number(count as f64)),
            Found::Number(number) => Side::Kind(Kind::Number(number)),
            Found::Nothing | Found::Members(_) | Found::Names(_) => Side::Missing,
        })
    }
}

impl<T: Tree> Side<'_, T> {
    fn kind(&self) -> Option<Kind<'_>> {
        match self {
            Self::Kind(kind) => Some(*kind),
            Self::Value(value) => Some(value.kind()),
            Self::Many(values) => Some(Kind::List(values.len())),
            Self::Literals(items) => Some(Kind::List(items.len())),
            Self::Missing | Self::Pattern(_) => None,
        }
    }

    /// The items of a list.
    fn items(&self) -> Vec<Side<'_, T>> {
        match self {
            Self::Value(value) => match value.kind() {
                Kind::List(length) => {
                    (0..length).filter_map(|at| value.item(at)).map(Side::Value).collect()
                }
                _ => Vec::new(),
            },
            Self::Many(values) => {
                values.iter().flatten().map(|value| Side::Value(*value)).collect()
            }
            Self::Literals(items) => items
                .iter()
                .filter_map(|item| match item {
                    Operand::Text(text) => Some(Side::Kind(Kind::Text(text))),
                    Operand::Number(number) => Some(Side::Kind(Kind::Number(*number))),
                    Operand::Bool(value) => Some(Side::Kind(Kind::Bool(*value))),
                    Operand::Null => Some(Side::Kind(Kind::Null)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Comparison {
    fn holds<T: Tree>(
        self,
        left: &Side<'_, T>,
        right: &Side<'_, T>,
        steps: &mut Steps,
    ) -> Result<bool, TooLong> {
        let (a, b) = (left.kind(), right.kind());
        Ok(match self {
            Self::Equal => equal(left, right, steps)?,
            Self::NotEqual => !equal(left, right, steps)?,
            Self::Less => ordered(a, b).is_some_and(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => ordered(a, b).is_some_and(std::cmp::Ordering::is_le),
            Self::Greater => ordered(a, b).is_some_and(std::cmp::Ordering::is_gt),
            Self::GreaterOrEqual => ordered(a, b).is_some_and(std::cmp::Ordering::is_ge),
            Self::Matches => match (left, a, right, b) {
                (_, Some(kind), Side::Pattern(pattern), _)
                | (Side::Pattern(pattern), _, _, Some(kind)) => {
                    plain(kind).is_some_and(|text| pattern.is_match(&text))
                }
                _ => false,
            },
            Self::In | Self::NotIn => {
                let mut found = false;
                for item in right.items() {
                    found = found || equal(left, &item, steps)?;
                }
                a.is_some() && found == (self == Self::In)
            }
            Self::Contains => match (a, b) {
                (Some(Kind::Text(text)), Some(Kind::Text(part))) => text.contains(part),
                _ => {
                    let mut found = false;
                    for item in left.items() {
                        found = found || equal(&item, right, steps)?;
                    }
                    found
                }
            },
            Self::Size => match (length(a), b) {
                #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "a length")]
                (Some(length), Some(Kind::Number(size))) => length as f64 == size,
                _ => false,
            },
            Self::Empty => match (length(a), b) {
                (Some(length), Some(Kind::Bool(empty))) => (length == 0) == empty,
                _ => false,
            },
        })
    }
}

fn length(kind: Option<Kind<'_>>) -> Option<usize> {
    match kind? {
        Kind::Text(text) => Some(text.chars().count()),
        Kind::List(length) | Kind::Map(length) => Some(length),
        _ => None,
    }
}

fn plain(kind: Kind<'_>) -> Option<String> {
    match kind {
        Kind::Text(text) => Some(text.to_owned()),
        Kind::Number(number) => Some(number.to_string()),
        Kind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn ordered(a: Option<Kind<'_>>, b: Option<Kind<'_>>) -> Option<std::cmp::Ordering> {
    match (a?, b?) {
        (Kind::Number(a), Kind::Number(b)) => a.partial_cmp(&b),
        (Kind::Text(a), Kind::Text(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// A number equals the text that spells it.
#[expect(clippy::float_cmp, reason = "Jayway compares numbers exactly")]
fn equal<T: Tree>(
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    steps: &mut Steps,
) -> Result<bool, TooLong> {
    steps.spend()?;
    let (Some(a), Some(b)) = (left.kind(), right.kind()) else { return Ok(false) };
    Ok(match (a, b) {
        (Kind::Number(a), Kind::Text(b)) => b.trim().parse() == Ok(a),
        (Kind::Text(a), Kind::Number(b)) => a.parse() == Ok(b),
        (Kind::List(a), Kind::List(b)) => {
            if a != b {
                return Ok(false);
            }
            for (a, b) in left.items().iter().zip(&right.items()) {
                if !equal(a, b, steps)? {
                    return Ok(false);
                }
            }
            true
        }
        (Kind::Map(a), Kind::Map(b)) => {
            let (Side::Value(left), Side::Value(right)) = (left, right) else { return Ok(false) };
            if a != b {
                return Ok(false);
            }
            for (name, value) in left.members() {
                let Some(other) = right.member(name) else { return Ok(false) };
                if !equal(&Side::Value(value), &Side::Value(other), steps)? {
                    return Ok(false);
                }
            }
            true
        }
        (a, b) => a == b,
    })
}
