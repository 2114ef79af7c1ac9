//! JSON text → values with their places in it, for [`json`](super).

use std::ops::Range;

/// Deeper texts are not looked into as JSON.
const MAX_DEPTH: usize = 128;

/// A value with its place in the text.
#[derive(Debug)]
pub(super) enum Node {
    /// A string: what stands between its quotes.
    Text(Range<usize>),
    Number(Range<usize>),
    /// `true`, `false` or `null`: whether it is `true`.
    Word(bool),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Whether it is a list of two texts.
    pub(super) fn is_pair(&self) -> bool {
        matches!(self, Self::List(items) if matches!(items.as_slice(), [Self::Text(_), Self::Text(_)]))
    }
}

/// A reader of strict JSON (RFC 8259) that keeps places.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    pub(super) fn value(&mut self, depth: usize) -> Option<Node> {
        self.space();
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => {
                self.at += 1;
                let mut fields = Vec::new();
                if self.take(b'}').is_some() {
                    return Some(Node::Map(fields));
                }
                loop {
                    self.space();
                    let name = self.string()?;
                    let name = unescaped(&self.text[name]);
                    self.take(b':')?;
                    fields.push((name, self.value(depth + 1)?));
                    if self.take(b',').is_none() {
                        return self.take(b'}').map(|()| Node::Map(fields));
                    }
                }
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                if self.take(b']').is_some() {
                    return Some(Node::List(items));
                }
                loop {
                    items.push(self.value(depth + 1)?);
                    if self.take(b',').is_none() {
                        return self.take(b']').map(|()| Node::List(items));
                    }
                }
            }
            b'"' => self.string().map(Node::Text),
            b'-' | b'0'..=b'9' => {
                let start = self.at;
                while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
                    self.at += 1;
                }
                Some(Node::Number(start..self.at))
            }
            _ => {
                let word = ["true", "false", "null"]
                    .into_iter()
                    .find(|word| self.text[self.at..].starts_with(word))?;
                self.at += word.len();
                Some(Node::Word(word == "true"))
            }
        }
    }

    /// What stands between the quotes of a string.
    fn string(&mut self) -> Option<Range<usize>> {
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(start..self.at - 1);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }
}

/// What the inside of a JSON string means; as it is where it means nothing.
pub(super) fn unescaped(inside: &str) -> String {
    if !inside.contains('\\') {
        return inside.to_owned();
    }
    serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_else(|_| inside.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::{Key, Redactor};

    #[test]
    fn values_behind_names_in_lists_are_replaced() {
        let redactor = Redactor::new(Key::of(b"k"));
        for (text, gone) in [
            (r#"{"headers":[["password","hunter"],["accept","text"]]}"#, true),
            (r#"["run","--token","hunter"]"#, true),
            (r#"{"vendor":{"key":"AB12C-3DE4F-56GHI-7JK8L"}}"#, true),
            (r#"{"required":["password","hunter"]}"#, false),
            (r#"["--token","--hunter"]"#, false),
        ] {
            let new = redactor.pass("/x").changed(text);
            assert_eq!(new.is_some(), gone, "{text}: {new:?}");
        }
    }
}
