//! Redaction of a report: removes secrets of the client and those that stubs expect.

use http::HeaderName;

use crate::message::Asked;
use crate::redact::{Pass, Redactor};

/// How much of a long body is scanned, in bytes: the rest is not shown anyway.
const LOOKED_THROUGH: usize = 256 << 10;

/// Removes the secrets of the client, and those that the stubs expect, from a report.
pub(super) struct Clean<'r> {
    redactor: &'r Redactor,
    pass: Pass<'r>,
}

impl<'r> Clean<'r> {
    pub(super) fn of(asked: &Asked<'_>, redactor: &'r Redactor) -> Self {
        let pass = redactor.pass(asked.target());
        pass.target(asked.target());
        for (name, value) in asked.headers() {
            if let Ok(value) = value.to_str() {
                pass.header(name, value);
            }
        }
        Self { redactor, pass }
    }

    /// Redacts the value of a header field.
    pub(super) fn header(&self, name: &HeaderName, value: &str) -> String {
        if self.redactor.is_off() { value.to_owned() } else { self.pass.header(name, value) }
    }

    /// Redacts the value of a cookie, which is shown alone here.
    pub(super) fn cookie(&self, value: &str) -> String {
        if self.redactor.is_off() { value.to_owned() } else { self.pass.hide(value) }
    }

    /// Redacts the value of a parameter.
    pub(super) fn parameter(&self, name: &str, value: &str) -> String {
        if self.redactor.is_off() { value.to_owned() } else { self.pass.parameter(name, value) }
    }

    pub(super) fn url(&self, url: String) -> String {
        if self.redactor.is_off() {
            return url;
        }
        let new = self.pass.target(&url);
        self.redactor.without(&self.pass.known(), new)
    }

    pub(super) fn text(&self, text: String) -> String {
        if self.redactor.is_off() {
            return text;
        }
        let mut end = text.len().min(LOOKED_THROUGH);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let seen = &text[..end];
        let new = self.pass.changed(seen).unwrap_or_else(|| seen.to_owned());
        self.redactor.without(&self.pass.known(), new)
    }
}
