//! A cursor over an expression, which the parsers of groups, classes and escapes share.

use std::collections::HashMap;

use super::flags::Flags;
use super::property::line_ends;
use super::syntax_error::SyntaxError;

/// A text that cannot be read.
pub(super) type Fail = SyntaxError;

/// Reads one expression.
pub(super) struct Parser {
    text: Vec<char>,
    at: usize,
    pub(super) flags: Flags,
    pub(super) groups: usize,
    pub(super) names: HashMap<String, usize>,
    /// How deep the group nests that is being read.
    pub(super) depth: usize,
}

impl Parser {
    /// At the start of an expression.
    pub(super) fn new(text: &str, flags: Flags) -> Self {
        Self { text: unquoted(text), at: 0, flags, groups: 0, names: HashMap::new(), depth: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Returns the characters, one by one. With the flag `x`, `peek` and `next` skip spaces and
    /// comments.
    pub(super) fn peek(&mut self) -> Option<char> {
        if self.flags.comments {
            self.skip_comments();
        }
        self.current()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        self.at += 1;
        self.peek()
    }

    pub(super) fn next_escaped(&mut self) -> Option<char> {
        self.at += 1;
        self.current()
    }

    /// Consumes and returns the current character.
    pub(super) fn read(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }

    /// Consumes the current character, and returns the next one.
    pub(super) fn skip(&mut self) -> Option<char> {
        let c = self.after_cursor();
        self.at += 2;
        c
    }

    pub(super) fn unread(&mut self) {
        self.at -= 1;
    }

    pub(super) fn current(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn after_cursor(&self) -> Option<char> {
        self.text.get(self.at + 1).copied()
    }

    pub(super) fn previous(&self) -> Option<char> {
        self.text.get(self.at.checked_sub(1)?).copied()
    }

    fn skip_comments(&mut self) {
        while let Some(c) = self.current() {
            match c {
                ' ' | '\t'..='\r' => self.at += 1,
                '#' => {
                    let ends = line_ends(self.flags.unix_lines);
                    let ends =
                        |c: char| ends.ranges().iter().any(|r| r.start() <= c && c <= r.end());
                    while self.current().is_some_and(|c| !ends(c)) {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
    }

    pub(super) fn error(&self, description: impl Into<String>) -> Fail {
        SyntaxError { description: description.into(), index: self.at.saturating_sub(1) }
    }
}

/// Returns the expression with `\Q...\E` written out.
fn unquoted(text: &str) -> Vec<char> {
    if !text.contains(r"\Q") {
        return text.chars().collect();
    }
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'Q').is_none() {
            // An escaped character, so that `\\Q` stays a backslash and a Q.
            out.push(c);
            out.extend(chars.next());
            continue;
        }
        let mut first = true;
        while let Some(c) = chars.next() {
            if c == '\\' && chars.next_if_eq(&'E').is_some() {
                break;
            }
            if c.is_ascii_digit() && first {
                // Not part of the number of a preceding back-reference.
                out.extend(format!("\\x3{c}").chars());
            } else {
                if c.is_ascii() && !c.is_ascii_alphanumeric() {
                    out.push('\\');
                }
                out.push(c);
            }
            first = false;
        }
    }
    out
}
