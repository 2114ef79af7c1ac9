//! JSON text → values.
//!
//! `parseJson` and its like keep numbers as written (Jackson with `BigDecimal`). The work is bounded by the text
//! and by [`MAX_JSON_DEPTH`].

use std::sync::Arc;

use crate::template::decimal::Decimal;
use crate::template::value::{ListStyle, MapStyle, Value};

/// How deep JSON text may nest.
const MAX_JSON_DEPTH: usize = 128;

/// The dialect of a JSON parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Jackson: strict, numbers exact.
    Jackson,
    /// A stub: strict, numbers with a point are doubles.
    Stub,
}

/// Reads JSON.
///
/// # Errors
/// A message that says what is wrong, and at which byte.
pub(crate) fn read(text: &str, reader: Reader) -> Result<Value, String> {
    let mut parser = Parser { text, at: 0, reader };
    let value = parser.value(0)?;
    // Text after the first value is ignored.
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    reader: Reader,
}

impl Parser<'_> {
    fn wrong(&self, expected: &str) -> String {
        match self.text[self.at..].chars().next() {
            Some(found) => format!("'{found}' at byte {} where {expected} is expected", self.at),
            None => format!("the text ends where {expected} is expected"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_JSON_DEPTH {
            return Err(format!("it nests more than {MAX_JSON_DEPTH} deep"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.text().map(Value::text),
            Some(_) => self.bare(),
            None => Err(self.wrong("a value")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
        let mut known = std::collections::HashMap::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Value::map(entries, MapStyle::Java).map_err(|limit| limit.to_string());
        }
        loop {
            self.space();
            let key: Arc<str> = match self.peek() {
                Some(b'"') => self.text()?.into(),
                _ => return Err(self.wrong("a quoted name")),
            };
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.wrong("':'"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            if let Some(at) = known.get(&key).copied() {
                let entry: &mut (Arc<str>, Value) = &mut entries[at];
                entry.1 = value;
            } else {
                known.insert(key.clone(), entries.len());
                entries.push((key, value));
            }
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Value::map(entries, MapStyle::Java).map_err(|limit| limit.to_string());
                }
                _ => return Err(self.wrong("',' or '}'")),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let style = ListStyle::Java;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Value::list(items, style).map_err(|limit| limit.to_string());
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Value::list(items, style).map_err(|limit| limit.to_string());
                }
                _ => return Err(self.wrong("',' or ']'")),
            }
        }
    }

    fn text(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        let mut rest = self.text[self.at..].char_indices();
        while let Some((at, c)) = rest.next() {
            if c == '"' {
                self.at += at + 1;
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            match rest.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 'b')) => text.push('\u{8}'),
                Some((_, 'f')) => text.push('\u{c}'),
                Some((_, c @ ('"' | '\\' | '/' | '\''))) => text.push(c),
                Some((at, 'u')) => {
                    let from = self.at + at + 1;
                    let (c, length) = unicode(&self.text[from..])
                        .ok_or_else(|| format!("\"\\u\" at byte {from} without four hex digits"))?;
                    text.push(c);
                    rest = self.text[self.at..].char_indices();
                    while rest.offset() < at + 1 + length && rest.next().is_some() {}
                }
                _ => return Err(format!("an unknown escape at byte {}", self.at + at)),
            }
        }
        self.at = self.text.len();
        Err(self.wrong("the end of a text"))
    }

    fn bare(&mut self) -> Result<Value, String> {
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')))
            .unwrap_or(rest.len());
        self.at += end;
        let word = &rest[..end];
        match word {
            "null" => return Ok(Value::Null),
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            _ => {}
        }
        if let Some(number) = number(word, self.reader) {
            return Ok(number);
        }
        self.at = start;
        Err(self.wrong("a value"))
    }
}

/// Returns the character after `\u`, with the second half of a pair, and how many bytes it took.
fn unicode(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| {
        let digits = text.get(..4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(text)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 4));
    }
    let pair = text[4..].strip_prefix("\\u").and_then(unit);
    let joined = pair.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    Some(joined.map_or((char::REPLACEMENT_CHARACTER, 4), |c| (c, 10)))
}

fn number(word: &str, reader: Reader) -> Option<Value> {
    if !word.bytes().any(|byte| byte.is_ascii_digit())
        || !word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
    {
        return None;
    }
    if let Ok(whole) = word.parse() {
        return Some(Value::Int(whole));
    }
    let exact = Decimal::parse(word);
    let fraction = word.contains(['.', 'e', 'E']);
    match (reader, fraction) {
        (Reader::Stub, true) => word.parse().ok().map(Value::Double),
        _ => exact.map(Value::Decimal).or_else(|| word.parse().ok().map(Value::Double)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_escapes_are_read() {
        let text = r#"["a\u00e9\n\"", "\uD83D\uDE00x", "\uD83D!", "b"]"#;
        let Value::List(list) = read(text, Reader::Jackson).unwrap() else { panic!() };
        let texts: Vec<&str> = list.items.iter().filter_map(Value::as_text).collect();
        assert_eq!(texts, ["aé\n\"", "😀x", "\u{FFFD}!", "b"]);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "[1", "{\"a\" 1}", "{a:1}", "x", "\"a", "[1,]", "\"\\u12\""] {
            assert!(read(text, Reader::Jackson).is_err(), "{text}");
        }
        let deep = "[".repeat(10_000);
        assert!(read(&deep, Reader::Jackson).unwrap_err().contains("deep"));
    }
}
