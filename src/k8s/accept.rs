//! The clauses of an `Accept` header, in the order in which they count (`github.com/munnerz/goautoneg`,
//! `k8s.io/apiserver/pkg/endpoints/handlers/negotiation`).

use http::HeaderMap;
use http::header::ACCEPT;

/// One clause of an `Accept` header.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: f64,
    /// The parameters but `q`, in the order of the header: the last of a name counts.
    parameters: Vec<(&'a str, &'a str)>,
}

/// A form that a client asks for (`as`, `g` and `v`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Conversion<'a> {
    pub(super) kind: &'a str,
    pub(super) group: &'a str,
    pub(super) version: &'a str,
}

impl<'a> Clause<'a> {
    /// Whether a media type, as `application` and `json`, meets the clause.
    pub(super) fn covers(&self, kind: &str, subtype: &str) -> bool {
        match (self.kind, self.subtype) {
            ("*", "*") => true,
            (own, "*") => own == kind,
            (own, own_subtype) => own == kind && own_subtype == subtype,
        }
    }

    /// A parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// The requested form.
    pub(super) fn conversion(&self) -> Option<Conversion<'a>> {
        let [kind, group, version] = ["as", "g", "v"].map(|name| self.parameter(name));
        let asked = kind.is_some() || group.is_some() || version.is_some();
        asked.then(|| Conversion {
            kind: kind.unwrap_or_default(),
            group: group.unwrap_or_default(),
            version: version.unwrap_or_default(),
        })
    }

    /// Whether its parameters are allowed (`acceptMediaTypeOptions`), besides the requested form. YAML has no stream.
    pub(super) fn is_allowed(&self, streams: bool, server_version: Option<&str>) -> bool {
        let stream = self.parameter("stream").unwrap_or_default();
        let version = self.parameter("sv").unwrap_or_default();
        (stream.is_empty() || streams && stream == "watch")
            && (version.is_empty() || server_version == Some(version))
    }
}

/// The text of the header: the first of several counts.
fn text(headers: &HeaderMap) -> &str {
    let value = headers.get(ACCEPT).map(|value| std::str::from_utf8(value.as_bytes()));
    // What is no text is no media type either.
    value.map_or("", |text| text.unwrap_or("?"))
}

/// Whether the client says what it accepts.
pub(super) fn is_given(headers: &HeaderMap) -> bool {
    !text(headers).is_empty()
}

/// The clauses of the header, the best first (`ParseAccept`).
pub(super) fn clauses(headers: &HeaderMap) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = text(headers).split(',').filter_map(clause).collect();
    // The order is not a total one: what comes out depends on how it is sorted, here as Go sorts few values.
    for end in 1..clauses.len() {
        let mut at = end;
        while at > 0 && is_before(&clauses[at], &clauses[at - 1]) {
            clauses.swap(at, at - 1);
            at -= 1;
        }
    }
    clauses
}

fn is_before(a: &Clause<'_>, b: &Clause<'_>) -> bool {
    a.quality > b.quality || a.kind != "*" && b.kind == "*" || a.subtype != "*" && b.subtype == "*"
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let trim = |text: &'_ str| -> (usize, usize) {
        let start = text.len() - text.trim_start_matches(' ').len();
        (start, text.trim_end_matches(' ').len().max(start))
    };
    let trimmed = |text| -> &str {
        let (start, end) = trim(text);
        &text[start..end]
    };
    let text = trimmed(text);
    let (media, rest) = text.split_once(';').unwrap_or((text, ""));
    let (kind, subtype) = match media.split_once('/') {
        Some((kind, subtype)) if !subtype.is_empty() => (trimmed(kind), subtype),
        _ if trimmed(media.trim_end_matches('/')) == "*" => ("*", "*"),
        _ => return None,
    };
    // One slash may be at the end.
    let subtype = match subtype.split_once('/') {
        Some((subtype, "")) => subtype,
        Some(_) => return None,
        None => subtype,
    };
    let mut clause =
        Clause { kind, subtype: trimmed(subtype), quality: 1.0, parameters: Vec::new() };
    for parameter in rest.split(';') {
        let Some((name, value)) = parameter.split_once('=').filter(|(_, value)| !value.is_empty())
        else {
            continue;
        };
        // One equals sign may be at the end.
        let value = match value.split_once('=') {
            Some((value, "")) => value,
            Some(_) => continue,
            None => value,
        };
        match trimmed(name) {
            "q" => clause.quality = value.parse().unwrap_or(0.0),
            name => clause.parameters.push((name, trimmed(value))),
        }
    }
    Some(clause)
}

/// Whether a route that produces some media types takes the header (go-restful's `matchesAccept`): `*/*` and exact
/// names, and no other wildcards.
pub(super) fn is_routed(headers: &HeaderMap, produces: &[&str]) -> bool {
    let text = text(headers);
    if text.is_empty() {
        return true;
    }
    // Nothing after the last comma is nothing, and does not match.
    let clauses = text.strip_suffix(',').unwrap_or(text).split(',');
    clauses
        .map(|clause| clause.split(';').next().unwrap_or_default().trim_matches(' '))
        .any(|media| media == "*/*" || produces.iter().any(|own| *own == "*/*" || *own == media))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(accept: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        headers
    }

    fn shown(accept: &str) -> Vec<String> {
        let headers = headers(accept);
        clauses(&headers)
            .iter()
            .map(|clause| format!("{}/{}", clause.kind, clause.subtype))
            .collect()
    }

    #[test]
    fn clauses_are_sorted_by_quality_and_by_how_much_they_say() {
        assert_eq!(shown("a/b;q=0.1, c/d"), ["c/d", "a/b"]);
        assert_eq!(shown("*/*, a/*, a/b"), ["a/b", "a/*", "*/*"]);
        // A quality that is no number is the lowest.
        assert_eq!(shown("a/b;q=x, c/d;q=0.5"), ["c/d", "a/b"]);
    }

    #[test]
    fn what_is_no_media_type_is_left_out() {
        assert_eq!(shown("json, /, a/b/c, , a/b/, *"), ["a/b", "*/*"]);
    }

    #[test]
    fn parameters_have_one_equals_sign() {
        let headers = headers("a/b; as = Table ;v=v1=;g=x=y;q=0.5;=z");
        let clause = &clauses(&headers)[0];
        assert_eq!(
            clause.conversion(),
            Some(Conversion { kind: "Table", group: "", version: "v1" })
        );
        assert!((clause.quality - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn routes_know_no_wildcard_but_one() {
        let routed = |accept: &str| is_routed(&headers(accept), &["application/json"]);
        assert!(routed("text/html, application/json;as=Table") && routed("*/*;q=0.1"));
        assert!(!routed("application/*") && !routed("*") && !routed("text/html,"));
        assert!(is_routed(&HeaderMap::new(), &["application/json"]));
    }
}
