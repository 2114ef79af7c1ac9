//! The order of texts in Java.

use std::cmp::Ordering;

/// Compares two texts as Java's `String.compareTo` does: by UTF-16 code units, in which the characters beyond
/// U+FFFF come before those from U+E000.
pub(crate) fn java_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}
