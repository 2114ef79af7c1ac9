//! A body of any length, searched for secrets piece by piece.

use std::io::{self, Write};
use std::ops::Range;

use http::HeaderMap;
use memchr::memmem;

use crate::record::clean::Clean;
use crate::record::files::UnnamedBody;
use crate::record::spool::is_text;
use crate::redact::Redacted;

use super::links::{FoundLinks, LinkSearch};

/// The first bytes of gzip.
pub(super) const GZIP: &[u8] = &[0x1f, 0x8b, 8];

/// What becomes of a large body.
#[derive(Debug)]
pub(in crate::record) enum Searched {
    /// It is without secrets, and has these links.
    Clean(UnnamedBody, FoundLinks),
    /// It may hold secrets: why.
    Opaque(String),
}

/// A body is searched in pieces of about this size, in bytes; in tests in small ones.
const PIECE: usize = if cfg!(test) { 8 << 10 } else { 512 << 10 };

/// A piece that cannot be cut well is at most this long, in bytes.
const LONGEST: usize = 8 * PIECE;

/// Shorter runs of characters in a body that is not text are noise, in bytes.
const SHORTEST_RUN: usize = 8;

/// Where a piece may end, the best first: no secret goes on behind it.
const CUTS: [&[u8]; 6] = [b"\n", b"\0\0", b"},", b"\",", b"&", b" "];

/// How the characters of a body are encoded, by its begin.
#[derive(Debug, Clone, Copy)]
enum Encoding {
    /// UTF-16.
    Wide(Wide),
    /// Anything else.
    Bytes,
}

impl Encoding {
    fn of(begin: &[u8]) -> Self {
        Wide::of(begin).map_or(Self::Bytes, Self::Wide)
    }
}

/// Searches what is written to it, and writes it on without the secrets.
pub(super) struct Search<'c, 'r, W> {
    clean: &'c Clean<'r>,
    piece: Vec<u8>,
    encoding: Option<Encoding>,
    searched: Vec<u8>,
    pub(super) out: W,
    /// Whether there were secrets.
    pub(super) changed: bool,
    pub(super) links: LinkSearch<'c>,
}

impl<'c, 'r, W: Write> Search<'c, 'r, W> {
    pub(super) fn new(clean: &'c Clean<'r>, out: W) -> Self {
        let (piece, searched) = (Vec::with_capacity(2 * PIECE), Vec::new());
        let links = LinkSearch::new(clean.links());
        Self { clean, piece, encoding: None, searched, out, changed: false, links }
    }

    /// Searches the rest.
    ///
    /// # Errors
    /// Those of what it writes to.
    pub(super) fn finish(mut self) -> io::Result<Self> {
        self.search(self.piece.len())?;
        Ok(self)
    }

    /// Searches the first bytes of what is there, and writes them on.
    fn search(&mut self, length: usize) -> io::Result<()> {
        let piece = &self.piece[..length];
        let encoding = *self.encoding.get_or_insert_with(|| Encoding::of(piece));
        let new = match encoding {
            Encoding::Wide(wide) => wide.without_secrets(piece, self.clean),
            Encoding::Bytes if is_text(piece) => in_text(piece, self.clean),
            Encoding::Bytes => in_binary(piece, self.clean),
        };
        self.links.push(piece);
        self.changed |= new.is_some();
        self.out.write_all(new.as_deref().unwrap_or(piece))?;
        // The rest goes to the front without a move of all that was read.
        self.searched.clear();
        self.searched.extend_from_slice(&self.piece[length..]);
        std::mem::swap(&mut self.piece, &mut self.searched);
        Ok(())
    }

