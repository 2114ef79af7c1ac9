//! What an answer repeats of its request and a client draws anew each time, such as the `state` of a sign-in (RFC 6749,
//! section 4.1.2): a recorded answer gets what the request at replay has in that place.

use std::borrow::Cow;
use std::ops::Range;

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::decoded::{content_type, is_form};
use super::parameters;

/// The transformer that puts drawn values of a request into a recorded answer.
pub(crate) const ECHO_TRANSFORMER: &str = "standin-echo";

/// The key in `transformerParameters` under which a recorded answer has them, by their places.
pub(crate) const ECHO_PARAMETER: &str = "echoes";

/// What a URL has without an escape (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a request has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestPlace {
    /// A parameter of the query.
    Query(Box<str>),
    /// A header field.
    Header(Box<str>),
    /// A field of a form.
    Form(Box<str>),
    /// A place in a JSON body (RFC 6901).
    Json(Box<str>),
}

/// The parts of a request that places are in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestParts<'r> {
    /// The query of the target, as it was sent.
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
    /// Empty where it is not known.
    pub(crate) body: &'r [u8],
}

impl RequestPlace {
    /// Reads a place as it is written.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(' ')?;
        Some(match kind {
            "query" => Self::Query(name.into()),
            "header" => Self::Header(name.into()),
            "form" => Self::Form(name.into()),
            "json" => Self::Json(name.into()),
            _ => return None,
        })
    }

    /// Returns the value that a request has there.
    pub(crate) fn value(&self, of: RequestParts<'_>) -> Option<String> {
        let text = || std::str::from_utf8(of.body).ok();
        let named = |name: &str, pairs: parameters::Parameters<'_>| {
            let pair = pairs.into_iter().find(|(known, _)| known == name);
            pair.map(|(_, value)| value.into_owned())
        };
        match self {
            Self::Query(name) => named(name, parameters::of_query(of.query)),
            Self::Header(name) => Some(of.headers.get(&**name)?.to_str().ok()?.to_owned()),
            Self::Form(name) if is_form(of.headers) => {
                named(name, parameters::of_form(text()?, content_type(of.headers)))
            }
            Self::Form(_) => None,
            Self::Json(pointer) => {
                let body: Value = serde_json::from_slice(of.body).ok()?;
                body.pointer(pointer)?.as_str().map(str::to_owned)
            }
        }
    }

    /// Returns whether the value is in the body.
    pub(crate) fn is_in_body(&self) -> bool {
        matches!(self, Self::Form(_) | Self::Json(_))
    }
}

impl std::fmt::Display for RequestPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, name) = match self {
            Self::Query(name) => ("query", name),
            Self::Header(name) => ("header", name),
            Self::Form(name) => ("form", name),
            Self::Json(pointer) => ("json", pointer),
        };
        write!(f, "{kind} {name}")
    }
}

/// Returns the positions of recorded values in a text, as they are or with the escapes of a URL, and what belongs
/// there.
pub(crate) fn edits(text: &str, values: &[(&str, &str)]) -> Vec<(Range<usize>, String)> {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (from, to) in values {
        let plain = [(Cow::Borrowed(*from), Cow::Borrowed(*to))];
        let escaped = (escaped(from), escaped(to));
        let other = (escaped.0 != *from).then_some(escaped);
        for (from, to) in plain.into_iter().chain(other) {
            let found = text.match_indices(&*from);
            edits.extend(found.map(|(at, _)| (at..at + from.len(), to.clone().into_owned())));
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut end = 0;
    edits.retain(|(range, _)| {
        let is_behind = range.start >= end;
        if is_behind {
            end = range.end;
        }
        is_behind
    });
    edits
}

fn escaped(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, ESCAPED).into()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    use super::*;
    use crate::message::json_rpc::apply;

    #[test]
    fn places_are_read_as_they_are_written() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("r1"));
        let json = RequestParts {
            query: "a=1&state=x%2Fy",
            headers: &headers,
            body: b"{\"a\": {\"b\": \"c\"}}",
        };
        let mut of_form = headers.clone();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        of_form.insert(CONTENT_TYPE, form);
        let form = RequestParts { query: "", headers: &of_form, body: b"state=a+b" };
        for (parts, text, value) in [
            (json, "query state", Some("x/y")),
            (json, "query other", None),
            (json, "header x-request-id", Some("r1")),
            (json, "json /a/b", Some("c")),
            (json, "json /a", None),
            (json, "form state", None),
            (form, "form state", Some("a b")),
        ] {
            let place = RequestPlace::parse(text).unwrap();
            assert_eq!(place.to_string(), text);
            assert_eq!(place.value(parts).as_deref(), value, "{text}");
        }
        assert_eq!(RequestPlace::parse("path 1"), None);
    }

    #[test]
    fn a_value_is_found_in_both_spellings() {
        let text = "a/b= and a%2Fb%3D, a/b";
        let edits = edits(text, &[("a/b=", "c+"), ("a/", "never")]);
        assert_eq!(apply(text, &edits, &mut []), "c+ and c%2B, neverb");
    }
}
