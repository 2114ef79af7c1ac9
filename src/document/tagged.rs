//! YAML with tags that JSON has no form for: binary scalars, and the types of other languages.
//!
//! A tag of a language's own type (`!!python/tuple`) is ignored: its notation decides.

use std::collections::HashMap;

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::{Diagnostic, Place, Source};

/// The prefix of a binary scalar's base64: a JSON value cannot hold bytes that are not text.
pub(crate) const BINARY_MARK: &str = "\u{E000}base64:";

/// The deepest value that is read, in levels.
const DEEPEST: usize = 128;

/// How many bytes aliases may add to a text.
const MAX_REPEATED: usize = 64 << 20;

impl Source {
    /// Returns the first document of a YAML text. Each binary scalar (`!!binary`, and `!binary` as
    /// Ruby writes it) is a text that begins with [`BINARY_MARK`].
    ///
    /// # Errors
    /// The [`Diagnostic`] of the first place that cannot be read.
    pub(crate) fn parse_tagged(&self) -> Result<Value, Diagnostic> {
        let mut reader = Reader {
            source: self,
            parser: Parser::new_from_str(&self.text),
            anchors: HashMap::new(),
            repeated: 0,
        };
        loop {
            match reader.next()? {
                Event::DocumentStart(..) => {
                    let head = reader.next()?;
                    return reader.value(head, 0);
                }
                Event::StreamEnd => return Ok(Value::Null),
                _ => {}
            }
        }
    }
}

struct Reader<'a> {
    source: &'a Source,
    parser: Parser<'a, StrInput<'a>>,
    /// The values of anchors, with their sizes in bytes.
    anchors: HashMap<usize, (Value, usize)>,
    repeated: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, Diagnostic> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => {
                let at = error.marker();
                let place = Place { line: at.line().max(1), column: at.col() + 1 };
                Err(self.problem(&error.info()).at(place))
            }
            None => Ok(Event::StreamEnd),
        }
    }

    fn problem(&self, what: &str) -> Diagnostic {
        Diagnostic::error(&self.source.path, what)
            .hint("the text is not YAML that can be loaded here")
    }

    /// Returns the value that an event begins.
    fn value(&mut self, head: Event<'a>, depth: usize) -> Result<Value, Diagnostic> {
        if depth > DEEPEST {
            return Err(self.problem("the values are nested too deeply"));
        }
        let (value, anchor) = match head {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => items.push(self.value(event, depth + 1)?),
                    }
                }
                (Value::Array(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let mut map = Map::new();
                loop {
                    let name = match self.next()? {
                        Event::MappingEnd => break,
                        Event::Scalar(text, ..) => text.into_owned(),
                        _ => return Err(self.problem("a key is not a text")),
                    };
                    let head = self.next()?;
                    map.insert(name, self.value(head, depth + 1)?);
                }
                (Value::Object(map), anchor)
            }
            Event::Alias(id) => return self.alias(id),
            _ => return Err(self.problem("the text ends in the middle of a value")),
        };
        if anchor != 0 {
            let size = value.to_string().len();
            self.anchors.insert(anchor, (value.clone(), size));
        }
        Ok(value)
    }

    fn alias(&mut self, id: usize) -> Result<Value, Diagnostic> {
        let Some((value, size)) = self.anchors.get(&id) else {
            return Err(self.problem("an alias is inside the value that it refers to"));
        };
        self.repeated = self.repeated.saturating_add(*size);
        if self.repeated > MAX_REPEATED {
            return Err(self.problem("aliases make the text far larger than it is written"));
        }
        Ok(value.clone())
    }
}

/// Returns a scalar by its tag, and without one by its notation.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if let Some(tag) = tag {
        let is_binary = tag.suffix().trim_start_matches('!') == "binary";
        return if is_binary { format!("{BINARY_MARK}{text}") } else { text.to_owned() }.into();
    }
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        text => match text.parse::<i64>() {
            // In another notation, such as 007 or +1, it is a text.
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::Format;

    fn parse(text: &str) -> Result<Value, Diagnostic> {
        Source { path: "c.yaml".into(), format: Format::Yaml, text: text.into() }.parse_tagged()
    }

    #[test]
    fn binary_scalars_are_marked_in_every_notation() {
        let text = "a: !!binary |\n  H4sI\n  AAAA\nb: {c: !!binary \"/w==\", d: !binary AP8=}\n\
                    e: !binary |-\n  AAE=\nf: &id !!binary '/w=='\ng: *id\nh: '!!binary |'\n";
        let value = parse(text).unwrap();
        let marked = |text: &str| format!("{BINARY_MARK}{text}");
        assert_eq!(value["a"], marked("H4sI\nAAAA\n"));
        assert_eq!(value["b"], json!({"c": marked("/w=="), "d": marked("AP8=")}));
        assert_eq!(value["e"], marked("AAE="));
        assert_eq!((&value["f"], &value["g"]), (&marked("/w==").into(), &marked("/w==").into()));
        assert_eq!(value["h"], "!!binary |");
    }

    #[test]
    fn types_of_other_languages_are_what_they_are_written_as() {
        let text = "- !!python/object:vcr.request.Request\n  body: !!python/unicode \"a\\n\"\n  \
                    headers: !!python/object/apply:__builtin__.frozenset\n  - - !!python/tuple [a, 'b, c']\n  port: 80\n  none: null\n  zip: 007\n";
        let expected = json!([{"body": "a\n", "headers": [[["a", "b, c"]]], "port": 80, "none": null, "zip": "007"}]);
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, why) in [
            ("a: [1\nb: 2\n", ""),
            ("a: &a [*a]\n", "inside the value that it refers to"),
            ("? [a]\n: b\n", "a key is not a text"),
            (&("[".repeat(200) + &"]".repeat(200)), "too deeply"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let mut text = format!("a0: &a0 {}\n", "x".repeat(100));
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains("far larger"), "{error}");
    }
}
