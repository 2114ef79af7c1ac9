//! The conditions of `[?(...)]`, as Jayway's `EvaluatorFactory` judges them.

use std::cmp::Ordering;

use super::cursor::unescaped;
use super::eval::{Budget, Found, Options, PathError, Stop};
use super::query::{Comparison, Condition, Operand, Query};
use super::{Kind, Tree};
use crate::java::decimal::{Decimal, double};
use crate::java::json::Json;
use crate::java::regex::Regex;

/// What an operand is for one value.
enum Side<'t, T> {
    Undefined,
    Null,
    Bool(bool),
    Text(std::borrow::Cow<'t, str>),
    Number(Decimal),
    /// A list or a map of the document.
    Tree(&'t T),
    /// The values of an indefinite path.
    Many(Vec<Option<&'t T>>),
    /// A list or an object of the path's text.
    Literal(&'t Json),
    /// Some members of a map, or names: neither a list nor equal to anything.
    Other,
    Pattern(&'t Regex),
}

impl Condition {
    /// Whether a value fulfils the condition.
    pub(super) fn holds<'t, T: Tree>(
        &'t self,
        here: &'t T,
        root: &'t T,
        options: Options,
        budget: &mut Budget,
    ) -> Result<bool, Stop> {
        budget.spend()?;
        Ok(match self {
            Self::Or(any) => {
                for one in any {
                    if one.holds(here, root, options, budget)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::And(all) => {
                for one in all {
                    if !one.holds(here, root, options, budget)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Not(inner) => !inner.holds(here, root, options, budget)?,
            Self::Exists(query, wanted) => {
                let options = Options { leaf_to_null: false, required: true };
                let from = if query.from_root { root } else { here };
                match query.run(from, root, options, budget) {
                    Ok(_) => *wanted,
                    Err(Stop::NotFound) => !*wanted,
                    Err(stop) => return Err(stop),
                }
            }
            Self::Compare(left, comparison, right) => {
                let left = left.side(here, root, options, budget)?;
                let right = right.side(here, root, options, budget)?;
                comparison.holds(&left, &right, budget)?
            }
        })
    }
}

impl Operand {
    fn side<'t, T: Tree>(
        &'t self,
        here: &'t T,
        root: &'t T,
        options: Options,
        budget: &mut Budget,
    ) -> Result<Side<'t, T>, Stop> {
        Ok(match self {
            Self::Path(query) => return found(query, here, root, options, budget),
            Self::Text(text) => Side::Text(text.as_str().into()),
            Self::Number(number) => Side::Number(number.clone()),
            Self::Bool(value) => Side::Bool(*value),
            Self::Null => Side::Null,
            Self::Pattern(pattern) => Side::Pattern(pattern),
            Self::Json(json) => Side::Literal(json),
        })
    }
}

fn found<'t, T: Tree>(
    query: &'t Query,
    here: &'t T,
    root: &'t T,
    options: Options,
    budget: &mut Budget,
) -> Result<Side<'t, T>, Stop> {
    let from = if query.from_root { root } else { here };
    let options = Options { required: false, ..options };
    let number = |number: f64| Decimal::parse(&double(number)).map_or(Side::Other, Side::Number);
    Ok(match query.run(from, root, options, budget) {
        Ok(Found::One(value)) => match value.kind() {
            Kind::Null => Side::Null,
            Kind::Bool(value) => Side::Bool(value),
            Kind::Text(text) => Side::Text(text.into()),
            Kind::Number(_) => value.exact().map_or(Side::Other, Side::Number),
            Kind::List(_) | Kind::Map(_) => Side::Tree(value),
        },
        Ok(Found::Many(values)) => Side::Many(values),
        Ok(Found::Null) => Side::Null,
        Ok(Found::Count(count)) => {
            Decimal::parse(&count.to_string()).map_or(Side::Other, Side::Number)
        }
        Ok(Found::Number(value)) => number(value),
        Ok(Found::Text(text)) => Side::Text(text.into()),
        Ok(Found::Members(_) | Found::Names(_)) => Side::Other,
        Ok(Found::Nothing) | Err(Stop::NotFound) => Side::Undefined,
        Err(stop) => return Err(stop),
    })
}

impl<'t, T: Tree> Side<'t, T> {
    /// Whether it is a list or a map, of the document or of the path's text.
    fn is_json(&self) -> bool {
        matches!(self, Self::Tree(_) | Self::Many(_) | Self::Literal(_) | Self::Other)
    }

    /// How many items a list has.
    fn length(&self) -> Option<usize> {
        match self {
            Self::Tree(value) => match value.kind() {
                Kind::List(length) => Some(length),
                _ => None,
            },
            Self::Many(values) => Some(values.len()),
            Self::Literal(Json::List(items)) => Some(items.len()),
            _ => None,
        }
    }

    /// The items of a list; nothing where it is no list.
    fn items(&self) -> Result<Option<Vec<Side<'t, T>>>, Stop> {
        let Some(length) = self.length() else { return Ok(None) };
        let items: Result<Vec<_>, _> = match self {
            Self::Tree(value) => (0..length)
                .filter_map(|at| value.item(at))
                .map(|item| item_of(Some(item)))
                .collect(),
            Self::Many(values) => values.iter().map(|value| item_of(*value)).collect(),
            Self::Literal(Json::List(items)) => items.iter().map(literal_of).collect(),
            _ => Ok(Vec::new()),
        };
        items.map(Some)
    }

    /// The items where a list is needed.
    fn list(&self) -> Result<Option<Vec<Side<'t, T>>>, Stop> {
        if self.is_json() { self.items() } else { Err(Stop::Unfit) }
    }

    /// As text for a pattern.
    fn input(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            _ => String::new(),
        }
    }
}

