//! Explains the first syntax error of a JSON text. It runs only if the parser has rejected the
//! text: the parser's messages name what it expects, not what the author wrote.

use super::Place;

/// How deep arrays and objects may be nested: the parser's bound.
const MAX_DEPTH: usize = 127;

/// The extensions of RFC 8259 that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Nothing.
    Strict,
    /// The syntax that `WireMock` accepts: comments, single quotes, and anything after the first
    /// value.
    Lenient,
}

/// A syntax error.
#[derive(Debug)]
pub(super) struct SyntaxProblem {
    /// Bytes from the start of the text.
    pub(super) offset: usize,
    pub(super) message: String,
    /// What to do, with an example.
    pub(super) hint: String,
}

/// Returns the first problem of a text, or `None` if its syntax is right.
pub(super) fn first_problem(text: &str, dialect: Dialect) -> Option<SyntaxProblem> {
    let mut checker = Checker { text, at: 0, dialect };
    checker.whole().err()
}

struct Checker<'t> {
    text: &'t str,
    at: usize,
    dialect: Dialect,
}

type Checked = Result<(), SyntaxProblem>;

impl<'t> Checker<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn line_of(&self, offset: usize) -> usize {
        Place::of_offset(self.text, offset).line
    }

    fn wrong<T>(
        &self,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Result<T, SyntaxProblem> {
        Err(SyntaxProblem { offset: self.at, message: message.into(), hint: hint.into() })
    }

    fn whole(&mut self) -> Checked {
        self.space()?;
        if self.rest().is_empty() {
            return self
                .wrong("the text is empty", "write a JSON value, like {\"key\": \"value\"}");
        }
        self.value(0)?;
        if self.dialect == Dialect::Lenient {
            return Ok(());
        }
        self.space()?;
        if self.rest().is_empty() {
            return Ok(());
        }
        self.wrong(
            "there is text after the JSON value",
            "a JSON file holds one value: put several into a list, like [{}, {}], or into a .yaml file with --- between them",
        )
    }

    /// Skips white space, and comments where they are allowed.
    fn space(&mut self) -> Checked {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let rest = self.rest();
            if self.dialect == Dialect::Strict
                || !(rest.starts_with("//") || rest.starts_with("/*"))
            {
                return Ok(());
            }
            let end = if rest.starts_with("//") { rest.find('\n') } else { rest.find("*/") };
            match end {
                Some(end) => self.at += end + if rest.starts_with("/*") { 2 } else { 0 },
                None if rest.starts_with("//") => self.at = self.text.len(),
                None => return self.wrong("this comment is not closed", "end it with */"),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Checked {
        match self.next() {
            Some('{' | '[') if depth >= MAX_DEPTH => {
                let message = format!("lists and objects are nested more than {MAX_DEPTH} deep");
                self.wrong(message, "make the text flatter")
            }
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string('"'),
            Some('\'') if self.dialect == Dialect::Lenient => self.string('\''),
            Some('-' | '+' | '.' | '0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Checked {
        let open = self.at;
        self.at += 1;
        self.space()?;
        if self.next() == Some('}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space()?;
            let key = self.key(open)?;
            self.space()?;
            if self.next() != Some(':') {
                let message = format!("a colon is missing after the key {key}");
                return self.wrong(message, format!("write it like {{{key}: 1}}"));
            }
            self.at += 1;
            self.space()?;
            self.value(depth + 1)?;
            if self.is_last(open, '}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Checked {
        let open = self.at;
        self.at += 1;
        self.space()?;
        if self.next() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space()?;
            self.value(depth + 1)?;
            if self.is_last(open, ']')? {
                return Ok(());
            }
        }
    }

    /// Skips what follows a value; returns whether the open list or object ends there.
    fn is_last(&mut self, open: usize, close: char) -> Result<bool, SyntaxProblem> {
        self.space()?;
        match self.next() {
            Some(',') => {
                self.at += 1;
                let comma = self.at;
                self.space()?;
                if matches!(self.next(), Some('}' | ']')) {
                    self.at = comma - 1;
                    let hint = "leave it out, like [1, 2] or {\"a\": 1}";
                    return self.wrong("a comma follows the last value", hint);
                }
                Ok(false)
            }
            Some(c) if c == close => {
                self.at += 1;
                Ok(true)
            }
            Some(c @ ('}' | ']')) => {
                let (opened, line) = (&self.text[open..=open], self.line_of(open));
                let message = format!("the {opened} of line {line} is closed by {c}");
                self.wrong(message, format!("write {close} here, or close the values in it first"))
            }
            Some(_) => {
                let hint = "write one between two values, like [1, 2] or {\"a\": 1, \"b\": 2}";
                self.wrong("a comma is missing before this", hint)
            }
            None => self.unclosed(open),
        }
    }

    fn unclosed<T>(&self, open: usize) -> Result<T, SyntaxProblem> {
        let (opened, line) = (&self.text[open..=open], self.line_of(open));
        let close = if opened == "{" { "}" } else { "]" };
        let message = format!("the {opened} of line {line} is not closed");
        self.wrong(message, format!("write {close} after its last value, like {{\"a\": [1, 2]}}"))
    }

    /// Skips a key; returns it as written.
    fn key(&mut self, open: usize) -> Result<&'t str, SyntaxProblem> {
        let begin = self.at;
        match self.next() {
            Some('"') => self.string('"')?,
            Some('\'') if self.dialect == Dialect::Lenient => self.string('\'')?,
            None => return self.unclosed(open),
            Some(c) => {
                let word = self.word_here();
                if word.is_empty() {
                    let message = format!("a key in double quotes is expected here, not {c}");
                    return self.wrong(message, "write it like {\"key\": \"value\"}");
                }
                let message = format!("the key {word} has no double quotes");
                let word = word.trim_matches('\'');
                return self.wrong(message, format!("write it like {{\"{word}\": \"value\"}}"));
            }
        }
        Ok(&self.text[begin..self.at])
    }

    /// Returns the word that begins here, quotes of the wrong kind included.
    fn word_here(&self) -> &'t str {
        let rest = self.rest();
        let is_inside =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '\'' | '+');
        let end = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn string(&mut self, quote: char) -> Checked {
        let begin = self.at;
        self.at += 1;
        while let Some(c) = self.next() {
            match c {
                '\\' => self.escape()?,
                c if c == quote => {
                    self.at += 1;
                    return Ok(());
                }
                '\n' | '\r' => {
                    return self.wrong(
                        "there is a line break within quotes",
                        "close the quotes in the same line, or write a line break as \\n, like \"first\\nsecond\"",
                    );
                }
                '\t' => {
                    return self
                        .wrong("there is a tab within quotes", "write it as \\t, like \"a\\tb\"");
                }
                c if c < ' ' => {
                    let code = u32::from(c);
                    let message = format!("the control character {code:#04x} is within quotes");
                    return self.wrong(message, format!("write it as \\u{code:04x}"));
                }
                c => self.at += c.len_utf8(),
            }
        }
        let line = self.line_of(begin);
        self.wrong(format!("the quotes of line {line} are not closed"), "close them, like \"text\"")
    }

    fn escape(&mut self) -> Checked {
        let escaped = self.rest().chars().nth(1);
        match escaped {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.at += 2,
            Some('\'') if self.dialect == Dialect::Lenient => self.at += 2,
            Some('u') => {
                let code = self.code_unit(self.at);
                let is_high = code.is_some_and(|code| (0xD800..0xDC00).contains(&code));
                let is_low = code.is_some_and(|code| (0xDC00..0xE000).contains(&code));
                let second = self.code_unit(self.at + 6);
                let pairs = second.is_some_and(|code| (0xDC00..0xE000).contains(&code));
                if code.is_none() || is_low || (is_high && !pairs) {
                    return self.wrong(
                        "this \\u escape is not complete",
                        "write four hexadecimal digits, like \"\\u00e9\"; characters beyond \\uffff take two escapes",
                    );
                }
                self.at += if is_high { 12 } else { 6 };
            }
            Some(c) => {
                let message = format!("\\{c} is not a JSON escape");
                return self.wrong(message, "write a backslash as \\\\, like \"C:\\\\data\"");
            }
            None => self.at += 1,
        }
        Ok(())
    }

    /// Returns the number of a `\uXXXX` at an offset.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    }

    fn number(&mut self) -> Checked {
        let word = self.word_here();
        if !is_number(word) {
            let message = format!("{word} is not a JSON number");
            return self.wrong(message, "write it like 10, -0.5 or 1e3; a text has double quotes");
        }
        self.at += word.len();
        Ok(())
    }

    fn word(&mut self) -> Checked {
        let word = self.word_here();
        if matches!(word, "true" | "false" | "null") {
            self.at += word.len();
            return Ok(());
        }
        match self.next() {
            None => self.wrong("the text ends where a value is expected", "write it like {\"key\": \"value\"}"),
            Some('/' | '#') => self.wrong(
                "JSON has no comments",
                "leave it out, or write the file as YAML, with the extension .yaml",
            ),
            Some('\'') => {
                let inner = word.trim_matches('\'');
                let message = "a text is in single quotes";
                self.wrong(message, format!("JSON has double quotes, like \"{inner}\""))
            }
            Some(_) if !word.is_empty() => self.wrong(
                format!("{word} is not a JSON value"),
                format!("a text has double quotes, like \"{word}\"; without quotes there are numbers, true, false and null"),
            ),
            Some(c) => self.wrong(
                format!("a value is expected here, not {c}"),
                "write a value, like \"text\", 1, true, null, [1, 2] or {\"a\": 1}",
            ),
        }
    }
}

/// Returns whether a word is a number (RFC 8259, section 6).
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests;
