//! Hides what waits on disk with the key of the recording (`ChaCha20`): a file that a killed process left shows no
//! secrets.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

/// How many bytes of the key stream are made at once.
const BLOCK: usize = 1024;

/// Seals records, each with a key stream of its own.
#[derive(Clone)]
pub(super) struct Seal([u8; 32]);

impl Seal {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Seals bytes, or opens sealed ones. `number` is that of the record, which no other has.
    pub(super) fn apply(&self, number: u64, bytes: &mut [u8]) {
        SealStream::new(self.0, number).apply(bytes);
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// The seal of bytes that come piece by piece, from their beginning on.
pub(in crate::record) struct SealStream {
    stream: ChaCha20Rng,
    pad: [u8; BLOCK],
    used: usize,
}

impl SealStream {
    /// The seal under a key; `number` tells streams under the same key apart.
    pub(in crate::record) fn new(key: [u8; 32], number: u64) -> Self {
        let mut stream = ChaCha20Rng::from_seed(key);
        stream.set_stream(number);
        Self { stream, pad: [0; BLOCK], used: BLOCK }
    }

    /// Seals the next bytes, or opens sealed ones.
    pub(in crate::record) fn apply(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            if self.used == BLOCK {
                self.stream.fill_bytes(&mut self.pad);
                self.used = 0;
            }
            let pad = &self.pad[self.used..];
            let (now, after) = bytes.split_at_mut(bytes.len().min(pad.len()));
            now.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
            self.used += now.len();
            bytes = after;
        }
    }
}

impl std::fmt::Debug for SealStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealStream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_opens_what_it_sealed() {
        let seal = Seal::new([7; 32]);
        let text: Vec<u8> = (0..3000_u32).map(|n| (n % 251) as u8).collect();
        let mut sealed = text.clone();
        seal.apply(9, &mut sealed);
        assert!(!sealed.windows(8).any(|part| text.windows(8).any(|other| part == other)));
        let mut other = sealed.clone();
        seal.apply(10, &mut other);
        assert_ne!(other, text);
        // However the pieces are cut.
        let mut stream = SealStream::new([7; 32], 9);
        for piece in sealed.chunks_mut(333) {
            stream.apply(piece);
        }
        assert_eq!(sealed, text);
    }
}
