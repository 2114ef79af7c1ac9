//! Decoding a value into a raw type while collecting every problem, not only the first.
//!
//! A decoder asks a [`Node`] for what it expects; a wrong type, a missing or an unknown key is noted
//! with its way from the root, and decoding goes on. Only when problems were found are their lines
//! and columns looked up.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::place::{Pointer, Step, dotted};
use super::places::Places;
use super::{Diagnostic, INVALID, Place, Severity, Source, units};

/// Collects the problems of one document of one source.
#[derive(Debug)]
pub struct Decoder<'s> {
    source: &'s Source,
    document: usize,
    problems: RefCell<Vec<Problem>>,
    /// The places of the document, once one was asked for.
    places: OnceCell<Option<Places>>,
}

/// More problems than this are looked up in the places of the whole document.
const FEW_PROBLEMS: usize = 8;

#[derive(Debug)]
struct Problem {
    severity: Severity,
    code: &'static str,
    pointer: Pointer,
    at_key: bool,
    message: String,
    hint: String,
}

impl<'s> Decoder<'s> {
    /// A decoder for the `document`-th document of `source`.
    #[must_use]
    pub fn new(source: &'s Source, document: usize) -> Self {
        Self { source, document, problems: RefCell::default(), places: OnceCell::new() }
    }

    /// The root of the document.
    #[must_use]
    pub fn root<'d>(&'d self, value: &'d Value) -> Node<'d> {
        Node { value, way: None, decoder: self }
    }

    /// An item of a list that stands at a key of the document's root, when the item was read by itself.
    #[must_use]
    pub fn item<'d>(&'d self, list: &'d str, index: usize, value: &'d Value) -> Node<'d> {
        self.root(&Value::Null).child(Way::Key(list), value).child(Way::Index(index), value)
    }

    /// The source being decoded.
    #[must_use]
    pub fn source(&self) -> &'s Source {
        self.source
    }

    /// The number of the document in its source, from 0.
    #[must_use]
    pub fn document(&self) -> usize {
        self.document
    }

    /// Whether an error (not only a warning) was noted so far.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.borrow().iter().any(|p| p.severity == Severity::Error)
    }

    /// The problems found, with their places.
    #[must_use]
    pub fn finish(self) -> Vec<Diagnostic> {
        let (source, document) = (self.source, self.document);
        let problems = self.problems.take();
        let many = problems.len() > FEW_PROBLEMS || self.places.get().is_some();
        let place = |problem: &Problem| {
            if many {
                return self.place(&problem.pointer, problem.at_key);
            }
            source.place(document, &problem.pointer, problem.at_key)
        };
        problems
            .into_iter()
            .map(|problem| Diagnostic {
                severity: problem.severity,
                code: problem.code,
                path: source.path.clone(),
                place: place(&problem),
                key: dotted(&problem.pointer),
                message: problem.message,
                hint: problem.hint,
            })
            .collect()
    }

    /// The place of a value or of a key, from the places of the whole document.
    fn place(&self, pointer: &[Step], key: bool) -> Option<Place> {
        let places = self.places.get_or_init(|| self.source.places(self.document));
        places.as_ref()?.find(&self.source.text, pointer, key)
    }

    fn note(
        &self,
        (severity, code): (Severity, &'static str),
        way: Option<&Rc<WayTo<'_>>>,
        at_key: bool,
        message: String,
        hint: String,
    ) {
        let pointer = pointer_of(way);
        let problem = Problem { severity, code, pointer, at_key, message, hint };
        self.problems.borrow_mut().push(problem);
    }
}

fn pointer_of(way: Option<&Rc<WayTo<'_>>>) -> Pointer {
    let mut pointer = Pointer::new();
    let mut next = way;
    while let Some(way) = next {
        pointer.push(match way.last {
            Way::Key(key) => Step::Key(key.to_owned()),
            Way::Index(index) => Step::Index(index),
        });
        next = way.parent.as_ref();
    }
    pointer.reverse();
    pointer
}

/// The way from the root to a node, shared with its siblings' ways. It borrows the keys: most ways are
/// never asked for.
#[derive(Debug)]
struct WayTo<'d> {
    last: Way<'d>,
    parent: Option<Rc<WayTo<'d>>>,
}

/// One step of a way.
#[derive(Debug, Clone, Copy)]
enum Way<'d> {
    Key(&'d str),
    Index(usize),
}

/// A value with its way from the root.
#[derive(Debug, Clone)]
pub struct Node<'d> {
    value: &'d Value,
    way: Option<Rc<WayTo<'d>>>,
    decoder: &'d Decoder<'d>,
}

