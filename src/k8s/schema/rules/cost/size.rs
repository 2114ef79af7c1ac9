//! Estimates of sizes and costs (`cel-go/checker/cost.go`): the least and the most.

/// How many values or characters, at least and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Range {
    pub(in super::super) min: u64,
    pub(in super::super) max: u64,
}

/// The cost of a character that is read.
pub(super) const TRAVERSAL: f64 = 0.1;
/// The cost of a character of a regular expression.
pub(super) const REGEX: f64 = 0.25;

impl Range {
    /// What is not known.
    pub(super) const UNKNOWN: Self = Self { min: 0, max: u64::MAX };

    pub(in super::super) fn new(min: u64, max: u64) -> Self {
        Self { min, max }
    }

    pub(in super::super) fn fixed(value: u64) -> Self {
        Self { min: value, max: value }
    }

    pub(in super::super) fn add(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), max: self.max.saturating_add(other.max) }
    }

    pub(in super::super) fn times(self, other: Self) -> Self {
        Self { min: self.min.saturating_mul(other.min), max: self.max.saturating_mul(other.max) }
    }

    /// Each bound times a factor, rounded up.
    pub(in super::super) fn scale(self, factor: f64) -> Self {
        Self { min: scale(self.min, factor), max: scale(self.max, factor) }
    }

    pub(in super::super) fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "upstream counts in floats; the conversion saturates"
)]
pub(super) fn scale(value: u64, factor: f64) -> u64 {
    (value as f64 * factor).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_stays_the_largest() {
        assert_eq!(Range::UNKNOWN.add(Range::fixed(5)), Range::new(5, u64::MAX));
        assert_eq!(Range::UNKNOWN.times(Range::fixed(2)).max, u64::MAX);
        assert_eq!(Range::fixed(21).scale(TRAVERSAL), Range::fixed(3));
        assert_eq!(Range::UNKNOWN.scale(2.0).max, u64::MAX);
    }
}
