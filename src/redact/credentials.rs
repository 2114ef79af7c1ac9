//! Who sends a request: its credentials, as a recording keeps them and a replay compares them.
//!
//! A recorded credential is a pseudonym and a tag, a keyed hash of the real value. A request has the recorded
//! credential if it sends the value of the tag, or the pseudonym itself: a client that follows a recorded sign-in
//! gets pseudonyms in the answers and sends them back. Pseudonyms of short values may be equal; tags are not.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::Query;
use crate::message::decoded::is_form;

use super::Redactor;
use super::data_names::names_data;
use super::encodings::{escape, escaped};
use super::key::Key;
use super::known::Known;
use super::names::{self, Place};
use super::opaque;
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
    /// Of a JSON Web Token: the tag of whom it is about. A client that signs its own tokens makes new ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

/// How a value of a request compares with the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    Same,
    /// It is a short pseudonym, which another client's value may be as well.
    Similar,
    Other,
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
    /// A segment of the path; its name is its number, from 0.
    Path,
}

impl RecordedCredential {
    /// Whether a value of a request is the recorded one. Without a key, any value is.
    pub(crate) fn is(&self, value: &str, key: Option<&Key>) -> Likeness {
        let Some(key) = key else { return Likeness::Same };
        let Some(value) = comparable(self.part, &self.name, value) else { return Likeness::Same };
        if value == self.pseudonym {
            if self.is_unmistakable() || key.tag(value) == self.tag {
                Likeness::Same
            } else {
                Likeness::Similar
            }
        } else if key.tag(value) == self.tag
            || self
                .subject
                .as_ref()
                .is_some_and(|tag| subject(value).is_some_and(|of| key.tag(&of) == *tag))
        {
            Likeness::Same
        } else {
            Likeness::Other
        }
    }

    /// Whether the pseudonym is long enough that no other client has it as its value. Only what stands for the
    /// secret counts: a scheme and a user name are the same for many.
    fn is_unmistakable(&self) -> bool {
        let whole = &*self.pseudonym;
        let secret = match whole.split_once(' ').filter(|_| self.part == RequestPart::Header) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => {
                let decoded = STANDARD.decode(rest).ok().and_then(|of| String::from_utf8(of).ok());
                let password = decoded.and_then(|text| Some(text.split_once(':')?.1.to_owned()));
                Cow::Owned(password.unwrap_or_default())
            }
            Some((_, rest)) => Cow::Borrowed(rest),
            None => Cow::Borrowed(whole),
        };
        secret.bytes().filter(u8::is_ascii_alphanumeric).count() >= SHORTEST_PSEUDONYM
    }

    /// Whether it says who asks: a cookie may say other things as well.
    pub(crate) fn is_decisive(&self) -> bool {
        self.part != RequestPart::Cookie || names::is_secret(&self.name, Place::Field)
    }
}

/// What of a value is the same in each request of a client; nothing where all of it is made for one request.
pub(crate) fn comparable<'v>(part: RequestPart, name: &str, value: &'v str) -> Option<&'v str> {
    let of_header = part == RequestPart::Header
        && (name.eq_ignore_ascii_case("authorization")
            || name.eq_ignore_ascii_case("proxy-authorization"));
    if of_header && let Some((scheme, rest)) = value.split_once(' ') {
        return of_scheme(scheme, rest.trim()).unwrap_or(Some(value));
    }
    // `KEY/20260101/region/service/aws4_request`: the date is another day's tomorrow.
    if part == RequestPart::Query && name.to_ascii_lowercase().ends_with("-credential") {
        return value.split(['/', '%']).next();
    }
    Some(value)
}

/// What is the same of credentials that are made for one request; nothing where they are the same each time.
#[expect(
    clippy::option_option,
    reason = "three cases: compared as a whole, a part of it, not at all"
)]
fn of_scheme<'v>(scheme: &str, rest: &'v str) -> Option<Option<&'v str>> {
    let field = |name: &str| {
        let fields = rest.split(',').filter_map(|field| field.trim().split_once('='));
        let mut found = fields.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim().trim_matches('"'))
    };
    let lower = scheme.to_ascii_lowercase();
    match lower.as_str() {
        "digest" => Some(field("username")),
        "oauth" => Some(field("oauth_token").or_else(|| field("oauth_consumer_key"))),
        "hawk" | "mac" => Some(field("id")),
        "signature" => Some(field("keyId")),
        "negotiate" | "ntlm" | "dpop" => Some(None),
        // `OBS KEY:signature`
        "aws" | "obs" | "oss" | "cos" | "qbox" | "sharedkey" | "sharedkeylite" => {
            Some(rest.split(':').next())
        }
        name if name.contains("hmac") || rest.contains("Signature=") => {
            let key = field("Credential").or_else(|| field("Access"));
            Some(key.and_then(|key| key.split('/').next()))
        }
        _ => None,
    }
}

