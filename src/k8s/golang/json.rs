//! JSON, checked as `encoding/json` checks it.

use std::ops::Range;

use super::super::limits::MAX_TEXT_DEPTH;

/// Shorter numbers without an exponent fit into a `float64`.
const LONG_NUMBER: usize = 300;

/// The error that `encoding/json` reports for invalid JSON; `None` for valid JSON.
pub(in super::super) fn json_error(text: &[u8]) -> Option<String> {
    check_json(text).err()
}

/// Checks a JSON text. Returns the places of the numbers that a `float64` cannot hold: they are valid JSON,
/// and an error once they are decoded.
///
/// # Errors
/// The error that `encoding/json` reports.
pub(in super::super) fn check_json(text: &[u8]) -> Result<Vec<Range<usize>>, String> {
    let mut scanner = Scanner { text, at: 0, huge: Vec::new() };
    scanner.document()?;
    Ok(scanner.huge)
}

/// Follows `encoding/json/scanner.go` state by state, for its messages.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// The places of the numbers beyond a `float64`.
    huge: Vec<Range<usize>>,
}

type Scan = Result<(), String>;

impl Scanner<'_> {
    fn document(&mut self) -> Scan {
        self.value("looking for beginning of value")?;
        match self.after_space() {
            None => Ok(()),
            Some(byte) => Err(unexpected(byte, "after top-level value")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte inside a word, number or escape. Go's scanner takes the end of the text for a space
    /// (`scanner.eof`), and names that.
    fn peek_inside(&self) -> u8 {
        self.peek().unwrap_or(b' ')
    }

    fn after_space(&mut self) -> Option<u8> {
        while self.peek().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.peek()
    }

    fn required(&mut self) -> Result<u8, String> {
        self.after_space().ok_or_else(end)
    }

    /// Reads a value without recursion: `open` holds the open brackets.
    fn value(&mut self, context: &str) -> Scan {
        let mut open: Vec<u8> = Vec::new();
        let mut context = context.to_owned();
        loop {
            let byte = self.required()?;
            match byte {
                b'{' => {
                    self.at += 1;
                    if self.required()? == b'}' {
                        self.at += 1;
                    } else {
                        open.push(b'{');
                        self.key()?;
                        "looking for beginning of value".clone_into(&mut context);
                        check_depth(&open)?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if self.required()? == b']' {
                        self.at += 1;
                    } else {
                        open.push(b'[');
                        "looking for beginning of value".clone_into(&mut context);
                        check_depth(&open)?;
                        continue;
                    }
                }
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                byte => return Err(unexpected(byte, &context)),
            }
            // After a value: close brackets, or continue with the next value.
            loop {
                let Some(bracket) = open.last().copied() else {
                    return Ok(());
                };
                let byte = self.required()?;
                match (bracket, byte) {
                    (b'{', b',') => {
                        self.at += 1;
                        self.key()?;
                        break;
                    }
                    (b'[', b',') => {
                        self.at += 1;
                        break;
                    }
                    (b'{', b'}') | (b'[', b']') => {
                        self.at += 1;
                        open.pop();
                    }
                    (b'{', byte) => return Err(unexpected(byte, "after object key:value pair")),
                    (_, byte) => return Err(unexpected(byte, "after array element")),
                }
            }
        }
    }

    fn key(&mut self) -> Scan {
        match self.required()? {
            b'"' => self.string()?,
            byte => return Err(unexpected(byte, "looking for beginning of object key string")),
        }
        match self.required()? {
            b':' => {
                self.at += 1;
                Ok(())
            }
            byte => Err(unexpected(byte, "after object key")),
        }
    }

    fn string(&mut self) -> Scan {
        self.at += 1;
        loop {
            let byte = self.peek().ok_or_else(end)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                0..=0x1f => return Err(unexpected(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Scan {
        let byte = self.peek_inside();
        self.at += 1;
        match byte {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    let byte = self.peek_inside();
                    if !byte.is_ascii_hexdigit() {
                        return Err(unexpected(byte, "in \\u hexadecimal character escape"));
                    }
                    self.at += 1;
                }
                Ok(())
            }
            byte => Err(unexpected(byte, "in string escape code")),
        }
    }

    fn digits(&mut self, context: &str) -> Scan {
        let byte = self.peek_inside();
        if !byte.is_ascii_digit() {
            return Err(unexpected(byte, context));
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Scan {
        let start = self.at;
        let mut exponent = false;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
            exponent = true;
        }
        let place = start..self.at;
        if exponent || place.len() > LONG_NUMBER {
            let number = std::str::from_utf8(&self.text[place.clone()]).unwrap_or_default();
            if number.parse::<f64>().is_ok_and(f64::is_infinite) {
                self.huge.push(place);
            }
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Scan {
        self.at += 1;
        for wanted in word.bytes().skip(1) {
            let byte = self.peek_inside();
            if byte != wanted {
                let wanted = char::from(wanted);
                return Err(unexpected(byte, &format!("in literal {word} (expecting '{wanted}')")));
            }
            self.at += 1;
        }
        Ok(())
    }
}

fn end() -> String {
    "unexpected end of JSON input".to_owned()
}

fn check_depth(open: &[u8]) -> Scan {
    if open.len() > MAX_TEXT_DEPTH { Err("exceeded max depth".to_owned()) } else { Ok(()) }
}

fn unexpected(byte: u8, context: &str) -> String {
    let shown = match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => {
            let c = char::from(byte);
            match c {
                '\\' => r"'\\'".to_owned(),
                '\n' => r"'\n'".to_owned(),
                '\r' => r"'\r'".to_owned(),
                '\t' => r"'\t'".to_owned(),
                '\u{7}' => r"'\a'".to_owned(),
                '\u{8}' => r"'\b'".to_owned(),
                '\u{b}' => r"'\v'".to_owned(),
                '\u{c}' => r"'\f'".to_owned(),
                c if c.is_control() || c == '\u{a0}' || c == '\u{ad}' => format!(r"'\x{byte:02x}'"),
                c => format!("'{c}'"),
            }
        }
    };
    format!("invalid character {shown} {context}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_has_gos_messages() {
        for (text, message) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\": 1, ", "unexpected end of JSON input"),
            ("{not json", "invalid character 'n' looking for beginning of object key string"),
            ("\u{81}", "invalid character 'Â' looking for beginning of value"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("tru", "invalid character ' ' in literal true (expecting 'e')"),
            ("-", "invalid character ' ' in numeric literal"),
            ("[1.", "invalid character ' ' after decimal point in numeric literal"),
            ("1e", "invalid character ' ' in exponent of numeric literal"),
            ("\"\\", "invalid character ' ' in string escape code"),
            ("\"\\u12", "invalid character ' ' in \\u hexadecimal character escape"),
            ("\"x", "unexpected end of JSON input"),
            ("nul!", "invalid character '!' in literal null (expecting 'l')"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("\"\\q\"", "invalid character 'q' in string escape code"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
        ] {
            assert_eq!(json_error(text.as_bytes()).as_deref(), Some(message), "{text:?}");
        }
        assert_eq!(
            json_error(b"\x81").unwrap(),
            "invalid character '\\x81' looking for beginning of value"
        );
        assert_eq!(json_error(br#" {"a":[1,-2.5e+3,true,null,"\u00e9"]} "#), None);
    }

    #[test]
    fn numbers_beyond_a_float_are_found() {
        assert_eq!(check_json(b"[1e400, 1e308, -2e999]"), Ok(vec![1..6, 15..21]));
        let digits = check_json("9".repeat(400).as_bytes()).unwrap();
        assert_eq!((digits.len(), digits[0].len()), (1, 400));
    }
}
