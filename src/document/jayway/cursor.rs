//! A cursor over the text of a path.

/// How deep filters and functions may nest.
const MAX_NESTING: usize = 32;

/// A text with a position.
#[derive(Debug)]
pub(super) struct Cursor {
    chars: Vec<char>,
    pub(super) at: usize,
    /// How deep the text is nested in others.
    pub(super) depth: usize,
}

impl Cursor {
    /// Returns the start of a text, without blanks around it.
    ///
    /// # Errors
    /// The text is nested too deeply.
    pub(super) fn new(text: &str, depth: usize) -> Result<Self, String> {
        if depth > MAX_NESTING {
            return Err(format!("paths and filters nest more than {MAX_NESTING} deep"));
        }
        Ok(Self { chars: text.trim_matches(' ').chars().collect(), at: 0, depth })
    }

    pub(super) fn length(&self) -> usize {
        self.chars.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    pub(super) fn current(&self) -> Option<char> {
        self.get(self.at)
    }

    pub(super) fn is(&self, c: char) -> bool {
        self.current() == Some(c)
    }

    /// Returns whether this is the last character or beyond.
    pub(super) fn is_tail(&self) -> bool {
        self.at + 1 >= self.chars.len()
    }

    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.chars[from.min(to)..to.min(self.chars.len())].iter().collect()
    }

    /// Skips blanks, but never the last character.
    pub(super) fn skip_blanks(&mut self) {
        while !self.is_tail() && self.is(' ') {
            self.at += 1;
        }
    }

    /// Returns the place of the next character that is not a blank.
    pub(super) fn next_significant(&self, at: usize) -> Option<usize> {
        (at + 1..self.chars.len()).find(|at| self.chars[*at] != ' ')
    }

    /// Returns its place, if it is this one.
    pub(super) fn next_significant_is(&self, at: usize, c: char) -> Option<usize> {
        self.next_significant(at).filter(|at| self.chars[*at] == c)
    }

    pub(super) fn previous_significant(&self, at: usize) -> Option<usize> {
        (0..at).rev().find(|at| self.chars[*at] != ' ')
    }

    /// Returns the place of the next such character from here on.
    pub(super) fn find(&self, from: usize, c: char) -> Option<usize> {
        (from..self.chars.len()).find(|at| self.chars[*at] == c)
    }

    /// Returns the place of the next such character without a backslash in front.
    pub(super) fn find_unescaped(&self, from: usize, c: char) -> Option<usize> {
        let mut escaped = false;
        for at in from + 1..self.chars.len() {
            match self.chars[at] {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                found if found == c => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// Returns the place of the bracket that closes the one at `from`; those in quotes do not
    /// count.
    pub(super) fn closing(
        &self,
        from: usize,
        open: char,
        close: char,
        skip_patterns: bool,
    ) -> Result<Option<usize>, String> {
        let mut opened = 1;
        let mut at = from + 1;
        while at < self.chars.len() {
            let c = self.chars[at];
            if matches!(c, '\'' | '"') || skip_patterns && c == '/' {
                at = self
                    .find_unescaped(at, c)
                    .ok_or_else(|| format!("the {c} at character {at} is not closed"))?
                    + 1;
                if skip_patterns && self.get(at) == Some('/') && c != '/' {
                    continue;
                }
            }
            let Some(c) = self.get(at) else { break };
            if c == open {
                opened += 1;
            } else if c == close {
                opened -= 1;
                if opened == 0 {
                    return Ok(Some(at));
                }
            }
            at += 1;
        }
        Ok(None)
    }
}

/// Returns a text with its escapes written out.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.clone().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                if let Some(c) = code {
                    out.push(c);
                    chars.nth(3);
                }
            }
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
    }
    out
}
