//! The diff of a body with what a stub expects: bounded in size and in time.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use similar::TextDiff;

use crate::message::Asked;

use super::operator::{StringPattern, Subject};
use super::request::RequestPattern;

/// Bodies larger than this on either side are not diffed, in bytes of their pretty form.
const MAX_BYTES: usize = 64 << 10;

/// How long the search for the smallest diff may take before a coarser one is shown.
const TIMEOUT: Duration = Duration::from_millis(50);

/// How many lines are shown.
const MAX_LINES: usize = 60;

/// The diff of the first body pattern that fails and expects a whole body.
pub(super) fn of_body(pattern: &RequestPattern, asked: &Asked<'_>) -> Option<String> {
    let subject = &Subject::of_body(asked)?;
    let mut failed = pattern.conditions().body.iter().filter(|pattern| !pattern.matches(subject));
    let (expected, actual) = failed.find_map(|pattern| sides(pattern, subject))?;
    if expected.len().max(actual.len()) > MAX_BYTES {
        return Some(format!(
            "(no diff: the expected body has {} bytes and the actual one {})",
            expected.len(),
            actual.len()
        ));
    }
    Some(unified(&expected, &actual))
}

/// What is expected and what came in, in the same form.
fn sides(pattern: &StringPattern, subject: &Subject<'_>) -> Option<(String, String)> {
    let actual = subject.text()?;
    if let Some(text) = pattern.as_text() {
        return Some((text.to_owned(), actual.to_owned()));
    }
    let json = pattern.as_json()?;
    match subject.json() {
        Some(actual) => Some((pretty(&json.aligned(actual)), pretty(actual))),
        None => Some((pretty(json.expected()), actual.to_owned())),
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

fn unified(expected: &str, actual: &str) -> String {
    let diff = TextDiff::configure().timeout(TIMEOUT).diff_lines(expected, actual);
    let mut unified = diff.unified_diff();
    let text = unified
        .context_radius(3)
        .missing_newline_hint(false)
        .header("expected", "actual")
        .to_string();
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        if at == MAX_LINES {
            let left = text.lines().count() - MAX_LINES;
            // Writing to a String cannot fail.
            let _ = writeln!(out, "... and {left} more lines");
            break;
        }
        // A client's control characters must not reach a terminal.
        for c in line.chars() {
            if c.is_control() && c != '\t' { out.extend(c.escape_debug()) } else { out.push(c) }
        }
        out.push('\n');
    }
    out
}
