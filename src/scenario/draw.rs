//! Draws: outcome n of a rule is a pure function of (seed, rule, world, n).
//!
//! SHA-256 is the function: it is the same in every version of every library, so a seed that is
//! written into a bug report today gives the same run for ever.

use sha2::{Digest, Sha256};

/// A number from 0 up to, and without, 1.
pub(super) fn fraction(seed: u64, rule: &str, world: &str, n: u64) -> f64 {
    let bytes = hash(seed, rule, world, n);
    let mut high = [0_u8; 8];
    high.copy_from_slice(&bytes[..8]);
    // 53 bits are what a double holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let fraction = (u64::from_be_bytes(high) >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

/// A text that looks random and is not: the n-th token of a world.
pub(super) fn token(seed: u64, name: &str, world: &str, n: u64) -> String {
    let bytes = hash(seed, name, world, n);
    let hex: String = bytes.iter().take(24).map(|byte| format!("{byte:02x}")).collect();
    format!("MII{hex}")
}

fn hash(seed: u64, name: &str, world: &str, n: u64) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_be_bytes());
    // Lengths first, so that no two tuples run together to the same bytes.
    for text in [name, world] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.update(n.to_be_bytes());
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_pure_and_even() {
        assert!((fraction(42, "r", "w", 7) - fraction(42, "r", "w", 7)).abs() < f64::EPSILON);
        assert!((fraction(42, "r", "w", 7) - fraction(42, "r", "w", 8)).abs() > f64::EPSILON);
        // 10,000 draws at 30%: five standard deviations are 229.
        let hits = (0..10_000).filter(|n| fraction(42, "throttle", "default", *n) < 0.3).count();
        assert!(hits.abs_diff(3000) < 229, "{hits}");
    }
}
