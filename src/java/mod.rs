//! What Java's libraries do and `WireMock` shows: regular expressions, decimal numbers, base64 and JSON texts as
//! its parsers read them.
//!
//! Stubs are written for a Java program, so some of their values mean what Java's libraries make of them. The
//! module knows nothing of stubs.

pub(crate) mod base64;
pub(crate) mod decimal;
pub(crate) mod json;
pub(crate) mod regex;
