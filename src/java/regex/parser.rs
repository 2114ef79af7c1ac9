//! Text → tree, in the steps of `java.util.regex.Pattern`, so that the same texts are refused.

use std::collections::HashMap;

use super::SyntaxError;
use super::class::character;
use super::flags::Flags;
use super::node::{Assertion, Node, RepeatKind};
use super::property::{all, line_ends, negated};

/// How deep groups may nest.
const MAX_DEPTH: usize = 200;

/// A text that cannot be read.
pub(super) type Fail = SyntaxError;

/// Reads an expression; answers its tree and how many groups it has.
pub(super) fn parse(text: &str, flags: Flags) -> Result<(Node, usize), SyntaxError> {
    let mut parser =
        Parser { text: unquoted(text), at: 0, flags, groups: 0, names: HashMap::new(), depth: 0 };
    let node = parser.alternation()?;
    if parser.at < parser.text.len() {
        return Err(parser.error("Unmatched closing ')'"));
    }
    Ok((node, parser.groups))
}

/// Reads one expression.
pub(super) struct Parser {
    text: Vec<char>,
    at: usize,
    pub(super) flags: Flags,
    pub(super) groups: usize,
    pub(super) names: HashMap<String, usize>,
    depth: usize,
}

impl Parser {
    /// The characters, one by one. With the flag `x`, `peek` and `next` skip spaces and comments.
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

    /// The current character, passed over.
    pub(super) fn read(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }

    /// The character behind the current one, passed over as well.
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

    fn alternation(&mut self) -> Result<Node, Fail> {
        let mut ways = vec![self.sequence()?];
        while self.peek() == Some('|') {
            self.next();
            ways.push(self.sequence()?);
        }
        Ok(if ways.len() == 1 { ways.remove(0) } else { Node::Alternation(ways) })
    }