/// Jayway makes no values of lists and maps within lists.
const NESTED: PathError = PathError::NotApplicable("a list in a filter holds lists or objects");

fn item_of<'t, T: Tree>(value: Option<&'t T>) -> Result<Side<'t, T>, Stop> {
    let Some(value) = value else { return Ok(Side::Null) };
    Ok(match value.kind() {
        Kind::Null => Side::Null,
        Kind::Bool(value) => Side::Bool(value),
        Kind::Text(text) => text_item(text),
        Kind::Number(_) => value.exact().map_or(Side::Other, Side::Number),
        Kind::List(_) | Kind::Map(_) => return Err(NESTED.into()),
    })
}

fn literal_of<T>(json: &Json) -> Result<Side<'_, T>, Stop> {
    Ok(match json {
        Json::Null => Side::Null,
        Json::Bool(value) => Side::Bool(*value),
        Json::Text(text) => text_item(text),
        Json::Number(number) => number.exact().map_or(Side::Other, Side::Number),
        Json::List(_) | Json::Map(_) => return Err(NESTED.into()),
    })
}

/// A text in a list may stand in quotes once more.
fn text_item<T>(text: &str) -> Side<'_, T> {
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if text.trim_start().starts_with(['$', '@']) && Query::parse(text.trim()).is_ok() {
        return Side::Other;
    }
    if quoted('\'') || quoted('"') {
        return Side::Text(unescaped(&text[1..text.len() - 1]).into());
    }
    if text.contains('\\') {
        return Side::Text(unescaped(text).into());
    }
    Side::Text(text.into())
}

