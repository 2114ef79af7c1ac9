//! Behaviour of Java's libraries that `WireMock` exposes: regular expressions, decimal numbers,
//! base64 and JSON texts as its parsers read them.
//!
//! Stubs are written for a Java program, so Java's libraries define the meaning of some of their
//! values. This module does not depend on stubs.

pub(crate) mod base64;
pub(crate) mod decimal;
pub(crate) mod json;
pub(crate) mod regex;

/// Whether `Character.isWhitespace` holds for a character.
pub(crate) fn is_whitespace(c: char) -> bool {
    let is_no_break = matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}');
    matches!(c, '\u{1c}'..='\u{1f}') || c.is_whitespace() && !is_no_break
}
