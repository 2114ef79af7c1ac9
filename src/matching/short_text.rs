//! Short strings that are stored inline.
//!
//! Among a hundred thousand stubs the one that answers is not in the CPU cache. Each pointer
//! dereference is another cache miss, so the compared text is stored in the stub itself.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

/// A string, stored inline up to `N` bytes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ShortText<const N: usize>(SmallVec<[u8; N]>);

impl<const N: usize> ShortText<N> {
    /// Returns the text as bytes, for comparison.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> From<&str> for ShortText<N> {
    fn from(text: &str) -> Self {
        let mut bytes = SmallVec::with_capacity(text.len());
        bytes.extend_from_slice(text.as_bytes());
        Self(bytes)
    }
}

impl<const N: usize> Deref for ShortText<N> {
    type Target = str;

    fn deref(&self) -> &str {
        // The bytes come from a `str`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> AsRef<str> for ShortText<N> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl<const N: usize> fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<const N: usize> fmt::Display for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_stay_as_they_are() {
        for text in ["", "é", "12345678", "123456789", &"ü".repeat(500)] {
            let short = ShortText::<8>::from(text);
            assert_eq!((&*short, short.as_bytes()), (text, text.as_bytes()));
            assert_eq!(short.0.spilled(), text.len() > 8);
        }
    }
}
