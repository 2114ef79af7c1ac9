//! The lines of a diff: every part that the pattern speaks of, in the order of `C/verification/diff/Diff.java`.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName};
use http::uri::Authority;

use crate::document::read_body;

use super::super::facts::Facts;
use super::super::multi::MultiPattern;
use super::super::operator::{StringPattern, Subject};
use super::super::raw::{Raw, pretty};
use super::super::stub::Stub;
use super::super::url::UrlPattern;
use super::clean::Clean;
use super::operand::{Operator, Several};

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
    /// What it is about, as messages name it.
    attribute: &'static str,
    pub(super) left: String,
    pub(super) right: String,
    pub(super) message: Option<String>,
    matched: bool,
}

impl Line {
    fn new(attribute: &'static str, left: String, right: String, matched: bool) -> Self {
        let message = match (right.is_empty(), matched) {
            (true, _) => Some(format!("{attribute} is not present")),
            (false, true) => None,
            (false, false) => Some(format!("{attribute} does not match")),
        };
        Self { attribute, left, right, message, matched }
    }

    /// A line of words that match anything.
    fn words(left: String, right: String) -> Self {
        Self { attribute: "", left, right, message: None, matched: true }
    }

    fn blank() -> Self {
        Self::words(String::new(), String::new())
    }

    /// Bodies that match are left out.
    pub(super) fn is_shown(&self) -> bool {
        self.attribute != "Body" || !self.matched
    }
}

/// The lines of a stub's pattern beside a request.
pub(super) fn of(
    stub: &Stub,
    facts: &Facts<'_>,
    state: Option<&str>,
    clean: &Clean<'_>,
) -> Vec<Line> {
    let mapping = String::from_utf8_lossy(stub.text());
    let mapping = Raw::new(&mapping);
    let pattern = mapping.get("request").unwrap_or(Raw::new("{}"));
    let mut diff = Diff { pattern, facts, clean, lines: Vec::new() };
    diff.origin();
    diff.method_and_url(stub);
    diff.headers();
    diff.path_parameters(stub);
    diff.query();
    diff.cookies();
    diff.bodies();
    diff.credentials(stub);
    diff.custom_matcher();
    diff.scenario(mapping, state);
    diff.lines
}

struct Diff<'a, 'r, 'c> {
    pattern: Raw<'a>,
    facts: &'a Facts<'r>,
    clean: &'a Clean<'c>,
    lines: Vec<Line>,
}

