//! Template text → texts and tags, and inside of a tag → tokens, by the rules of jknack's `HbsLexer`.

use super::error::{At, TemplateError};

/// What a tag begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// `{{` or `{{&`
    Value,
    /// `{{{`
    Triple,
    /// `{{{{`
    Raw,
    /// `{{#`
    Block,
    /// `{{^`
    Inverse,
    /// `{{/`
    Close,
    /// `{{>`
    Partial,
    /// `{{#>`
    PartialBlock,
    /// `{{=`
    Delimiters,
}

/// What ends a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// `}}`
    Value,
    /// `}}}`
    Triple,
    /// `}}}}`
    Raw,
}

/// A token inside of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'t> {
    /// The tag's end, and whether `~` removes the white space after it.
    End(Closing, bool),
    /// A quoted text, without its quotes.
    Text(String),
    /// A number as written.
    Number(&'t str),
    /// A name or path, `true`, `false`, `else` and `as` among them.
    Word(&'t str),
    /// `=`, `|`, `(` or `)`.
    Sign(char),
    /// The text ended.
    Eof,
}

impl Token<'_> {
    /// Returns the token for an error message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::End(Closing::Value, _) => "}}".to_owned(),
            Self::End(Closing::Triple, _) => "}}}".to_owned(),
            Self::End(Closing::Raw, _) => "}}}}".to_owned(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Number(text) | Self::Word(text) => (*text).to_owned(),
            Self::Sign(sign) => sign.to_string(),
            Self::Eof => "<EOF>".to_owned(),
        }
    }
}

