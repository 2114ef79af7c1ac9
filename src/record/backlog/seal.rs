//! Hides records with the key of the recording (`ChaCha20`): a file that a killed process left shows no secrets.

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
        let mut stream = ChaCha20Rng::from_seed(self.0);
        stream.set_stream(number);
        let mut pad = [0; BLOCK];
        for part in bytes.chunks_mut(BLOCK) {
            stream.fill_bytes(&mut pad);
            part.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        }
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
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
        seal.apply(9, &mut sealed);
        assert_eq!(sealed, text);
    }
}