    /// Where the piece ends, where it can end.
    fn cut(&self) -> Option<usize> {
        let encoding = self.encoding.unwrap_or_else(|| Encoding::of(&self.piece));
        let at = if matches!(encoding, Encoding::Wide(_)) {
            // A line end is two bytes there, at an even place.
            let pairs = self.piece.chunks_exact(2);
            pairs
                .into_iter()
                .rposition(|pair| pair == [b'\n', 0] || pair == [0, b'\n'])
                .map(|at| 2 * (at + 1))
        } else {
            CUTS.iter().find_map(|cut| {
                // One that leaves a short piece only is not a good cut.
                let from = self.piece.len() / 2;
                memmem::rfind(&self.piece[from..], cut).map(|at| from + at + cut.len())
            })
        };
        let at = at.or_else(|| (self.piece.len() >= LONGEST).then_some(LONGEST & !1))?;
        Some(before_block(&self.piece, at))
    }
}

/// Where a piece ends that would end inside of a PEM block: before it.
fn before_block(piece: &[u8], at: usize) -> usize {
    let begin = memmem::rfind(&piece[..at], b"-----BEGIN ");
    let end = memmem::rfind(&piece[..at], b"-----END ");
    match begin {
        Some(begin) if begin > 0 && end.is_none_or(|end| end < begin) => begin,
        _ => at,
    }
}

impl<W: Write> Write for Search<'_, '_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE
            && let Some(at) = self.cut()
        {
            self.search(at)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text without its secrets, where it has some.
fn in_text(text: &[u8], clean: &Clean<'_>) -> Option<Vec<u8>> {
    match clean.body(&HeaderMap::new(), text) {
        Redacted::Same => None,
        Redacted::Changed(new) => Some(new),
        Redacted::Opaque(_) => Some(Vec::new()),
    }
}

/// Bytes that are not text without the secrets in their runs of characters, where they have some.
pub(super) fn in_binary(bytes: &[u8], clean: &Clean<'_>) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    let mut done = 0;
    for run in runs(bytes) {
        if let Some(new) = in_text(&bytes[run.clone()], clean) {
            let out = out.get_or_insert_default();
            out.extend_from_slice(&bytes[done..run.start]);
            out.extend_from_slice(&new);
            done = run.end;
        }
    }
    out.map(|mut out| {
        out.extend_from_slice(&bytes[done..]);
        out
    })
}

/// The runs of characters that are long enough to tell something.
fn runs(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let chunks = bytes.utf8_chunks().map(move |chunk| {
        let at = start;
        start += chunk.valid().len() + chunk.invalid().len();
        (at, chunk.valid())
    });
    let parts = chunks.flat_map(|(at, text)| {
        let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        let begin = text.as_ptr().addr();
        text.split(is_control).map(move |run| {
            let from = at + (run.as_ptr().addr() - begin);
            from..from + run.len()
        })
    });
    parts.filter(|run| run.len() >= SHORTEST_RUN)
}

/// UTF-16, by the order of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    Little,
    Big,
}

impl Wide {
    /// By the mark at the start, or by the zeros of its first characters.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            [first, 0, second, 0, ..] if is_plain(*first) && is_plain(*second) => {
                Some(Self::Little)
            }
            [0, first, 0, second, ..] if is_plain(*first) && is_plain(*second) => Some(Self::Big),
            _ => None,
        }
    }

    /// A text without its secrets, where it has some.
    fn without_secrets(self, bytes: &[u8], clean: &Clean<'_>) -> Option<Vec<u8>> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let unit = |pair: &[u8; 2]| match self {
            Self::Little => u16::from_le_bytes(*pair),
            Self::Big => u16::from_be_bytes(*pair),
        };
        let Ok(text) = char::decode_utf16(pairs.iter().map(unit)).collect::<Result<String, _>>()
        else {
            return in_binary(bytes, clean);
        };
        let new = String::from_utf8(in_text(text.as_bytes(), clean)?).ok()?;
        let pair = |unit: u16| match self {
            Self::Little => unit.to_le_bytes(),
            Self::Big => unit.to_be_bytes(),
        };
        Some(new.encode_utf16().flat_map(pair).chain(rest.iter().copied()).collect())
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}
