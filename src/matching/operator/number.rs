//! The number operators of `WireMock` 4 (`C/matching/AbstractNumberPattern.java`).

use std::cmp::Ordering;
use std::fmt;

use crate::java::decimal::Decimal;

/// A number that a value is compared with.
#[derive(Debug)]
pub(crate) struct NumberPattern {
    pub(super) operator: &'static str,
    pub(super) number: Decimal,
}

impl NumberPattern {
    /// The operators.
    pub(super) const OPERATORS: [&str; 5] = [
        "equalToNumber",
        "greaterThanNumber",
        "greaterThanEqualNumber",
        "lessThanNumber",
        "lessThanEqualNumber",
    ];

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(actual) = Decimal::parse(text.trim()) else { return false };
        let ordering = actual.compare(&self.number);
        match self.operator {
            "equalToNumber" => ordering == Ordering::Equal,
            "greaterThanNumber" => ordering.is_gt(),
            "greaterThanEqualNumber" => ordering.is_ge(),
            "lessThanNumber" => ordering.is_lt(),
            _ => ordering.is_le(),
        }
    }
}

impl fmt::Display for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.operator, self.number)
    }
}
