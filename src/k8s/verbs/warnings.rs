//! The warnings of admission in an answer: each one once, and not too long together
//! (`k8s.io/apiserver/pkg/endpoints/filters/warning.go`).

use std::collections::HashSet;

use http::{HeaderMap, HeaderValue};

use super::super::output;
use super::super::status::ApiError;
use super::{Outcome, Resolved};

/// The name of the header field.
const WARNING: &str = "warning";

/// How many characters all warnings of an answer have; longer ones are shortened.
const MOST: usize = 4 << 10;

/// How many characters a shortened warning has.
const SHORTENED: usize = 256;

/// The resolution of a request, with warnings after those of its answer, which may come from admission as well.
pub(super) fn added(
    resolved: Result<Resolved, ApiError>,
    texts: Vec<String>,
) -> Result<Resolved, ApiError> {
    match resolved {
        Err(error) => {
            let mut all = HashSet::new();
            let mut error = error.with_warnings(&texts);
            error.warnings.retain(|text| all.insert(text.clone()));
            Err(error)
        }
        Ok(Resolved::Outcome(Outcome::Plan(mut plan))) => {
            add(&mut plan.headers, &texts);
            Ok(Resolved::Outcome(Outcome::Plan(plan)))
        }
        Ok(Resolved::Change(change, answer)) => {
            let answer = answer.map(move |mut plan| {
                add(&mut plan.headers, &texts);
                plan
            });
            Ok(Resolved::Change(change, answer))
        }
        Ok(other) => Ok(other),
    }
}

fn add(headers: &mut HeaderMap, texts: &[String]) {
    let own = headers.get_all(WARNING).iter().filter_map(text_of);
    let mut known = HashSet::new();
    let all = own.chain(texts.iter().cloned()).filter(|text| known.insert(text.clone()));
    let mut recorded = Recorded::default();
    for text in all.filter(|text| output::warning(text).is_some()) {
        recorded.add(text);
    }
    headers.remove(WARNING);
    for value in recorded.texts.iter().filter_map(|text| output::warning(text)) {
        headers.append(WARNING, value);
    }
}

/// The warnings of an answer (`recorder.AddWarning`).
#[derive(Default)]
struct Recorded {
    texts: Vec<String>,
    /// How many characters they have.
    written: usize,
    /// Whether they had too many, and are shortened.
    are_shortened: bool,
}

impl Recorded {
    fn add(&mut self, text: String) {
        if self.are_shortened && self.written >= MOST {
            return;
        }
        let count = text.chars().count();
        let is_first_beyond = !self.are_shortened && self.written + count > MOST;
        self.are_shortened |= is_first_beyond;
        self.texts.push(text);
        let changed = match (is_first_beyond, self.are_shortened) {
            (true, _) => 0,
            (false, true) => self.texts.len() - 1,
            (false, false) => {
                self.written += count;
                return;
            }
        };
        if is_first_beyond {
            self.written = 0;
        }
        for text in &mut self.texts[changed..] {
            *text = text.chars().take(SHORTENED).collect();
            self.written += text.chars().count();
        }
    }
}

/// The text of a warning.
fn text_of(value: &HeaderValue) -> Option<String> {
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    let quoted = value.strip_prefix("299 - \"")?.strip_suffix('"')?;
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(next) = characters.next() {
        match next {
            '\\' => text.extend(characters.next()),
            next => text.push(next),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(own: &[&str], texts: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for text in own {
            headers.append(WARNING, output::warning(text).unwrap());
        }
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        add(&mut headers, &texts);
        headers.get_all(WARNING).iter().filter_map(text_of).collect()
    }

    #[test]
    fn each_warning_is_given_once() {
        assert_eq!(with(&["a", "b \"c\" \\"], &["d", "a", "d"]), ["a", "b \"c\" \\", "d"]);
    }

    #[test]
    fn what_no_header_holds_is_left_out() {
        assert_eq!(with(&[], &["line\nbreak", "tab\t", "", "ünï"]), ["ünï"]);
    }

    #[test]
    fn long_warnings_are_shortened_together() {
        let long = "y".repeat(4000);
        assert_eq!(with(&["x"], &[&long]), ["x", &long]);
        let more = "x".repeat(97);
        let shortened = "y".repeat(SHORTENED);
        assert_eq!(with(&[&more], &[&long]), [more.as_str(), shortened.as_str()]);
        // Nothing comes behind what is full, once it is shortened.
        let many: Vec<String> =
            (10..40).map(|index| format!("{index}{}", "z".repeat(200))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(with(&[], &many), many[..21]);
    }
}
