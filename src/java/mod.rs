//! What Java's libraries do and `WireMock` shows: regular expressions, decimal numbers, base64 and JSON texts as
//! its parsers read them.
//!
//! Stubs are written for a Java program, so some of their values mean what Java's libraries make of them. The
//! module knows nothing of stubs.

pub(crate) mod base64;
pub(crate) mod decimal;
pub(crate) mod json;
pub(crate) mod regex;

/// Whether `Character.isWhitespace` holds for a character.
pub(crate) fn is_whitespace(c: char) -> bool {
    let is_no_break = matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}');
    matches!(c, '\u{1c}'..='\u{1f}') || c.is_whitespace() && !is_no_break
}
