//! A request compared with a stub's pattern part by part, and how far apart they are.

use std::borrow::Cow;

use http::uri::Authority;
use serde_json::Value;

use crate::message::Asked;

use super::multi::MultiPattern;
use super::operator::{StringPattern, Subject};
use super::request::{Conditions, RequestPattern, cookie_matches};
use super::url::UrlPattern;

/// How much of a text counts for its distance, in characters: edit distance is quadratic.
const COMPARED_CHARS: usize = 256;

/// One part of a request pattern, with what came in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) expected: String,
    /// What came in; `None` where nothing did.
    pub(super) actual: Option<String>,
    pub(super) matched: bool,
    pub(super) hint: Option<&'static str>,
    /// From 0 to 1.
    distance: f64,
    weight: f64,
}

impl Part {
    fn new(
        name: impl Into<String>,
        expected: String,
        actual: Option<String>,
        matched: bool,
    ) -> Self {
        let distance = if matched { 0.0 } else { 1.0 };
        Self { name: name.into(), expected, actual, matched, hint: None, distance, weight: 1.0 }
    }

    /// Says how far apart the two are, where that is more than yes or no.
    fn at(mut self, distance: f64) -> Self {
        if !self.matched {
            // Near is not equal: what failed never counts as nothing.
            self.distance = distance.clamp(0.05, 1.0);
        }
        self
    }

    fn hinting(mut self, hint: Option<&'static str>) -> Self {
        self.hint = hint;
        self
    }

    fn weighing(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }
}

/// The mean distance of all parts, by their weights (`WeightedAggregateMatchResult`).
pub(super) fn distance(parts: &[Part]) -> f64 {
    let total: f64 = parts.iter().map(|part| part.weight).sum();
    let apart: f64 = parts.iter().map(|part| part.distance * part.weight).sum();
    if total > 0.0 { apart / total } else { 0.0 }
}

/// Compares every part that the pattern speaks of, in the order of `RequestPattern`.
pub(super) fn compare(pattern: &RequestPattern, asked: &Asked<'_>) -> Vec<Part> {
    let method = asked.method();
    let matched = pattern.method.matches(method);
    let mut parts = vec![
        Part::new("method", pattern.method.to_string(), Some(method.to_string()), matched)
            .weighing(3.0),
        url(&pattern.url, asked),
    ];
    let wanted = pattern.conditions();
    authority(wanted, asked, &mut parts);
    let values = pattern.path_values(asked);
    for (at, name, pattern) in &wanted.path_parameters {
        let value = values.get(*at).copied().flatten();
        parts.push(one(format!("path parameter {name}"), pattern, value));
    }
    for (name, pattern) in &wanted.headers {
        parts.push(several(format!("header {name}"), pattern, &asked.header(name)));
    }
    for (name, pattern) in &wanted.query {
        let values: Vec<&str> = asked.query().all(name).collect();
        parts.push(several(format!("query parameter {name}"), pattern, &values));
    }
    for (name, pattern) in &wanted.cookies {
        let values: Vec<&str> = asked.cookie(name).collect();
        let matched = cookie_matches(asked, name, pattern);
        parts.push(Part::new(
            format!("cookie {name}"),
            pattern.to_string(),
            joined(&values),
            matched,
        ));
    }
    if let Some((user, credentials)) = &wanted.basic_auth {
        let given = asked.basic_credentials();
        // Passwords are not shown, neither the stub's nor the client's.
        let actual = given.map(|_| "(credentials that differ)".to_owned());
        let matched = given == Some(credentials);
        let actual = if matched { Some(format!("user {user}")) } else { actual };
        parts.push(Part::new(
            "basic auth",
            format!("user {user}, with the password of the stub"),
            actual,
            matched,
        ));
    }
    parts.extend(wanted.body.iter().map(|pattern| body(pattern, asked)));
    parts
}

