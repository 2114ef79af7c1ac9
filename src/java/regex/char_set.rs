//! Character sets with fast lookup.

use regex_syntax::hir::ClassUnicode;

/// A character set with fast lookup.
#[derive(Debug)]
pub(super) struct CharSet {
    /// One bit for each ASCII character.
    ascii: u128,
    ranges: Box<[(char, char)]>,
}

impl CharSet {
    /// Returns the set of a class.
    pub(super) fn of(set: &ClassUnicode) -> Self {
        let mut ascii = 0;
        for range in set.ranges() {
            for code in (range.start() as u32)..=(range.end() as u32).min(127) {
                ascii |= 1_u128 << code;
            }
        }
        let ranges = set.ranges().iter().map(|range| (range.start(), range.end())).collect();
        Self { ascii, ranges }
    }

    /// Returns whether a character is in it.
    pub(super) fn has(&self, c: char) -> bool {
        if c.is_ascii() {
            return self.ascii >> (c as u32) & 1 == 1;
        }
        let at = self.ranges.partition_point(|(_, end)| *end < c);
        self.ranges.get(at).is_some_and(|(start, _)| *start <= c)
    }
}