impl Comparison {
    fn holds<T: Tree>(
        self,
        left: &Side<'_, T>,
        right: &Side<'_, T>,
        budget: &mut Budget,
    ) -> Result<bool, Stop> {
        let any = |item: &Side<'_, T>, list: &[Side<'_, T>], budget: &mut Budget| {
            for other in list {
                if equal(item, other, budget)? {
                    return Ok::<_, Stop>(true);
                }
            }
            Ok(false)
        };
        Ok(match self {
            Self::Equal => equal(left, right, budget)?,
            Self::NotEqual => !equal(left, right, budget)?,
            Self::Same => same_type(left, right) && equal(left, right, budget)?,
            Self::NotSame => !(same_type(left, right) && equal(left, right, budget)?),
            Self::Less => ordered(left, right).is_some_and(Ordering::is_lt),
            Self::LessOrEqual => ordered(left, right).is_some_and(Ordering::is_le),
            Self::Greater => ordered(left, right).is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => ordered(left, right).is_some_and(Ordering::is_ge),
            Self::Matches => {
                let (pattern, other) = match (left, right) {
                    (Side::Pattern(_), Side::Pattern(_)) => return Ok(false),
                    (Side::Pattern(pattern), other) | (other, Side::Pattern(pattern)) => {
                        (pattern, other)
                    }
                    _ => return Ok(false),
                };
                let fits = |text: &str| pattern.matches(text).unwrap_or(false);
                match other.items()? {
                    Some(items) => items.iter().any(|item| fits(&item.input())),
                    None => fits(&other.input()),
                }
            }
            Self::In => right.list()?.is_some_and_ok(|list| any(left, &list, budget))?,
            Self::NotIn => !right.list()?.is_some_and_ok(|list| any(left, &list, budget))?,
            Self::Contains => match (left, right) {
                (Side::Text(text), Side::Text(part)) => text.contains(&**part),
                (left, _) if left.is_json() => {
                    left.items()?.is_some_and_ok(|list| any(right, &list, budget))?
                }
                _ => false,
            },
            Self::Size => match (left, right) {
                (Side::Text(text), Side::Number(size)) => {
                    size.whole() == i64::try_from(text.encode_utf16().count()).ok()
                }
                (left, Side::Number(size)) if left.is_json() => {
                    let length =
                        left.length().map_or(Some(-1), |length| i64::try_from(length).ok());
                    size.whole() == length
                }
                _ => false,
            },
            Self::Empty => {
                let empty = match left {
                    Side::Text(text) => text.is_empty(),
                    left if left.is_json() => match left.length() {
                        Some(length) => length == 0,
                        None => {
                            return Err(PathError::NotApplicable(
                                "\"empty\" stands behind an object",
                            )
                            .into());
                        }
                    },
                    _ => return Ok(false),
                };
                match right {
                    Side::Bool(wanted) => empty == *wanted,
                    _ => return Err(Stop::Unfit),
                }
            }
            Self::SubsetOf | Self::AnyOf | Self::NoneOf => {
                let (Some(right), Some(left)) = (right.list()?, left.list()?) else {
                    return Ok(false);
                };
                let mut count = 0;
                for item in &left {
                    count += usize::from(any(item, &right, budget)?);
                }
                match self {
                    Self::SubsetOf => count == left.len(),
                    Self::AnyOf => count > 0,
                    _ => count == 0,
                }
            }
            Self::Never => return Err(Stop::Unfit),
        })
    }
}

/// `Option::is_some_and` for conditions that can fail.
trait IsSomeAndOk<V> {
    fn is_some_and_ok(self, f: impl FnOnce(V) -> Result<bool, Stop>) -> Result<bool, Stop>;
}

impl<V> IsSomeAndOk<V> for Option<V> {
    fn is_some_and_ok(self, f: impl FnOnce(V) -> Result<bool, Stop>) -> Result<bool, Stop> {
        self.map_or(Ok(false), f)
    }
}

fn same_type<T>(left: &Side<'_, T>, right: &Side<'_, T>) -> bool {
    let kind = |side: &Side<'_, T>| match side {
        Side::Undefined => 0,
        Side::Null => 1,
        Side::Bool(_) => 2,
        Side::Text(_) => 3,
        Side::Number(_) => 4,
        Side::Pattern(_) => 5,
        Side::Tree(_) | Side::Many(_) | Side::Literal(_) | Side::Other => 6,
    };
    kind(left) == kind(right)
}

