//! The header fields and the query of a request that is passed on to the server of an API service
//! (`SetAuthProxyHeaders` in `k8s.io/client-go/transport`, `Transport` in `k8s.io/apimachinery/pkg/util/proxy`).

use std::fmt::Write as _;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::k8s::User;
use crate::message::Asked;

/// The name that this server has for the servers that it asks by itself.
const AGGREGATOR: &str = "system:kube-aggregator";

/// What a query keeps as it is (`url.QueryEscape`).
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// Header fields of a request that say who sends it to this server: they are not passed on.
const OF_SENDER: [HeaderName; 4] = [AUTHORIZATION, HOST, CONTENT_LENGTH, EXPECT];

/// The beginnings of header fields that a server trusts from this one alone.
const TRUSTED: [&str; 2] = ["x-remote-", "impersonate-"];

/// The header fields of a request, as its user sends it through this server to `authority`.
pub(super) fn passed_on(asked: &Asked<'_>, user: &User, authority: &str) -> HeaderMap {
    let mut headers = asked.headers().clone();
    let is_kept =
        |name: &HeaderName| !TRUSTED.iter().any(|prefix| name.as_str().starts_with(prefix));
    let others: Vec<HeaderName> = headers.keys().filter(|name| !is_kept(name)).cloned().collect();
    for name in others.iter().chain(&OF_SENDER) {
        headers.remove(name);
    }
    if !headers.contains_key("audit-id") {
        put(&mut headers, "audit-id", &uuid::Uuid::new_v4().to_string());
    }
    put(&mut headers, "x-forwarded-uri", &cleaned(asked.path()));
    put(&mut headers, "x-forwarded-host", authority);
    put(&mut headers, "x-forwarded-proto", "https");
    if let Some(peer) = asked.request().peer {
        let before: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|one| one.to_str().ok()).collect();
        let peer = peer.ip().to_canonical().to_string();
        let all = before.into_iter().chain([peer.as_str()]).collect::<Vec<_>>().join(", ");
        put(&mut headers, "x-forwarded-for", &all);
    }
    put(&mut headers, "x-remote-user", &user.name);
    if !user.uid.is_empty() {
        put(&mut headers, "x-remote-uid", &user.uid);
    }
    for group in &user.groups {
        append(&mut headers, "x-remote-group", group);
    }
    for (key, values) in &user.extra {
        let name = format!("x-remote-extra-{}", escaped(key));
        for value in values {
            append(&mut headers, &name, value);
        }
    }
    headers
}

/// The header fields of a request that this server sends by itself. `is_master` says whether it may do everything.
pub(super) fn own(accept: &'static str, is_master: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert("x-remote-user", HeaderValue::from_static(AGGREGATOR));
    if is_master {
        headers.insert("x-remote-group", HeaderValue::from_static("system:masters"));
    }
    headers
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}

/// A key as part of the name of a header field: what such a name cannot have is `%` and two digits
/// (`headerKeyEscape`).
fn escaped(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        let is_token = byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
        if is_token {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A path without empty steps and dots (`path.Join`), with the slash at its end.
fn cleaned(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let end = if path.ends_with('/') && !steps.is_empty() { "/" } else { "" };
    format!("/{}{end}", steps.join("/"))
}

/// A query with its names in order, encoded as Go does it (`url.Values.Encode`).
pub(super) fn query(asked: &Asked<'_>) -> String {
    let mut pairs: Vec<(&str, &str)> = asked.query().iter().collect();
    pairs.sort_by_key(|(name, _)| *name);
    let encoded = |text: &str| utf8_percent_encode(text, QUERY).to_string().replace(' ', "+");
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::message::Request;

    #[test]
    fn requests_say_who_sends_them_and_nothing_else_is_trusted() {
        let mut request = Request::new(Method::GET, "/apis/g/v1//x/?b=x%20y&a=%2F&a=~");
        request.peer = Some("127.0.0.1:1".parse().unwrap());
        for (name, value) in [
            ("authorization", "Bearer t"),
            ("x-remote-user", "evil"),
            ("x-remote-extra-a", "evil"),
            ("impersonate-user", "jane"),
            ("x-forwarded-for", "10.0.0.1"),
            ("audit-id", "7"),
            ("x-foo", "bar"),
        ] {
            request.headers.insert(name, HeaderValue::from_static(value));
        }
        let asked = Asked::new(&request);
        let user = User {
            name: "jane".to_owned(),
            uid: "7".to_owned(),
            groups: vec!["a".to_owned(), "b".to_owned()],
            extra: [("acme.com/project".to_owned(), vec!["p".to_owned()])].into(),
        };
        let headers = passed_on(&asked, &user, "localhost:1");
        let mut found: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "audit-id: 7",
                "x-foo: bar",
                "x-forwarded-for: 10.0.0.1, 127.0.0.1",
                "x-forwarded-host: localhost:1",
                "x-forwarded-proto: https",
                "x-forwarded-uri: /apis/g/v1/x/",
                "x-remote-extra-acme.com%2fproject: p",
                "x-remote-group: a",
                "x-remote-group: b",
                "x-remote-uid: 7",
                "x-remote-user: jane",
            ]
        );
        assert_eq!(query(&asked), "?a=%2F&a=~&b=x+y");
    }
}
