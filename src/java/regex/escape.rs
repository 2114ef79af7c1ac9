//! Parses escapes: what follows a backslash.

use super::class::{Member, character};
use super::cursor::{Fail, Parser};
use super::node::{Assertion, Node};
use super::property::{horizontal_space, named, negated, perl, vertical_space};

/// An approximation of a grapheme cluster.
const GRAPHEME: &str = r"(?>\r\n|[\x{1F1E6}-\x{1F1FF}]{2}|(?s:.)(?:[\p{M}\x{200C}\x{1F3FB}-\x{1F3FF}]|\x{200D}\p{So}?)*)";

impl Parser {
    /// Returns an escape outside of classes, from its backslash on.
    pub(super) fn escape(&mut self) -> Result<Node, Fail> {
        let Some(c) = self.skip() else {
            return Err(self.error("Unexpected internal error"));
        };
        Ok(Node::Assert(match c {
            '1'..='9' => return Ok(self.reference(c)),
            'A' | 'G' => Assertion::Start,
            'z' => Assertion::End,
            'Z' => Assertion::LineEnd { unix: self.flags.unix_lines, multi_line: false },
            // The boundaries of graphemes are not known here; other braces count the boundary.
            'b' if self.peek() == Some('{') && self.after_cursor() == Some('g') => {
                return Err(self.error("Illegal/unsupported escape sequence"));
            }
            'b' | 'B' => {
                Assertion::WordBoundary { negative: c == 'B', unicode: self.flags.unicode_classes }
            }
            'R' => {
                let pair = Node::Concat(vec![Node::Char('\r'), Node::Char('\n')]);
                return Ok(Node::Alternation(vec![pair, Node::Set(vertical_space())]));
            }
            'X' => {
                let (node, _) = super::parser::parse(GRAPHEME, super::Flags::default())?;
                return Ok(node);
            }
            'k' => {
                if self.read() != Some('<') {
                    return Err(self.error(r"\k is not followed by '<' for named capturing group"));
                }
                let first = self.read();
                let name = self.group_name(first)?;
                let Some(group) = self.names.get(&name).copied() else {
                    return Err(
                        self.error(format!("named capturing group <{name}> does not exist"))
                    );
                };
                return Ok(self.back_reference(group));
            }
            c => {
                return Ok(match self.escaped(c, false)? {
                    Member::Char(c) => character(c, self.flags),
                    Member::Set(set) => Node::Set(set),
                });
            }
        }))
    }

    /// Returns an escape within a class, from its backslash on.
    pub(super) fn escape_in_class(&mut self, in_range: bool) -> Result<Member, Fail> {
        match self.skip() {
            Some(c) => self.escaped(c, in_range),
            None => Err(self.error("Unclosed character class")),
        }
    }

    fn escaped(&mut self, c: char, in_range: bool) -> Result<Member, Fail> {
        let unicode = self.flags.unicode_classes;
        Ok(Member::Set(match c {
            'd' | 'w' | 's' => perl(c, unicode),
            'D' | 'W' | 'S' => negated(perl(c.to_ascii_lowercase(), unicode)),
            'h' => horizontal_space(),
            'H' => negated(horizontal_space()),
            // The end of a range is one character, as it was in Java 7.
            'v' if in_range => return Ok(Member::Char('\u{b}')),
            'v' => vertical_space(),
            'V' => negated(vertical_space()),
            '0' => return self.octal().map(Member::Char),
            'x' => return self.hexadecimal().map(Member::Char),
            'u' => return self.unicode().map(Member::Char),
            'c' => {
                let control = self.read().and_then(|c| char::from_u32(c as u32 ^ 64));
                return control
                    .map(Member::Char)
                    .ok_or_else(|| self.error("Illegal control escape sequence"));
            }
            'a' => return Ok(Member::Char('\u{7}')),
            'e' => return Ok(Member::Char('\u{1b}')),
            'f' => return Ok(Member::Char('\u{c}')),
            'n' => return Ok(Member::Char('\n')),
            'r' => return Ok(Member::Char('\r')),
            't' => return Ok(Member::Char('\t')),
            c if c.is_ascii_alphanumeric() => {
                return Err(self.error("Illegal/unsupported escape sequence"));
            }
            c => return Ok(Member::Char(c)),
        }))
    }

