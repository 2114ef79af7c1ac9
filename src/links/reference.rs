//! References to a backend by a path alone (RFC 3986, section 4.2), in strings of JSON and attributes of HTML.
//!
//! They are searched if the backend's URL has a path that its clients do not see: a quoted text that begins with that
//! path refers to the backend. If it has none, and clients find the backend below a path, any quoted text might be such a
//! reference: then only those count that stand where links do, by the name of their field, attribute or element. In
//! both cases those without quotes count where a page has links.

use memchr::memchr_iter;

use super::spelling::{PATH_SLASHES, SPELLINGS, Spelling, continues_segment, ends_in};

/// Returns the spelling of the reference at a place, and its length, if there is one.
pub(super) fn at(text: &[u8], at: usize, base: &str) -> Option<(usize, Spelling)> {
    if !is_quote(&text[..at]) && !is_named(window(text, at)) {
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

/// How much before a reference decides whether it stands where links do, in bytes: the images before the last one of a
/// `srcset` count.
pub(super) const NAMED_WITHIN: usize = 512;

/// The part of a text before a place that decides.
fn window(text: &[u8], at: usize) -> &[u8] {
    &text[at.saturating_sub(NAMED_WITHIN)..at]
}

/// Names of fields, attributes and elements with links, without their marks and in lower case.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "href", "src", "action", "formaction", "poster", "cite", "ping", "srcset", "imagesrcset", "manifest", "background",
    "next", "prev", "previous", "first", "last", "self", "up", "related", "canonical", "alternate", "redirect",
    "redirectto", "location", "nextpage", "prevpage", "previouspage", "firstpage", "lastpage",
];

/// How the names of other fields with links end.
const ENDS: [&str; 5] = ["url", "uri", "href", "link", "location"];

/// Returns where references by an absolute path begin that stand where links do, with their spelling.
pub(super) fn bare(text: &[u8]) -> impl Iterator<Item = (usize, Spelling)> {
    memchr_iter(b'/', text).filter_map(|slash| {
        let escaped = slash > 0 && text[slash - 1] == b'\\';
        let spelling = if escaped { PATH_SLASHES[1] } else { PATH_SLASHES[0] };
        let spelling = *SPELLINGS.iter().find(|known| known.slash == spelling)?;
        let (start, rest) = (slash - usize::from(escaped), &text[slash + 1..]);
        // `//host/path` names another server.
        let is_path = !rest.starts_with(b"/") && !rest.starts_with(br"\/");
        (is_path && is_named(window(text, start))).then_some((start, spelling))
    })
}

/// Returns whether what follows a text is the value of a field, an attribute or an element that has links.
fn is_named(before: &[u8]) -> bool {
    if is_in_page(before) {
        return true;
    }
    if let Some(tag) = before.strip_suffix(b">") {
        let name = tag.rsplit(|byte| *byte == b'<').next().unwrap_or_default();
        return name.len() < tag.len() && is_name_of_link(name);
    }
    if !is_quote(before) {
        return false;
    }
    let marks: &[u8] = if before.ends_with(b"&quot;") { b"&quot;" } else { b"\"" };
    let before = &before[..before.len() - marks.len()];
    if let Some(tag) = before.strip_suffix(b"=") {
        return is_name_of_link(attribute(tag));
    }
    let key = before.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    let key = key.and_then(|key| key.strip_suffix(marks));
    key.is_some_and(|key| {
        let start = key.windows(marks.len()).rposition(|part| part == marks);
        start.is_some_and(|start| is_name_of_link(&key[start + marks.len()..]))
    })
}

/// Returns whether what follows is a link of a page: an attribute without quotes (HTML, section 13.1.2.3), `url(` and
/// `@import` of a style sheet (CSS Values, section 4.5), a further image of a `srcset`, or where a page leads its reader
/// (`content="0; url=/next"`).
fn is_in_page(before: &[u8]) -> bool {
    if let Some(tag) = before.strip_suffix(b"=") {
        let name = attribute(tag);
        let ahead = &tag[..tag.len() - name.len()];
        let in_tag = ahead.last().is_some_and(u8::is_ascii_whitespace)
            && ahead.iter().rposition(|byte| *byte == b'<')
                > ahead.iter().rposition(|byte| *byte == b'>');
        let leads = || name.eq_ignore_ascii_case(b"url") && ahead.trim_ascii_end().ends_with(b";");
        return in_tag && is_name_of_link(name) || leads();
    }
    let unquoted =
        before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    if ends_in(unquoted.trim_ascii_end(), "url(") || ends_in(unquoted, "@import ") {
        return true;
    }
    let images = before.trim_ascii_end();
    images.ends_with(b",") && {
        let quote = images.iter().rposition(|byte| b"\"'<>".contains(byte));
        let tag = quote.and_then(|at| images[..at].strip_suffix(b"="));
        tag.is_some_and(|tag| ends_in(attribute(tag), "srcset"))
    }
}

/// Returns the name of an attribute at the end of a text.
fn attribute(text: &[u8]) -> &[u8] {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b":-_".contains(byte);
    let length = text.iter().rev().take_while(|byte| is_of_name(byte)).count();
    &text[text.len() - length..]
}

/// Returns whether values of a name are links: `nextPageUrl`, `@odata.nextLink`, `D:href`.
fn is_name_of_link(name: &[u8]) -> bool {
    let name = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_ @.".contains(byte)) {
        return false;
    }
    let name: Vec<u8> =
        name.iter().filter(|byte| !b"-_ ".contains(byte)).map(u8::to_ascii_lowercase).collect();
    NAMES.iter().any(|known| known.as_bytes() == name)
        || ENDS.iter().any(|end| name.ends_with(end.as_bytes()))
}
