//! Secrets, the client's and those that stubs expect, are taken out of a report.

use crate::message::Asked;
use crate::redact::{Pass, Redactor};

use super::super::parts::Part;

/// How much of a long body is looked through, in bytes: more of it is not shown anyway.
const LOOKED_THROUGH: usize = 256 << 10;

/// Takes the secrets of the client, and those that the stubs expect, out of a report.
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

    pub(super) fn part(&self, mut part: Part) -> Part {
        let (kind, name) = part.name.split_once(' ').unwrap_or((&part.name, ""));
        let header = match kind {
            "header" => http::HeaderName::from_bytes(name.as_bytes()).ok(),
            "cookie" => Some(http::header::COOKIE),
            _ => None,
        };
        let clean = |value: String| match (&header, kind) {
            _ if self.redactor.is_off() => value,
            // A cookie's value stands alone here.
            (Some(_), "cookie") => self.value(&value, |value| self.pass.hide(value)),
            (Some(header), _) => self.value(&value, |value| self.pass.header(header, value)),
            (None, "query" | "path") => {
                let name = name.trim_start_matches("parameter ");
                self.value(&value, |value| self.pass.parameter(name, value))
            }
            (None, "body") => self.text(value),
            (None, _) => self.url(value),
        };
        (part.expected, part.actual) = (clean(part.expected), part.actual.map(clean));
        part
    }

    /// A value, or an operator and what it is given: a pattern is no secret by its name alone.
    fn value(&self, value: &str, hide: impl Fn(&str) -> String) -> String {
        match value.split_once("] ").filter(|_| value.starts_with('[')) {
            None => hide(value),
            Some((operator, text))
                if operator.starts_with("[equalTo") || operator == "[contains" =>
            {
                format!("{operator}] {}", hide(text))
            }
            Some(_) => self.text(value.to_owned()),
        }
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
