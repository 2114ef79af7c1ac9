//! Finds the links to backends in a text of any kind.
//!
//! The name of a backend's host is searched; the surrounding text decides whether it is part of a
//! link.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Links;
use super::backend::Backend;
use super::base::ClientBase;
use super::reference;
use super::spelling::{SPELLINGS, Spelling, begins_with, continues_segment, ends_in};

/// The beginning of a link: scheme, host, port and the path of its backend.
pub(super) struct Found<'l> {
    pub(super) range: Range<usize>,
    pub(super) backend: &'l Backend,
    scheme: Scheme,
    spelling: Spelling,
}

/// The scheme that a link has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    WebSocket,
    /// It begins with `//` (RFC 3986, section 4.2).
    Relative,
    /// It is a path alone, which continues after the backend's own.
    Path,
    /// It is the path of the backend itself.
    WholePath,
    /// It is a path without that of the backend that answers, which goes before it.
    BarePath,
}

/// The schemes, the longer ones first.
const SCHEMES: [(&str, Scheme); 4] = [
    ("https", Scheme::Http),
    ("http", Scheme::Http),
    ("wss", Scheme::WebSocket),
    ("ws", Scheme::WebSocket),
];

impl Links {
    /// Returns whether a text has a link to a backend.
    pub(crate) fn are_in(&self, text: &[u8]) -> bool {
        !self.find(text).is_empty()
    }

    /// Returns a text with the client's links in place of the backends', or `None` if it has none.
    pub(crate) fn to_client(&self, text: &[u8], base: &ClientBase) -> Option<Vec<u8>> {
        self.to_client_cut(text, base, &mut [])
    }

    /// Rewrites like [`Links::to_client`] a text with cuts at these ascending positions. The cuts
    /// move with the text; one inside a link moves after the link.
    pub(crate) fn to_client_cut(
        &self,
        text: &[u8],
        base: &ClientBase,
        cuts: &mut [usize],
    ) -> Option<Vec<u8>> {
        self.to_client_from(text, 0, base, cuts)
    }

    /// Rewrites like [`Links::to_client_cut`], except for the links that begin before an offset.
    pub(super) fn to_client_from(
        &self,
        text: &[u8],
        from: usize,
        base: &ClientBase,
        cuts: &mut [usize],
    ) -> Option<Vec<u8>> {
        let mut found = self.find(text);
        found.retain(|_, link| link.range.start >= from);
        if found.is_empty() {
            return None;
        }
        let mut cuts = cuts.iter_mut().peekable();
        let mut out = Vec::with_capacity(text.len() + found.len() * 16);
        let mut done = 0;
        for link in found.values() {
            while let Some(cut) = cuts.next_if(|cut| **cut <= link.range.start) {
                *cut = out.len() + *cut - done;
            }
            out.extend_from_slice(&text[done..link.range.start]);
            out.extend_from_slice(link.of_client(base).as_bytes());
            done = link.range.end;
            while let Some(cut) = cuts.next_if(|cut| **cut < done) {
                *cut = out.len();
            }
        }
        for cut in cuts {
            *cut = out.len() + *cut - done;
        }
        out.extend_from_slice(&text[done..]);
        Some(out)
    }

    /// Returns a text with `mark` in place of the beginnings of links, or `None` if it has none.
    #[cfg(any(feature = "record", test))]
    pub(crate) fn marked(&self, text: &str, mark: &str) -> Option<String> {
        let found = self.find(text.as_bytes());
        if found.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for link in found.values() {
            out.push_str(&text[done..link.range.start]);
            out.push_str(mark);
            done = link.range.end;
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    /// Returns the links in a text, by the place of their hosts. They do not overlap.
    pub(super) fn find(&self, text: &[u8]) -> BTreeMap<usize, Found<'_>> {
        let mut found = BTreeMap::new();
        let answering = self.answering.as_deref().and_then(|below| {
            self.backends.iter().find(|backend| backend.base.is_empty() && *backend.below == *below)
        });
        if let Some(backend) = answering {
            found.extend(reference::bare(text).map(|(at, spelling)| {
                let scheme = Scheme::BarePath;
                (at, Found { range: at..at, backend, scheme, spelling })
            }));
        }
        for backend in &*self.backends {
            // A path alone refers to the backend that answers.
            let bases = backend.bases.iter().filter(|_| answering.is_none());
            let bases = bases.filter(|base| base.find(text).is_some());
            for at in bases.flat_map(|base| base.find_iter(text)) {
                if let Some((length, spelling)) = reference::at(text, at, &backend.base) {
                    let ends = !text[at + length..].starts_with(spelling.slash.as_bytes());
                    let scheme = if ends { Scheme::WholePath } else { Scheme::Path };
                    let range = at..at + length;
                    found.entry(at).or_insert(Found { range, backend, scheme, spelling });
                }
            }
            // Most texts have no name of a backend, and an iterator copies its searcher.
            for host in backend.hosts.iter().filter(|host| host.finder.find(text).is_some()) {
                for at in host.finder.find_iter(text) {
                    if !found.contains_key(&at)
                        && let Some(link) = link_at(text, at, host.name.len(), backend)
                    {
                        found.insert(at, link);
                    }
                }
            }
        }
        found
    }
}

impl Found<'_> {
    /// Returns its prefix for a client.
    fn of_client(&self, base: &ClientBase) -> String {
        let path = format!("{}{}", base.path, self.backend.below);
        let scheme = match (self.scheme, base.secure) {
            (Scheme::WholePath, _) if path.is_empty() => return self.spelling.write("/"),
            (Scheme::Path | Scheme::WholePath | Scheme::BarePath, _) => {
                return self.spelling.write(&path);
            }
            (Scheme::Http, false) => "http://",
            (Scheme::Http, true) => "https://",
            (Scheme::WebSocket, false) => "ws://",
            (Scheme::WebSocket, true) => "wss://",
            (Scheme::Relative, _) => "//",
        };
        let text = format!("{scheme}{}{path}", base.authority);
        self.spelling.write(&text)
    }
}

