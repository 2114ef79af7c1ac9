//! References to a backend by a path alone (RFC 3986, section 4.2), in strings of JSON and attributes of HTML.
//!
//! They are searched only if the backend's URL has a path that its clients do not see: a quoted
//! text that begins with that path refers to the backend. Without one, any path would be such a
//! reference.

use super::spelling::{PATH_SLASHES, SPELLINGS, Spelling, continues_segment};

/// Returns the spelling of the reference at a place, and its length, if there is one.
pub(super) fn at(text: &[u8], at: usize, base: &str) -> Option<(usize, Spelling)> {
    if !is_quote(&text[..at]) {
        return None;
    }
    let tail = &text[at..];
    let slash = if tail.starts_with(b"\\") { PATH_SLASHES[1] } else { PATH_SLASHES[0] };
    let length = base.replace('/', slash).len();
    let spelling = *SPELLINGS.iter().find(|spelling| spelling.slash == slash)?;
    (!continues_segment(&tail[length..])).then_some((length, spelling))
}

/// Returns whether a text ends in what a quoted text begins with.
pub(super) fn is_quote(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'"' | b'\'')) || text.ends_with(b"&quot;")
}
