//! When the sides of a comparison are equal, and how they are ordered.

use std::cmp::Ordering;

use super::found::{Budget, Stop};
use super::side::Side;
use super::{Kind, Tree};
use crate::java::decimal::Decimal;
use crate::java::json::Json;

/// Returns whether two sides are of one type to Jayway.
pub(super) fn same_type<T>(left: &Side<'_, T>, right: &Side<'_, T>) -> bool {
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

/// Returns the order of two numbers, or of two texts.
pub(super) fn ordered<T>(left: &Side<'_, T>, right: &Side<'_, T>) -> Option<Ordering> {
    match (left, right) {
        (Side::Number(a), Side::Number(b)) => Some(a.compare(b)),
        (Side::Text(a), Side::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        _ => None,
    }
}

/// Returns a text equals the number that prints as it does; a number equals the text of its value.
pub(super) fn equal<T: Tree>(
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

/// Returns whether two values of documents are equal: a whole number is not a double.
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
