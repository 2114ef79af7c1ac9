//! The conditions of `[?(...)]`, as Jayway's `EvaluatorFactory` judges them.

use std::cmp::Ordering;

use super::Tree;
use super::equal::{equal, ordered, same_type};
use super::found::{Budget, Options, PathError, Stop};
use super::query::{Comparison, Condition};
use super::side::Side;

impl Condition {
    /// Returns whether a value fulfils the condition.
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

impl Comparison {
    fn holds<T: Tree>(
        self,
        left: &Side<'_, T>,
        right: &Side<'_, T>,
        budget: &mut Budget,
    ) -> Result<bool, Stop> {
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
            Self::In => within(left, right.list()?, budget)?,
            Self::NotIn => !within(left, right.list()?, budget)?,
            Self::Contains => match (left, right) {
                (Side::Text(text), Side::Text(part)) => text.contains(&**part),
                (left, _) if left.is_json() => within(right, left.items()?, budget)?,
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
                                "\"empty\" is applied to an object",
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

/// Returns whether a list has an equal item.
fn any<T: Tree>(
    item: &Side<'_, T>,
    list: &[Side<'_, T>],
    budget: &mut Budget,
) -> Result<bool, Stop> {
    for other in list {
        if equal(item, other, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// As [`any`]; what is not a list has none.
fn within<T: Tree>(
    item: &Side<'_, T>,
    list: Option<Vec<Side<'_, T>>>,
    budget: &mut Budget,
) -> Result<bool, Stop> {
    list.map_or(Ok(false), |list| any(item, &list, budget))
}
