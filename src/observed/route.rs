//! Requests → routes: those of one verb and resource of a Kubernetes API, or of one method and path template.

use std::collections::{HashMap, HashSet};

use http::Method;
use serde_json::{Map, Value};

use crate::message::{Asked, Request};
use crate::redact::{MARK, Redactor};

use super::Observation;

/// The number of different values from which a path segment is treated as a name.
const VALUES: usize = 5;
/// How many segments of a path are compared with those of other paths: each costs a pass over all
/// routes.
const COMPARED: usize = 64;
/// The longest literal segment, in characters.
const SEGMENT: usize = 100;

/// The requests that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Route {
    /// Of a Kubernetes API.
    Resource { verb: String, resource: String },
    /// Any other: the segments of the path, `None` for those that differ.
    Path { method: String, segments: Vec<Option<String>> },
}

/// Returns whether a request opens a watch.
pub(super) fn is_watch(method: &str, target: &str) -> bool {
    matches!(of_kubernetes(method, target), Some(Route::Resource { verb, .. }) if verb == "watch")
}

fn of_kubernetes(method: &str, target: &str) -> Option<Route> {
    let method = Method::from_bytes(method.as_bytes()).ok()?;
    target.parse::<http::Uri>().ok()?;
    let request = Request::new(method, target);
    let asked = Asked::new(&request);
    let (verb, resource) = (asked.verb()?.to_owned(), asked.resource()?.to_owned());
    Some(Route::Resource { verb, resource })
}

/// Returns the route of each observation, in their order.
pub(super) fn routes(observations: &[Observation]) -> Vec<Route> {
    let mut routes: Vec<Route> = observations.iter().map(of).collect();
    let longest = routes.iter().map(Route::length).max().unwrap_or_default().min(COMPARED);
    // From the end: names follow their type.
    for place in (1..longest).rev() {
        let mut values: HashMap<Route, HashSet<String>> = HashMap::new();
        for route in &routes {
            if let Some((blank, value)) = route.without(place) {
                values.entry(blank).or_default().insert(value);
            }
        }
        for route in &mut routes {
            if let Some((blank, _)) = route.without(place)
                && values.get(&blank).is_some_and(|values| values.len() >= VALUES)
            {
                *route = blank;
            }
        }
    }
    routes
}

fn of(observation: &Observation) -> Route {
    let Observation { method, target, .. } = observation;
    if let Some(route) = of_kubernetes(method, target) {
        return route;
    }
    // Secrets in a path become placeholders.
    let path = Redactor::marks(target).target(target.split('?').next().unwrap_or_default());
    let segment = |segment: &str| (!is_name(segment)).then(|| segment.to_owned());
    Route::Path {
        method: method.clone(),
        segments: path.trim_start_matches('/').split('/').map(segment).collect(),
    }
}

/// Returns whether a segment looks like an id: a number, hexadecimal digits, a long word with
/// digits.
fn is_name(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let hex =
        segment.len() >= 8 && segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_id = digits > 0 && (digits == segment.len() || hex || segment.len() >= 20);
    is_id || segment.contains(MARK) || segment.chars().count() > SEGMENT
}

impl Route {
    fn length(&self) -> usize {
        match self {
            Self::Resource { .. } => 0,
            Self::Path { segments, .. } => segments.len(),
        }
    }

    /// Returns the route with a wildcard at a position, and the value that it had there.
    fn without(&self, place: usize) -> Option<(Self, String)> {
        let Self::Path { method, segments } = self else { return None };
        let value = segments.get(place)?.clone()?;
        let mut segments = segments.clone();
        segments[place] = None;
        Some((Self::Path { method: method.clone(), segments }, value))
    }

    /// Returns the route as the value of a `match`.
    pub(super) fn matching(&self) -> Value {
        let mut keys = Map::new();
        match self {
            Self::Resource { verb, resource } => {
                keys.insert("verb".to_owned(), verb.as_str().into());
                keys.insert("resource".to_owned(), glob(resource).into());
            }
            Self::Path { method, segments } => {
                let segment = |segment: &Option<String>| {
                    segment.as_deref().map_or_else(|| "*".to_owned(), glob)
                };
                let segments: Vec<String> = segments.iter().map(segment).collect();
                if Method::from_bytes(method.as_bytes()).is_ok() {
                    keys.insert("method".to_owned(), method.as_str().into());
                }
                keys.insert("path".to_owned(), format!("/{}", segments.join("/")).into());
            }
        }
        keys.into()
    }

    /// Returns a display name, which also gives an id.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Resource { verb, resource } => format!("{verb} {resource}"),
            Self::Path { method, segments } => {
                let segments: Vec<&str> =
                    segments.iter().map(|segment| segment.as_deref().unwrap_or("*")).collect();
                format!("{method} /{}", segments.join("/"))
            }
        }
    }
}

/// Returns a text as a glob that matches it and nothing else.
fn glob(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '*' | '?' | '[' | ']' | '{' | '}' | '!' | '\\' => {
                out.push('[');
                out.push(letter);
                out.push(']');
            }
            letter => out.push(letter),
        }
    }
    out
}
