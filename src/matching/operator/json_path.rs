//! `matchesJsonPath` (`C/matching/MatchesJsonPathPattern.java`).

use crate::document::jayway::{Found, PathError, Query};
use crate::java::json::{Json, Map, Number};

use super::subject::Subject;

/// A path into JSON.
#[derive(Debug)]
pub(crate) struct JsonPathPattern {
    text: Box<str>,
    query: Query,
}

impl JsonPathPattern {
    pub(super) fn new(text: &str, query: Query) -> Self {
        Self { text: text.into(), query }
    }

    /// Returns the path, as written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the path finds a value that is not null and not empty.
    pub(super) fn finds(&self, subject: &Subject<'_>) -> bool {
        self.find(subject).is_some_and(|found| is_something(&found))
    }

    /// Returns the texts that the path finds, for an operator that one of them must satisfy: the
    /// items of a list one by one, unless `whole` is set. `None` if the search ends in an error.
    pub(super) fn texts(&self, subject: &Subject<'_>, whole: bool) -> Option<Vec<String>> {
        texts(self.find(subject)?, whole)
    }

    fn find<'s>(&'s self, subject: &'s Subject<'_>) -> Option<Found<'s, Json>> {
        // Text that looks like XML is not searched.
        if subject.text().is_some_and(|text| text.trim_start().starts_with('<')) {
            return None;
        }
        if subject.text().is_none() {
            return Some(Found::Null);
        }
        // A null document is refused by Jayway: "json can not be null".
        let json = subject.permissive().filter(|json| !matches!(json, Json::Null))?;
        self.query.find(json, false).ok()
    }

    /// Returns what the 404 diff shows of what the path finds: an object, or the first item of a list as text. `whole`
    /// says that the operator compares lists, which are shown whole then.
    pub(in crate::matching) fn shown(&self, subject: &Subject<'_>, whole: bool) -> Option<Json> {
        let text = |value: &Json| Json::Text(value.to_java());
        match self.query.find(subject.permissive()?, false).ok()? {
            Found::One(Json::List(items)) if !whole => items.first().map(text),
            Found::One(value @ (Json::List(_) | Json::Map(_))) => Some(value.clone()),
            Found::One(Json::Null) | Found::Nothing | Found::Null | Found::Names(_) => None,
            Found::One(value) => Some(text(value)),
            Found::Many(values) if whole => {
                let items = values.into_iter().map(|value| value.cloned().unwrap_or(Json::Null));
                Some(Json::List(items.collect()))
            }
            Found::Many(values) => (*values.first()?).map(text),
            Found::Members(members) => {
                let mut map = Map::default();
                for (name, value) in members {
                    map.insert(name.to_owned(), value.clone());
                }
                Some(Json::Map(map))
            }
            Found::Text(text) => Some(Json::Text(text)),
            Found::Count(count) => Some(Json::Text(count.to_string())),
            Found::Number(number) => Some(Json::Text(Number::double(number).as_str().to_owned())),
        }
    }

    /// Returns the warning that `WireMock` logs for a path that finds nothing.
    pub(in crate::matching) fn warning(&self, subject: &Subject<'_>) -> Option<String> {
        let text = subject.text().filter(|text| !text.trim_start().starts_with('<'))?;
        let why = self.query.why_nothing(subject.permissive()?)?;
        Some(format!(
            "Warning: JSON path expression failed to match document '{text}' because of error '{why}'"
        ))
    }

    /// Returns whether the search ends at a limit.
    pub(super) fn gives_up_on(&self, subject: &Subject<'_>) -> bool {
        subject
            .permissive()
            .is_some_and(|json| matches!(self.query.find(json, false), Err(PathError::TooLong)))
    }
}

/// Returns whether a path finds a value that is not null and not empty.
fn is_something(found: &Found<'_, Json>) -> bool {
    match found {
        Found::Nothing | Found::Null => false,
        Found::One(value) => match value {
            Json::Null => false,
            Json::List(items) => !items.is_empty(),
            Json::Map(map) => map.len() > 0,
            _ => true,
        },
        Found::Many(values) => !values.is_empty(),
        Found::Members(members) => !members.is_empty(),
        Found::Names(names) => !names.is_empty(),
        Found::Count(_) | Found::Number(_) | Found::Text(_) => true,
    }
}

/// Returns the results as texts.
fn texts(found: Found<'_, Json>, whole: bool) -> Option<Vec<String>> {
    let as_list = |items: Vec<Json>| {
        if whole {
            return Some(vec![Json::List(items).to_string()]);
        }
        // WireMock's loop ends with an exception at a null.
        let all = items.iter().all(|item| !matches!(item, Json::Null));
        all.then(|| items.iter().map(Json::to_java).collect::<Vec<_>>())
    };
    match found {
        Found::Nothing | Found::Null | Found::One(Json::Null) | Found::Names(_) => Some(Vec::new()),
        Found::One(Json::List(items)) => as_list(items.clone()),
        Found::One(map @ Json::Map(_)) => Some(vec![map.to_pretty()]),
        Found::One(value) => Some(vec![value.to_java()]),
        Found::Many(values) => {
            as_list(values.into_iter().map(|value| value.cloned().unwrap_or(Json::Null)).collect())
        }
        Found::Members(members) => {
            let mut map = Map::default();
            for (name, value) in members {
                map.insert(name.to_owned(), value.clone());
            }
            Some(vec![Json::Map(map).to_pretty()])
        }
        Found::Count(count) => Some(vec![count.to_string()]),
        Found::Number(number) => Some(vec![Number::double(number).as_str().to_owned()]),
        Found::Text(text) => Some(vec![text]),
    }
}
