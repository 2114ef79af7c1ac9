//! JSON text → values.

use super::{Json, Map, Number, smart};
use crate::java::decimal::Decimal;

/// How deep JSON text may nest.
const MAX_DEPTH: usize = 400;

/// The dialect of a JSON parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Jackson as `WireMock` sets it up: comments, single quotes, exact numbers; text after the
    /// value is not read.
    Jackson,
    /// json-smart in its permissive mode: bare words are texts, commas may stand alone, numbers with a point
    /// are doubles.
    Smart,
}

pub(super) fn read(text: &str, reader: Reader) -> Result<Json, String> {
    if reader == Reader::Smart {
        return smart::read(text);
    }
    let mut parser = Parser::new(text);
    let value = parser.document()?;
    // A number has no end of its own.
    if matches!(value, Json::Number(_))
        && parser.peek().is_some_and(|next| !next.is_ascii_whitespace())
    {
        return Err(parser.wrong("a space behind the number"));
    }
    Ok(value)
}

/// Returns the first value of a text, whatever follows it.
pub(super) fn read_first(text: &str, reader: Reader) -> Result<Json, String> {
    match reader {
        Reader::Jackson => Parser::new(text).document(),
        Reader::Smart => smart::read(text),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    fn document(&mut self) -> Result<Json, String> {
        self.space()?;
        self.value(0)
    }

    fn wrong(&self, expected: &str) -> String {
        match self.text[self.at..].chars().next() {
            Some(found) => format!("'{found}' at byte {} where {expected} is expected", self.at),
            None => format!("the text ends where {expected} is expected"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) -> Result<(), String> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Result<(), String> {
        let rest = &self.text[self.at..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").ok_or("a comment is not closed")? + 2
        } else {
            return Err(self.wrong("a value"));
        };
        self.at += end;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > MAX_DEPTH {
            return Err(format!("it nests more than {MAX_DEPTH} deep"));
        }
        self.space()?;
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(quote @ (b'"' | b'\'')) => self.text(quote.into()).map(Json::Text),
            Some(_) => self.bare(),
            None => Err(self.wrong("a value")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Json, String> {
        self.at += 1;
        let mut map = Map::default();
        let mut comma = true;
        loop {
            self.space()?;
            match self.peek() {
                Some(b'}') if map.len() == 0 || !comma => {
                    self.at += 1;
                    return Ok(Json::Map(map));
                }
                Some(b',') if !comma => {
                    self.at += 1;
                    if map.len() == 0 {
                        return Err(self.wrong("a name in quotes"));
                    }
                    comma = true;
                    continue;
                }
                Some(_) if !comma => return Err(self.wrong("',' or '}'")),
                _ => {}
            }
            let name = match self.peek() {
                Some(quote @ (b'"' | b'\'')) => self.text(quote.into())?,
                _ => return Err(self.wrong("a name in quotes")),
            };
            self.space()?;
            if self.peek() != Some(b':') {
                return Err(self.wrong("':'"));
            }
            self.at += 1;
            self.space()?;
            if self.peek() == Some(b'}') {
                return Err(self.wrong("a value"));
            }
            let value = self.value(depth + 1)?;
            map.insert(name, value);
            comma = false;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        self.at += 1;
        let mut items = Vec::new();
        let mut comma = true;
        loop {
            self.space()?;
            match self.peek() {
                Some(b']') if items.is_empty() || !comma => {
                    self.at += 1;
                    return Ok(Json::List(items));
                }
                Some(b',') if !comma => {
                    self.at += 1;
                    comma = true;
                    continue;
                }
                Some(_) if !comma => return Err(self.wrong("',' or ']'")),
                _ => {}
            }
            items.push(self.value(depth + 1)?);
            comma = false;
        }
    }

    fn text(&mut self, quote: char) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else {
                return Err(self.wrong("the end of a text"));
            };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(text),
                '\\' => text.push(self.escape()?),
                c if c < ' ' => {
                    return Err(format!("a control character at byte {} of a text", self.at - 1));
                }
                c => text.push(c),
            }
        }
    }

    /// Returns what follows a backslash.
    fn escape(&mut self) -> Result<char, String> {
        let Some(c) = self.text[self.at..].chars().next() else {
            return Err(self.wrong("the end of a text"));
        };
        self.at += c.len_utf8();
        Ok(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\\' | '/' | '\'' => c,
            'u' => {
                let first = self.unit()?;
                if let Some(c) = char::from_u32(first.into()) {
                    return Ok(c);
                }
                let paired = self.text[self.at..].starts_with("\\u");
                if !paired {
                    return Ok(char::REPLACEMENT_CHARACTER);
                }
                let before = self.at;
                self.at += 2;
                let second = self.unit()?;
                if let Some(Ok(c)) = char::decode_utf16([first, second]).next() {
                    c
                } else {
                    self.at = before;
                    char::REPLACEMENT_CHARACTER
                }
            }
            _ => return Err(format!("an unknown escape at byte {}", self.at - 1)),
        })
    }

    fn unit(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.at += 4;
        unit.ok_or_else(|| format!("\"\\u\" at byte {} without four hex digits", self.at - 6))
    }

    fn bare(&mut self) -> Result<Json, String> {
        let start = self.at;
        let rest = &self.text[start..];
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '+' | '.' | '_' | '$');
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        let word = &rest[..end];
        match word {
            "null" => return Ok(Json::Null),
            "true" => return Ok(Json::Bool(true)),
            "false" => return Ok(Json::Bool(false)),
            _ => {}
        }
        if let Some(text) = jackson_number(word) {
            return Ok(Json::Number(Number { text: text.into() }));
        }
        self.at = start;
        Err(self.wrong("a value"))
    }
}

/// Returns a number of JSON (RFC 8259), as `BigDecimal` prints it.
fn jackson_number(word: &str) -> Option<String> {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = unsigned.split_at(digits);
    if digits == 0 || digits > 1 && whole.starts_with('0') {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix('.')
        && !fraction.starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    Decimal::parse(word).map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jackson_reads_what_wiremock_takes() {
        let read = |text| Json::read(text, Reader::Jackson).map(|json| json.to_string());
        let good = [
            ("{\"a\":1} x", "{\"a\":1}"),
            ("{'a':[1.50, 1e2]}", "{\"a\":[1.50,1E+2]}"),
            ("/* c */ {\"a\": 1, // d\n \"a\": 2}", "{\"a\":2}"),
            ("12345678901234567890123", "12345678901234567890123"),
            (r#""a\u00e9\uD83D\uDE00""#, "\"aé😀\""),
            ("{}", "{}"),
        ];
        for (text, printed) in good {
            assert_eq!(read(text).as_deref(), Ok(printed), "{text}");
        }
        for text in ["", "{a:1}", "{\"a\":1,}", "{\"a\":01}", "[1,]", "[,1]", "5x", "+5", ".5", "{"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).unwrap_err().contains("deep"));
    }
}
