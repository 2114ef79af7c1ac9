//! The lines of a diff: every part that the pattern mentions, in the order of
//! `C/verification/diff/Diff.java`.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName};
use jiff::Timestamp;

use crate::document::read_body;
use crate::message::Asked;

use super::super::multi::MultiPattern;
use super::super::operator::{StringPattern, Subject};
use super::super::raw::Raw;
use super::super::stub::Stub;
use super::super::url::UrlPattern;
use super::clean::Clean;
use super::java_order;
use super::operand::{Operator, Several};
use super::part::ComparedPart;

/// How much of one value is shown, in bytes.
const LONGEST: usize = 64 << 10;

/// What to do about a pattern whose search ended at a limit.
const GAVE_UP: &str = "The pattern backtracks too much on a value of this length; write it without \
     look-around, back-references or atomic groups";

/// What to do about a stub that was recorded from another client.
const ANOTHER_CLIENT: &str = "The exchange was recorded from a client with other credentials; record this client \
     too, or replay without the key of the recording to answer all clients";

/// One line.
#[derive(Debug)]
pub(super) struct Line {
    /// The subject, as messages name it.
    attribute: &'static str,
    pub(super) left: String,
    pub(super) right: String,
    pub(super) message: Option<String>,
    matched: bool,
}

impl Line {
    pub(super) fn new(attribute: &'static str, left: String, right: String, matched: bool) -> Self {
        let message = match (right.is_empty(), matched) {
            (true, _) => Some(format!("{attribute} is not present")),
            (false, true) => None,
            (false, false) => Some(format!("{attribute} does not match")),
        };
        Self { attribute, left, right, message, matched }
    }

    /// Creates a line of text that matches anything.
    pub(super) fn words(left: String, right: String) -> Self {
        Self { attribute: "", left, right, message: None, matched: true }
    }

    /// Creates a line for something that the request does not have.
    pub(super) fn missing(what: &'static str) -> Self {
        Self {
            message: Some(format!("{what} is not present")),
            ..Self::words(what.to_owned(), String::new())
        }
    }

    pub(super) fn blank() -> Self {
        Self::words(String::new(), String::new())
    }

    /// Returns what does not match, in few words, or `None` if it does.
    pub(super) fn difference(&self) -> Option<String> {
        /// How much of a value is shown, in characters.
        const SHOWN: usize = 120;
        let message = self.message.as_deref()?;
        let short = |text: &str| {
            let mut short: String = text.chars().take(SHOWN).collect();
            if short.len() < text.len() {
                short.push('…');
            }
            short.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let (left, right) = (short(&self.left), short(&self.right));
        Some(if right.is_empty() {
            format!("{message} (recorded: {left})")
        } else {
            format!("{message} (recorded: {left}; request: {right})")
        })
    }

    /// The line as a part of a comparison; nothing for a blank.
    pub(super) fn into_part(self) -> Option<ComparedPart> {
        let is_blank = self.left.is_empty() && self.right.is_empty();
        (!is_blank).then_some(ComparedPart {
            part: self.attribute,
            expected: self.left,
            actual: self.right,
            difference: self.message,
        })
    }

    /// Bodies that match are left out.
    pub(super) fn is_shown(&self) -> bool {
        self.attribute != "Body" || !self.matched
    }
}

/// Returns the lines of a stub's pattern and a request.
pub(super) fn of(
    stub: &Stub,
    asked: &Asked<'_>,
    state: Option<&str>,
    clean: &Clean<'_>,
) -> Vec<Line> {
    let mapping = String::from_utf8_lossy(stub.text());
    let mapping = Raw::new(&mapping);
    let pattern = mapping.get("request").unwrap_or(Raw::new("{}"));
    let mut diff = Diff { pattern, asked, clean, lines: Vec::new() };
    diff.origin();
    diff.method_and_url(stub);
    diff.headers();
    diff.path_parameters(stub);
    diff.query(stub);
    diff.form();
    diff.cookies();
    diff.bodies();
    diff.multipart();
    diff.credentials(stub);
    diff.custom_matcher();
    diff.scenario(mapping, state);
    diff.lines
}

pub(super) struct Diff<'a, 'r, 'c> {
    pub(super) pattern: Raw<'a>,
    pub(super) asked: &'a Asked<'r>,
    pub(super) clean: &'a Clean<'c>,
    pub(super) lines: Vec<Line>,
}

