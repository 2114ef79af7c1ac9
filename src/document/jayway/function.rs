//! The functions at the end of paths.

use super::eval::Search;
use super::found::{Found, PathError, Stop};
use super::query::{Function, Parameter, Query, Step};
use super::{Kind, Tree};
use crate::java::json::Json;

/// The values of a parameter.
enum Given<'t, T> {
    Value(&'t T),
    Text(String),
    Number(f64),
}

impl<'q: 't, 't, T: Tree> Search<'q, 't, '_, T> {
    /// Returns what a function makes of a value.
    pub(super) fn function(
        &mut self,
        function: Function,
        parameters: &'q [Parameter],
        value: &'t T,
    ) -> Result<Found<'t, T>, Stop> {
        let not_applicable = |why| Err(PathError::NotApplicable(why).into());
        if function == Function::Unknown {
            return not_applicable("there is no function of this name");
        }
        let mut given = Vec::new();
        for parameter in parameters {
            self.given(parameter, &mut given)?;
        }
        let items: Vec<&'t T> = match value.kind() {
            Kind::List(length) => (0..length).filter_map(|at| value.item(at)).collect(),
            _ => Vec::new(),
        };
        match function {
            Function::Length => self.length(parameters, value),
            Function::Keys => Ok(match value.kind() {
                Kind::Map(_) => {
                    Found::Names(value.members().map(|(name, _)| name.to_owned()).collect())
                }
                _ => Found::Null,
            }),
            Function::Append => Ok(Found::One(value)),
            Function::First | Function::Last | Function::Index => {
                if !matches!(value.kind(), Kind::List(_)) {
                    return not_applicable("a function for lists is applied to another value");
                }
                let at = match function {
                    Function::First => 0,
                    Function::Last => -1,
                    _ => match numbers(&given).next() {
                        #[expect(clippy::cast_possible_truncation, reason = "as Number.intValue")]
                        Some(number) => number as i64,
                        None => return not_applicable("index() is given no number"),
                    },
                };
                // Counted from the end, the first item cannot be reached.
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let index = if at >= 0 { Some(at) } else { Some(length + at).filter(|at| *at > 0) };
                let item = index
                    .and_then(|index| usize::try_from(index).ok())
                    .and_then(|index| items.get(index));
                match item {
                    Some(item) => Ok(Found::One(item)),
                    None => not_applicable("the list has no such item"),
                }
            }
            Function::Concat => {
                let mut text = String::new();
                for item in &items {
                    if let Kind::Text(part) = item.kind() {
                        text.push_str(part);
                    }
                }
                for part in &given {
                    match part {
                        Given::Value(value) => text.push_str(&value.printed()),
                        Given::Text(part) => text.push_str(part),
                        Given::Number(number) => {
                            text.push_str(&crate::java::decimal::double(*number));
                        }
                    }
                }
                Ok(Found::Text(text))
            }
            _ => {
                let own = items.iter().filter_map(|item| match item.kind() {
                    Kind::Number(number) => Some(number),
                    _ => None,
                });
                let all: Vec<f64> = own.chain(numbers(&given)).collect();
                match aggregate(function, &all) {
                    Some(number) => Ok(Found::Number(number)),
                    None => not_applicable("a function for numbers finds none"),
                }
            }
        }
    }

    fn given(
        &mut self,
        parameter: &'q Parameter,
        given: &mut Vec<Given<'t, T>>,
    ) -> Result<(), Stop> {
        let query = match parameter {
            Parameter::Path(query) => query,
            Parameter::Json(json) => {
                let items = match json {
                    Json::List(items) => items.as_slice(),
                    other => std::slice::from_ref(other),
                };
                given.extend(items.iter().filter_map(|item| match item {
                    Json::Number(number) => Some(Given::Number(number.to_f64())),
                    Json::Null => None,
                    other => Some(Given::Text(other.to_java())),
                }));
                return Ok(());
            }
        };
        match query.run(self.root, self.root, self.options, self.budget)? {
            Found::One(value) => match value.kind() {
                Kind::List(length) => {
                    given.extend((0..length).filter_map(|at| value.item(at)).map(Given::Value));
                }
                _ => given.push(Given::Value(value)),
            },
            Found::Many(values) => given.extend(values.into_iter().flatten().map(Given::Value)),
            #[expect(clippy::cast_precision_loss, reason = "a length")]
            Found::Count(count) => given.push(Given::Number(count as f64)),
            Found::Number(number) => given.push(Given::Number(number)),
            Found::Text(text) => given.push(Given::Text(text)),
            Found::Nothing | Found::Null | Found::Members(_) | Found::Names(_) => {}
        }
        Ok(())
    }

    /// Returns how many items or members there are; of a path, below what it finds.
    fn length(&mut self, parameters: &'q [Parameter], value: &'t T) -> Result<Found<'t, T>, Stop> {
        match parameters.first() {
            Some(Parameter::Json(_)) => {
                return Err(PathError::NotApplicable("length() is given no path").into());
            }
            // Jayway searches everything below the path, and then one value.
            Some(Parameter::Path(query)) if query.is_definite() => {
                return Err(PathError::NotApplicable("length() is given one value").into());
            }
            Some(Parameter::Path(query)) => {
                if let Some(count) = self.count_below(query, value)? {
                    return Ok(Found::Count(count));
                }
            }
            None => {}
        }
        Ok(match value.kind() {
            Kind::List(length) | Kind::Map(length) => Found::Count(length),
            _ => Found::Null,
        })
    }

    fn count_below(&mut self, query: &'q Query, value: &'t T) -> Result<Option<usize>, Stop> {
        let is_function = matches!(query.steps.last(), Some(Step::Function(..)));
        let found = query.run(value, value, self.options, self.budget)?;
        let children = |value: &T| match value.kind() {
            Kind::List(length) | Kind::Map(length) => length,
            _ => 0,
        };
        Ok(match found {
            Found::One(value) if is_function || query.steps.is_empty() => match value.kind() {
                Kind::List(length) => Some(length),
                _ => None,
            },
            Found::One(value) => Some(children(value)),
            Found::Many(values) => Some(values.into_iter().flatten().map(children).sum()),
            _ => None,
        })
    }
}

fn numbers<T: Tree>(given: &[Given<'_, T>]) -> impl Iterator<Item = f64> {
    given.iter().filter_map(|value| match value {
        Given::Value(value) => match value.kind() {
            Kind::Number(number) => Some(number),
            _ => None,
        },
        Given::Number(number) => Some(*number),
        Given::Text(_) => None,
    })
}

fn aggregate(function: Function, numbers: &[f64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a length")]
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    Some(match function {
        Function::Min => numbers.iter().copied().fold(f64::MAX, f64::min),
        // Java's smallest positive double is where Jayway starts.
        Function::Max => numbers.iter().copied().fold(f64::from_bits(1), f64::max),
        Function::Average => sum / count,
        Function::Deviation => {
            let squares: f64 = numbers.iter().map(|number| number * number).sum();
            (squares / count - sum * sum / count / count).sqrt()
        }
        _ => sum,
    })
}
