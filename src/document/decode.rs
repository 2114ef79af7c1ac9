//! Decoding a value into a raw type while collecting every problem, not only the first.
//!
//! A decoder reads what it expects from a [`Node`]; a wrong type, a missing or an unknown key is
//! reported with its path from the root, and decoding continues. Lines and columns are looked up
//! only if there are problems.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use serde_json::Value;

use super::place::{Pointer, Step, dotted};
use super::places::Places;
use super::way::{Report, Way, WayTo, pointer_of, reported_pointer};
use super::{Diagnostic, INVALID, Place, Reported, Severity, Source, json_pointer};

/// Collects the problems of one document of one source.
#[derive(Debug)]
pub struct Decoder<'s> {
    source: &'s Source,
    document: usize,
    problems: RefCell<Vec<Problem>>,
    /// Whether all problems are reported at the root, see [`Node::whole`].
    is_whole: Cell<bool>,
    is_body: bool,
    /// The places of the document, once one was needed.
    places: OnceCell<Option<Places>>,
}

/// The number of problems from which the places of the whole document are computed.
const FEW_PROBLEMS: usize = 8;

/// How many problems show their line: each is searched from the beginning of the text.
const MOST_QUOTED: usize = 100;

#[derive(Debug)]
struct Problem {
    severity: Severity,
    code: &'static str,
    pointer: Pointer,
    at_key: bool,
    message: String,
    hint: String,
    reported: Reported,
}

impl<'s> Decoder<'s> {
    /// Creates a decoder for the `document`-th document of `source`.
    #[must_use]
    pub fn new(source: &'s Source, document: usize) -> Self {
        Self {
            source,
            document,
            problems: RefCell::default(),
            is_whole: Cell::new(false),
            is_body: false,
            places: OnceCell::new(),
        }
    }

    /// Creates a decoder for the body of an admin request.
    pub(super) fn of_body(source: &'s Source) -> Self {
        Self { is_body: true, ..Self::new(source, 0) }
    }

    /// Returns whether the source is the body of an admin request, not a file.
    #[must_use]
    pub(crate) fn is_body(&self) -> bool {
        self.is_body
    }

    /// Returns the root of the document.
    #[must_use]
    pub fn root<'d>(&'d self, value: &'d Value) -> Node<'d> {
        Node { value, way: None, decoder: self }
    }

    /// Returns an item of a list that is at a key of the document's root, when the item was read by
    /// itself.
    #[must_use]
    pub fn item<'d>(&'d self, list: &'d str, index: usize, value: &'d Value) -> Node<'d> {
        self.root(&Value::Null).child(Way::Key(list), value).child(Way::Index(index), value)
    }

    /// Returns the source being decoded.
    #[must_use]
    pub fn source(&self) -> &'s Source {
        self.source
    }

    /// Returns the number of the document in its source, from 0.
    #[must_use]
    pub fn document(&self) -> usize {
        self.document
    }

    /// Returns whether an error (not only a warning) was reported so far.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.borrow().iter().any(|p| p.severity == Severity::Error)
    }

    /// Returns the problems found, with their places.
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
            .enumerate()
            .map(|(number, problem)| {
                let diagnostic = Diagnostic {
                    severity: problem.severity,
                    code: problem.code,
                    path: source.path.clone(),
                    place: place(&problem),
                    key: dotted(&problem.pointer),
                    message: problem.message,
                    hint: problem.hint,
                    reported: problem.reported,
                    excerpt: None,
                };
                if number < MOST_QUOTED { diagnostic.quoting(&source.text) } else { diagnostic }
            })
            .collect()
    }

    /// Returns the place of a value or of a key, from the places of the whole document.
    fn place(&self, pointer: &[Step], key: bool) -> Option<Place> {
        let places = self.places.get_or_init(|| self.source.places(self.document));
        places.as_ref()?.find(&self.source.text, pointer, key)
    }

    fn report(
        &self,
        (severity, code): (Severity, &'static str),
        way: Option<&Rc<WayTo<'_>>>,
        at_key: bool,
        message: String,
        hint: String,
        detail: Option<String>,
    ) {
        let pointer = pointer_of(way);
        let at = if self.is_whole.get() { json_pointer(&[]) } else { reported_pointer(way) };
        let reported = Reported { pointer: at, detail };
        let problem = Problem { severity, code, pointer, at_key, message, hint, reported };
        self.problems.borrow_mut().push(problem);
    }
}

/// A value with its path from the root.
#[derive(Debug, Clone)]
pub struct Node<'d> {
    value: &'d Value,
    way: Option<Rc<WayTo<'d>>>,
    decoder: &'d Decoder<'d>,
}

