//! JSON text → values and back, in the forms that templates show.
//!
//! `parseJson` and its like keep numbers as written (Jackson with `BigDecimal`); `jsonPath` reads doubles and
//! takes bare and single-quoted texts (json-smart). Both are bounded by the text and by [`MAX_JSON_DEPTH`].

use std::borrow::Cow;
use std::sync::Arc;

use super::decimal::Decimal;
use super::error::Limit;
use super::show::{self, Output};
use super::value::{ListStyle, MapStyle, Value};

/// How deep JSON text may nest.
const MAX_JSON_DEPTH: usize = 128;

/// The habits of a JSON parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Jackson: strict, numbers exact.
    Jackson,
    /// A stub: strict, numbers with a point are doubles.
    Stub,
    /// json-smart: bare words are texts, numbers with a point are doubles, arrays print as JSON.
    Smart,
}

/// Reads JSON.
///
/// # Errors
/// What is wrong with the text, and at which byte.
pub(crate) fn read(text: &str, reader: Reader) -> Result<Value, String> {
    let mut parser = Parser { text, at: 0, reader };
    let value = parser.value(0)?;
    parser.space();
    if parser.at < text.len() && reader == Reader::Smart {
        return Err(parser.wrong("the end"));
    }
    // Jackson stops after the first value.
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
            Some(b'"') => self.text('"').map(Value::text),
            Some(b'\'') if self.reader == Reader::Smart => self.text('\'').map(Value::text),
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
                Some(b'"') => self.text('"')?.into(),
                Some(b'\'') if self.reader == Reader::Smart => self.text('\'')?.into(),
                Some(_) if self.reader == Reader::Smart => self.word().into(),
                _ => return Err(self.wrong("a quoted name")),
            };
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.wrong("':'"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            match known.get(&key) {
                Some(at) => {
                    let entry: &mut (Arc<str>, Value) = &mut entries[*at];
                    entry.1 = value;
                }
                None => {
                    known.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
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
        let style = match self.reader {
            Reader::Jackson | Reader::Stub => ListStyle::Java,
            Reader::Smart => ListStyle::Json,
        };
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

    fn text(&mut self, quote: char) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        let mut rest = self.text[self.at..].char_indices();
        while let Some((at, c)) = rest.next() {
            if c == quote {
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

    /// Up to what cannot be part of a bare value.
    fn word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let end = rest.find([',', ':', '}', ']', '\n']).unwrap_or(rest.len());
        self.at += end;
        rest[..end].trim_end().to_owned()
    }

    fn bare(&mut self) -> Result<Value, String> {
        let start = self.at;
        let word = match self.reader {
            Reader::Smart => self.word(),
            Reader::Jackson | Reader::Stub => {
                let rest = &self.text[start..];
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')))
                    .unwrap_or(rest.len());
                self.at += end;
                rest[..end].to_owned()
            }
        };
        match word.as_str() {
            "null" => return Ok(Value::Null),
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            _ => {}
        }
        if let Some(number) = number(&word, self.reader) {
            return Ok(number);
        }
        if self.reader == Reader::Smart && !word.is_empty() {
            return Ok(Value::text(word));
        }
        self.at = start;
        Err(self.wrong("a value"))
    }
}

/// The character after `\u`, with the second half of a pair, and how many bytes it took.
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
        (Reader::Smart, true) if word.len() <= 18 => {
            exact.map(|number| Value::Double(number.to_f64()))
        }
        _ => exact.map(Value::Decimal).or_else(|| word.parse().ok().map(Value::Double)),
    }
}

/// The value of a JSON document that serde has read.
///
/// # Errors
/// The value is larger or deeper than the engine allows.
pub(crate) fn from_serde(json: &serde_json::Value) -> Result<Value, Limit> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => {
            let items = items.iter().map(from_serde).collect::<Result<_, _>>()?;
            Value::list(items, ListStyle::Java)?
        }
        Json::Object(entries) => {
            let entries =
                entries.iter().map(|(key, value)| Ok((key.as_str().into(), from_serde(value)?)));
            Value::map(entries.collect::<Result<_, Limit>>()?, MapStyle::Java)?
        }
    })
}

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Writing {
    /// Over several lines, as Jackson indents.
    pretty: bool,
    /// Names without a value are left out.
    skip_null: bool,
    /// `/` as `\/`, as json-smart.
    escape_slash: bool,
    /// Numbers may have an exponent.
    exponents: bool,
}

/// As `toJson`: indented, and names without a value left out.
///
/// # Errors
/// The budget of the output is used up.
pub(crate) fn write_pretty(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: true, skip_null: true, escape_slash: false, exponents: false };
    writing.value(value, 0, output)
}

