//! The nodes of a document as `XMLUnit` compares them: with texts trimmed, and without empty texts.

use crate::document::xml::{Document, Kind, NodeId};

use super::namespaces::Namespaces;

/// A node below an element or document.
#[derive(Debug)]
pub(super) enum Item {
    Element(NodeId),
    Text(String),
    /// The text of a CDATA section.
    CData(String),
    Instruction(NodeId),
}

impl Item {
    /// Returns the text of a text node of either kind.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::CData(text) => Some(text),
            _ => None,
        }
    }
}

/// Trims like Java's `trim`.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// Returns the child nodes.
pub(super) fn items(document: &Document, id: NodeId, namespaces: Namespaces) -> Vec<Item> {
    let is_legacy = namespaces == Namespaces::Legacy;
    let mut items: Vec<Item> = Vec::new();
    for child in document.children(id) {
        let item = match document.kind(child) {
            Kind::Element { .. } => Item::Element(child),
            Kind::Text(text) | Kind::CData(text) if trimmed(text).is_empty() => continue,
            // The transformation of the legacy way knows no CDATA sections, and joins texts.
            Kind::Text(text) | Kind::CData(text) if is_legacy => {
                if let Some(Item::Text(before)) = items.last_mut() {
                    before.push_str(trimmed(text));
                    continue;
                }
                Item::Text(trimmed(text).to_owned())
            }
            Kind::Text(text) => Item::Text(trimmed(text).to_owned()),
            Kind::CData(text) => Item::CData(trimmed(text).to_owned()),
            Kind::Instruction { .. } => Item::Instruction(child),
            Kind::Type | Kind::Document | Kind::Attribute { .. } | Kind::Comment(_) => continue,
        };
        items.push(item);
    }
    items
}

/// Returns all text below an element.
pub(super) fn content(document: &Document, id: NodeId) -> String {
    let mut content = String::new();
    for below in document.descendants(id) {
        if let Kind::Text(text) | Kind::CData(text) = document.kind(below) {
            content.push_str(trimmed(text));
        }
    }
    content
}

/// Returns the namespace of a prefix at a node; the default namespace for an empty prefix.
pub(super) fn namespace_of<'d>(
    document: &'d Document,
    at: NodeId,
    prefix: &str,
) -> Option<&'d str> {
    let above = std::iter::successors(Some(at), |id| document.parent(*id));
    let mut declared = above.flat_map(|id| document.attributes(id)).filter_map(|id| {
        let Kind::Attribute { name, value } = document.kind(id) else {
            return None;
        };
        let declares = name.qualified.strip_prefix("xmlns")?;
        let is_it = if prefix.is_empty() {
            declares.is_empty()
        } else {
            declares.strip_prefix(':') == Some(prefix)
        };
        is_it.then_some(&**value)
    });
    declared.next().filter(|namespace| !namespace.is_empty())
}