    fn sequence(&mut self) -> Result<Node, Fail> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            let node = match c {
                '|' | ')' => break,
                '(' => {
                    // A flag alone is no node.
                    parts.extend(self.group()?);
                    continue;
                }
                '[' => Node::Set(self.class(true, 0)?),
                '\\' => {
                    let escaped = self.next_escaped();
                    if matches!(escaped, Some('p' | 'P')) {
                        Node::Set(self.family(escaped == Some('P'))?)
                    } else {
                        self.unread();
                        self.escape()?
                    }
                }
                '^' => {
                    self.next();
                    Node::Assert(if self.flags.multi_line {
                        Assertion::LineStart { unix: self.flags.unix_lines }
                    } else {
                        Assertion::Start
                    })
                }
                '$' => {
                    self.next();
                    let (unix, multi_line) = (self.flags.unix_lines, self.flags.multi_line);
                    Node::Assert(Assertion::LineEnd { unix, multi_line })
                }
                '.' => {
                    self.next();
                    Node::Set(if self.flags.dot_all {
                        all()
                    } else {
                        negated(line_ends(self.flags.unix_lines))
                    })
                }
                '?' | '*' | '+' => {
                    self.next();
                    return Err(self.error(format!("Dangling meta character '{c}'")));
                }
                // Nothing, and then a count.
                '{' => Node::Empty,
                c => {
                    self.next();
                    character(c, self.flags)
                }
            };
            parts.push(self.closure(node)?);
        }
        Ok(match parts.len() {
            0 => Node::Empty,
            1 => parts.remove(0),
            _ => Node::Concat(parts),
        })
    }

    /// The quantifier behind a node.
    fn closure(&mut self, node: Node) -> Result<Node, Fail> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => self.count()?,
            _ => return Ok(node),
        };
        let repeat = |node, kind| Node::Repeat { node: Box::new(node), min, max, kind };
        Ok(match self.next() {
            Some('?') => {
                self.next();
                repeat(node, RepeatKind::Lazy)
            }
            Some('+') => {
                self.next();
                Node::Atomic(Box::new(repeat(node, RepeatKind::Greedy)))
            }
            _ => repeat(node, RepeatKind::Greedy),
        })
    }

    /// `{2}`, `{2,}`, `{2,3}`, up to the brace.
    fn count(&mut self) -> Result<(u32, Option<u32>), Fail> {
        let mut c = self.skip();
        if !c.is_some_and(|c| c.is_ascii_digit()) {
            return Err(self.error("Illegal repetition"));
        }
        let number = |parser: &mut Self, c: &mut Option<char>| {
            let mut number = 0_u32;
            while let Some(digit) = c.and_then(|c| c.to_digit(10)) {
                let more = number.checked_mul(10).and_then(|tens| tens.checked_add(digit));
                number = more
                    .filter(|number| i32::try_from(*number).is_ok())
                    .ok_or_else(|| parser.error("Illegal repetition range"))?;
                *c = parser.read();
            }
            Ok(number)
        };
        let min = number(self, &mut c)?;
        let max = if c == Some(',') {
            c = self.read();
            if c == Some('}') { None } else { Some(number(self, &mut c)?) }
        } else {
            Some(min)
        };
        if c != Some('}') {
            return Err(self.error("Unclosed counted closure"));
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.error("Illegal repetition range"));
        }
        self.unread();
        Ok((min, max))
    }

    /// A group from its `(` on; nothing for a flag alone.
    fn group(&mut self) -> Result<Option<Node>, Fail> {
        let outside = self.flags;
        let node = if self.next() == Some('?') {
            match self.skip() {
                Some(':') => self.inside()?,
                Some(c @ ('=' | '!')) => {
                    let node = Box::new(self.inside()?);
                    Node::Look { node, behind: None, negative: c == '!' }
                }
                Some('>') => Node::Atomic(Box::new(self.inside()?)),
                Some('<') => match self.read() {
                    Some(c @ ('=' | '!')) => self.look_behind(c == '!')?,
                    c => {
                        let name = self.group_name(c)?;
                        self.groups += 1;
                        let number = self.groups;
                        if self.names.insert(name.clone(), number).is_some() {
                            return Err(self.error(format!(
                                "Named capturing group <{name}> is already defined"
                            )));
                        }
                        Node::Group(number, Box::new(self.inside()?))
                    }
                },
                Some('$' | '@') => return Err(self.error("Unknown group type")),
                _ => {
                    self.unread();
                    self.add_flags();
                    match self.read() {
                        Some(')') => return Ok(None),
                        Some(':') => self.inside()?,
                        _ => return Err(self.error("Unknown inline modifier")),
                    }
                }
            }
        } else {
            self.groups += 1;
            let number = self.groups;
            Node::Group(number, Box::new(self.inside()?))
        };
        if self.read() != Some(')') {
            return Err(self.error("Unclosed group"));
        }
        self.flags = outside;
        self.closure(node).map(Some)
    }

    fn inside(&mut self) -> Result<Node, Fail> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("Groups nest more than {MAX_DEPTH} deep")));
        }
        let node = self.alternation();
        self.depth -= 1;
        node
    }

    fn look_behind(&mut self, negative: bool) -> Result<Node, Fail> {
        let node = self.inside()?;
        let Some(lengths) = node.lengths() else {
            return Err(self.error("Look-behind group does not have an obvious maximum length"));
        };
        Ok(Node::Look { node: Box::new(node), behind: Some(lengths), negative })
    }

    /// The name of a group from its first letter to the `>`.
    pub(super) fn group_name(&mut self, first: Option<char>) -> Result<String, Fail> {
        let mut c = first;
        if !c.is_some_and(|c| c.is_ascii_alphabetic()) {
            return Err(self.error("capturing group name does not start with a Latin letter"));
        }
        let mut name = String::new();
        while let Some(letter) = c.filter(char::is_ascii_alphanumeric) {
            name.push(letter);
            c = self.read();
        }
        if c != Some('>') {
            return Err(self.error("named capturing group is missing trailing '>'"));
        }
        Ok(name)
    }

    fn add_flags(&mut self) {
        let mut on = true;
        loop {
            match self.peek() {
                Some('-') if on => on = false,
                Some(letter) if self.flags.set(letter, on) => {}
                _ => return,
            }
            self.at += 1;
        }
    }
}

/// The expression with `\Q...\E` written out.
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
                // Not the number of a back-reference before it.
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