/// Returns the link whose host is at a place, if it leads to the backend.
fn link_at<'l>(text: &[u8], at: usize, length: usize, backend: &'l Backend) -> Option<Found<'l>> {
    let (start, scheme, spelling) = before(&text[..at])?;
    let mut end = at + length;
    let (port, digits) = port(&text[end..], spelling);
    end += digits;
    if !backend.has_port(port) || goes_on(&text[end..]) {
        return None;
    }
    let base = spelling.write(&backend.base);
    if !begins_with(&text[end..], &base) {
        return None;
    }
    end += base.len();
    if !base.is_empty() && continues_segment(&text[end..]) {
        return None;
    }
    Some(Found { range: start..end, backend, scheme, spelling })
}

/// Scheme and slashes at the end of a text: where they begin.
fn before(text: &[u8]) -> Option<(usize, Scheme, Spelling)> {
    for spelling in SPELLINGS {
        let Some(slashes) = text.len().checked_sub(2 * spelling.slash.len()) else { continue };
        if !ends_in(text, spelling.slash)
            || !ends_in(&text[..slashes + spelling.slash.len()], spelling.slash)
        {
            continue;
        }
        let ahead = &text[..slashes];
        if !ends_in(ahead, spelling.colon) {
            if spelling.colon == natural_colon(spelling.slash) && is_delimiter(ahead) {
                return Some((slashes, Scheme::Relative, spelling));
            }
            continue;
        }
        let ahead = &ahead[..slashes - spelling.colon.len()];
        for (name, scheme) in SCHEMES {
            if ends_in(ahead, name) {
                let start = ahead.len() - name.len();
                // `xhttp://` has another scheme.
                return (!ends_in_word(&ahead[..start])).then_some((start, scheme, spelling));
            }
        }
        return None;
    }
    None
}

/// Returns the colon that goes with a slash where nothing else is said.
fn natural_colon(slash: &str) -> &'static str {
    SPELLINGS.iter().find(|spelling| spelling.slash == slash).map_or(":", |spelling| spelling.colon)
}

/// Returns whether what ends here may be followed by a link without a scheme.
pub(super) fn is_delimiter(text: &[u8]) -> bool {
    text.last().is_none_or(|byte| b"\"'`=(<>[{,;| \t\r\n".contains(byte))
}

/// Returns whether a text ends in a character of a scheme. An escape such as `\n` ends no word.
pub(super) fn ends_in_word(text: &[u8]) -> bool {
    match text {
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => false,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => false,
        [.., b'%', b'2', b'5', high, low]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
        {
            false
        }
        [.., last] => last.is_ascii_alphanumeric() || matches!(last, b'+' | b'-' | b'.'),
        [] => false,
    }
}

/// Returns the port at the start of a text, and the length of it with its colon.
fn port(text: &[u8], spelling: Spelling) -> (Option<u16>, usize) {
    for colon in [":", spelling.colon] {
        if !begins_with(text, colon) {
            continue;
        }
        let digits = text[colon.len()..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let written = std::str::from_utf8(&text[colon.len()..colon.len() + digits]).ok();
        if let Some(port) = written.and_then(|digits| digits.parse().ok()) {
            return (Some(port), colon.len() + digits);
        }
    }
    (None, 0)
}

/// Returns whether the host or the port continues, so that it is a different one.
fn goes_on(text: &[u8]) -> bool {
    match text {
        [b'.', next, ..] => next.is_ascii_alphanumeric(),
        [b':', next, ..] => next.is_ascii_digit(),
        [next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'-' | b'_' | b'@'),
        [] => false,
    }
}