impl Diff<'_, '_, '_> {
    fn push(&mut self, attribute: &'static str, left: String, right: String, matched: bool) {
        self.lines.push(Line::new(attribute, cut(left), cut(right), matched));
    }

    /// A line about one value.
    fn push_value(
        &mut self,
        attribute: &'static str,
        left: String,
        right: String,
        (pattern, value): (Raw<'_>, Option<&str>),
    ) {
        let (matched, gave_up) = judge(pattern, value);
        let mut line = Line::new(attribute, cut(left), cut(right), matched);
        if gave_up {
            let message = line.message.take().unwrap_or_default();
            line.message = Some(format!("{message}. {GAVE_UP}"));
        }
        self.lines.push(line);
    }

    /// A blank line behind a section that has lines.
    fn close(&mut self, before: usize) {
        if self.lines.len() > before {
            self.lines.push(Line::blank());
        }
    }

    /// Host, port, client address, scheme.
    fn origin(&mut self) {
        let authority = self.facts.authority();
        if let Some(host) = self.pattern.get("host") {
            let actual = authority.as_ref().map(Authority::host).unwrap_or_default();
            let left = Operator::of(host).map_or_else(String::new, |operator| {
                let text = &operator.expected;
                if operator.is_equal_to() {
                    text.clone()
                } else {
                    format!("[{}] {text}", operator.name)
                }
            });
            self.push_value("Host", left, actual.to_owned(), (host, Some(actual)));
        }
        if let Some(port) = self.pattern.get("port") {
            let actual = self.facts.port().unwrap_or_default();
            let port = port.text();
            let matched = port == actual.to_string();
            self.push("Port", port, actual.to_string(), matched);
        }
        if let Some(wanted) = self.pattern.get("clientIp") {
            let operator = Operator::of(wanted);
            let left = operator.map(|operator| format!("{} {}", operator.name, operator.expected));
            let actual = self.facts.client_address();
            let left = left.unwrap_or_default();
            let right = actual.as_deref().unwrap_or_default().to_owned();
            self.push_value("ClientIp", left, right, (wanted, actual.as_deref()));
        }
        if let Some(scheme) = self.pattern.get("scheme") {
            let (scheme, actual) = (scheme.text(), self.facts.scheme());
            let matched = scheme == actual;
            self.push("Scheme", scheme, actual.to_owned(), matched);
        }
    }

    fn method_and_url(&mut self, stub: &Stub) {
        let method = &*self.facts.method;
        let wanted = self.pattern.get("method").map_or_else(|| "ANY".to_owned(), Raw::text);
        let matched = stub.request.method.matches(method);
        self.push("HTTP method", wanted, method.to_string(), matched);

        let find = |key| self.pattern.get(key).map(|url| (key, url.text()));
        let written = URLS.iter().find_map(|(key, word)| Some((find(key)?, *word)));
        let Some(((key, url), word)) = written else {
            let target = self.clean.url(self.facts.target.to_owned());
            self.push("URL", "(always)".to_owned(), target, true);
            self.lines.push(Line::blank());
            return;
        };
        let matched = stub.request.url.matches(self.facts.path, self.facts.target);
        let left = format!("{word}{}", self.clean.url(url.clone()));
        let target = self.clean.url(self.facts.target.to_owned());
        let mut line = Line::new("URL", cut(left), cut(target), matched);
        let mut hint = |text: &str| {
            line.message = Some(match line.message.take() {
                Some(message) => format!("{message}. {text}"),
                None => text.to_owned(),
            });
        };
        if key.ends_with("Pattern") && has_bare_question_mark(&url) {
            hint(r#"When using a regex, "?" should be "\?""#);
        }
        if !url.starts_with('/') {
            hint("URLs must start with a /");
        }
        self.lines.push(line);
        self.lines.push(Line::blank());
    }

    fn headers(&mut self) {
        let before = self.lines.len();
        let entries = self.pattern.get("headers").map(Raw::entries).unwrap_or_default();
        for (name, pattern) in entries {
            let Ok(header) = HeaderName::from_str(&name) else { continue };
            let values = self.facts.header(&header);
            let matched = all_match(pattern, &values);
            let hide = |value: &str| self.clean.header(&header, value);
            let left = match Several::of(pattern) {
                Some(Several::One(operator)) => {
                    let operator_name = bracketed(&operator, "");
                    let expected = self.expected(&operator, &operator.expected, hide);
                    let colon = if expected.is_empty() { "" } else { ": " };
                    format!("{name}{operator_name}{colon}{expected}")
                }
                Some(Several::All(word, all)) => {
                    format!("{name}{word}[{}]", self.clean.text(all))
                }
                None => name.clone(),
            };
            let right = listed(&name, values.iter().map(|value| hide(value)));
            self.push("Header", left, right, matched);
        }
        self.basic_auth();
        self.close(before);
    }

    /// The credentials are a header of their own.
    fn basic_auth(&mut self) {
        let wanted = self.pattern.get("basicAuth").or(self.pattern.get("basicAuthCredentials"));
        let Some(wanted) = wanted else { return };
        let part = |key| wanted.get(key).map(Raw::text).unwrap_or_default();
        let credentials = STANDARD.encode(format!("{}:{}", part("username"), part("password")));
        let expected = self.clean.header(&AUTHORIZATION, &format!("Basic {credentials}"));
        let matched = self.facts.basic_credentials().any(|given| given == credentials);
        let values = self.facts.header(&AUTHORIZATION);
        let values = values.iter().map(|value| self.clean.header(&AUTHORIZATION, value));
        let right = listed("Authorization", values);
        self.push("Header", format!("Authorization [prefix] : {expected}"), right, matched);
    }

    fn path_parameters(&mut self, stub: &Stub) {
        let Some(wanted) = self.pattern.get("pathParameters") else { return };
        let UrlPattern::Template(template) = &stub.request.url else { return };
        let values = stub.request.path_values(self.facts);
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

    fn query(&mut self) {
        let before = self.lines.len();
        let entries = self.pattern.get("queryParameters").map(Raw::entries).unwrap_or_default();
        for (name, pattern) in entries {
            let values: Vec<&str> = self.facts.query(&name).collect();
            self.parameter("Query", "Query", &name, pattern, &values);
        }
        self.close(before);
    }

    /// A parameter of the query or of a form.
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
        let matched = all_match(pattern, values);
        self.push(attribute, left, right, matched);
    }

    fn cookies(&mut self) {
        let before = self.lines.len();
        let entries = self.pattern.get("cookies").map(Raw::entries).unwrap_or_default();
        for (name, pattern) in entries {
            let value = self.facts.cookie(&name).next();
            let Some(operator) = Operator::of(pattern) else { continue };
            let hide = |value: &str| self.clean.cookie(value);
            let expected = self.expected(&operator, &operator.value, hide);
            let left = format!("Cookie: {name}{}{expected}", bracketed(&operator, "="));
            let right = value.map(hide).unwrap_or_default();
            self.push_value("Cookie", left, right, (pattern, value));
        }
        self.close(before);
    }

    fn bodies(&mut self) {
        let patterns = self.pattern.get("bodyPatterns").map(Raw::items).unwrap_or_default();
        let body = self.facts.body().and_then(Subject::text).unwrap_or_default().to_owned();
        let bytes = self.facts.body().map(Subject::bytes).unwrap_or_default().to_vec();
        for pattern in patterns {
            self.body(pattern, &body, &bytes);
        }
    }

    fn body(&mut self, pattern: Raw<'_>, body: &str, bytes: &[u8]) {
        let Some(operator) = Operator::of(pattern) else { return };
        let shown = match operator.name {
            "equalToJson" => pretty(body).unwrap_or_else(|| body.to_owned()),
            "binaryEqualTo" => STANDARD.encode(bytes),
            _ => body.to_owned(),
        };
        let shown = self.clean.text(shown);
        let expected = self.clean.text(operator.expected.clone());
        match (operator.name, &operator.below_path) {
            ("matchesJsonPath" | "matchesXPath", below) => {
                let left = match below {
                    Some(below) => {
                        let text = self.clean.text(below.expected.clone());
                        format!("{expected} [{}] {text}", below.name)
                    }
                    None => expected,
                };
                self.push_value("Body", left, shown, (pattern, Some(body)));
            }
            ("binaryEqualTo", _) => {
                let matched = operator.value == STANDARD.encode(bytes);
                self.push("Body", expected, shown, matched);
            }
            // The text of the body begins on a line of its own, and is compared like this.
            (name, _) => {
                let compared = format!("\n{body}");
                let (left, right) = (format!("[{name}]\n{expected}"), format!("\n{shown}"));
                self.push_value("Body", left, right, (pattern, Some(&compared)));
            }
        }
    }

    /// A recorded stub that is for another client.
    fn credentials(&mut self, stub: &Stub) {
        let recorded = stub.request.conditions().credentials.as_ref();
        let names = recorded.map(|of| of.differing(self.facts)).unwrap_or_default();
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
        let state = state.unwrap_or("Started");
        self.push("Scenario", line(&required), line(state), required == state);
    }

    /// What an operator is given: a secret where its value would be one. A pattern is no secret by its name alone.
    fn expected(&self, operator: &Operator, text: &str, hide: impl Fn(&str) -> String) -> String {
        match operator.name {
            "equalTo" | "contains" => hide(text),
            _ => self.clean.text(text.to_owned()),
        }
    }
}

/// The URL of a pattern: the first of these that it has.
const URLS: [(&str, &str); 5] = [
    ("url", ""),
    ("urlPattern", "[regex] "),
    ("urlPath", "[path] "),
    ("urlPathPattern", "[path regex] "),
    ("urlPathTemplate", "[path template] "),
];

/// Whether the first question mark of a regular expression has no backslash before it.
fn has_bare_question_mark(regex: &str) -> bool {
    regex.find('?').is_some_and(|at| at < 2 || !regex[..at].ends_with('\\'))
}

fn bracketed(operator: &Operator, equal: &str) -> String {
    if operator.is_equal_to() { equal.to_owned() } else { format!(" [{}] ", operator.name) }
}

/// Values with their name, one on a line.
fn listed(name: &str, values: impl Iterator<Item = String>) -> String {
    values.map(|value| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

/// Whether a value is as a pattern wants it, and whether the search for that ended at a limit.
fn judge(pattern: Raw<'_>, value: Option<&str>) -> (bool, bool) {
    let subject = Subject::new(value);
    read_body(pattern.as_str().as_bytes(), StringPattern::compile)
        .map_or((false, false), |pattern| {
            (pattern.matches(&subject), pattern.gives_up_on(&subject))
        })
}

/// Whether values are as a pattern wants them.
fn all_match<T: AsRef<str>>(pattern: Raw<'_>, values: &[T]) -> bool {
    read_body(pattern.as_str().as_bytes(), MultiPattern::compile)
        .is_ok_and(|pattern| pattern.matches(values))
}

/// The beginning of a text that is too long.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let left = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("... and {left} more bytes"));
    }
    text
}
