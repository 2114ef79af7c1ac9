//! Damage: changes to an otherwise unchanged answer.

use super::pace::Pace;

/// The damage of one answer. It is done to the plan, before its delivery.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Damage {
    /// The fraction of the body's bytes that have a flipped bit, and the seed from which they are
    /// drawn.
    pub(crate) corrupt: Option<(f64, u64)>,
    /// How many bytes at the beginning of the body are sent twice.
    pub(crate) repeat: Option<u64>,
    pub(crate) length: Option<WrongLength>,
    pub(crate) charset: Option<WrongCharset>,
    pub(crate) gzip: Option<BrokenGzip>,
    /// How many bytes are added to the head.
    pub(crate) padding: Option<u64>,
    /// The codes of informational answers before the answer.
    pub(crate) informational: Vec<u16>,
    /// How fast the head is sent.
    pub(crate) head_pace: Option<Pace>,
    /// How fast the request's body is read before.
    pub(crate) read_pace: Option<Pace>,
}

/// How a Content-Length is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrongLength {
    Short,
    Long,
}

/// How the encoding of a text is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrongCharset {
    Wrong,
    Mixed,
}

/// How the end of a compressed body is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrokenGzip {
    Truncated,
    Checksum,
}

impl Damage {
    /// Adds the damage of another rule; damage that is already set takes precedence.
    pub(crate) fn and(&mut self, other: &Self) {
        self.corrupt = self.corrupt.or(other.corrupt);
        self.repeat = self.repeat.or(other.repeat);
        self.length = self.length.or(other.length);
        self.charset = self.charset.or(other.charset);
        self.gzip = self.gzip.or(other.gzip);
        self.padding = self.padding.or(other.padding);
        if self.informational.is_empty() {
            self.informational.clone_from(&other.informational);
        }
        self.head_pace = self.head_pace.or(other.head_pace);
        self.read_pace = self.read_pace.or(other.read_pace);
    }
}
