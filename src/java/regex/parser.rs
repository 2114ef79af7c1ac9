//! Text → tree, in the steps of `java.util.regex.Pattern`, so that the same texts are refused.

use super::class::character;
use super::cursor::{Fail, Parser};
use super::flags::Flags;
use super::node::{Assertion, Node, RepeatKind};
use super::property::{all, line_ends, negated};

/// How deep groups may nest.
const MAX_DEPTH: usize = 200;

/// Parses an expression; returns its tree and the number of its groups.
pub(super) fn parse(text: &str, flags: Flags) -> Result<(Node, usize), Fail> {
    let mut parser = Parser::new(text, flags);
    let node = parser.alternation()?;
    if !parser.is_at_end() {
        return Err(parser.error("Unmatched closing ')'"));
    }
    Ok((node, parser.groups))
}

impl Parser {
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
                    // A flag alone is not a node.
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

    /// Parses the quantifier after a node.
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

    /// Parses a group from its `(` on; `None` for a flag alone.
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

    /// Returns the name of a group from its first letter to the `>`.
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
            let _ = self.next_escaped();
        }
    }
}