fn ordered<T>(left: &Side<'_, T>, right: &Side<'_, T>) -> Option<Ordering> {
    match (left, right) {
        (Side::Number(a), Side::Number(b)) => Some(a.compare(b)),
        (Side::Text(a), Side::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        _ => None,
    }
}

/// A text equals the number that prints as it does; a number equals the text of its value.
fn equal<T: Tree>(
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    budget: &mut Budget,
) -> Result<bool, Stop> {
    budget.spend()?;
    Ok(match (left, right) {
        (Side::Null, Side::Null) => true,
        (Side::Bool(a), Side::Bool(b)) => a == b,
        (Side::Text(a), Side::Text(b)) => a == b,
        (Side::Text(a), Side::Number(b)) => **a == b.to_string(),
        (Side::Number(a), Side::Text(b)) => {
            Decimal::parse(b).is_some_and(|b| a.compare(&b).is_eq())
        }
        (Side::Number(a), Side::Number(b)) => a.compare(b).is_eq(),
        // A literal on the left is a text to Jayway, which equals no list.
        (Side::Literal(_), _) => false,
        (Side::Tree(a), Side::Tree(b)) => same(*a, *b, budget)?,
        (Side::Tree(a), Side::Literal(b)) => same_json(*a, b, budget)?,
        (Side::Many(a), Side::Many(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for pair in a.iter().zip(b) {
                let equal = match pair {
                    (Some(a), Some(b)) => same(*a, *b, budget)?,
                    (None, None) => true,
                    _ => false,
                };
                if !equal {
                    return Ok(false);
                }
            }
            true
        }
        (Side::Many(a), Side::Literal(Json::List(b))) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b) {
                let Some(a) = a else { return Ok(false) };
                if !same_json(*a, b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Side::Many(a), Side::Tree(b)) | (Side::Tree(b), Side::Many(a)) => {
            if b.kind() != Kind::List(a.len()) {
                return Ok(false);
            }
            for (at, a) in a.iter().enumerate() {
                let (Some(a), Some(b)) = (a, b.item(at)) else { return Ok(false) };
                if !same(*a, b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        _ => false,
    })
}

/// Whether two values of documents are equal: a whole number is no double.
fn same<T: Tree>(a: &T, b: &T, budget: &mut Budget) -> Result<bool, Stop> {
    budget.spend()?;
    match (a.kind(), b.kind()) {
        (Kind::List(length), Kind::List(other)) => {
            if length != other {
                return Ok(false);
            }
            for at in 0..length {
                let (Some(a), Some(b)) = (a.item(at), b.item(at)) else { return Ok(false) };
                if !same(a, b, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Kind::Map(length), Kind::Map(other)) => {
            if length != other {
                return Ok(false);
            }
            for (name, value) in a.members() {
                let Some(other) = b.member(name) else { return Ok(false) };
                if !same(value, other, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Kind::Number(_), Kind::Number(_)) => Ok(a.printed() == b.printed()),
        (a, b) => Ok(a == b),
    }
}

fn same_json<T: Tree>(a: &T, b: &Json, budget: &mut Budget) -> Result<bool, Stop> {
    budget.spend()?;
    match (a.kind(), b) {
        (Kind::List(length), Json::List(items)) => {
            if length != items.len() {
                return Ok(false);
            }
            for (at, b) in items.iter().enumerate() {
                let Some(a) = a.item(at) else { return Ok(false) };
                if !same_json(a, b, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Kind::Map(length), Json::Map(map)) => {
            if length != map.len() {
                return Ok(false);
            }
            for (name, value) in a.members() {
                let Some(other) = map.get(name) else { return Ok(false) };
                if !same_json(value, other, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Kind::Number(_), Json::Number(number)) => Ok(a.printed() == number.as_str()),
        (Kind::Text(a), Json::Text(b)) => Ok(a == b),
        (Kind::Bool(a), Json::Bool(b)) => Ok(a == *b),
        (Kind::Null, Json::Null) => Ok(true),
        _ => Ok(false),
    }
}
