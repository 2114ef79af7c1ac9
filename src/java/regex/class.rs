//! Character classes: `[a-z&&[^b]]` and the like, and case-insensitive characters.

use regex_syntax::hir::ClassUnicode;

use super::cursor::{Fail, Parser};
use super::flags::Flags;
use super::node::Node;
use super::property::{negated, ranges};

/// An item of a class: one character, which may begin a range, or a set.
pub(super) enum Member {
    Char(char),
    Set(ClassUnicode),
}

/// How deep classes may nest.
const MAX_DEPTH: usize = 100;

impl Parser {
    /// Returns a class from the `[` on; with `consume` its `]` is read as well.
    pub(super) fn class(&mut self, consume: bool, depth: usize) -> Result<ClassUnicode, Fail> {
        if depth > MAX_DEPTH {
            return Err(self.error("Character classes nest too deep"));
        }
        let mut found: Option<ClassUnicode> = None;
        let add = |found: &mut Option<ClassUnicode>, more: ClassUnicode| match found {
            Some(found) => found.union(&more),
            None => *found = Some(more),
        };
        let mut c = self.next();
        let mut negative = false;
        if c == Some('^') && self.previous() == Some('[') {
            c = self.next();
            negative = true;
        }
        loop {
            match c {
                Some('[') => {
                    let inner = self.class(true, depth + 1)?;
                    add(&mut found, inner);
                    c = self.peek();
                    continue;
                }
                Some('&') => {
                    if self.next() == Some('&') {
                        let right = self.intersected(depth)?;
                        match (&mut found, right) {
                            (Some(found), Some(right)) => found.intersect(&right),
                            (found @ None, Some(right)) => *found = Some(right),
                            (Some(_), None) => {}
                            (None, None) => return Err(self.error("Bad class syntax")),
                        }
                        c = self.peek();
                        continue;
                    }
                    self.unread();
                }
                None => return Err(self.error("Unclosed character class")),
                Some(']') if found.is_some() => {
                    if consume {
                        self.next();
                    }
                    let set = found.unwrap_or_else(|| ranges(&[]));
                    return Ok(if negative { negated(set) } else { set });
                }
                Some(_) => {}
            }
            let range = self.range()?;
            add(&mut found, range);
            c = self.peek();
        }
    }

    /// Returns what follows `&&`.
    fn intersected(&mut self, depth: usize) -> Result<Option<ClassUnicode>, Fail> {
        let mut right: Option<ClassUnicode> = None;
        let mut c = self.next();
        while !matches!(c, Some(']' | '&') | None) {
            let more = if c == Some('[') {
                self.class(true, depth + 1)?
            } else {
                self.unread();
                self.class(false, depth + 1)?
            };
            match &mut right {
                Some(right) => right.union(&more),
                None => right = Some(more),
            }
            c = self.peek();
        }
        Ok(right)
    }

    /// Returns one character, a range, or an escaped set.
    fn range(&mut self) -> Result<ClassUnicode, Fail> {
        let first = match self.peek() {
            Some('\\') => {
                let escaped = self.next_escaped();
                if matches!(escaped, Some('p' | 'P')) {
                    return self.family(escaped == Some('P'));
                }
                let before_range = self.after_cursor() == Some('-');
                self.unread();
                match self.escape_in_class(before_range)? {
                    Member::Char(c) => c,
                    Member::Set(set) => return Ok(set),
                }
            }
            Some(c) => {
                self.next();
                c
            }
            None => return Err(self.error("Unclosed character class")),
        };
        if self.peek() == Some('-') {
            match self.after_cursor() {
                Some('[') | None => {}
                Some(']') => {}
                Some(_) => {
                    self.next();
                    let last = match self.peek() {
                        Some('\\') => match self.escape_in_class(true)? {
                            Member::Char(c) => c,
                            Member::Set(_) => {
                                return Err(self.error("Illegal character range"));
                            }
                        },
                        Some(c) => {
                            self.next();
                            c
                        }
                        None => return Err(self.error("Unclosed character class")),
                    };
                    if last < first {
                        return Err(self.error("Illegal character range"));
                    }
                    return Ok(any_case(ranges(&[(first, last)]), self.flags));
                }
            }
        }
        Ok(any_case(ranges(&[(first, first)]), self.flags))
    }
}

/// Returns a character, case-insensitive if the flag is set.
pub(super) fn character(c: char, flags: Flags) -> Node {
    if !flags.ignore_case || !flags.unicode_case && !c.is_ascii_alphabetic() {
        return Node::Char(c);
    }
    let set = any_case(ranges(&[(c, c)]), flags);
    if set.ranges().len() == 1 && set.ranges()[0].len() == 1 {
        Node::Char(c)
    } else {
        Node::Set(set)
    }
}

fn any_case(mut set: ClassUnicode, flags: Flags) -> ClassUnicode {
    if !flags.ignore_case {
        return set;
    }
    if flags.unicode_case {
        // The tables for it are part of every build.
        let _ = set.try_case_fold_simple();
        return set;
    }
    let mut letters = set.clone();
    letters.intersect(&ranges(&[('A', 'Z'), ('a', 'z')]));
    let other = |c: char| {
        if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    let turned: Vec<(char, char)> = letters
        .ranges()
        .iter()
        .flat_map(|range| range.start()..=range.end())
        .map(|c| (other(c), other(c)))
        .collect();
    set.union(&ranges(&turned));
    set
}
