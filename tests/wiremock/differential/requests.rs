//! Generated requests, close to what the stubs are for.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

use super::operators::{VALUES, document};

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Generated {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?} {:?}", self.method, self.target, self.headers, self.body)
    }
}

/// A request that stubs may be for.
pub(super) fn request() -> impl Strategy<Value = Generated> {
    let method = select(vec!["GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD"]);
    let path = select(vec!["/a", "/a/b", "/a/7", "/A", "/a/", "/b", "/a%20b", "/a/b/c", "/"]);
    let pair = (select(vec!["q", "Q", "r"]), prop::option::of(select(VALUES)));
    let query = prop::collection::vec(pair, 0..3);
    let header = (select(vec!["X-A", "x-a", "X-B"]), select(VALUES));
    let headers = prop::collection::vec(header, 0..3);
    let cookie =
        prop::option::weighted(0.2, (select(vec!["c", "d"]), select(vec!["1", "abc", "ABC"])));
    (method, path, query, headers, cookie, body()).prop_map(
        |(method, path, query, headers, cookie, body)| {
            let query: Vec<String> = query
                .into_iter()
                .map(|(name, value)| match value {
                    Some(value) => format!("{name}={}", encoded(value)),
                    None => name.to_owned(),
                })
                .collect();
            let mark = if query.is_empty() { "" } else { "?" };
            // A header field is ASCII on the wire.
            let mut headers: Vec<(String, String)> = headers
                .into_iter()
                .filter(|(_, value)| value.is_ascii())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            if let Some((name, value)) = cookie {
                headers.push(("Cookie".to_owned(), format!("{name}={value}")));
            }
            let has_body = matches!(method, "POST" | "PUT");
            let (kind, body) = body;
            if let Some(kind) = kind.filter(|_| has_body) {
                headers.push(("Content-Type".to_owned(), kind.to_owned()));
            }
            let target = format!("{path}{mark}{}", query.join("&"));
            Generated { method, target, headers, body: body.filter(|_| has_body) }
        },
    )
}

/// A body with its type.
fn body() -> impl Strategy<Value = (Option<&'static str>, Option<String>)> {
    prop_oneof![
        1 => Just((None, None)),
        2 => select(VALUES).prop_map(|text| (None, Some(text.to_owned()))),
        5 => document().prop_map(|json| (Some("application/json"), Some(json.to_string()))),
        1 => select(vec!["f=1", "f=abc&g=ABC", "g=a+b", "f=%C3%A9", "f=1&f=2"])
            .prop_map(|form| (Some("application/x-www-form-urlencoded"), Some(form.to_owned()))),
        1 => select(vec!["<a/>", "<a>1</a>", "<a b=\"1\"/>", "<a><b/><c/></a>", "<a><c/><b/></a>", "<x"])
            .prop_map(|xml| (Some("application/xml"), Some(xml.to_owned()))),
    ]
}

fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
