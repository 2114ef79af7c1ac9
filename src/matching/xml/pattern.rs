//! The operand of `equalToXml` with its options (`C/matching/EqualToXmlPattern.java`).

use crate::document::xml::Document;
use crate::document::{Keys, Node};

use super::compare::Comparer;
use super::namespaces::Namespaces;
use super::placeholder::Placeholders;
use super::rules::{COMPARISONS, Rules};

/// The expected document with its options.
#[derive(Debug)]
pub(crate) struct XmlPattern {
    text: Box<str>,
    expected: Document,
    rules: Rules,
}

impl XmlPattern {
    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Makes the order of elements significant, as for recorded requests.
    pub(in crate::matching) fn keep_order(&mut self) {
        self.rules.ordered = true;
    }

    /// Returns whether a text is a document that is equal.
    pub(crate) fn matches(&self, text: &str) -> bool {
        Document::parse(text, self.rules.namespaces.reading())
            .is_ok_and(|actual| Comparer::new(&self.rules, &self.expected, &actual).documents())
    }

    /// Decodes the operand with its options, which are in `keys`. Problems are reported.
    pub(in crate::matching) fn compile(operand: &Node<'_>, keys: &Keys<'_>) -> Option<Self> {
        let Some(text) = operand.value().as_str() else {
            let found = operand.value();
            operand.error_saying(
                format!("expected a text that holds XML, found {found:.80}"),
                "put the document in quotes",
                "'equalToXml' expected value cannot be null",
            );
            return None;
        };
        let namespaces = keys.get("namespaceAwareness").map_or(Some(Namespaces::Strict), |node| {
            node.word(&[
                ("STRICT", Namespaces::Strict),
                ("LEGACY", Namespaces::Legacy),
                ("NONE", Namespaces::Ignored),
            ])
        });
        // Jackson's text of null is "null".
        if keys.node().value().get("namespaceAwareness").is_some_and(serde_json::Value::is_null) {
            keys.node().error("namespaceAwareness must not be null", "leave it out");
        }
        let placeholders = placeholders(keys);
        let sorted_by_text = keys.get("ignoreOrderOfSameNode").is_some_and(|node| is_true(&node));
        let exempt = exempt(keys);
        let namespaces = namespaces?;
        let expected = Document::parse(text, namespaces.reading())
            .map_err(|why| {
                let (message, hint) = (format!("not XML: {why}"), "give a well-formed document");
                match without_element(text) {
                    Some(said) => operand.error_saying(message, hint, said),
                    None => operand.error(message, hint),
                }
            })
            .ok()?;
        let rules = Rules {
            namespaces,
            placeholders: placeholders?,
            sorted_by_text,
            ordered: false,
            exempt: exempt?,
        };
        Some(Self { text: text.into(), expected, rules })
    }
}

/// Returns what Java's parser says of a text that does not begin with markup.
fn without_element(text: &str) -> Option<String> {
    let blank = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len();
    let what = match text[blank..].chars().next() {
        None => "Premature end of file.",
        Some('<') => return None,
        Some(_) => "Content is not allowed in prolog.",
    };
    let before = &text[..blank];
    let line = before.matches('\n').count() + 1;
    let column = blank - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    Some(format!("{what}; line {line}; column {column}"))
}

/// Reads the placeholders, where they are enabled. `None` where their delimiters are not
/// expressions.
#[expect(clippy::option_option, reason = "not enabled, or reported as invalid")]
fn placeholders(keys: &Keys<'_>) -> Option<Option<Placeholders>> {
    let delimiter = |key| {
        let node: Option<Node<'_>> = keys.get(key);
        // The text of a list or an object is empty, and so the default.
        let text =
            node.as_ref().filter(|node| !(node.value().is_array() || node.value().is_object()));
        let text = text.and_then(Node::loose_text).filter(|text| !text.trim().is_empty());
        (node, text)
    };
    let (opening_node, opening) = delimiter("placeholderOpeningDelimiterRegex");
    let (closing_node, closing) = delimiter("placeholderClosingDelimiterRegex");
    if !keys.get("enablePlaceholders").is_some_and(|node| is_true(&node)) {
        return Some(None);
    }
    match Placeholders::compile(opening.as_deref(), closing.as_deref()) {
        Ok(placeholders) => Some(Some(placeholders)),
        Err(why) => {
            let node = opening_node.or(closing_node);
            let node = node.as_ref().unwrap_or_else(|| keys.node());
            node.error(format!("not a regular expression: {why}"), "a literal [ is written \\\\[");
            None
        }
    }
}

/// Reads the comparisons to skip, as bits. Anything but a list has no effect.
fn exempt(keys: &Keys<'_>) -> Option<u64> {
    let Some(node) = keys.get("exemptedComparisons") else {
        return Some(0);
    };
    if !node.value().is_array() {
        node.warn("this has no effect: it is not a list", "write it like [\"ATTR_VALUE\"]");
        return Some(0);
    }
    let names: Vec<(&str, usize)> =
        COMPARISONS.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let bit = |item: &Node<'_>| {
        if item.value().is_string() {
            return item.word(&names);
        }
        let (message, hint) = ("a comparison is named by a text", "write it like \"ATTR_VALUE\"");
        item.error_saying(message, hint, "Name is null");
        None
    };
    let bits: Vec<Option<usize>> = node.items().iter().map(bit).collect();
    bits.into_iter().try_fold(0, |bits, bit| Some(bits | 1_u64 << bit?))
}

/// Returns whether an option is on, as Jackson's `asBoolean` reads it: true, a whole number that is not 0, or
/// the text true.
fn is_true(node: &Node<'_>) -> bool {
    match node.value() {
        serde_json::Value::Bool(value) => *value,
        serde_json::Value::Number(number) => !number.is_f64() && number.as_f64() != Some(0.0),
        serde_json::Value::String(text) => text.trim() == "true",
        _ => false,
    }
}