impl Diff<'_, '_, '_> {
    pub(super) fn push(
        &mut self,
        attribute: &'static str,
        left: String,
        right: String,
        matched: bool,
    ) {
        self.lines.push(Line::new(attribute, cut(left), cut(right), matched));
    }

    /// Adds a line for one value.
    pub(super) fn push_value(
        &mut self,
        attribute: &'static str,
        left: String,
        right: String,
        (pattern, value): (Raw<'_>, Option<&str>),
    ) {
        let (matched, gave_up) = judge(pattern, value, self.asked.now());
        let mut line = Line::new(attribute, cut(left), cut(right), matched);
        if gave_up {
            let message = line.message.take().unwrap_or_default();
            line.message = Some(format!("{message}. {GAVE_UP}"));
        }
        self.lines.push(line);
    }

    /// Adds a blank line after a section that has lines.
    pub(super) fn close(&mut self, before: usize) {
        if self.lines.len() > before {
            self.lines.push(Line::blank());
        }
    }

    fn headers(&mut self) {
        let before = self.lines.len();
        let entries = self.pattern.get("headers").map(Raw::entries).unwrap_or_default();
        let credentials =
            self.pattern.get("basicAuth").or(self.pattern.get("basicAuthCredentials"));
        let mut all: Vec<(String, Option<Raw<'_>>)> =
            entries.into_iter().map(|(name, pattern)| (name, Some(pattern))).collect();
        if credentials.is_some() {
            // The credentials are their own header: WireMock puts all into a hash table.
            all.push(("Authorization".to_owned(), None));
            java_order::of_hash_map(&mut all, |(name, _)| name);
        }
        for (name, pattern) in all {
            let Ok(header) = HeaderName::from_str(&name) else { continue };
            match (pattern, credentials) {
                (Some(pattern), _) => {
                    let values = self.asked.header(&header);
                    self.header(&name, &header, pattern, &values);
                }
                (None, Some(credentials)) => self.basic_auth(credentials),
                (None, None) => {}
            }
        }
        self.close(before);
    }

    /// Adds a line for a header field of the request or of a part.
    pub(super) fn header<T: AsRef<str>>(
        &mut self,
        name: &str,
        header: &HeaderName,
        pattern: Raw<'_>,
        values: &[T],
    ) {
        let hide = |value: &str| self.clean.header(header, value);
        let left = match Several::of(pattern) {
            Some(Several::One(operator)) => {
                let word = bracketed(&operator, "");
                let expected = self.expected(&operator, &operator.expected, hide);
                let colon = if expected.is_empty() { "" } else { ": " };
                format!("{name}{word}{colon}{expected}")
            }
            Some(Several::All(word, all)) => format!("{name}{word}[{}]", self.clean.text(all)),
            None => name.to_owned(),
        };
        let right = listed(name, values.iter().map(|value| hide(value.as_ref())));
        let matched = all_match(pattern, values, self.asked.now());
        self.push("Header", left, right, matched);
    }

    fn basic_auth(&mut self, wanted: Raw<'_>) {
        let part = |key| wanted.get(key).map_or_else(|| "null".into(), Raw::text);
        let credentials = STANDARD.encode(format!("{}:{}", part("username"), part("password")));
        let expected = self.clean.header(&AUTHORIZATION, &format!("Basic {credentials}"));
        let matched = self.asked.basic_credentials().any(|given| given == credentials);
        let values = self.asked.header(&AUTHORIZATION);
        let values = values.iter().map(|value| self.clean.header(&AUTHORIZATION, value));
        let right = listed("Authorization", values);
        self.push("Header", format!("Authorization [prefix] : {expected}"), right, matched);
    }

    fn path_parameters(&mut self, stub: &Stub) {
        let Some(wanted) = self.pattern.get("pathParameters") else { return };
        let UrlPattern::Template(template) = &stub.request.url else { return };
        let values = stub.request.path_values(self.asked);
        if values.is_empty() {
            return;
        }
        for (name, value) in template.names().zip(values) {
            let Some(pattern) = wanted.get(name) else { continue };
            let (Some(operator), Some(value)) = (Operator::of(pattern), value) else { continue };
            let hide = |value: &str| self.clean.parameter(name, value);
            let word = bracketed(&operator, " = ");
            let expected = self.expected(&operator, &operator.value, hide);
            let left = format!("Path parameter: {name}{word}{expected}");
            let right = hide(value);
            self.push_value("Path parameter", left, right, (pattern, Some(value)));
        }
        self.lines.push(Line::blank());
    }

    fn query(&mut self, stub: &Stub) {
        let before = self.lines.len();
        let entries = self.pattern.get("queryParameters").map(Raw::entries).unwrap_or_default();
        for (name, pattern) in entries {
            let values: Vec<&str> = self.asked.parameter(&name).collect();
            self.parameter("Query", "Query", &name, pattern, &values);
        }
        for (name, value) in stub.request.conditions().other_parameters(self.asked) {
            let right = format!("{name}: {}", self.clean.parameter(name, value));
            self.push("Query", format!("Query: {name} [absent]"), right, false);
        }
        self.close(before);
    }

    fn form(&mut self) {
        let before = self.lines.len();
        let entries = self.pattern.get("formParameters").map(Raw::entries).unwrap_or_default();
        for (name, pattern) in entries {
            let values: Vec<&str> = self.asked.form(&name).collect();
            self.parameter("Form data", "Form", &name, pattern, &values);
        }
        self.close(before);
    }

    /// Adds a line for a parameter of the query or of a form.
    fn parameter(
        &mut self,
        attribute: &'static str,
        word: &str,
        name: &str,
        pattern: Raw<'_>,
        values: &[&str],
    ) {
        let hide = |value: &str| self.clean.parameter(name, value);
        let left = match Several::of(pattern) {
            Some(Several::One(operator)) => {
                let expected = self.expected(&operator, &operator.expected, hide);
                format!("{word}: {name}{}{expected}", bracketed(&operator, " = "))
            }
            Some(Several::All(kind, all)) => {
                format!("{word}: {name}{kind}[{}]", self.clean.text(all))
            }
            None => format!("{word}: {name}"),
        };
        let right = listed(name, values.iter().map(|value| hide(value)));
        let matched = all_match(pattern, values, self.asked.now());
        self.push(attribute, left, right, matched);
    }

    fn cookies(&mut self) {
        let before = self.lines.len();
        let entries = self.pattern.get("cookies").map(Raw::entries).unwrap_or_default();
        for (name, pattern) in entries {
            let value = self.asked.cookie(&name).next();
            let Some(operator) = Operator::of(pattern) else { continue };
            let hide = |value: &str| self.clean.cookie(value);
            let expected = self.expected(&operator, &operator.value, hide);
            let left = format!("Cookie: {name}{}{expected}", bracketed(&operator, "="));
            let right = value.map(hide).unwrap_or_default();
            self.push_value("Cookie", left, right, (pattern, value));
        }
        self.close(before);
    }

    /// Adds a line for a recorded stub of another client.
    fn credentials(&mut self, stub: &Stub) {
        let recorded = stub.request.conditions().rare().credentials.as_ref();
        let names = recorded.map(|of| of.differing(self.asked)).unwrap_or_default();
        if !names.is_empty() {
            let names = names.join(", ");
            let mut line =
                Line::words(format!("[recorded client] {names}"), "[another client]".to_owned());
            line.message = Some(ANOTHER_CLIENT.to_owned());
            self.lines.push(line);
        }
    }

    fn custom_matcher(&mut self) {
        if let Some(name) = self.pattern.get("customMatcher").and_then(|custom| custom.get("name"))
        {
            let words = format!("[custom matcher: {}]", name.text());
            self.lines.push(Line::words(words.clone(), words));
        }
    }

    fn scenario(&mut self, mapping: Raw<'_>, state: Option<&str>) {
        let scenario = mapping.get("scenarioName").zip(mapping.get("requiredScenarioState"));
        let Some((name, required)) = scenario else { return };
        let line = |state: &str| format!("[Scenario '{}' state: {state}]", name.text());
        let required = required.text();
        // WireMock compares the required state with the whole line, so that it never matches.
        self.push("Scenario", line(&required), line(state.unwrap_or("Started")), false);
    }

    /// Returns the operand of an operator, redacted where its value would be a secret. A pattern is
    /// not a secret by its name alone.
    fn expected(&self, operator: &Operator, text: &str, hide: impl Fn(&str) -> String) -> String {
        match operator.name {
            "equalTo" | "contains" => hide(text),
            _ => self.clean.text(text.to_owned()),
        }
    }
}

fn bracketed(operator: &Operator, equal: &str) -> String {
    if operator.is_equal_to() { equal.to_owned() } else { format!(" [{}] ", operator.name) }
}

/// Returns values with their name, one per line.
fn listed(name: &str, values: impl Iterator<Item = String>) -> String {
    values.map(|value| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

/// Returns whether a value matches a pattern, and whether the search ended at a limit.
fn judge(pattern: Raw<'_>, value: Option<&str>, now: Option<Timestamp>) -> (bool, bool) {
    let subject = Subject::new(value).at(now);
    read_body(pattern.as_str().as_bytes(), StringPattern::compile)
        .map_or((false, false), |pattern| {
            (pattern.matches(&subject), pattern.gives_up_on(&subject))
        })
}

/// Returns whether values match a pattern.
fn all_match<T: AsRef<str>>(pattern: Raw<'_>, values: &[T], now: Option<Timestamp>) -> bool {
    read_body(pattern.as_str().as_bytes(), MultiPattern::compile)
        .is_ok_and(|pattern| pattern.matches(values, now))
}

/// Returns the beginning of a text that is too long.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let left = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("... and {left} more bytes"));
    }
    text
}
