//! Results of drills → one self-contained page: a timeline of each scenario, with a table for each
//! drawing.
//!
//! ```text
//! DrillResult → [lanes] (requests by call, places in percent) → [chart] (SVG) ┐
//!             → [overview] (SVG of all requests, where there are many)        ├→ [section] ┐
//!             → expectations, findings, the requests as a table ──────────────┘            ├→ page
//!             → [index]: verdicts and the first reason of each ────────────────────────────┘
//! ```
//!
//! The page makes no request and runs no script, which its content security policy enforces.
//! External text goes through [`escape::Escaped`]. Its size has a bound: a fixed number of requests
//! is drawn and listed, and the rest is counted.

mod chart;
mod escape;
mod index;
mod lanes;
mod overview;
mod section;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::grade::Verdict;

use super::result::DrillResult;

const STYLE: &str = include_str!("style.css");

/// How many requests a page shows individually: each takes about 600 bytes.
const REQUESTS: usize = 4000;
/// The least and the most requests of one drill that are shown individually.
const REQUESTS_OF_DRILL: (usize, usize) = (40, 400);

/// Renders a page; `at` is when it is made.
#[must_use]
pub fn html(drills: &[DrillResult], at: Timestamp) -> String {
    let (least, most) = REQUESTS_OF_DRILL;
    let shown = (REQUESTS / drills.len().max(1)).clamp(least, most);
    let passed = drills.iter().filter(|drill| drill.passed()).count();
    let title = format!("{passed} of {} drills passed", drills.len());
    let mut page = head(&title);
    index::write(&mut page, &title, drills);
    for (number, drill) in drills.iter().enumerate() {
        section::write(&mut page, drill, number + 1, shown);
    }
    let version = env!("CARGO_PKG_VERSION");
    let made = at.strftime("%Y-%m-%d %H:%M UTC");
    add(&mut page, format_args!("</main>\n<footer><p>standin {version}, {made}</p></footer>\n"));
    page.push_str("</body>\n</html>\n");
    page
}

/// Returns the page up to its body, with the patterns and marks that all drawings refer to.
fn head(title: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n{}",
        chart::DEFINITIONS
    )
}

/// Appends formatted text.
fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = page.write_fmt(text);
}

/// Returns the icon of a verdict or of a result, which accompanies its word and colour.
fn sign(word: &str) -> &'static str {
    match word {
        "passed" => "M2 6.6 4.7 9.3 10 3",
        "failed" => "M3 3 9 9M9 3 3 9",
        "broken" => "M6 2v4.6M6 9.8v.1",
        "note" => "M6 5.9v.2",
        _ => "M2.5 6h7",
    }
}

/// Returns a verdict as a label.
fn label(verdict: Verdict) -> String {
    let word = verdict.as_str();
    let path = sign(word);
    format!(
        "<span class=\"verdict {word}\"><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>{}</span>",
        spoken(verdict)
    )
}

/// Returns a verdict in lower case: capitals are read out letter by letter.
fn spoken(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "Passed",
        Verdict::NotMet => "Not met",
        Verdict::Failed => "Failed",
        Verdict::Broken => "Broken",
    }
}

/// Returns a number with its noun.
fn count(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

/// Returns a number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a time span.
fn span(time: std::time::Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.001 => "< 1 ms".to_owned(),
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds if seconds < 60.0 => format!("{seconds:.2} s"),
        seconds => format!("{seconds:.0} s"),
    }
}
