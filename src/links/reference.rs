//! References to a backend by a path alone (RFC 3986, section 4.2), in strings of JSON and attributes of HTML.
//!
//! They are looked for where the backend's URL has a path that its clients do not see: a quoted text that begins with
//! that path leads to the backend. Without one, any path would be such a reference.

use super::backend::Backend;
use super::scan::continues_segment;
use super::spelling::{SPELLINGS, Spelling};

/// The spellings of a slash that are looked for: plain, and as PHP writes it in JSON.
const SLASHES: [&str; 2] = ["/", r"\/"];

/// A backend's path as references spell it; nothing where there is none.
pub(super) fn spellings(base: &str) -> impl Iterator<Item = String> {
    let any = !base.is_empty();
    SLASHES.iter().filter(move |_| any).map(|slash| base.replace('/', slash))
}

/// The spelling of the reference at a place, and its length, if there is one.
pub(super) fn at(text: &[u8], at: usize, backend: &Backend) -> Option<(usize, Spelling)> {
    if !is_quote(&text[..at]) {
        return None;
    }
    let tail = &text[at..];
    let slash = if tail.starts_with(b"\\") { SLASHES[1] } else { SLASHES[0] };
    let length = backend.base.replace('/', slash).len();
    let spelling = *SPELLINGS.iter().find(|spelling| spelling.slash == slash)?;
    (!continues_segment(&tail[length..])).then_some((length, spelling))
}

/// Whether a text ends in what a quoted text begins with.
pub(super) fn is_quote(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'"' | b'\'')) || text.ends_with(b"&quot;")
}
