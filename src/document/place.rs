//! Places in a text, and pointers into a value.

/// A line and a column of a text, in [`Diagnostic::place`](crate::Diagnostic::place).
///
/// ```
/// let problems = standin::check(&[], &["no-such-scenario".to_owned()]).unwrap_err();
/// assert!(problems.0[0].place.is_none()); // it is about no line of a file
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Place {
    /// Returns the place of a byte offset in a text.
    #[must_use]
    pub(crate) fn of_offset(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// One step from a value to a nested one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// The path from a document's root to a value.
pub(crate) type Pointer = Vec<Step>;

/// Returns a pointer in the notation of diagnostics: `rules[0].match.path`.
#[must_use]
pub(crate) fn dotted(pointer: &[Step]) -> String {
    let mut out = String::new();
    for step in pointer {
        match step {
            Step::Index(index) => {
                out.push('[');
                out.push_str(&index.to_string());
                out.push(']');
            }
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
        }
    }
    out
}

/// Returns a pointer as `WireMock` writes it: `/request/bodyPatterns/0`.
#[must_use]
pub(crate) fn json_pointer(steps: &[String]) -> String {
    format!("/{}", steps.join("/"))
}