impl<'d> Node<'d> {
    /// Returns the value itself.
    #[must_use]
    pub fn value(&self) -> &'d Value {
        self.value
    }

    /// Returns the key or index this node is at; empty at the root.
    #[must_use]
    pub fn key(&self) -> String {
        match self.way.as_ref().map(|way| way.last) {
            Some(Way::Key(key)) => key.to_owned(),
            Some(Way::Index(index)) => index.to_string(),
            None => String::new(),
        }
    }

    /// Returns the way from the document's root to this node.
    #[must_use]
    pub fn pointer(&self) -> Pointer {
        pointer_of(self.way.as_ref())
    }

    /// Returns the decoder that collects this node's problems: it knows the source and the
    /// document.
    #[must_use]
    pub fn decoder(&self) -> &'d Decoder<'d> {
        self.decoder
    }

    /// Reports an error at this value.
    pub fn error(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.error_coded(INVALID, message, hint);
    }

    /// Reports an error at this value, with its own code.
    pub fn error_coded(
        &self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let kind = (Severity::Error, code);
        self.decoder.report(kind, self.way.as_ref(), false, message.into(), hint.into(), None);
    }

    /// Reports an error at this value's key.
    pub fn error_at_key(&self, message: impl Into<String>, hint: impl Into<String>) {
        let kind = (Severity::Error, INVALID);
        self.decoder.report(kind, self.way.as_ref(), true, message.into(), hint.into(), None);
    }

    /// Reports a warning at this value.
    pub fn warn(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.warn_coded(INVALID, message, hint);
    }

    /// Reports a warning at this value, with its own code.
    pub fn warn_coded(
        &self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let kind = (Severity::Warning, code);
        self.decoder.report(kind, self.way.as_ref(), false, message.into(), hint.into(), None);
    }

    /// Reports an error at this value with `WireMock`'s text.
    pub(crate) fn error_saying(
        &self,
        message: impl Into<String>,
        hint: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.said_by_wiremock(false, message.into(), hint.into(), detail.into());
    }

    /// As [`Self::error_saying`], at this value's key.
    pub(crate) fn error_saying_at_key(
        &self,
        message: impl Into<String>,
        hint: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.said_by_wiremock(true, message.into(), hint.into(), detail.into());
    }

    fn said_by_wiremock(&self, at_key: bool, message: String, hint: String, detail: String) {
        let kind = (Severity::Error, INVALID);
        self.decoder.report(kind, self.way.as_ref(), at_key, message, hint, Some(detail));
    }

    /// Returns the node as one that `WireMock` reads as a whole: a problem inside is reported at
    /// it.
    #[must_use]
    pub(crate) fn whole(&self) -> Self {
        if self.way.as_ref().is_some_and(|way| matches!(way.report, Report::Part)) {
            return self.clone();
        }
        self.reporting(Report::Whole)
    }

    /// Returns the node as a part of a whole that `WireMock` reads by itself: a problem inside is
    /// reported at the whole followed by the steps of its parts.
    #[must_use]
    pub(crate) fn part(&self) -> Self {
        self.reporting(Report::Part)
    }

    /// Returns the node as one that `WireMock` reads as a part of what is around it: its problems
    /// are reported there.
    #[must_use]
    pub(crate) fn of_parent(&self) -> Self {
        self.reporting(Report::Parent)
    }

    fn reporting(&self, report: Report) -> Self {
        let mut node = self.clone();
        match &self.way {
            Some(way) => {
                let way = WayTo { last: way.last, parent: way.parent.clone(), report };
                node.way = Some(Rc::new(way));
            }
            None => self.decoder.is_whole.set(true),
        }
        node
    }

    pub(super) fn unknown(&self, message: String, hint: String) {
        let kind = (Severity::Error, "unknown-key");
        self.decoder.report(kind, self.way.as_ref(), true, message, hint, None);
    }

    /// Returns how many problems were reported so far.
    #[must_use]
    pub(crate) fn problem_count(&self) -> usize {
        self.decoder.problems.borrow().len()
    }

    /// Adds an example to the problems that were reported at or within this value after this many
    /// others and have no hint yet.
    pub(crate) fn exemplify(&self, since: usize, example: &str) {
        let mut problems = self.decoder.problems.borrow_mut();
        for problem in problems.iter_mut().skip(since).filter(|problem| problem.hint.is_empty()) {
            problem.hint = format!("write it like {example}");
        }
    }

    /// Returns the place of this value.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.decoder.place(&self.pointer(), false)
    }

    /// Reports what was expected in place of this value.
    pub(crate) fn expected(&self, what: &str) {
        self.expected_like(what, String::new());
    }

    /// Reports what was expected in place of this value, and how it is written.
    pub(crate) fn expected_like(&self, what: &str, hint: String) {
        let found = match self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("the text {:?}", shorten(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.error(format!("expected {what}, found {found}"), hint);
    }

    pub(super) fn child(&self, last: Way<'d>, value: &'d Value) -> Self {
        let way = Rc::new(WayTo { last, parent: self.way.clone(), report: Report::Own });
        Self { value, way: Some(way), decoder: self.decoder }
    }

    /// Returns the items of a list; a wrong type is reported.
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        let Value::Array(list) = self.value else {
            self.expected("a list");
            return Vec::new();
        };
        list.iter().enumerate().map(|(index, item)| self.child(Way::Index(index), item)).collect()
    }

    /// Returns the entries of an object whose keys are data; a wrong type is reported.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'d str, Self)> {
        let Value::Object(map) = self.value else {
            self.expected("an object");
            return Vec::new();
        };
        map.iter().map(|(key, value)| (key.as_str(), self.child(Way::Key(key), value))).collect()
    }
}

pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(57).collect();
    short.push_str("...");
    short
}

#[cfg(test)]
mod tests;
