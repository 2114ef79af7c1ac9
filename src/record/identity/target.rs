//! The URL of a request → its pattern. Parameters of a query match in any order.

use http::Method;
use serde_json::{Map, Value, json};

use crate::matching::UNMATCHED_PARAMETERS;
use crate::message::Query;
use crate::redact::MARK;

use super::super::clean::Clean;
use super::super::exchange::{SentRequest, path_of};
use super::times::{self, TimeSpan};
use super::{drawn, graphql, marked};

/// Adds the pattern of a URL. Returns how many conditions it has beyond the path.
pub(super) fn pattern(
    sent: &SentRequest,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
    request: &mut Map<String, Value>,
) -> i32 {
    let query = sent.target.split_once('?').map(|(_, query)| query).filter(|q| !q.is_empty());
    match Query::parse(query) {
        Ok(parsed) if query.is_some_and(has_only_names) => {
            let names = ["urlPath", "urlPathPattern"];
            let loose = url(request, names, &sent.method, path_of(&sent.target), clean);
            let parameters = parameters(&parsed, clean, notes);
            // A parameter that comes twice asks for more than one that comes once.
            let count = i32::try_from(parsed.iter().count()).unwrap_or(i32::MAX);
            if !parameters.is_empty() {
                request.insert("queryParameters".to_owned(), parameters.into());
            }
            count - loose
        }
        // No query, or one that cannot be decoded or has parameters without a name: it is matched as it is.
        _ => {
            let target = sent.target.strip_suffix('?').unwrap_or(&sent.target);
            -url(request, ["url", "urlPattern"], &sent.method, target, clean)
        }
    }
}

/// Whether each parameter has a name. What a parameter without one is differs between readers of queries.
fn has_only_names(query: &str) -> bool {
    query.split('&').all(|pair| !pair.is_empty() && !pair.starts_with('='))
}

/// The URL as it is, or as a pattern where it has a secret. Returns 1 for a pattern, which is asked after URLs.
fn url(
    request: &mut Map<String, Value>,
    names: [&str; 2],
    method: &Method,
    text: &str,
    clean: &Clean<'_>,
) -> i32 {
    let marked = clean.marked_target(text);
    // With PUT, a client may choose the name of what it makes. Other names are the server's.
    let of_client = Some(&marked).filter(|_| *method == Method::PUT);
    let marked = of_client.and_then(|marked| times::without_times(marked)).unwrap_or(marked);
    let is_pattern = marked.contains(MARK);
    let (name, value) = if is_pattern {
        (names[1], marked::regex(&marked, "[^/?&]+"))
    } else {
        (names[0], text.to_owned())
    };
    request.insert(name.to_owned(), value.into());
    i32::from(is_pattern)
}

fn parameters(query: &Query<'_>, clean: &Clean<'_>, notes: &mut Vec<String>) -> Map<String, Value> {
    let mut patterns = Map::new();
    let span = TimeSpan::of(query.iter().map(|(_, value)| value));
    for (name, _) in query.iter() {
        if patterns.contains_key(name) {
            continue;
        }
        if UNMATCHED_PARAMETERS.contains(&name) {
            notes.push(format!("any {name} matches"));
            continue;
        }
        let values: Vec<&str> = query.all(name).collect();
        let begins = |value: &str| span.is_some_and(|span| span.begins(value));
        if values.iter().any(|value| drawn::is_drawn(name, value) || begins(value)) {
            notes.push(format!("any {name} matches: the client draws it for each request"));
            patterns.insert(name.to_owned(), json!({"matches": ".*"}));
            continue;
        }
        let one = |value: &&str| {
            let marked = clean.marked_parameter(name, value);
            let marked = times::without_times(&marked).unwrap_or(marked);
            let operation = if name == "query" { graphql::text(&marked) } else { None };
            operation.unwrap_or_else(|| marked::value(value, &marked, ".*"))
        };
        patterns.insert(name.to_owned(), marked::values(values.iter().map(one).collect()));
    }
    patterns
}
