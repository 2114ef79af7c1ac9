//! YAML text: parsed under budgets (an alias bomb is an error, not an out-of-memory), and walked
//! again event by event if a place is needed.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::granit_parser::{Event, Parser, Span};

use super::ordered::OrderedText;
use super::places::{At, Spot};
use super::yaml_starts::{self, Start};
use super::{Diagnostic, Place, Source, Step, yaml_error};

/// How many values aliases may add to those that are written.
const MAX_REPEATED: usize = 100_000;

/// How many bytes of text aliases may add to those that are written.
const MAX_REPEATED_BYTES: usize = 64 << 20;

/// Parses every document of a YAML text.
pub(super) fn parse(source: &Source) -> Result<Vec<Value>, Diagnostic> {
    parse_as(source)
}

/// Returns every document as JSON text, with the keys in their order, or `None` if the text is not
/// YAML.
pub(super) fn ordered_texts(source: &Source) -> Option<Vec<String>> {
    let texts = parse_as::<OrderedText>(source).ok()?;
    Some(texts.into_iter().map(|OrderedText(text)| text).collect())
}

fn parse_as<T: DeserializeOwned>(source: &Source) -> Result<Vec<T>, Diagnostic> {
    // Every value takes a byte at least: what is written always fits, what aliases repeat is bounded.
    let written = source.text.len();
    let values = written.saturating_add(MAX_REPEATED);
    let options = serde_saphyr::options! {
        // Quoting `yes` and `0777` is a trap of YAML 1.1; we read 1.2's core schema.
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_events: values.saturating_mul(2),
            max_nodes: values,
            max_documents: values,
            max_total_scalar_bytes: written.saturating_add(MAX_REPEATED_BYTES),
        },
    };
    serde_saphyr::from_multiple_with_options::<T>(&source.text, options)
        .map_err(|error| yaml_error::diagnostic(source, &error))
}

/// Returns the line and column of the value, or of the key, at `pointer` in the given document.
pub(super) fn place(text: &str, document: usize, pointer: &[Step], key: bool) -> Option<Place> {
    let mut events = Events::of(text, document)?;
    let first = events.next()?;
    events.find(first, pointer, key)
}

/// Returns the places of everything in the given document.
pub(super) fn spots(text: &str, document: usize) -> Option<Spot> {
    let mut events = Events::of(text, document)?;
    let first = events.next()?;
    let key = events.place_of(&first.1);
    events.spot(first, key)
}

struct Events<'a> {
    parser: Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>,
    /// The lines in front of the text that the parser reads.
    lines: usize,
}

impl<'a> Events<'a> {
    /// Returns the events of one document.
    fn of(text: &'a str, document: usize) -> Option<Self> {
        let start = match document {
            0 => Start::default(),
            _ => yaml_starts::of(text).get(document).copied()?,
        };
        let parser = Parser::new_from_str(text.get(start.offset..)?);
        let mut events = Events { parser, lines: start.lines };
        while !matches!(events.next()?.0, Event::DocumentStart(..)) {}
        Some(events)
    }

    /// Returns the node that `head` begins, with everything in it.
    fn spot(&mut self, (event, span): (Event<'a>, Span), key: Place) -> Option<Spot> {
        let value = self.place_of(&span);
        let mut spot = Spot { key: At::Place(key), value: At::Place(value), ..Spot::default() };
        match event {
            Event::MappingStart(..) => loop {
                let (event, span) = self.next()?;
                let name = match &event {
                    Event::MappingEnd => break,
                    Event::Scalar(text, ..) => Some(text.to_string()),
                    _ => None,
                };
                self.skip(&event)?;
                let head = self.next()?;
                let key = self.place_of(&span);
                let inner = self.spot(head, key)?;
                if let Some(name) = name {
                    spot.fields.insert(name, inner);
                }
            },
            Event::SequenceStart(..) => loop {
                let head = self.next()?;
                if matches!(head.0, Event::SequenceEnd) {
                    break;
                }
                let at = self.place_of(&head.1);
                spot.items.push(self.spot(head, at)?);
            },
            _ => {}
        }
        Some(spot)
    }

    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        self.parser.next_event()?.ok()
    }