/// Whom a JSON Web Token is about: its issuer and subject, where it names one.
fn subject(token: &str) -> Option<String> {
    let token = token.rsplit(' ').next()?;
    let claims = token.strip_prefix("eyJ").and_then(|_| token.split('.').nth(1))?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let of = format!("{}\n{}\n{}", text("iss"), text("sub"), text("client_id"));
    (of.len() > 2).then_some(of)
}

impl Redactor {
    /// The credentials of a request; nothing where it has none. `target` is its path and query.
    pub(crate) fn credentials(
        &self,
        headers: &HeaderMap,
        target: &str,
        body: &[u8],
    ) -> Option<RecordedCredentials> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut found =
            Finder { key: &self.key, pass: self.pass(""), known: self.known(), values: Vec::new() };
        found.headers(headers);
        found.path(path);
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
    /// Secrets of earlier exchanges: a value that was issued has the pseudonym that its client got.
    known: Known,
    values: Vec<RecordedCredential>,
}

impl Finder<'_> {
    fn push(&mut self, part: RequestPart, name: &str, value: &str, pseudonym: String) {
        let subject = subject(value).map(|of| self.key.tag(&of));
        let (name, tag) = (name.to_owned(), self.key.tag(value));
        let is_redacted = pseudonym != value;
        let credential = RecordedCredential { part, name, pseudonym, tag, subject };
        // A value that is not redacted is not a credential, but a short one may be its own pseudonym.
        if is_redacted || !credential.is_unmistakable() && !value.is_empty() {
            self.values.push(credential);
        }
    }

    fn headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            let Ok(value) = value.to_str() else { continue };
            let credentials = [AUTHORIZATION, PROXY_AUTHORIZATION].contains(name);
            let secret = credentials || names::says_who_asks(name.as_str(), Place::Header);
            if *name == COOKIE || !secret {
                continue;
            }
            match comparable(RequestPart::Header, name.as_str(), value) {
                Some(whole) if whole == value => {
                    let pseudonym = self.pass.header(name, value);
                    self.push(RequestPart::Header, name.as_str(), value, pseudonym);
                }
                Some(part) if !part.is_empty() => {
                    let pseudonym = self.pass.hide(part);
                    self.push(RequestPart::Header, name.as_str(), part, pseudonym);
                }
                _ => {}
            }
        }
        for (name, value) in cookies(headers) {
            if !names::is_drawn(name) {
                let pseudonym = self.pass.hide_escaped(value);
                self.push(RequestPart::Cookie, name, value, pseudonym);
            }
        }
    }

    /// What a client got in place of a value that an answer gave it.
    fn issued(&self, value: &str) -> Option<String> {
        match escaped(value) {
            Some((plain, escapes)) => {
                self.known.is_one(&plain).then(|| escape(&self.pass.hide(&plain), &escapes))
            }
            None => self.known.is_one(value).then(|| self.pass.hide(value)),
        }
    }

    /// Segments that look like a token: most are identities of what is asked for.
    fn path(&mut self, path: &str) {
        let mut start = 0;
        for (number, segment) in path.split('/').skip(1).enumerate() {
            start += 1;
            let whole = start..start + segment.len();
            if !opaque::runs(path, whole).is_empty()
                && let Some(pseudonym) = self.issued(segment).or_else(|| self.pass.changed(segment))
            {
                self.push(RequestPart::Path, &number.to_string(), segment, pseudonym);
            }
            start += segment.len();
        }
    }

    /// Whether a value is replaced for its looks alone, and is not drawn for one request: it may tell requests apart.
    fn is_opaque(name: &str, value: &str) -> bool {
        !names::is_drawn(name)
            && !names_data(name)
            && !names::is_secret_value(name, Place::Field, value)
            && !opaque::runs(value, 0..value.len()).is_empty()
    }

    fn parameters(&mut self, part: RequestPart, parameters: &Query<'_>) {
        for (name, value) in parameters.iter() {
            if names::says_who_asks(name, Place::Query) || Self::is_opaque(name, value) {
                let value = comparable(part, name, value).unwrap_or(value);
                let pseudonym =
                    self.issued(value).unwrap_or_else(|| self.pass.parameter(name, value));
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
            Value::String(text) if Self::is_opaque(name, text) => {
                let nested = || self.pass.nested(text).unwrap_or_else(|| text.clone());
                let pseudonym = self.issued(text).unwrap_or_else(nested);
                self.push(RequestPart::Json, pointer, text, pseudonym);
            }
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

#[cfg(test)]
mod tests;
