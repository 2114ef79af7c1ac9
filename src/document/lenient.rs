//! Converts JSON that `WireMock`'s parser accepts to strict JSON: comments and single quotes are
//! allowed, and what follows the first value is ignored.

use super::json_pointer;

/// How deep arrays and objects may be nested: the next parser has the same bound.
const MAX_DEPTH: usize = 128;

/// Why a text is not even lenient JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The value that is being read there: `/request/url`. `None` if it is the whole text.
    pub(crate) pointer: Option<String>,
    /// Bytes from the start of the text.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
}

/// The strict JSON of the first value in a text. Its parts keep their offsets, except for texts in
/// single quotes that contain double ones.
#[derive(Debug)]
pub(crate) struct Strict {
    pub(crate) text: String,
    /// The offset of the ignored rest.
    pub(crate) ignored: Option<usize>,
}

/// Reads a text.
pub(crate) fn to_strict(text: &str) -> Result<Strict, Malformed> {
    let out = String::with_capacity(text.len());
    let mut scanner = Scanner { text, at: 0, out, way: Vec::new() };
    scanner.value(0)?;
    let strict = scanner.out.clone();
    let is_ignored = scanner.space().is_err() || !scanner.rest().is_empty();
    Ok(Strict { text: strict, ignored: is_ignored.then_some(scanner.at) })
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    out: String,
    /// The keys and indices of the enclosing values.
    way: Vec<String>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn malformed(&self, message: impl Into<String>) -> Malformed {
        let pointer = (!self.way.is_empty()).then(|| json_pointer(&self.way));
        Malformed { pointer, offset: self.at, message: message.into() }
    }

    fn unexpected(&self, wanted: &str) -> Malformed {
        match self.rest().chars().next() {
            Some(c) => self.malformed(format!("expected {wanted}, found {c:?}")),
            None => self.malformed(format!("expected {wanted}, found the end of the text")),
        }
    }

    /// Copies this many bytes.
    fn copy(&mut self, bytes: usize) {
        self.out.push_str(&self.text[self.at..self.at + bytes]);
        self.at += bytes;
    }

    /// Skips white space and comments; a comment becomes blanks, so that offsets stay.
    fn space(&mut self) -> Result<(), Malformed> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.copy(blank);
            let rest = self.rest();
            let comment = if rest.starts_with("//") {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                let end =
                    rest.find("*/").ok_or_else(|| self.malformed("a comment is not closed"))?;
                end + 2
            } else {
                return Ok(());
            };
            for c in self.text[self.at..self.at + comment].chars() {
                self.out
                    .extend(std::iter::repeat_n(if c == '\n' { '\n' } else { ' ' }, c.len_utf8()));
            }
            self.at += comment;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err(self.malformed(format!("more than {MAX_DEPTH} values are nested")));
        }
        self.space()?;
        match self.rest().bytes().next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"' | b'\'') => self.string().map(|_| ()),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Malformed> {
        self.copy(1);
        self.space()?;
        if self.rest().starts_with('}') {
            self.copy(1);
            return Ok(());
        }
        loop {
            self.space()?;
            let key = self.string()?;
            self.space()?;
            if !self.rest().starts_with(':') {
                return Err(self.unexpected("a colon after a name"));
            }
            self.copy(1);
            self.way.push(key);
            self.value(depth + 1)?;
            self.way.pop();
            self.space()?;
            match self.rest().bytes().next() {
                Some(b',') => self.copy(1),
                Some(b'}') => {
                    self.copy(1);
                    return Ok(());
                }
                _ => return Err(self.unexpected("a comma or } in an object")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Malformed> {
        self.copy(1);
        self.space()?;
        if self.rest().starts_with(']') {
            self.copy(1);
            return Ok(());
        }
        for index in 0.. {
            self.way.push(index.to_string());
            self.value(depth + 1)?;
            self.way.pop();
            self.space()?;
            match self.rest().bytes().next() {
                Some(b',') => self.copy(1),
                Some(b']') => break,
                _ => return Err(self.unexpected("a comma or ] in an array")),
            }
        }
        self.copy(1);
        Ok(())
    }

    /// Copies a string in quotes of either kind; returns it as written.
    fn string(&mut self) -> Result<String, Malformed> {
        let Some(quote @ ('"' | '\'')) = self.rest().chars().next() else {
            return Err(self.unexpected("a text in quotes"));
        };
        let mut inside = String::new();
        let mut characters = self.text[self.at + 1..].char_indices();
        loop {
            let Some((offset, c)) = characters.next() else {
                return Err(self.malformed("a text in quotes is not closed"));
            };
            match c {
                '\\' => match characters.next() {
                    Some((_, '\'')) => inside.push('\''),
                    Some((_, escaped)) => inside.extend(['\\', escaped]),
                    None => return Err(self.malformed("a text in quotes is not closed")),
                },
                c if c == quote => {
                    self.at += 1 + offset + 1;
                    self.out.push('"');
                    self.out.push_str(&inside);
                    self.out.push('"');
                    return Ok(inside);
                }
                '"' => inside.push_str("\\\""),
                c if c < ' ' => {
                    self.at += 1 + offset;
                    return Err(self.malformed("a control character is in a text in quotes"));
                }
                c => inside.push(c),
            }
        }
    }

    /// Copies a number, or one of the three words.
    fn word(&mut self) -> Result<(), Malformed> {
        let rest = self.rest();
        let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let end = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        // Number or not: the next parser knows all their forms.
        let is_known = serde_json::from_str::<serde::de::IgnoredAny>(word).is_ok();
        if !is_known {
            // As in WireMock, the error is reported at the enclosing value.
            self.way.pop();
            return Err(self.unexpected("a value"));
        }
        self.copy(end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_quotes_and_what_follows_are_taken() {
        let table = [
            ("{\"a\": 1} extra", "{\"a\": 1}"),
            ("// one\n{'a': /* two */ 'x\\'y'}", "      \n{\"a\":           \"x'y\"}"),
            ("['\"', \"'\", -1.5e3, null]", "[\"\\\"\", \"'\", -1.5e3, null]"),
            ("true false", "true"),
        ];
        for (text, strict) in table {
            assert_eq!(to_strict(text).unwrap().text, strict);
        }
    }

    #[test]
    fn what_is_malformed_is_known_by_its_value() {
        let table = [
            ("this is not json", None),
            ("{\"request\": {\"url\": nope}}", Some("/request")),
            ("{\"request\": {\"url\": \"/x\",}}", Some("/request")),
            ("{\"a\": [1, 2 3]}", Some("/a")),
            ("{\"request\": {}", None),
        ];
        for (text, pointer) in table {
            assert_eq!(to_strict(text).unwrap_err().pointer.as_deref(), pointer, "{text}");
        }
        assert_eq!(to_strict("{} // end\n x").unwrap().ignored, Some(11));
        assert_eq!(to_strict("{} // end").unwrap().ignored, None);
        assert!(to_strict(&"[".repeat(1_000)).unwrap_err().message.contains("128"));
    }
}
