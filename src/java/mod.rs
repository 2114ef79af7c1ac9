//! Behaviour of Java's libraries that `WireMock` exposes: regular expressions, decimal numbers,
//! base64 and JSON texts as its parsers read them.
//!
//! Stubs are written for a Java program, so Java's libraries define the meaning of some of their
//! values. This module does not depend on stubs.

pub(crate) mod base64;
pub(crate) mod decimal;
pub(crate) mod json;
pub(crate) mod regex;
