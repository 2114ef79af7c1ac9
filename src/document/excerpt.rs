//! The excerpt of a diagnostic: one line of the text with a mark.

use std::fmt;

use super::Place;

/// How many characters of a line are shown.
const WIDTH: usize = 100;

/// A line of a text, cut to the characters near a column. Displays as two lines: the line with its
/// number, and a mark below the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    number: usize,
    line: String,
    /// The characters of `line` before the mark.
    before: usize,
}

impl Excerpt {
    /// Returns the line of a place.
    pub(crate) fn of(text: &str, place: Place) -> Option<Self> {
        let line = text.lines().nth(place.line.checked_sub(1)?)?;
        let column = place.column.saturating_sub(1);
        // A long line is cut on both sides of the column.
        let skipped = if column + 20 > WIDTH { column - WIDTH / 2 } else { 0 };
        let shown = line.chars().skip(skipped).take(WIDTH);
        let shown: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = shown.trim_end().to_owned();
        if line.is_empty() {
            return None;
        }
        let before = (column - skipped).min(line.chars().count());
        Some(Self { number: place.line, line, before })
    }

    /// Returns the line alone.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.to_string();
        writeln!(f, "  {number} | {}", self.line)?;
        write!(f, "  {:width$} | {:before$}^", "", "", width = number.len(), before = self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_marked() {
        let text = "a: 1\n\tb: [1, 2\n";
        let excerpt = Excerpt::of(text, Place { line: 2, column: 5 }).unwrap();
        assert_eq!(excerpt.to_string(), "  2 |  b: [1, 2\n    |     ^");
        assert_eq!(Excerpt::of(text, Place { line: 9, column: 1 }), None);
        assert_eq!(Excerpt::of("\n", Place { line: 1, column: 1 }), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        let text = format!("{}x{}", "é".repeat(500), "z".repeat(500));
        let excerpt = Excerpt::of(&text, Place { line: 1, column: 501 }).unwrap();
        assert_eq!(excerpt.line().chars().count(), 100);
        assert_eq!(excerpt.line().chars().nth(excerpt.before), Some('x'));
    }
}
