//! A filter of the text windows that patterns need: one bit rules out most windows of a request.

use std::sync::Arc;

/// The bits of a filter: with a hundred thousand patterns one window in ten is a false positive.
const BITS: u32 = 20;

/// The words of one block: a change copies one.
const BLOCK: usize = 512;

/// A set of hashes with false positives. Hashes are never removed: a stale one costs a lookup.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Empty before the first hash.
    blocks: Vec<Arc<[u64; BLOCK]>>,
}

impl Filter {
    pub(super) fn insert(&mut self, hash: u64) {
        if self.blocks.is_empty() {
            let empty = Arc::new([0; BLOCK]);
            self.blocks = vec![empty; (1 << BITS) / (64 * BLOCK)];
        }
        let (block, word, bit) = place(hash);
        Arc::make_mut(&mut self.blocks[block])[word] |= bit;
    }

    pub(super) fn may_have(&self, hash: u64) -> bool {
        let (block, word, bit) = place(hash);
        self.blocks.get(block).is_some_and(|block| block[word] & bit != 0)
    }
}

/// Returns the block, the word and the bit of a hash.
fn place(hash: u64) -> (usize, usize, u64) {
    let at = usize::try_from(hash >> (u64::BITS - BITS)).unwrap_or(0);
    (at / (64 * BLOCK), at / 64 % BLOCK, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_there_and_little_else() {
        let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut filter = Filter::default();
        assert!(!filter.may_have(spread(1)));
        for n in 0..10_000 {
            filter.insert(spread(n));
        }
        assert!((0..10_000).all(|n| filter.may_have(spread(n))));
        let wrong = (10_000..20_000).filter(|n| filter.may_have(spread(*n))).count();
        assert!(wrong < 500, "{wrong}");
    }
}