/// A cursor over a template.
#[derive(Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The place of `counted`, so that no text is counted twice.
    place: At,
    counted: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, place: At { line: 1, column: 0 }, counted: 0 }
    }

    /// Returns what is left.
    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Returns the byte offset.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Returns the place of a byte offset, which must not precede the last requested one.
    pub(crate) fn place(&mut self, offset: usize) -> At {
        if offset < self.counted {
            self.place = At { line: 1, column: 0 };
            self.counted = 0;
        }
        for c in self.text[self.counted..offset].chars() {
            if c == '\n' {
                self.place = At { line: self.place.line + 1, column: 0 };
            } else {
                self.place.column += 1;
            }
        }
        self.counted = offset;
        self.place
    }

    pub(crate) fn error(&mut self, offset: usize, message: impl Into<String>) -> TemplateError {
        TemplateError { at: self.place(offset), message: message.into() }
    }

    /// Returns the text up to the next tag or escaped tag.
    pub(crate) fn text(&mut self) -> &'t str {
        let rest = self.rest();
        let tag = rest.find("{{").unwrap_or(rest.len());
        let end = if rest[..tag].ends_with('\\') { tag - 1 } else { tag };
        self.at += end;
        &rest[..end]
    }

    /// `\{{...}}`: the tag as text, without the backslash.
    pub(crate) fn escaped(&mut self) -> Result<Option<&'t str>, TemplateError> {
        let rest = self.rest();
        if !rest.starts_with("\\{{") {
            return Ok(None);
        }
        let inner = &rest[3..];
        match (inner.find("}}"), inner.find("{{")) {
            (Some(end), open) if open.is_none_or(|open| end < open) => {
                self.at += 3 + end + 2;
                Ok(Some(&rest[1..3 + end + 2]))
            }
            _ => Err(self.error(self.at, "found: '\\', expected: '}}' after an escaped '{{'")),
        }
    }

    /// `{{! ... }}` and `{{!-- ... --}}`, passed over.
    pub(crate) fn comment(&mut self) -> bool {
        let rest = self.rest();
        let close = match rest.strip_prefix("{{!") {
            Some(inner) if inner.starts_with("--") => "--}}",
            Some(_) => "}}",
            None => return false,
        };
        self.at += rest.find(close).map_or(rest.len(), |end| end + close.len());
        true
    }

    /// Returns the start of a tag, and whether `~` removes the white space before it.
    pub(crate) fn opening(&mut self) -> Option<(Opening, bool)> {
        let rest = self.rest().strip_prefix("{{")?;
        let (trim, inner) = rest.strip_prefix('~').map_or((false, rest), |inner| (true, inner));
        let (opening, length) = if inner.starts_with("{{") {
            (Opening::Raw, 2)
        } else if inner.starts_with("#>") {
            (Opening::PartialBlock, 2)
        } else {
            match inner.as_bytes().first() {
                Some(b'&') => (Opening::Value, 1),
                Some(b'{') => (Opening::Triple, 1),
                Some(b'^') => (Opening::Inverse, 1),
                Some(b'#') => (Opening::Block, 1),
                Some(b'=') => (Opening::Delimiters, 1),
                Some(b'>') => (Opening::Partial, 1),
                Some(b'/') => (Opening::Close, 1),
                _ => (Opening::Value, 0),
            }
        };
        self.at += 2 + usize::from(trim) + length;
        Some((opening, trim))
    }

    /// Returns the next token of a tag, with the offset where it starts.
    pub(crate) fn token(&mut self) -> Result<(usize, Token<'t>), TemplateError> {
        let rest = self.rest();
        let space = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.at += space;
        let (start, rest) = (self.at, &rest[space..]);
        let (token, length) = match rest.chars().next() {
            None => (Token::Eof, 0),
            Some(sign @ ('=' | '|' | '(' | ')')) => (Token::Sign(sign), 1),
            Some('}' | '~') => {
                if let Some(found) = ending(rest) {
                    found
                } else {
                    let found = rest.chars().next().unwrap_or_default();
                    return Err(self.error(start, format!("found: '{found}'")));
                }
            }
            Some(quote @ ('"' | '\'')) => match quoted(rest, quote) {
                Some(length) => {
                    let inner = &rest[1..length - 1];
                    (Token::Text(inner.replace(&format!("\\{quote}"), &quote.to_string())), length)
                }
                None => {
                    return Err(self.error(start, format!("found: '{quote}', expected: its end")));
                }
            },
            Some(_) => {
                let length = word(rest);
                if length == 0 {
                    let found = rest.chars().next().unwrap_or_default();
                    return Err(self.error(start, format!("found: '{found}'")));
                }
                let text = &rest[..length];
                let token = if is_number(text) { Token::Number(text) } else { Token::Word(text) };
                (token, length)
            }
        };
        self.at += length;
        Ok((start, token))
    }
}

/// Returns the end of a tag. All braces count, so `{{x}}}` ends with three.
fn ending(text: &str) -> Option<(Token<'static>, usize)> {
    for (end, closing, trim) in [
        ("}}}}", Closing::Raw, false),
        ("}}~}}", Closing::Raw, true),
        ("}}}", Closing::Triple, false),
        ("}~}}", Closing::Triple, true),
        ("}}", Closing::Value, false),
        ("~}}", Closing::Value, true),
    ] {
        if text.starts_with(end) {
            return Some((Token::End(closing, trim), end.len()));
        }
    }
    None
}

/// Returns the length of a quoted text with its quotes. A backslash keeps a quote from ending it,
/// unless no other does.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut fallback = None;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote {
            if !escaped {
                return Some(at + 1);
            }
            fallback.get_or_insert(at + 1);
        }
        escaped = c == '\\';
    }
    fallback
}

/// Returns the length of a name or path: letters, digits, separators, and anything in brackets.
fn word(text: &str) -> usize {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c == '[' {
            let bytes = text.as_bytes();
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b']' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            if end >= bytes.len() || end == at + 1 {
                return at;
            }
            at = end + 1;
        } else if c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | ':' | '.' | '/' | '-') {
            at += c.len_utf8();
        } else {
            break;
        }
    }
    at
}

/// `-? [0-9]* .? [0-9]+`
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
}
