//! Draws of stubs' answers: delays and random texts. The same seed gives the same draws, answer by answer.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the answers of a world that draw.
#[derive(Debug, Default)]
pub(crate) struct Draws(AtomicU64);

impl Draws {
    /// The draws of the next answer: evenly spread 64-bit numbers.
    pub(super) fn of_next_answer(&self, seed: u64, world: &str) -> impl FnMut() -> u64 + use<> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let world = world.bytes().fold(0, |state, byte| mixed(state ^ u64::from(byte)));
        let mut state = mixed(seed ^ world) ^ mixed(number);
        move || {
            state = state.wrapping_add(STEP);
            mixed(state)
        }
    }

    /// Begins anew.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The golden ratio, as `SplitMix64` steps.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The mixing function of `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_draws() {
        let draws = |seed, world| {
            let of = Draws::default();
            let one: Vec<u64> = (0..3).map(|_| of.of_next_answer(seed, world)()).collect();
            of.reset();
            assert_eq!(of.of_next_answer(seed, world)(), one[0]);
            one
        };
        assert_eq!(draws(1, "a"), draws(1, "a"));
        assert_ne!(draws(1, "a"), draws(2, "a"));
        assert_ne!(draws(1, "a"), draws(1, "b"));
        let one = draws(1, "a");
        assert!(one[0] != one[1] && one[1] != one[2]);
    }
}
