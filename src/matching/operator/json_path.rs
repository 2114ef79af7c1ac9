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

    /// Returns the first of what the path finds, as text: for the 404 diff.
    pub(in crate::matching) fn first_text(&self, subject: &Subject<'_>) -> Option<String> {
        let value = match self.query.find(subject.permissive()?, false).ok()? {
            Found::One(Json::List(items)) => items.first()?,
            Found::One(value) => value,
            Found::Many(values) => (*values.first()?)?,
            Found::Text(text) => return Some(text),
            Found::Count(count) => return Some(count.to_string()),
            Found::Number(number) => return Some(Number::double(number).as_str().to_owned()),
            Found::Nothing | Found::Null | Found::Members(_) | Found::Names(_) => return None,
        };
        (!matches!(value, Json::Null | Json::Map(_))).then(|| value.to_java())
    }

    /// Returns the warning that `WireMock` logs for a path into a body without members, such as
    /// text that is not JSON.
    pub(in crate::matching) fn warning(&self, subject: &Subject<'_>) -> Option<String> {
        let text = subject.text().filter(|text| !text.trim_start().starts_with('<'))?;
        if !matches!(subject.permissive()?, Json::Text(_)) {
            return None;
        }
        let path = self.text.strip_prefix("$.").filter(|path| !path.starts_with(['.', '*']))?;
        let name = path.split(['.', '[', '(']).next()?;
        Some(format!(
            "Warning: JSON path expression failed to match document '{text}' because of error 'Expected to find an object with property ['{name}'] in path $ but found 'java.lang.String'. This is not a json object according to the JsonProvider: 'wiremock.com.jayway.jsonpath.spi.json.JsonSmartJsonProvider'.'"
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
