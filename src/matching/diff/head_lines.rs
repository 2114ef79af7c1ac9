//! The diff lines of a request's head: host, port, client address, scheme, method, URL.

use http::uri::Authority;

use super::super::raw::Raw;
use super::super::stub::Stub;
use super::lines::{Diff, Line, cut};
use super::operand::Operator;

/// The URL of a pattern: the first of these that it has.
const URLS: [(&str, &str); 5] = [
    ("url", ""),
    ("urlPattern", "[regex] "),
    ("urlPath", "[path] "),
    ("urlPathPattern", "[path regex] "),
    ("urlPathTemplate", "[path template] "),
];

/// Returns whether the first question mark of a regular expression has no backslash before it.
fn has_bare_question_mark(regex: &str) -> bool {
    regex.find('?').is_some_and(|at| at < 2 || !regex[..at].ends_with('\\'))
}

impl Diff<'_, '_, '_> {
    /// Host, port, client address, scheme.
    pub(super) fn origin(&mut self) {
        let authority = self.asked.authority();
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
            let actual = self.asked.port().unwrap_or_default();
            let port = port.text();
            let matched = port == actual.to_string();
            self.push("Port", port, actual.to_string(), matched);
        }
        if let Some(wanted) = self.pattern.get("clientIp") {
            let operator = Operator::of(wanted);
            let left = operator.map(|operator| format!("{} {}", operator.name, operator.expected));
            let actual = self.asked.client_address();
            let left = left.unwrap_or_default();
            let right = actual.as_deref().unwrap_or_default().to_owned();
            self.push_value("ClientIp", left, right, (wanted, actual.as_deref()));
        }
        if let Some(scheme) = self.pattern.get("scheme") {
            let (scheme, actual) = (scheme.text(), self.asked.scheme());
            let matched = scheme == actual;
            self.push("Scheme", scheme, actual.to_owned(), matched);
        }
    }

    pub(super) fn method_and_url(&mut self, stub: &Stub) {
        let method = self.asked.upper_case_method();
        let wanted = self.pattern.get("method").map_or_else(|| "ANY".to_owned(), Raw::text);
        let matched = stub.request.method.matches(method);
        self.push("HTTP method", wanted, method.to_string(), matched);

        let find = |key| self.pattern.get(key).map(|url| (key, url.text()));
        let written = URLS.iter().find_map(|(key, word)| Some((find(key)?, *word)));
        let Some(((key, url), word)) = written else {
            let target = self.clean.url(self.asked.target().to_owned());
            self.push("URL", "(always)".to_owned(), target, true);
            self.lines.push(Line::blank());
            return;
        };
        let matched = stub.request.url.matches(self.asked.path(), self.asked.target());
        let left = format!("{word}{}", self.clean.url(url.clone()));
        let target = self.clean.url(self.asked.target().to_owned());
        let mut line = Line::new("URL", cut(left), cut(target), matched);
        let mut hint = |text: &str| {
            line.message = Some(match line.message.take() {
                Some(message) => format!("{message}. {text}"),
                None => text.to_owned(),
            });
        };
        // WireMock prints a URL that matches after a "null".
        if !matched && key.ends_with("Pattern") && has_bare_question_mark(&url) {
            hint(r#"When using a regex, "?" should be "\?""#);
        }
        if !url.starts_with('/') {
            hint("URLs must start with a /");
        }
        self.lines.push(line);
        self.lines.push(Line::blank());
    }
}
