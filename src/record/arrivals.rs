//! The body of an answer while it arrives: its bytes, when the parts of it came, and a file for a large one.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::spool::{Spool, SpoolThread, SpooledBody};

/// A shorter pause in a body is the network's.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// How many chunks of a stream are recorded; later ones are joined to the last.
pub(super) const MAX_CHUNKS: usize = 10_000;

/// A larger body is a download, and its parts are those of the network, in bytes.
pub(super) const LARGEST_PACED: usize = 1 << 20;

/// Bytes that arrived together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Since the head of the answer.
    pub(super) at: Duration,
    pub(super) bytes: Bytes,
}

/// A body as it arrives, and when its parts did. A large one goes to a file, without its times.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    bytes: BytesMut,
    /// When a part arrived, and the length of the body by then.
    marks: Vec<(Duration, usize)>,
    /// What writes the file of a large body; without it, all of it is held.
    spools: Option<SpoolThread>,
    spool: Option<Spool>,
    length: u64,
}

/// A body that has arrived.
#[derive(Debug, Clone)]
pub(super) enum ArrivedBody {
    /// All of it, and its parts.
    Held(Bytes, Vec<Chunk>),
    File(SpooledBody),
}

impl Arrivals {
    /// A body that goes to a file once it is large.
    pub(super) fn spooled(spools: SpoolThread) -> Self {
        Self { spools: Some(spools), ..Self::default() }
    }

    /// Adds bytes that arrived, and goes on in a file past `most` bytes. Past the bound of parts they belong to the
    /// last one.
    ///
    /// # Errors
    /// When the file of a large body cannot be written.
    pub(super) fn push(&mut self, at: Duration, bytes: &[u8], most: usize) -> io::Result<()> {
        self.length += bytes.len() as u64;
        if let Some(spool) = &mut self.spool {
            return spool.push(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        let length = self.bytes.len();
        if let Some(spools) = self.spools.as_ref().filter(|_| length > most) {
            self.spool = Some(spools.begin(std::mem::take(&mut self.bytes).freeze()));
            self.marks = Vec::new();
            return Ok(());
        }
        let room = self.marks.len() < MAX_CHUNKS;
        match self.marks.last_mut() {
            Some(last) if !room => last.1 = length,
            _ => self.marks.push((at, length)),
        }
        Ok(())
    }

    /// Waits until the file of a large body takes more.
    pub(super) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        self.spool.as_ref().map_or(Poll::Ready(()), |spool| spool.poll_ready(cx))
    }

    /// Whether further parts belong to the last one.
    pub(super) fn has_most_parts(&self) -> bool {
        self.marks.len() >= MAX_CHUNKS
    }

    /// Whether it comes with pauses, as a log that is followed does.
    pub(super) fn is_paced(&self) -> bool {
        self.marks.windows(2).any(|pair| pair[1].0.saturating_sub(pair[0].0) >= PAUSE)
    }

    /// How much has arrived, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// How much of it is held, in bytes.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// What has arrived. `chunk_ends` says where the chunks of a body over HTTP/1.1 ended. The parts of a text are these
    /// chunks: who reads one message from each finds the same ones at replay. Those of bytes are what arrived together:
    /// a server that copies from a file or a pipe has other chunks each time.
    pub(super) fn finish(self, chunk_ends: Option<&[u64]>) -> ArrivedBody {
        if let Some(spool) = self.spool {
            return ArrivedBody::File(spool.finish());
        }
        let whole = self.bytes.freeze();
        let mut start = 0;
        let part = |(at, end): (Duration, usize)| {
            let bytes = whole.slice(std::mem::replace(&mut start, end)..end);
            Chunk { at, bytes }
        };
        let parts = self.marks.into_iter().map(part).collect();
        let is_text = || whole.len() <= LARGEST_PACED && std::str::from_utf8(&whole).is_ok();
        let parts = match chunk_ends.filter(|_| is_text()) {
            Some(ends) => in_chunks(parts, &whole, ends),
            None => parts,
        };
        ArrivedBody::Held(whole, parts)
    }
}

impl ArrivedBody {
    /// All of it, where it is held.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Held(bytes, _) => bytes,
            Self::File(_) => &[],
        }
    }

    /// Its file, where it has one.
    pub(super) fn file(&self) -> Option<&SpooledBody> {
        match self {
            Self::Held(..) => None,
            Self::File(file) => Some(file),
        }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Held(bytes, _) => bytes.len() as u64,
            Self::File(file) => file.length(),
        }
    }
}

/// The chunks of a body, each at the time when it was complete. What is behind the last known end is one more.
fn in_chunks(parts: Vec<Chunk>, whole: &Bytes, ends: &[u64]) -> Vec<Chunk> {
    let mut out = Vec::with_capacity(ends.len());
    let (mut start, mut arrived) = (0, 0);
    let mut parts = parts.into_iter();
    let mut at = Duration::ZERO;
    for end in ends.iter().copied().chain([u64::MAX]) {
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(whole.len());
        while arrived < end
            && let Some(part) = parts.next()
        {
            arrived += part.bytes.len();
            at = part.at;
        }
        if start < end {
            out.push(Chunk { at, bytes: whole.slice(start..end) });
            start = end;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(parts: &[(u64, &str)], ends: Option<&[u64]>) -> Vec<(u64, String)> {
        let mut arrivals = Arrivals::default();
        for (ms, text) in parts {
            arrivals.push(Duration::from_millis(*ms), text.as_bytes(), usize::MAX).unwrap();
        }
        let ArrivedBody::Held(_, parts) = arrivals.finish(ends) else { panic!("it is small") };
        let part = |part: &Chunk| {
            let ms = u64::try_from(part.at.as_millis()).unwrap();
            (ms, String::from_utf8_lossy(&part.bytes).into_owned())
        };
        parts.iter().map(part).collect()
    }

    #[test]
    fn the_parts_of_a_text_are_its_chunks() {
        let parts = [(0, "ab"), (1, "cdef"), (5, "gh"), (9, "i")];
        let own = |list: &[(u64, &str)]| -> Vec<(u64, String)> {
            list.iter().map(|(ms, text)| (*ms, (*text).to_owned())).collect()
        };
        for (ends, expected) in [
            (None, &parts[..]),
            (Some(&[3, 8, 9][..]), &[(1, "abc"), (5, "defgh"), (9, "i")]),
            (Some(&[9]), &[(9, "abcdefghi")]),
            (Some(&[4]), &[(1, "abcd"), (9, "efghi")]),
            (Some(&[]), &[(9, "abcdefghi")]),
            (Some(&[9, 12]), &[(9, "abcdefghi")]),
        ] {
            assert_eq!(finished(&parts, ends), own(expected), "{ends:?}");
        }
        assert!(finished(&[], Some(&[1])).is_empty());
    }
}