impl<'d> Node<'d> {
    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &'d Value {
        self.value
    }

    /// The key or index this node stands at; empty at the root.
    #[must_use]
    pub fn key(&self) -> String {
        match self.way.as_ref().map(|way| way.last) {
            Some(Way::Key(key)) => key.to_owned(),
            Some(Way::Index(index)) => index.to_string(),
            None => String::new(),
        }
    }

    /// The way from the document's root to this node.
    #[must_use]
    pub fn pointer(&self) -> Pointer {
        pointer_of(self.way.as_ref())
    }

    /// The decoder this node's problems go to: it knows the source and the document.
    #[must_use]
    pub fn decoder(&self) -> &'d Decoder<'d> {
        self.decoder
    }

    /// Notes an error at this value.
    pub fn error(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.error_coded(INVALID, message, hint);
    }

    /// Notes an error at this value, with a code of its own.
    pub fn error_coded(
        &self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let kind = (Severity::Error, code);
        self.decoder.note(kind, self.way.as_ref(), false, message.into(), hint.into());
    }

    /// Notes an error at this value's key.
    pub fn error_at_key(&self, message: impl Into<String>, hint: impl Into<String>) {
        let kind = (Severity::Error, INVALID);
        self.decoder.note(kind, self.way.as_ref(), true, message.into(), hint.into());
    }

    /// Notes a warning at this value.
    pub fn warn(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.warn_coded(INVALID, message, hint);
    }

    /// Notes a warning at this value, with a code of its own.
    pub fn warn_coded(
        &self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let kind = (Severity::Warning, code);
        self.decoder.note(kind, self.way.as_ref(), false, message.into(), hint.into());
    }

    fn unknown(&self, message: String, hint: String) {
        let kind = (Severity::Error, "unknown-key");
        self.decoder.note(kind, self.way.as_ref(), true, message, hint);
    }

    /// Where this value stands.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.decoder.place(&self.pointer(), false)
    }

    /// Notes what was expected in place of this value.
    pub(crate) fn expected(&self, what: &str) {
        let found = match self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("the text {:?}", shorten(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.error(format!("expected {what}, found {found}"), "");
    }

    fn child(&self, last: Way<'d>, value: &'d Value) -> Self {
        let way = Rc::new(WayTo { last, parent: self.way.clone() });
        Self { value, way: Some(way), decoder: self.decoder }
    }

    /// The keys of an object; a wrong type is noted.
    #[must_use]
    pub fn keys(&self) -> Option<Keys<'d>> {
        if let Value::Object(map) = self.value {
            let marks = map.keys().fold(0, |marks, key| marks | mark(key));
            let asked = RefCell::new(Vec::with_capacity(FEW_KEYS));
            return Some(Keys { node: self.clone(), map, marks, asked });
        }
        self.expected("an object");
        None
    }

    /// The items of a list; a wrong type is noted.
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        let Value::Array(list) = self.value else {
            self.expected("a list");
            return Vec::new();
        };
        list.iter().enumerate().map(|(index, item)| self.child(Way::Index(index), item)).collect()
    }

    /// The entries of an object whose keys are data; a wrong type is noted.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'d str, Self)> {
        let Value::Object(map) = self.value else {
            self.expected("an object");
            return Vec::new();
        };
        map.iter().map(|(key, value)| (key.as_str(), self.child(Way::Key(key), value))).collect()
    }

    /// A text; a wrong type is noted.
    pub fn text(&self) -> Option<&'d str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.expected("a text");
        }
        text
    }

    /// A truth value; a wrong type is noted.
    pub fn bool(&self) -> Option<bool> {
        let value = self.value.as_bool();
        if value.is_none() {
            self.expected("true or false");
        }
        value
    }

    /// A whole number in a range; a wrong type or a number outside of it is noted.
    pub fn integer(&self, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = self.value.as_i64().filter(|n| range.contains(n));
        if number.is_none() {
            match (*range.start(), *range.end()) {
                (i64::MIN, i64::MAX) => self.expected("a whole number"),
                (low, i64::MAX) => self.expected(&format!("a whole number from {low} up")),
                (low, high) => self.expected(&format!("a whole number from {low} to {high}")),
            }
        }
        number
    }

    /// A time with its unit, like `400ms`, `30s` or `1m30s`.
    pub fn duration(&self) -> Option<Duration> {
        let found = self.value.as_str().and_then(units::duration);
        if found.is_none() {
            self.expected("a time with its unit, like 400ms, 30s or 1m30s");
        }
        found
    }

    /// A size in bytes, like `64KiB` or a plain number.
    pub fn size(&self) -> Option<u64> {
        let found = match self.value {
            Value::String(text) => units::size(text),
            value => value.as_u64(),
        };
        if found.is_none() {
            self.expected("a size, like 512B or 64KiB");
        }
        found
    }

    /// A share, like `30%`, as a fraction of 1.
    pub fn percent(&self) -> Option<f64> {
        let found = self.value.as_str().and_then(units::percent);
        if found.is_none() {
            self.expected("a share from 0% to 100%, like 30%");
        }
        found
    }

    /// One of some words; another word is noted, with the nearest known one.
    #[must_use]
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*found);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.error(format!("unknown word {:?}", shorten(text)), suggest(text, &known));
        None
    }
}

