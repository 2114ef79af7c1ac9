//! Rewrites links in a streamed body, in which a link may be split between pieces.

use std::sync::Arc;

use bytes::Bytes;

use super::Links;
use super::base::ClientBase;
use super::reference::NAMED_WITHIN;
use super::scan::{ends_in_word, is_delimiter};
use super::spelling::{SPELLINGS, path_spellings};

/// Rewrites a body piece by piece. Only a possible prefix of a link waits for the next piece.
#[derive(Debug)]
pub(super) struct Rewriting {
    base: ClientBase,
    /// All prefixes of links.
    beginnings: Arc<[String]>,
    /// The length of the longest of them.
    longest: usize,
    /// How many sent bytes decide whether a link follows.
    context: usize,
    /// The last bytes that were sent on, then what waits.
    held: Bytes,
    /// How many bytes of it were sent on.
    sent: usize,
}

/// The length of the longest scheme.
const SCHEME: usize = 5;

/// How many sent bytes of context decide whether a link follows: a scheme, and an escape before it.
const CONTEXT: usize = SCHEME + 7;

impl Rewriting {
    /// For the client with this base.
    pub(super) fn new(links: &Links, base: ClientBase) -> Self {
        let beginnings = links.beginnings();
        let longest = beginnings.iter().map(String::len).max().unwrap_or_default();
        let has_paths = links.answering.is_some()
            || links.backends.iter().any(|backend| !backend.base.is_empty());
        let context = if has_paths { NAMED_WITHIN } else { CONTEXT };
        Self { base, beginnings, longest, context, held: Bytes::new(), sent: 0 }
    }

    /// Returns the bytes that can be sent on after this piece.
    pub(super) fn push(&mut self, links: &Links, piece: Bytes) -> Bytes {
        let whole =
            if self.held.is_empty() { piece } else { [&*self.held, &*piece].concat().into() };
        let end = self.complete(&whole).max(self.sent);
        let ready = self.rewritten(links, &whole, end);
        let context = end.saturating_sub(self.context);
        (self.held, self.sent) = (whole.slice(context..), end - context);
        ready
    }

    /// Returns the rest at the end of the body.
    pub(super) fn finish(&mut self, links: &Links) -> Bytes {
        let last = std::mem::take(&mut self.held);
        self.rewritten(links, &last, last.len())
    }

    /// Returns the rewritten pending bytes up to an offset.
    fn rewritten(&self, links: &Links, text: &Bytes, end: usize) -> Bytes {
        let mut cuts = [self.sent, end];
        let new = links.to_client_from(text, self.sent, &self.base, &mut cuts);
        new.map_or_else(|| text.clone(), Bytes::from).slice(cuts[0]..cuts[1])
    }

    /// Returns how many bytes cannot be the prefix of an incomplete link.
    fn complete(&self, text: &[u8]) -> usize {
        let from = text.len().saturating_sub(self.longest).max(self.sent);
        let begins = |at: &usize| {
            let (before, tail) = text.split_at(*at);
            let begins_here = match tail.first() {
                Some(b'h' | b'H' | b'w' | b'W') => tail.len() > SCHEME || !ends_in_word(before),
                Some(b'/' | b'\\' | b'%' | b'&') => is_delimiter(before),
                _ => false,
            };
            let goes_on = |beginning: &String| {
                let start = beginning.as_bytes().get(..tail.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(tail))
            };
            begins_here && self.beginnings.iter().any(goes_on)
        };
        (from..text.len()).find(begins).unwrap_or(text.len())
    }
}

impl Links {
    /// Returns all prefixes of links to a backend, up to the character after its path.
    fn beginnings(&self) -> Arc<[String]> {
        let make = || {
            let mut out = Vec::new();
            for backend in &*self.backends {
                // One more character shows whether a reference continues in the same segment.
                out.extend(path_spellings(&backend.base));
                for host in &backend.hosts {
                    for scheme in ["http:", "https:", "ws:", "wss:", ""] {
                        for port in [format!(":{}", backend.port), String::new()] {
                            let text = format!("{scheme}//{}{port}{}", host.name, backend.base);
                            out.extend(SPELLINGS.map(|spelling| spelling.write(&text)));
                        }
                    }
                }
            }
            out.sort_unstable();
            out.dedup();
            out.into()
        };
        Arc::clone(self.beginnings.get_or_init(make))
    }
}
