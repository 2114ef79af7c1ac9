//! JSON text → values as json-smart 2.5 reads it in its permissive mode
//! (`net/minidev/json/parser/JSONParserBase.java`, `JSONParserMemory.java`), by which Jayway's paths search bodies.
//!
//! Nearly every text is a value: bare words are texts, commas and quotes may be missing. What is refused is decided
//! by single characters, so the functions here follow those of the parser one by one.

use super::{Json, Map, Number};
use crate::java::decimal::{Decimal, double};
use crate::java::is_whitespace;

/// How deep JSON text may nest.
const MAX_DEPTH: usize = 400;

/// What stands for the end of the text; the character itself ends the text as well.
const END: u8 = 0x1A;

/// Numbers with a point or an exponent are doubles up to this length, and exact beyond.
const MAX_DOUBLE_LENGTH: usize = 18;

/// Reads the first value of a text; what follows it is not read.
pub(super) fn read(text: &str) -> Result<Json, String> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    parser.skip_blanks();
    if parser.current() == END {
        return Ok(Json::Text(parser.bare(&[])));
    }
    parser.value(&[])
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    /// The current byte. Bytes of characters beyond ASCII have no meaning of their own.
    fn current(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(END)
    }

    fn unexpected(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => format!("unexpected '{found}' at byte {}", self.at),
            None => "the text ends too early".to_owned(),
        }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.current(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    /// Skips blanks and control characters.
    fn skip_space(&mut self) {
        while self.current() <= b' ' && self.current() != END {
            self.at += 1;
        }
    }

    fn skip_digits(&mut self) {
        while self.current().is_ascii_digit() {
            self.at += 1;
        }
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it nests more than {MAX_DEPTH} deep"));
        }
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    /// `stops`: the characters that end a bare word here.
    fn value(&mut self, stops: &[u8]) -> Result<Json, String> {
        self.skip_blanks();
        match self.current() {
            b':' | b'}' | b']' | END => Err(self.unexpected()),
            b'{' => self.map(),
            b'[' => self.list(),
            b'"' | b'\'' => self.quoted().map(Json::Text),
            b'0'..=b'9' | b'-' => self.number(stops),
            _ => {
                let word = self.bare(stops);
                Ok(match word.as_str() {
                    "null" => Json::Null,
                    "true" => Json::Bool(true),
                    "false" => Json::Bool(false),
                    _ => Json::Text(word),
                })
            }
        }
    }

    fn list(&mut self) -> Result<Json, String> {
        self.enter()?;
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            match self.current() {
                b']' => {
                    self.leave();
                    return Ok(Json::List(items));
                }
                b',' => self.at += 1,
                // Values need no comma between them.
                _ => items.push(self.value(b",]")?),
            }
        }
    }

    fn map(&mut self) -> Result<Json, String> {
        self.enter()?;
        let mut map = Map::default();
        loop {
            self.skip_blanks();
            let name = match self.current() {
                b':' | b']' | b'[' | b'{' => return Err(self.unexpected()),
                b'}' => {
                    self.leave();
                    return Ok(Json::Map(map));
                }
                b',' => {
                    self.at += 1;
                    continue;
                }
                b'"' | b'\'' => self.quoted()?,
                _ => self.bare(b":"),
            };
            self.skip_space();
            if self.current() != b':' {
                return Err(self.unexpected());
            }
            self.at += 1;
            let value = self.value(b",}")?;
            map.insert(name, value);
            self.skip_space();
            match self.current() {
                b'}' => {}
                b',' => self.at += 1,
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// A bare word, up to a character that ends it.
    fn bare(&mut self, stops: &[u8]) -> String {
        let start = self.at;
        self.skip_word(stops);
        self.trimmed(start).to_owned()
    }

    fn skip_word(&mut self, stops: &[u8]) {
        while self.current() != END && !stops.contains(&self.current()) {
            self.at += 1;
        }
    }

    /// The text since `start`; of whitespace alone one character is left.
    fn trimmed(&self, start: usize) -> &str {
        let text = &self.text[start..self.at.min(self.text.len())];
        match text.trim_matches(is_whitespace) {
            "" => text.chars().next_back().map_or("", |last| &text[text.len() - last.len_utf8()..]),
            trimmed => trimmed,
        }
    }

    /// A number, or the bare word that it turns out to be.
    fn number(&mut self, stops: &[u8]) -> Result<Json, String> {
        let start = self.at;
        self.at += 1;
        self.skip_digits();
        let mut is_float = false;
        if self.current() == b'.' {
            is_float = true;
            self.at += 1;
            self.skip_digits();
        }
        if matches!(self.current(), b'e' | b'E') {
            is_float = true;
            self.at += 1;
            if !matches!(self.current(), b'+' | b'-' | b'0'..=b'9') {
                return Ok(Json::Text(self.bare_since(start, stops)));
            }
            self.at += 1;
            self.skip_digits();
        }
        self.skip_space();
        let next = self.current();
        // A character that is not ASCII does not make it a word.
        if next != END && next < b'~' && !stops.contains(&next) {
            return Ok(Json::Text(self.bare_since(start, stops)));
        }
        let text = self.trimmed(start);
        let number = if is_float { float(text) } else { integer(text) };
        let number = number.ok_or_else(|| format!("{text:?} is not a number"))?;
        Ok(Json::Number(Number { text: number.into() }))
    }

    fn bare_since(&mut self, start: usize, stops: &[u8]) -> String {
        self.skip_word(stops);
        self.trimmed(start).to_owned()
    }

    fn quoted(&mut self) -> Result<String, String> {
        let quote = self.current();
        let rest = &self.text[self.at + 1..];
        let end = rest.find(char::from(quote)).ok_or("a text is not closed")?;
        if !rest[..end].contains('\\') {
            self.at += end + 2;
            return Ok(rest[..end].to_owned());
        }
        self.escaped(quote)
    }

    /// A text with escapes. Control characters in it are left out.
    fn escaped(&mut self, quote: u8) -> Result<String, String> {
        self.at += 1;
        let mut units: Vec<u16> = Vec::new();
        loop {
            let c = self.text[self.at..].chars().next().ok_or("a text is not closed")?;
            self.at += c.len_utf8();
            match c {
                '\u{1a}' => return Err("a text is not closed".to_owned()),
                '\\' => self.escape(&mut units)?,
                c if u32::from(c) == u32::from(quote) => {
                    return Ok(String::from_utf16_lossy(&units));
                }
                '\0'..='\u{1f}' | '\u{7f}' => {}
                c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    /// What follows a backslash. An unknown character counts as nothing.
    fn escape(&mut self, units: &mut Vec<u16>) -> Result<(), String> {
        let Some(c) = self.text[self.at..].chars().next() else { return Ok(()) };
        self.at += c.len_utf8();
        units.push(match c {
            't' => 0x9,
            'n' => 0xA,
            'r' => 0xD,
            'f' => 0xC,
            'b' => 0x8,
            '\\' | '/' | '\'' | '"' => u16::try_from(u32::from(c)).unwrap_or_default(),
            'u' => self.unit(4)?,
            'x' => self.unit(2)?,
            _ => return Ok(()),
        });
        Ok(())
    }

    /// A UTF-16 unit in hexadecimal digits.
    fn unit(&mut self, digits: usize) -> Result<u16, String> {
        let text = self.text.get(self.at..self.at + digits);
        let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = text.and_then(|text| u16::from_str_radix(text, 16).ok());
        self.at += digits;
        unit.ok_or_else(|| format!("an escape without {digits} hexadecimal digits"))
    }
}

/// A whole number, with or without zeros in front. A sign alone is zero.
fn integer(text: &str) -> Option<String> {
    if text == "-" {
        return Some("0".to_owned());
    }
    Decimal::parse(text).map(|number| number.to_string())
}

/// A number with a point or an exponent.
fn float(text: &str) -> Option<String> {
    match text.parse() {
        Ok(number) if text.len() <= MAX_DOUBLE_LENGTH => Some(double(number)),
        Ok(_) => Decimal::parse(text).map(|number| number.to_string()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `WireMock` 3.13.2 reads them.
    #[test]
    fn texts_are_read_as_json_smart_reads_them() {
        let good = [
            ("hello world", "\"hello world\""),
            ("a:1", "\"a:1\""),
            (" ", "\"\""),
            ("{a:1, 'b':[1,,2,]} x", "{\"a\":1,\"b\":[1,2]}"),
            ("{,\"a\":01}", "{\"a\":1}"),
            ("{\"a\":1e5,\"b\":x y}", "{\"a\":100000.0,\"b\":\"x y\"}"),
            ("/*c*/{}", "\"/*c*/{}\""),
            ("[{\"a\":1}{\"a\":null}a]", "[{\"a\":1},{\"a\":null},\"a\"]"),
            ("[1\"a\"]", "[\"1\\\"a\\\"\"]"),
            ("{\"a\":-}", "{\"a\":0}"),
            ("{\"a\":1e}", "{\"a\":\"1e\"}"),
            ("{\"a\":1.}", "{\"a\":1.0}"),
            ("[+1]", "[\"+1\"]"),
            ("{\"a\":1 b}", "{\"a\":\"1 b\"}"),
            (r#"["\q\x41\u0042"]"#, "[\"AB\"]"),
            ("[1\u{1a}", "error"),
            ("\u{feff}{}", "\"\u{feff}{}\""),
        ];
        for (text, printed) in good {
            let read = read(text).map_or_else(|_| "error".to_owned(), |json| json.to_string());
            assert_eq!(read, printed, "{text}");
        }
    }

    #[test]
    fn characters_in_the_wrong_place_are_refused() {
        let bad = [
            "{\"a\":1",
            "{\"a\" 1}",
            "{\"a\":\"x",
            "[1}",
            "{\"a\":}",
            "{:1}",
            "{]a:1}",
            "]a",
            "}",
            ":x",
            "{\"a\":\"1\" \"b\":2}",
            "{\"a\":\"x\"y}",
            "{[1]:2}",
            "{\"a\":1e+}",
            "[1",
            "{a",
            r#"["\u12"]"#,
        ];
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).unwrap_err().contains("deep"));
        assert!(read(&format!("{}{}", "[".repeat(400), "]".repeat(400))).is_ok());
    }
}