/// The keys of an object, some of them asked for: what was never asked for is unknown.
#[derive(Debug)]
pub struct Keys<'d> {
    node: Node<'d>,
    map: &'d Map<String, Value>,
    /// One bit for each key that is there: most keys that are asked for are not.
    marks: u64,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Keys<'d> {
    /// The node of the object itself.
    #[must_use]
    pub fn node(&self) -> &Node<'d> {
        &self.node
    }

    /// The value of a key. An explicit null counts as absent.
    #[must_use]
    pub fn get(&self, key: &'static str) -> Option<Node<'d>> {
        self.asked.borrow_mut().push(key);
        if self.marks & mark(key) == 0 {
            return None;
        }
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        Some(self.node.child(Way::Key(key), value))
    }

    /// The value of a key that must be there; its absence is noted.
    pub fn required(&self, key: &'static str) -> Option<Node<'d>> {
        let found = self.get(key);
        if found.is_none() {
            self.node.error(format!("the key {key:?} is missing"), "add it");
        }
        found
    }

    /// The keys of the object that are there (not null), in order.
    pub fn present(&self) -> impl Iterator<Item = &'d str> {
        self.map.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str())
    }

    /// Notes every key that was never asked for, with the nearest known one.
    pub fn finish(self) {
        self.finish_with("unknown key");
    }

    /// As [`Keys::finish`], with other words than "unknown key" (such as "unknown operator").
    pub fn finish_with(self, what: &str) {
        let asked = self.asked.into_inner();
        for (key, value) in self.map {
            if !asked.contains(&key.as_str()) {
                let child = self.node.child(Way::Key(key), value);
                child.unknown(format!("{what} {:?}", shorten(key)), suggest(key, &asked));
            }
        }
    }
}

/// How many keys an object is asked for, as a rule.
const FEW_KEYS: usize = 24;

/// The bit of a key: by its length and its first letter.
fn mark(key: &str) -> u64 {
    let first = key.bytes().next().unwrap_or_default();
    1 << ((key.len() * 11 + usize::from(first)) % 64)
}

/// "did you mean" for one close word, else the list of known words.
fn suggest(text: &str, known: &[&str]) -> String {
    let best = known
        .iter()
        .map(|word| {
            (strsim::damerau_levenshtein(&text.to_lowercase(), &word.to_lowercase()), *word)
        })
        .min();
    match best {
        Some((distance, word)) if distance <= 1 + word.len() / 4 => {
            format!("did you mean {word:?}?")
        }
        _ => {
            let mut words: Vec<&str> = known.to_vec();
            words.sort_unstable();
            words.dedup();
            format!("known here: {}", words.join(", "))
        }
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(57).collect();
    short.push_str("...");
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Format;

    #[test]
    fn all_problems_are_collected_with_their_places() {
        let text = "path: 7\nmetod: GET\ndelay: soon\nrules:\n- {id: 1}\n";
        let source = Source { path: "s.yaml".into(), format: Format::Yaml, text: text.into() };
        let values = source.parse().unwrap();
        let decoder = Decoder::new(&source, 0);
        let keys = decoder.root(&values[0]).keys().unwrap();
        keys.get("path").unwrap().text();
        keys.get("delay").unwrap().duration();
        for rule in keys.get("rules").unwrap().items() {
            let rule = rule.keys().unwrap();
            rule.get("id").unwrap().text();
            rule.required("then");
            rule.finish();
        }
        assert!(keys.get("method").is_none());
        keys.finish();
        let lines: Vec<String> = decoder.finish().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "s.yaml:1:7: path: expected a text, found the number 7",
                "s.yaml:3:8: delay: expected a time with its unit, like 400ms, 30s or 1m30s, found the text \"soon\"",
                "s.yaml:5:8: rules[0].id: expected a text, found the number 1",
                "s.yaml:5:3: rules[0]: the key \"then\" is missing; add it",
                "s.yaml:2:1: metod: unknown key \"metod\"; did you mean \"method\"?",
            ]
        );
    }
}