    /// `\p{...}` from its `p` on.
    pub(super) fn family(
        &mut self,
        negative: bool,
    ) -> Result<regex_syntax::hir::ClassUnicode, Fail> {
        let name = match self.next() {
            Some('{') => {
                self.at_next();
                let mut name = String::new();
                loop {
                    match self.current() {
                        Some('}') => break,
                        Some(c) => name.push(c),
                        None => return Err(self.error("Unclosed character family")),
                    }
                    self.at_next();
                }
                self.at_next();
                if name.is_empty() {
                    return Err(self.error("Empty character family"));
                }
                name
            }
            Some(c) => {
                self.at_next();
                c.to_string()
            }
            None => return Err(self.error("Unknown character property name {\0}")),
        };
        match named(&name, self.flags.unicode_classes, self.flags.ignore_case) {
            Some(set) if negative => Ok(negated(set)),
            Some(set) => Ok(set),
            None => Err(self.error(match name.split_once('=') {
                Some((key, value)) => {
                    let key = key.to_lowercase();
                    format!("Unknown Unicode property {{name=<{key}>, value=<{value}>}}")
                }
                None => match name.strip_prefix("In") {
                    Some(name) => format!("Unknown character block name {{{name}}}"),
                    None => format!("Unknown character property name {{{name}}}"),
                },
            })),
        }
    }

    fn at_next(&mut self) {
        let _ = self.next_escaped();
    }

    /// Returns the number of a group: as many digits as there are groups.
    fn reference(&mut self, first: char) -> Node {
        let mut group = first.to_digit(10).unwrap_or(0) as usize;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            let longer = group.saturating_mul(10).saturating_add(digit as usize);
            if longer > self.groups {
                break;
            }
            group = longer;
            self.read();
        }
        self.back_reference(group)
    }

    fn back_reference(&self, group: usize) -> Node {
        let (ignore_case, unicode_case) = (self.flags.ignore_case, self.flags.unicode_case);
        Node::BackReference { group, ignore_case, unicode_case }
    }

    fn octal(&mut self) -> Result<char, Fail> {
        let digit = |parser: &mut Self, most: u32| {
            let digit = parser.peek()?.to_digit(8).filter(|digit| *digit <= most)?;
            parser.read();
            Some(digit)
        };
        let Some(first) = digit(self, 7) else {
            return Err(self.error("Illegal octal escape sequence"));
        };
        let mut code = first;
        if let Some(second) = digit(self, 7) {
            code = code * 8 + second;
            if first <= 3
                && let Some(third) = digit(self, 7)
            {
                code = code * 8 + third;
            }
        }
        Ok(char::from_u32(code).unwrap_or('\0'))
    }

    fn hexadecimal(&mut self) -> Result<char, Fail> {
        let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
        let first = self.read();
        if first == Some('{') && digit(self.peek()).is_some() {
            let mut code = 0_u32;
            let mut c = self.read();
            while let Some(more) = digit(c) {
                code = code * 16 + more;
                if code > 0x10_FFFF {
                    return Err(self.error("Hexadecimal codepoint is too big"));
                }
                c = self.read();
            }
            if c != Some('}') {
                return Err(self.error("Unclosed hexadecimal escape sequence"));
            }
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let code = digit(first).and_then(|first| Some(first * 16 + digit(self.read())?));
        code.and_then(char::from_u32)
            .ok_or_else(|| self.error("Illegal hexadecimal escape sequence"))
    }

    /// Four digits, or twice four for the halves of a pair.
    fn unicode(&mut self) -> Result<char, Fail> {
        let unit = |parser: &mut Self| {
            let mut code = 0;
            for _ in 0..4 {
                let digit = parser.read().and_then(|c| c.to_digit(16));
                code = code * 16
                    + digit.ok_or_else(|| parser.error("Illegal Unicode escape sequence"))?;
            }
            Ok::<_, Fail>(code)
        };
        let first = unit(self)?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        if self.current() == Some('\\') && self.after_cursor() == Some('u') {
            self.skip();
            let second = unit(self)?;
            let pair = [first, second].map(|unit| u16::try_from(unit).unwrap_or_default());
            if let Some(Ok(c)) = char::decode_utf16(pair).next() {
                return Ok(c);
            }
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }
}
