//! Who sends a request: its credentials, as a recording keeps them and a replay compares them.
//!
//! A recorded credential is a pseudonym and a tag, a keyed hash of the real value. A request has the recorded
//! credential if it sends the value of the tag, or the pseudonym itself: a client that follows a recorded sign-in
//! gets pseudonyms in the answers and sends them back. Pseudonyms of short values may be equal; tags are not.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::Query;
use crate::message::decoded::is_form;

use super::Redactor;
use super::key::Key;
use super::names::{self, Place};
use super::pass::Pass;

/// How many credentials of a request are recorded; others are not compared.
const MAX_CREDENTIALS: usize = 64;

/// Bodies below this depth have no credentials.
const MAX_DEPTH: usize = 32;

/// A pseudonym with fewer letters and digits may be the value of another client.
const SHORTEST_PSEUDONYM: usize = 6;

/// The credentials of a recorded request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedCredentials {
    /// The id of the key that the recording was made with.
    pub(crate) key: String,
    /// The credentials, in the order of the request.
    pub(crate) values: Vec<RecordedCredential>,
}

/// A credential of a recorded request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedCredential {
    /// The part of the request.
    #[serde(rename = "in")]
    pub(crate) part: RequestPart,
    /// The name of the header field, cookie, parameter or form field; the JSON pointer (RFC 6901) in a body.
    pub(crate) name: String,
    pseudonym: String,
    tag: String,
}

/// The part of a request in which a credential stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RequestPart {
    Header,
    Cookie,
    Query,
    /// A body of type `application/x-www-form-urlencoded`.
    Form,
    /// A JSON body.
    Json,
}

impl RecordedCredential {
    /// Whether a value of a request is the recorded one. Without a key, any value is.
    pub(crate) fn is(&self, value: &str, key: Option<&Key>) -> bool {
        let Some(key) = key else { return true };
        let long = || {
            let characters = self.pseudonym.bytes().filter(u8::is_ascii_alphanumeric);
            characters.count() >= SHORTEST_PSEUDONYM
        };
        value == self.pseudonym && long() || key.tag(value) == self.tag
    }
}

impl Redactor {
    /// The credentials of a request; nothing where it has none.
    pub(crate) fn credentials(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Option<RecordedCredentials> {
        let mut found = Finder { key: &self.key, pass: self.pass(""), values: Vec::new() };
        found.headers(headers);
        if let Ok(query) = Query::parse(query) {
            found.parameters(RequestPart::Query, &query);
        }
        if is_form(headers) {
            let form = std::str::from_utf8(body).ok();
            if let Ok(form) = Query::parse(form) {
                found.parameters(RequestPart::Form, &form);
            }
        } else if let Ok(value) = serde_json::from_slice::<Value>(body)
            && !is_object(&value)
        {
            found.json(&value, &mut String::new(), "", 0);
        }
        let Finder { mut values, .. } = found;
        values.truncate(MAX_CREDENTIALS);
        (!values.is_empty()).then(|| RecordedCredentials { key: self.key.id(), values })
    }
}

/// The cookies of a request (RFC 6265, section 5.4): names and values.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
}

/// Whether a body is a Kubernetes object: its fields say what is stored, not who stores it.
fn is_object(value: &Value) -> bool {
    value.get("apiVersion").is_some() && value.get("kind").is_some()
}

struct Finder<'r> {
    key: &'r Key,
    pass: Pass<'r>,
    values: Vec<RecordedCredential>,
}

impl Finder<'_> {
    fn push(&mut self, part: RequestPart, name: &str, value: &str, pseudonym: String) {
        // A value that is not redacted is no credential.
        if pseudonym != value || value.len() < SHORTEST_PSEUDONYM && !value.is_empty() {
            let (name, tag) = (name.to_owned(), self.key.tag(value));
            self.values.push(RecordedCredential { part, name, pseudonym, tag });
        }
    }

    fn headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            let Ok(value) = value.to_str() else { continue };
            let credentials = [AUTHORIZATION, PROXY_AUTHORIZATION].contains(name);
            let secret = credentials || names::says_who_asks(name.as_str(), Place::Header);
            if *name != COOKIE && secret && !(credentials && is_signed(value)) {
                let pseudonym = self.pass.header(name, value);
                self.push(RequestPart::Header, name.as_str(), value, pseudonym);
            }
        }
        for (name, value) in cookies(headers) {
            if !names::is_drawn(name) {
                let pseudonym = self.pass.hide(value);
                self.push(RequestPart::Cookie, name, value, pseudonym);
            }
        }
    }

    fn parameters(&mut self, part: RequestPart, parameters: &Query<'_>) {
        for (name, value) in parameters.iter() {
            if names::says_who_asks(name, Place::Query) {
                let pseudonym = self.pass.parameter(name, value);
                self.push(part, name, value, pseudonym);
            }
        }
    }

    fn json(&mut self, value: &Value, pointer: &mut String, name: &str, depth: usize) {
        if depth > MAX_DEPTH || self.values.len() >= MAX_CREDENTIALS {
            return;
        }
        let end = pointer.len();
        match value {
            Value::String(text) if names::says_who_asks(name, Place::Field) => {
                let pseudonym = self.pass.hide_value(text, name);
                if pseudonym != *text {
                    self.push(RequestPart::Json, pointer, text, pseudonym);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    self.json(value, pointer, name, depth + 1);
                    pointer.truncate(end);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    pointer.push('/');
                    pointer.push_str(&at.to_string());
                    self.json(item, pointer, name, depth + 1);
                    pointer.truncate(end);
                }
            }
            _ => {}
        }
    }
}

