//! Raw JSON: objects in the written order of their keys, and pretty-printing in Jackson's style.

use std::borrow::Cow;

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::java::decimal::plain;
use crate::java::json::Json;

/// The depth to which values are pretty-printed; deeper ones are shown as written.
const DEEPEST: usize = 512;

/// A JSON value, as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a>(&'a str);

/// The entries of an object.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl<'a> Raw<'a> {
    /// Creates a text that is JSON.
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the entries of an object, in their order.
    pub(super) fn entries(self) -> Vec<(String, Raw<'a>)> {
        let entries: Entries<'a> = match serde_json::from_str(self.0) {
            Ok(entries) => entries,
            Err(_) => return Vec::new(),
        };
        entries.0.into_iter().map(|(key, value)| (key, Raw(value.get()))).collect()
    }

    /// Returns the value of a key, of several the last one; `null` counts as absent.
    pub(super) fn get(self, key: &str) -> Option<Raw<'a>> {
        let found = self.entries().into_iter().rev().find(|(other, _)| other == key);
        found.map(|(_, value)| value).filter(|value| value.0 != "null")
    }

    /// Returns whether it is an object.
    pub(super) fn is_object(self) -> bool {
        self.0.trim_start().starts_with('{')
    }

    /// Returns whether it is a list.
    pub(super) fn is_list(self) -> bool {
        self.0.trim_start().starts_with('[')
    }

    /// Returns the items of a list.
    pub(super) fn items(self) -> Vec<Raw<'a>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.0).unwrap_or_default();
        items.into_iter().map(|item| Raw(item.get())).collect()
    }

    /// Returns a string.
    pub(super) fn string(self) -> Option<String> {
        serde_json::from_str(self.0).ok()
    }

    /// Returns the string, or the text of any other value.
    pub(super) fn text(self) -> String {
        self.string().unwrap_or_else(|| self.0.to_owned())
    }

    /// As it is written.
    pub(super) fn as_str(self) -> &'a str {
        self.0
    }
}

/// Returns a JSON text with one value on a line, or `None` if it is not JSON.
pub(crate) fn pretty(text: &str) -> Option<String> {
    print(text, |number| Cow::Borrowed(number))
}

/// Returns the JSON at the beginning of a text as Jackson reads it and prints it again, with one value on a line:
/// of a repeated key the last value, numbers without exponents.
pub(super) fn reprinted(text: &str) -> Option<String> {
    let read = Json::read_first(text).ok()?;
    print(&read.to_string(), |number| plain(number).map_or(Cow::Borrowed(number), Cow::Owned))
}

fn print(text: &str, number: impl Fn(&str) -> Cow<'_, str>) -> Option<String> {
    // Only valid JSON is printed.
    serde_json::from_str::<&RawValue>(text).ok()?;
    let mut printer = Printer::default();
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            c if c.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            _ => {
                rest.find(|c: char| ",:{}[]".contains(c) || c.is_whitespace()).unwrap_or(rest.len())
            }
        };
        let (token, after) = rest.split_at_checked(length)?;
        let is_number = c == '-' || c.is_ascii_digit();
        let token = if is_number { number(token) } else { Cow::Borrowed(token) };
        printer.token(&token)?;
        rest = after;
    }
    Some(printer.out)
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Jackson's default: the entries of objects on lines of their own, the items of lists on one.
#[derive(Default)]
struct Printer {
    out: String,
    /// The brackets that are open.
    open: Vec<char>,
    /// The first character of the last token.
    last: char,
}

impl Printer {
    fn token(&mut self, token: &str) -> Option<()> {
        let kind = token.chars().next()?;
        match kind {
            '}' => {
                self.open.pop();
                if self.last == '{' {
                    self.out.push(' ');
                } else {
                    self.line();
                }
                self.out.push('}');
            }
            ']' => {
                self.open.pop();
                self.out.push_str(" ]");
            }
            ',' => self.out.push(','),
            ':' => self.out.push_str(" : "),
            _ => {
                match (self.last, self.open.last()) {
                    ('{', _) | (',', Some('{')) => self.line(),
                    ('[' | ',', _) => self.out.push(' '),
                    _ => {}
                }
                self.out.push_str(token);
                if matches!(kind, '{' | '[') {
                    self.open.push(kind);
                }
            }
        }
        self.last = kind;
        (self.open.len() <= DEEPEST).then_some(())
    }

    fn line(&mut self) {
        let depth = self.open.iter().filter(|kind| **kind == '{').count();
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", depth));
    }
}
