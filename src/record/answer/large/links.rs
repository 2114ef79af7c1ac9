//! Which links a body has that is read piece by piece.

use crate::links::Links;

/// How much of a piece is looked at again with the next one, in bytes: a link may begin in it.
const OVERLAP: usize = 2 << 10;

/// Which links a body has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::record) struct FoundLinks {
    pub(in crate::record) to_backends: bool,
    /// To the server that was asked.
    pub(in crate::record) to_own: bool,
}

/// Looks for links in a body that arrives in pieces.
#[derive(Debug)]
pub(super) struct LinkSearch<'l> {
    /// To the backends, and to the server that was asked; nothing where links stay.
    links: Option<(&'l Links, &'l Links)>,
    /// The end of the last piece.
    end: Vec<u8>,
    pub(super) found: FoundLinks,
}

impl<'l> LinkSearch<'l> {
    pub(super) fn new(links: Option<(&'l Links, &'l Links)>) -> Self {
        Self { links, end: Vec::new(), found: FoundLinks::default() }
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        let Some((backends, own)) = self.links else { return };
        self.end.extend_from_slice(&piece[..piece.len().min(OVERLAP)]);
        for text in [&self.end, piece] {
            self.found.to_backends = self.found.to_backends || backends.are_in(text);
            self.found.to_own = self.found.to_own || own.are_in(text);
        }
        if piece.len() >= OVERLAP {
            self.end.clear();
            self.end.extend_from_slice(&piece[piece.len() - OVERLAP..]);
        } else {
            let more = self.end.len().saturating_sub(OVERLAP);
            self.end.drain(..more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Backend;

    #[test]
    fn a_link_is_found_wherever_pieces_end() {
        let links = |url| Links::new(vec![Backend::new(url, "").unwrap()]);
        let (backends, own) = (links("http://api.test:8001"), links("http://own.test"));
        let text = [&[b'x'; 700][..], b" http://api.test:8001/a ", &[b'y'; 5_000]].concat();
        for size in [1, 2, 7, 64, 711, 720, 3_000, 9_000] {
            let mut search = LinkSearch::new(Some((&backends, &own)));
            text.chunks(size).for_each(|piece| search.push(piece));
            assert_eq!(search.found, FoundLinks { to_backends: true, to_own: false }, "{size}");
            let mut none = LinkSearch::new(None);
            text.chunks(size).for_each(|piece| none.push(piece));
            assert_eq!(none.found, FoundLinks::default());
        }
    }
}
