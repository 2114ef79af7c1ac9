//! The sides of a comparison: the operands evaluated for one value.

use super::cursor::unescaped;
use super::found::{Budget, Found, Options, PathError, Stop};
use super::query::{Operand, Query};
use super::{Kind, Tree};
use crate::java::decimal::{Decimal, double};
use crate::java::json::Json;
use crate::java::regex::Regex;

/// An operand evaluated for one value.
pub(super) enum Side<'t, T> {
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

impl Operand {
    /// Evaluates the operand for one value.
    pub(super) fn side<'t, T: Tree>(
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
    /// Returns whether it is a list or a map, of the document or of the path's text.
    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Tree(_) | Self::Many(_) | Self::Literal(_) | Self::Other)
    }

    /// Returns how many items a list has.
    pub(super) fn length(&self) -> Option<usize> {
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

    /// Returns the items of a list, or `None` if it is not a list.
    pub(super) fn items(&self) -> Result<Option<Vec<Side<'t, T>>>, Stop> {
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

    /// Returns the items where a list is needed.
    pub(super) fn list(&self) -> Result<Option<Vec<Side<'t, T>>>, Stop> {
        if self.is_json() { self.items() } else { Err(Stop::Unfit) }
    }

    /// As text for a pattern.
    pub(super) fn input(&self) -> String {
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

fn item_of<T: Tree>(value: Option<&T>) -> Result<Side<'_, T>, Stop> {
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

/// A text in a list may be in quotes once more.
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
