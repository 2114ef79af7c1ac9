//! Pieces of a text that are replaced.

use std::ops::Range;

/// What stands for a secret in a pattern that is made of a text: a character of no text's own
/// (Unicode's private use area).
pub(crate) const MARK: char = '\u{E000}';

/// A piece of a text and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// Applies edits. Of those that overlap the one that begins first counts, then the longer one.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, usize::MAX - edit.range.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for Edit { range, text: new } in edits {
        if range.start < done {
            continue;
        }
        out.push_str(&text[done..range.start]);
        out.push_str(&new);
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_that_overlap_are_made_once() {
        let edit = |range, text: &str| Edit { range, text: text.to_owned() };
        let edits = vec![edit(6..8, "Z"), edit(2..4, "X"), edit(2..6, "Y"), edit(5..7, "W")];
        assert_eq!(apply("0123456789", edits), "01YZ89");
        assert_eq!(apply("ab", Vec::new()), "ab");
    }
}
