//! Texts, numbers and the other single values of a [`Node`].

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::decode::{Node, shorten};
use super::keys::suggest;
use super::units;

impl<'d> Node<'d> {
    /// Returns a text; a wrong type is reported.
    pub fn text(&self) -> Option<&'d str> {
        let text = self.value().as_str();
        if text.is_none() {
            match self.value() {
                value @ (Value::Number(_) | Value::Bool(_)) => {
                    self.expected_like("a text", format!("write it in quotes, like \"{value}\""));
                }
                _ => self.expected("a text"),
            }
        }
        text
    }

    /// Returns a truth value; a wrong type is reported.
    pub fn bool(&self) -> Option<bool> {
        let value = self.value().as_bool();
        if value.is_none() {
            let meant = match self.value().as_str().map(str::to_ascii_lowercase).as_deref() {
                Some("yes" | "on" | "y" | "true") => Some("true"),
                Some("no" | "off" | "n" | "false") => Some("false"),
                _ => None,
            };
            match meant {
                Some(word) => {
                    self.expected_like("true or false", format!("write {word}, without quotes"));
                }
                None => self.expected("true or false"),
            }
        }
        value
    }

    /// Returns a whole number in a range; a wrong type or a number outside of it is reported.
    pub fn integer(&self, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = self.value().as_i64().filter(|n| range.contains(n));
        if number.is_none() {
            match (*range.start(), *range.end()) {
                (i64::MIN, i64::MAX) => self.expected("a whole number"),
                (low, i64::MAX) => self.expected(&format!("a whole number from {low} up")),
                (low, high) => self.expected(&format!("a whole number from {low} to {high}")),
            }
        }
        number
    }

    /// Returns a time with its unit, like `400ms`, `30s` or `1m30s`.
    pub fn duration(&self) -> Option<Duration> {
        let found = self.value().as_str().and_then(units::duration);
        if found.is_none() {
            let what = "a time with its unit, like 400ms, 30s or 1m30s";
            match self.value() {
                Value::Number(number) => {
                    self.expected_like(what, format!("write {number}s, or {number}ms"));
                }
                _ => self.expected(what),
            }
        }
        found
    }

    /// Returns a size in bytes, like `64KiB` or a plain number.
    pub fn size(&self) -> Option<u64> {
        let found = match self.value() {
            Value::String(text) => units::size(text),
            value => value.as_u64(),
        };
        if found.is_none() {
            self.expected("a size, like 512B or 64KiB");
        }
        found
    }

    /// Returns a share, like `30%`, as a fraction of 1.
    pub fn percent(&self) -> Option<f64> {
        let found = self.value().as_str().and_then(units::percent);
        if found.is_none() {
            let what = "a share from 0% to 100%, like 30%";
            match self.value().as_f64() {
                Some(number) if number > 0.0 && number < 1.0 => {
                    self.expected_like(what, format!("write {}%", round(number * 100.0)));
                }
                Some(number) if (0.0..=100.0).contains(&number) => {
                    self.expected_like(what, format!("write {number}%"));
                }
                _ => self.expected(what),
            }
        }
        found
    }

    /// Returns the value of one of some words; another word is reported with the nearest known one.
    #[must_use]
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*found);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.error(format!("unknown word {:?}", shorten(text)), suggest(text, &known));
        None
    }

    /// Returns a text, as `WireMock` accepts it: a number or truth value counts as its text. A
    /// wrong type is reported.
    pub fn loose_text(&self) -> Option<Cow<'d, str>> {
        match self.value() {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(value) => Some(Cow::Owned(value.to_string())),
            _ => {
                self.expected("a text");
                None
            }
        }
    }

    /// Returns a boolean, as `WireMock` accepts it: 0 is false and any other whole number true, a text
    /// may say it, and an empty one is false. Anything else is reported.
    pub fn loose_bool(&self) -> Option<bool> {
        match self.value() {
            Value::Number(number) if !number.is_f64() => Some(number.as_f64() != Some(0.0)),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.is_empty() || text.eq_ignore_ascii_case("false") => {
                Some(false)
            }
            _ => self.bool(),
        }
    }

    /// Returns a 32-bit integer, as `WireMock` accepts it: decimals are cut off, a text may hold a
    /// number, and an empty text and `"null"` count as absent (`Ok(None)`). Anything else is
    /// reported.
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
    pub fn loose_integer(&self) -> Result<Option<i64>, InvalidValue> {
        let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
        let number = match self.value() {
            Value::Number(number) => number.as_f64().filter(|number| range.contains(number)),
            Value::String(text) if matches!(text.trim(), "" | "null") => return Ok(None),
            Value::String(text) => text.trim().parse::<i32>().ok().map(f64::from),
            _ => None,
        };
        let Some(number) = number else {
            self.expected("a whole number");
            return Err(InvalidValue);
        };
        Ok(Some(number.trunc() as i64))
    }
}

/// Rounds away the digits that a multiplication adds.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// A value of the wrong type. The decoder has the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidValue;
