//! What Java's library does and `WireMock` shows: regular expressions in Java's dialect.
//!
//! Stubs are written for a Java program, so some of their values mean what Java's library makes of them. The
//! module knows nothing of stubs.

pub(crate) mod regex;