fn url(pattern: &UrlPattern, asked: &Asked<'_>) -> Part {
    let actual = if pattern.includes_query() { asked.target() } else { asked.path() };
    let matched = pattern.matches(asked.path(), asked.target());
    let mut part =
        Part::new(pattern.label(), pattern.to_string(), Some(actual.to_owned()), matched)
            .weighing(10.0);
    if matched {
        return part;
    }
    part = part.at(match pattern {
        UrlPattern::Url(text) | UrlPattern::Path(text) => text_distance(text, actual),
        _ => {
            let shared = common(pattern.literal_prefix().bytes(), actual.bytes());
            1.0 - share(shared, actual.len())
        }
    });
    part.hint = match pattern {
        UrlPattern::UrlRegex(regex)
            if regex.as_str().contains('?') && !regex.as_str().contains(r"\?") =>
        {
            Some(r#"in a pattern the "?" before a query is written "\\?""#)
        }
        UrlPattern::Url(text) if !text.contains('?') && **text == *asked.path() => {
            Some("\"url\" compares the query too; \"urlPath\" leaves it out")
        }
        _ => None,
    };
    part
}

fn authority(wanted: &Conditions, asked: &Asked<'_>, parts: &mut Vec<Part>) {
    let authority = asked.authority();
    if let Some(pattern) = &wanted.host {
        parts.push(
            one("host".to_owned(), pattern, authority.as_ref().map(Authority::host)).weighing(3.0),
        );
    }
    if let Some(port) = wanted.port {
        let actual = authority.as_ref().map(|authority| authority.port_u16().unwrap_or(80));
        let matched = actual == Some(port);
        let actual = actual.map(|port| port.to_string());
        parts.push(Part::new("port", port.to_string(), actual, matched).weighing(3.0));
    }
}

fn one(name: String, pattern: &StringPattern, value: Option<&str>) -> Part {
    let matched = pattern.matches(&Subject::new(value));
    let part = Part::new(name, pattern.to_string(), value.map(str::to_owned), matched);
    let part = part.hinting(gave_up(pattern, &Subject::new(value)));
    match (pattern.as_text(), value) {
        (Some(wanted), Some(value)) => part.at(text_distance(wanted, value)),
        _ => part,
    }
}

fn several<T: AsRef<str>>(name: String, pattern: &MultiPattern, values: &[T]) -> Part {
    let part = Part::new(name, pattern.to_string(), joined(values), pattern.matches(values));
    let wanted = pattern.as_text();
    let nearest = values.iter().filter_map(|value| Some(text_distance(wanted?, value.as_ref())));
    match nearest.min_by(f64::total_cmp) {
        Some(distance) => part.at(distance),
        None => part,
    }
}

fn body(pattern: &StringPattern, asked: &Asked<'_>) -> Part {
    let Some(subject) = &Subject::of_body(asked) else {
        return Part::new("body", pattern.to_string(), Some("(not read)".to_owned()), false);
    };
    let matched = pattern.matches(subject);
    let part = Part::new("body", pattern.to_string(), subject.text().map(str::to_owned), matched);
    if matched {
        return part;
    }
    let part = part.hinting(gave_up(pattern, subject));
    match (pattern.as_json().zip(subject.json()), pattern.as_text().zip(subject.text())) {
        (Some((pattern, json)), _) => {
            let (apart, total) = differing(&pattern.aligned(json), json);
            part.at(share(apart, total))
        }
        (_, Some((wanted, text))) => part.at(text_distance(wanted, text)),
        _ => part,
    }
}

/// What to do about a pattern whose search ended at a limit.
fn gave_up(pattern: &StringPattern, subject: &Subject<'_>) -> Option<&'static str> {
    const HINT: &str = "the pattern backtracks too much on a value of this length and counts as not \
         matching; write it without look-around, back-references or atomic groups";
    pattern.gives_up_on(subject).then_some(HINT)
}

/// How many values differ in two trees, and how many there are.
fn differing(a: &Value, b: &Value) -> (usize, usize) {
    let sum = |left: (usize, usize), right: (usize, usize)| (left.0 + right.0, left.1 + right.1);
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let extra = b.keys().filter(|key| !a.contains_key(*key)).count();
            let shared = a
                .iter()
                .map(|(key, value)| b.get(key).map_or((1, 1), |other| differing(value, other)));
            shared.fold((extra, extra), sum)
        }
        (Value::Array(a), Value::Array(b)) => {
            let extra = a.len().abs_diff(b.len());
            a.iter().zip(b).map(|(a, b)| differing(a, b)).fold((extra, extra), sum)
        }
        _ => (usize::from(a != b), 1),
    }
}

fn joined<T: AsRef<str>>(values: &[T]) -> Option<String> {
    let texts: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn text_distance(a: &str, b: &str) -> f64 {
    1.0 - strsim::normalized_levenshtein(&cut(a), &cut(b))
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(COMPARED_CHARS) {
        Some((end, _)) => Cow::Borrowed(&text[..end]),
        None => Cow::Borrowed(text),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rank among misses needs no more")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// How alike a stub's URL is to the request's, cheaply: what they share at the start and at the end.
pub(super) fn url_likeness(pattern: &UrlPattern, asked: &Asked<'_>) -> usize {
    let actual = if pattern.includes_query() { asked.target() } else { asked.path() };
    let start = common(pattern.literal_prefix().bytes(), actual.bytes());
    match pattern {
        UrlPattern::Url(text) | UrlPattern::Path(text) => {
            let end = common(text.bytes().rev(), actual.bytes().rev());
            (start + end).min(text.len()).min(actual.len())
        }
        _ => start,
    }
}

fn common(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}