/// Whether credentials are made for one request: `Digest response=".."`, signatures of clouds.
fn is_signed(value: &str) -> bool {
    value.split_once(' ').is_some_and(|(scheme, rest)| {
        !scheme.eq_ignore_ascii_case("basic") && rest.contains('=') && rest.contains(['"', ','])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(headers: &[(&str, &str)], query: &str, body: &str) -> Vec<(RequestPart, String)> {
        let headers = headers.iter().map(|(name, value)| {
            (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap())
        });
        let redactor = Redactor::new(Key::of(b"k"));
        let found = redactor.credentials(&headers.collect(), Some(query), body.as_bytes());
        let values = found.map(|found| found.values).unwrap_or_default();
        values.into_iter().map(|found| (found.part, found.name)).collect()
    }

    /// Header fields, query and body of a request, and its credentials.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a [(RequestPart, &'a str)]);

    #[test]
    fn what_says_who_asks_is_found_and_what_a_client_draws_is_not() {
        use RequestPart::{Cookie, Form, Header, Json, Query};
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let table: [Case<'_>; 14] = [
            (&[("authorization", "Bearer A")], "", "", &[(Header, "authorization")]),
            (&[("authorization", "Basic dTpw")], "", "", &[(Header, "authorization")]),
            (&[("authorization", "Digest username=\"u\", response=\"0f\"")], "", "", &[]),
            (&[("x-auth-token", "t0")], "", "", &[(Header, "x-auth-token")]),
            (&[("x-csrf-token", "abcdefgh"), ("x-request-id", "abcdefgh")], "", "", &[]),
            (&[("cookie", "sid=1; xsrf=2; lang=de")], "", "", &[(Cookie, "sid"), (Cookie, "lang")]),
            (&[], "access_token=abcdef&page_token=abcdef", "", &[(Query, "access_token")]),
            (&[], "code=abcdef&code_verifier=abcdef&sig=abcdef", "", &[]),
            (&form, "", "client_secret=abcdef&nonce=abcdef", &[(Form, "client_secret")]),
            (&[], "", r#"{"auth": {"password": "p1"}}"#, &[(Json, "/auth/password")]),
            (&[], "", r#"{"a/b": [{"token": "abcdef"}]}"#, &[(Json, "/a~1b/0/token")]),
            (&[], "", r#"{"client_assertion": "abcdef", "name": "n"}"#, &[]),
            (&[], "", r#"{"apiVersion": "v1", "kind": "Pod", "token": "abcdef"}"#, &[]),
            (&[], "", "no JSON: token=abcdef", &[]),
        ];
        for (headers, query, body, expected) in table {
            let expected: Vec<_> =
                expected.iter().map(|(part, name)| (*part, (*name).to_owned())).collect();
            assert_eq!(recorded(headers, query, body), expected, "{headers:?} {query} {body}");
        }
    }

    #[test]
    fn a_value_and_its_pseudonym_are_recognized() {
        let redactor = Redactor::new(Key::of(b"k"));
        let of = |value: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
            redactor.credentials(&headers, None, b"").unwrap().values.remove(0)
        };
        let recorded = of("Bearer first-token");
        let key = Key::of(b"k");
        assert!(recorded.is("Bearer first-token", Some(&key)));
        assert!(recorded.is(&recorded.pseudonym, Some(&key)));
        assert!(!recorded.is("Bearer second-token", Some(&key)));
        assert!(recorded.is("Bearer second-token", None), "without a key any value matches");
        for (own, other) in ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| (a, b))) {
            let recorded = of(&own.to_string());
            assert_eq!(recorded.is(&other.to_string(), Some(&key)), own == other, "{own} {other}");
        }
    }
}
