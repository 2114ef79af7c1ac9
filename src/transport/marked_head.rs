//! Finds the heads of HTTP/2 answers that are sent slowly: hyper encodes a head without exposing
//! its stream, so the head carries a mark by which it is found among the frames that hyper writes.
//!
//! The mark is a header field that the encoder never indexes (RFC 7541, section 6.2.3): removing it
//! from the block leaves the rest unchanged. All its characters have Huffman codes of five bits, so
//! that its bytes are known.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::{HeaderName, HeaderValue};

use crate::message::Pace;

use super::frame_types::kind;

/// The name of the field: eight characters of five bits each.
const NAME: &str = "static0e";
/// Its code.
const NAME_CODE: [u8; 5] = code(*b"static0e");
/// The characters whose Huffman codes are the numbers from 0 to 9, of five bits (RFC 7541, appendix B).
const DIGITS: [u8; 10] = *b"012aceiost";
/// The bytes of a mark: a literal that is never indexed, a name and a value of five bytes each.
const MARK: usize = 13;
/// How many marks may be pending: a cancelled answer leaves its mark behind.
const MOST: usize = 1_000;

/// Returns the five bytes of eight characters of [`DIGITS`].
const fn code(text: [u8; 8]) -> [u8; 5] {
    let mut bits: u64 = 0;
    let mut at = 0;
    while at < 8 {
        let mut digit = 0;
        while DIGITS[digit] != text[at] {
            digit += 1;
        }
        bits = bits << 5 | digit as u64;
        at += 1;
    }
    let [_, _, _, bytes @ ..] = bits.to_be_bytes();
    bytes
}

/// The marked heads that are pending on a connection.
#[derive(Debug, Default)]
pub(super) struct MarkedHeads {
    next: AtomicU32,
    any: AtomicBool,
    heads: Mutex<BTreeMap<u32, Pace>>,
}

impl MarkedHeads {
    /// Returns whether the written bytes may contain a marked head.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Pace>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the field that marks a head.
    pub(super) fn mark(&self, pace: Pace) -> (HeaderName, HeaderValue) {
        let id = self.next.fetch_add(1, Ordering::AcqRel) % 100_000_000;
        let mut heads = self.lock();
        heads.insert(id, pace);
        while heads.len() > MOST {
            heads.pop_first();
        }
        self.any.store(true, Ordering::Release);
        let digits: String = format!("{id:08}")
            .bytes()
            .map(|digit| char::from(DIGITS[usize::from(digit - b'0')]))
            .collect();
        let mut value =
            HeaderValue::try_from(digits).unwrap_or(HeaderValue::from_static("00000000"));
        value.set_sensitive(true);
        (HeaderName::from_static(NAME), value)
    }

    /// Returns the marked head in a block of header fields, and the position of the mark.
    fn find(&self, block: &[u8]) -> Option<(usize, Pace)> {
        let at = block.windows(MARK).position(|part| {
            part[..2] == [0x10, 0x85] && part[2..7] == NAME_CODE && part[7] == 0x85
        })?;
        let mut bits = [0; 8];
        bits[3..].copy_from_slice(&block[at + 8..at + MARK]);
        let bits = u64::from_be_bytes(bits);
        let digits = (0..8).rev().map(|place| (bits >> (place * 5) & 31) as u32);
        let id = digits.fold(0, |id, digit| id * 10 + digit);
        let mut heads = self.lock();
        let head = heads.remove(&id)?;
        if heads.is_empty() {
            self.any.store(false, Ordering::Release);
        }
        Some((at, head))
    }

    /// Returns the replacement of a frame that hyper writes, or `None` if the frame is unchanged.
    pub(super) fn replace(&self, frame: &[u8]) -> Option<MarkedFrame> {
        let (head, block) = frame.split_at_checked(9)?;
        if head[3] != kind::HEADERS {
            return None;
        }
        let (at, pace) = self.find(block)?;
        let [_, _, _, rest @ ..] = head else { return None };
        // A frame that hyper writes has 16 KiB at most.
        let length = u32::try_from(block.len() - MARK).ok()?.to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend_from_slice(rest);
        frame.extend_from_slice(&block[..at]);
        frame.extend_from_slice(&block[at + MARK..]);
        Some(MarkedFrame { frame, pace })
    }
}

/// A head that is sent slowly.
#[derive(Debug)]
pub(super) struct MarkedFrame {
    pub(super) frame: Vec<u8>,
    /// Its pace.
    pub(super) pace: Pace,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn marks_are_found_and_taken_out() {
        let marks = MarkedHeads::default();
        assert!(!marks.any());
        let pace = |size| Pace::Chunks { size, every: Duration::from_millis(1) };
        let (first, second) = (marks.mark(pace(1)), marks.mark(pace(2)));
        assert_eq!((first.0.as_str(), first.1.as_bytes()), (NAME, &b"00000000"[..]));
        assert_eq!(second.1.as_bytes(), b"00000001");
        // The second, between two indexed fields.
        let mut block = vec![0x88, 0x10, 0x85];
        block.extend(NAME_CODE);
        block.push(0x85);
        block.extend([0, 0, 0, 0, 1]);
        block.push(0x89);
        let mut frame = vec![0, 0, 16, kind::HEADERS, 5, 0, 0, 0, 7];
        frame.extend(&block);
        let replaced = marks.replace(&frame).unwrap();
        assert_eq!(replaced.pace, pace(2));
        assert_eq!(replaced.frame, b"\0\0\x02\x01\x05\0\0\0\x07\x88\x89");
        assert!(marks.any() && marks.replace(&frame).is_none(), "each once");
    }
}
