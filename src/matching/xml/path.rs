//! The operand of `matchesXPath` (`C/matching/MatchesXPathPattern.java`).

use crate::document::xml::{Document, Value, XPath};
use crate::document::{Keys, Node};

use super::nodes::trimmed;

/// An expression that must find something.
#[derive(Debug)]
pub(crate) struct XPathPattern {
    text: Box<str>,
    /// `None` for an invalid expression, which finds nothing.
    xpath: Option<XPath>,
}

impl XPathPattern {
    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the expression finds anything. A string, number or boolean counts, whatever
    /// its value.
    pub(crate) fn finds(&self, text: Option<&str>) -> bool {
        self.value(text).is_some_and(|(value, _)| match value {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Text(_) | Value::Number(_) | Value::Boolean(_) => true,
        })
    }

    /// Returns the texts of what the expression finds: one for each node.
    pub(crate) fn texts(&self, text: Option<&str>) -> Vec<String> {
        let found = self.value(text).and_then(|(value, document)| value.texts(&document).ok());
        found.unwrap_or_default()
    }

    fn value(&self, text: Option<&str>) -> Option<(Value, Document)> {
        let text = text.filter(|text| trimmed(text).starts_with('<'))?;
        let xpath = self.xpath.as_ref()?;
        let document = Document::parse(text, xpath.reading()).ok()?;
        Some((xpath.evaluate(&document).ok()?, document))
    }

    /// Returns whether the evaluation ends at a limit.
    pub(crate) fn gives_up_on(&self, text: Option<&str>) -> bool {
        let evaluate = |text: &str| {
            let xpath = self.xpath.as_ref()?;
            let document = Document::parse(text, xpath.reading()).ok()?;
            Some(matches!(xpath.evaluate(&document), Err(crate::document::xml::XPathError::Steps)))
        };
        text.and_then(evaluate).unwrap_or(false)
    }

    /// Decodes an expression; `xPathNamespaces` is in `keys`. An invalid one is allowed and finds
    /// nothing.
    pub(in crate::matching) fn compile(expression: &Node<'_>, keys: &Keys<'_>) -> Option<Self> {
        let Some(text) = expression.value().as_str() else {
            let found = expression.value();
            expression.error_saying(
                format!("expected an XPath expression as a text, found {found:.80}"),
                "put it in quotes",
                "'matchesXPath' expected value cannot be null",
            );
            return None;
        };
        let mut namespaces = Vec::new();
        if let Some(node) = keys.get("xPathNamespaces").filter(|node| node.value().is_object()) {
            for (prefix, node) in node.entries() {
                namespaces.extend(node.value().as_str().map(|name| (prefix.into(), name.into())));
            }
        }
        let xpath = XPath::compile(text, &namespaces);
        if let Err(why) = &xpath {
            expression.warn(format!("this never matches: {why}"), "expressions are XPath 1.0");
        }
        Some(Self { text: text.into(), xpath: xpath.ok() })
    }
}