/// As `formatJson`: indented, with all names.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_formatted(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: true, skip_null: false, escape_slash: false, exponents: false };
    writing.value(value, 0, output)
}

/// As `formatJson format='compact'`: numbers as they print.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_compact(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: false, skip_null: false, escape_slash: false, exponents: true };
    writing.value(value, 0, output)
}

/// As `jsonMerge` and its like: compact, numbers without exponents.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_plain(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing =
        Writing { pretty: false, skip_null: false, escape_slash: false, exponents: false };
    writing.value(value, 0, output)
}

/// As json-smart prints an array.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_smart(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: false, skip_null: false, escape_slash: true, exponents: true };
    writing.value(value, 0, output)
}

impl Writing {
    fn value(self, value: &Value, depth: usize, output: &mut Output<'_>) -> Result<(), Limit> {
        match value {
            Value::Null => output.push("null"),
            Value::Bool(_) | Value::Int(_) => show::show(value, output),
            Value::Double(number) if self.exponents || number.abs() < 1e7 => {
                show::show(value, output)
            }
            Value::Double(number) => match Decimal::from_f64(*number) {
                Some(number) => output.push(&number.to_string()),
                None => output.push("null"),
            },
            Value::Decimal(number) if self.exponents => output.push(&number.to_string()),
            Value::Decimal(number) => output.push(&number.plain()),
            Value::Text(text) | Value::Token(text) => self.text(text, output),
            Value::List(list) if list.style == ListStyle::First && list.items.len() == 1 => {
                self.value(&list.items[0], depth, output)
            }
            Value::List(list) => self.list(&list.items, depth, output),
            Value::Map(map) => match value.items() {
                Some(items) => self.list(&items, depth, output),
                None => self.map(&map.entries, depth, output),
            },
            Value::Date(date) => self.text(&date.to_string(), output),
            Value::Request(_) | Value::RequestLine(_) | Value::Part(_) => {
                let mut budget = usize::MAX;
                let mut text = String::new();
                show::show(value, &mut Output::new(&mut text, &mut budget))?;
                self.text(&text, output)
            }
        }
    }

    fn list(self, items: &[Value], depth: usize, output: &mut Output<'_>) -> Result<(), Limit> {
        let (open, between, close) = if self.pretty { ("[ ", ", ", " ]") } else { ("[", ",", "]") };
        output.push(if items.is_empty() { open.trim_end() } else { open })?;
        for (at, item) in items.iter().enumerate() {
            output.push(if at == 0 { "" } else { between })?;
            self.value(item, depth, output)?;
        }
        output.push(close)
    }

    fn map(
        self,
        entries: &[(Arc<str>, Value)],
        depth: usize,
        output: &mut Output<'_>,
    ) -> Result<(), Limit> {
        let kept = || entries.iter().filter(|(_, value)| !(self.skip_null && value.is_null()));
        output.push("{")?;
        for (at, (key, value)) in kept().enumerate() {
            output.push(if at == 0 { "" } else { "," })?;
            self.line(depth + 1, output)?;
            self.text(key, output)?;
            output.push(if self.pretty { " : " } else { ":" })?;
            self.value(value, depth + 1, output)?;
        }
        if kept().next().is_some() {
            self.line(depth, output)?;
        } else if self.pretty {
            output.push(" ")?;
        }
        output.push("}")
    }

    fn line(self, depth: usize, output: &mut Output<'_>) -> Result<(), Limit> {
        if !self.pretty {
            return Ok(());
        }
        output.push("\n")?;
        (0..depth).try_for_each(|_| output.push("  "))
    }

    fn text(self, text: &str, output: &mut Output<'_>) -> Result<(), Limit> {
        output.push("\"")?;
        let mut from = 0;
        for (at, c) in text.char_indices() {
            let escaped: Cow<'static, str> = match c {
                '"' => "\\\"".into(),
                '\\' => "\\\\".into(),
                '\n' => "\\n".into(),
                '\r' => "\\r".into(),
                '\t' => "\\t".into(),
                '\u{8}' => "\\b".into(),
                '\u{c}' => "\\f".into(),
                '/' if self.escape_slash => "\\/".into(),
                c if c < ' ' => format!("\\u{:04X}", c as u32).into(),
                _ => continue,
            };
            output.push(&text[from..at])?;
            output.push(&escaped)?;
            from = at + c.len_utf8();
        }
        output.push(&text[from..])?;
        output.push("\"")
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
        assert!(read("abc", Reader::Smart).is_ok() && read("{\"a\":1", Reader::Smart).is_err());
    }
}
