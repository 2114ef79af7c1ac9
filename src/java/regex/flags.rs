//! The flags of an expression.

/// Flags, as given from outside or by `(?i)` and its like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// `i`: ASCII letters match whatever their case.
    pub(crate) ignore_case: bool,
    /// `u`: with `i`, all letters do.
    pub(crate) unicode_case: bool,
    /// `s`: `.` is every character.
    pub(crate) dot_all: bool,
    /// `m`: `^` and `$` match at each line.
    pub(crate) multi_line: bool,
    /// `x`: spaces and comments are skipped.
    pub(crate) comments: bool,
    /// `d`: only `\n` ends a line.
    pub(crate) unix_lines: bool,
    /// `U`: `\w`, `\d`, `\s` and the POSIX classes are those of Unicode.
    pub(crate) unicode_classes: bool,
}

impl Flags {
    /// The flags with which `WireMock` compiles the patterns of stubs.
    pub(crate) const DOT_ALL: Self = Self {
        ignore_case: false,
        unicode_case: false,
        dot_all: true,
        multi_line: false,
        comments: false,
        unix_lines: false,
        unicode_classes: false,
    };

    /// Sets or clears the flag of a letter; returns whether it exists.
    pub(crate) fn set(&mut self, letter: char, on: bool) -> bool {
        match letter {
            'i' => self.ignore_case = on,
            'u' => self.unicode_case = on,
            's' => self.dot_all = on,
            'm' => self.multi_line = on,
            'x' => self.comments = on,
            'd' => self.unix_lines = on,
            'U' => {
                self.unicode_classes = on;
                self.unicode_case = on;
            }
            // Canonical equivalence: accepted, and without effect here.
            'c' => {}
            _ => return false,
        }
        true
    }
}