    fn place_of(&self, span: &Span) -> Place {
        Place { line: self.lines + span.start.line(), column: span.start.col() + 1 }
    }

    /// Walks from the node that `head` begins to the one at `pointer`.
    fn find(&mut self, head: (Event<'a>, Span), pointer: &[Step], key: bool) -> Option<Place> {
        let Some((step, rest)) = pointer.split_first() else {
            return Some(self.place_of(&head.1));
        };
        match (head.0, step) {
            (Event::MappingStart(..), Step::Key(wanted)) => loop {
                let (event, span) = self.next()?;
                let found = match &event {
                    Event::MappingEnd => return None,
                    Event::Scalar(text, ..) => text == wanted.as_str(),
                    _ => false,
                };
                if found && rest.is_empty() && key {
                    return Some(self.place_of(&span));
                }
                self.skip(&event)?;
                let value = self.next()?;
                if found {
                    return self.find(value, rest, key);
                }
                self.skip(&value.0)?;
            },
            (Event::SequenceStart(..), Step::Index(wanted)) => {
                let mut index = 0;
                loop {
                    let item = self.next()?;
                    if matches!(item.0, Event::SequenceEnd) {
                        return None;
                    }
                    if index == *wanted {
                        return self.find(item, rest, key);
                    }
                    self.skip(&item.0)?;
                    index += 1;
                }
            }
            _ => None,
        }
    }

    /// Reads past the node that `head` began.
    fn skip(&mut self, head: &Event<'a>) -> Option<()> {
        let mut depth = opening(head);
        while depth > 0 {
            let (event, _) = self.next()?;
            depth += opening(&event);
            if matches!(event, Event::MappingEnd | Event::SequenceEnd) {
                depth -= 1;
            }
        }
        Some(())
    }
}

fn opening(event: &Event<'_>) -> usize {
    usize::from(matches!(event, Event::MappingStart(..) | Event::SequenceStart(..)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Format;

    fn source(text: &str) -> Source {
        Source { path: "x.yaml".into(), format: Format::Yaml, text: text.into() }
    }

    #[test]
    fn every_document_is_read() {
        let values = source("a: 1\n---\n- yes\n- 0x10\n- \"2\"\n").parse().unwrap();
        assert_eq!(values, [serde_json::json!({"a": 1}), serde_json::json!(["yes", 16, "2"])]);
    }

    #[test]
    fn syntax_errors_carry_their_place() {
        let error = source("a: 1\nb: [1, 2\nc: 3\n").parse().unwrap_err();
        assert!(error.place.is_some(), "{error}");
        let error = source("a: 1\na: 2\n").parse().unwrap_err();
        assert_eq!(error.place.map(|p| p.line), Some(2), "{error}");
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let error = source(&text).parse().unwrap_err();
        assert!(error.message.starts_with("aliases make the text far larger"), "{error}");
    }

    #[test]
    fn a_large_text_without_aliases_is_read() {
        let text = "- {a: 1, b: [x, y]}\n".repeat(60_000);
        assert_eq!(source(&text).parse().unwrap()[0].as_array().unwrap().len(), 60_000);
        assert_eq!(source(&"---\na: 1\n".repeat(5_000)).parse().unwrap().len(), 5_000);
    }

    #[test]
    fn values_and_keys_are_found_again() {
        let text = "one: 1\n---\nrules:\n- id: a\n  match: {path: /x, verb: list}\n";
        let pointer = [
            Step::Key("rules".into()),
            Step::Index(0),
            Step::Key("match".into()),
            Step::Key("verb".into()),
        ];
        assert_eq!(place(text, 1, &pointer, true), Some(Place { line: 5, column: 21 }));
        assert_eq!(place(text, 1, &pointer, false), Some(Place { line: 5, column: 27 }));
    }
}
