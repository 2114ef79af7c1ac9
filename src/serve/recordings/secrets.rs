//! Secrets of recorded exchanges: a stub does not have them, and matches whatever is in their place.

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use crate::redact::{Known, MARK, Media, Pass, Redacted, Redactor};

/// What is secret in one exchange.
pub(super) struct Secrets<'r> {
    redactor: &'r Redactor,
    /// For answers: pseudonyms.
    pass: Pass<'r>,
    /// For patterns: marks.
    marks: Pass<'static>,
    known: Known,
}

impl<'r> Secrets<'r> {
    /// Looks through an exchange.
    pub(super) fn of(
        redactor: &'r Redactor,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
        answer: (&HeaderMap, &[u8]),
    ) -> Self {
        let pass = redactor.pass(target);
        pass.target(target);
        for (headers, body) in [(headers, body), answer] {
            for (name, value) in headers {
                if let Ok(value) = value.to_str() {
                    pass.header(name, value);
                }
            }
            pass.body(&Media::of(headers), body);
        }
        redactor.learn(&pass);
        let known = redactor.known_with(&pass);
        Self { redactor, pass, marks: Redactor::marks(target), known }
    }

    /// The value of a header field of the answer.
    pub(super) fn header(&self, name: &HeaderName, value: &str) -> String {
        self.redactor.without(&self.known, self.pass.header(name, value))
    }

    /// The body of the answer; nothing where it cannot be looked through.
    pub(super) fn body(&self, headers: &HeaderMap, body: Bytes) -> Option<Bytes> {
        let body = match self.pass.body(&Media::of(headers), &body) {
            Redacted::Same => body,
            Redacted::Changed(bytes) => bytes.into(),
            Redacted::Opaque(_) => return None,
        };
        Some(match std::str::from_utf8(&body) {
            Ok(text) => self.redactor.without(&self.known, text.to_owned()).into(),
            Err(_) => body,
        })
    }

    /// The pattern of a header field of the request.
    pub(super) fn header_pattern(&self, name: &HeaderName, value: &str) -> Value {
        self.equal_to(value, self.marks.header(name, value))
    }

    /// The pattern of a query parameter.
    pub(super) fn parameter_pattern(&self, name: &str, value: &str) -> Value {
        self.equal_to(value, self.marks.parameter(name, value))
    }

    /// Path and query, where they have no secret; else a pattern for them.
    pub(super) fn target(&self, target: &str) -> Result<(), String> {
        let marked = Redactor::marked(&self.known, self.marks.target(target));
        if marked.contains(MARK) { Err(pattern(&marked, "[^/?&]+")) } else { Ok(()) }
    }

    /// A text with marks for its secrets.
    pub(super) fn marked(&self, text: &str) -> String {
        let marked = self.marks.changed(text).unwrap_or_else(|| text.to_owned());
        Redactor::marked(&self.known, marked)
    }

    fn equal_to(&self, value: &str, marked: String) -> Value {
        let marked = Redactor::marked(&self.known, marked);
        if marked.contains(MARK) {
            json!({"matches": pattern(&marked, ".+")})
        } else {
            json!({"equalTo": value})
        }
    }
}

/// A regular expression for a text with marks: at each mark it allows `anything`.
pub(super) fn pattern(marked: &str, anything: &str) -> String {
    let quoted = |part: &str| regex::escape(part).replace(r"\&", "&");
    marked.split(MARK).map(quoted).collect::<Vec<_>>().join(anything)
}
