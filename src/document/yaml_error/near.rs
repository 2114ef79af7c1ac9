//! Places in a text near the one at which the parser gave up.

use super::super::Place;

/// Returns a line of a text, without its end.
pub(super) fn line_of(text: &str, at: Place) -> Option<&str> {
    text.lines().nth(at.line - 1)
}

/// Returns the position of the tab that the parser rejected: in the line it names, or in the
/// previous one.
pub(super) fn tab_in(text: &str, at: Place) -> Option<Place> {
    let lines = [at.line, at.line.saturating_sub(1)];
    lines.into_iter().filter(|line| *line > 0).find_map(|line| {
        let place = Place { line, column: 1 };
        let column = line_of(text, place)?.chars().position(|c| c == '\t')?;
        Some(Place { line, column: column + 1 })
    })
}

/// Returns where the innermost of these brackets or quotes was opened that is open at a place, and
/// its line; the place itself where none is found. Texts of several lines are not distinguished from
/// others: in doubt the line is a near one.
pub(super) fn opened(text: &str, at: Place, kinds: &[char]) -> (Option<Place>, usize) {
    let mut open: Vec<(char, Place)> = Vec::new();
    let mut quote: Option<(char, Place)> = None;
    'lines: for (number, line) in text.lines().enumerate().take(at.line) {
        let mut before = ' ';
        let mut characters = line.chars().enumerate().peekable();
        while let Some((column, c)) = characters.next() {
            let place = Place { line: number + 1, column: column + 1 };
            if place > at {
                break 'lines;
            }
            if let Some((quoted, _)) = quote {
                if c == '\\' && quoted == '"' {
                    characters.next();
                } else if c == quoted {
                    quote = None;
                }
            } else if c == '#' && before.is_whitespace() {
                break;
            } else if matches!(c, '"' | '\'') && (before.is_whitespace() || "[{,:".contains(before))
            {
                quote = Some((c, place));
            } else if matches!(c, '[' | '{') {
                open.push((c, place));
            } else if matches!(c, ']' | '}') {
                open.pop();
            }
            before = c;
        }
    }
    let found = if kinds.contains(&'"') { quote } else { open.pop() };
    match found {
        Some((_, place)) => (Some(place), place.line),
        None => (None, at.line),
    }
}
