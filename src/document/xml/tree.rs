//! The tree of a document. Nodes are stored in document order, so that comparing numbers compares
//! positions.

use std::sync::Arc;

/// The namespace of attributes that declare namespaces.
pub(super) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The namespace of the prefix `xml`.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A well-formed document.
#[derive(Debug)]
pub(crate) struct Document {
    nodes: Vec<Node>,
}

/// One node of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

#[derive(Debug)]
struct Node {
    kind: Kind,
    parent: Option<NodeId>,
    next: Option<NodeId>,
    first_child: Option<NodeId>,
    last_child: Option<NodeId>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    Document,
    /// A document type declaration.
    Type,
    /// The attributes are the following nodes, sorted by name; this is their number.
    Element {
        name: Name,
        attributes: u32,
    },
    Attribute {
        name: Name,
        value: Box<str>,
    },
    Text(Box<str>),
    /// The text of a CDATA section.
    CData(Box<str>),
    Comment(Box<str>),
    Instruction {
        target: Box<str>,
        data: Box<str>,
    },
}

/// The name of an element or attribute.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// As written, with its prefix.
    pub(crate) qualified: Box<str>,
    /// The namespace, where they are resolved and it is in one.
    pub(crate) namespace: Option<Arc<str>>,
    /// Whether namespaces are resolved.
    pub(super) resolved: bool,
}

impl Name {
    /// Returns the name without its prefix; the whole name where namespaces are not resolved.
    pub(crate) fn local(&self) -> &str {
        if self.resolved { self.after_prefix() } else { &self.qualified }
    }

    /// Returns the text after the first colon, if there is one.
    pub(crate) fn after_prefix(&self) -> &str {
        self.qualified.split_once(':').map_or(&*self.qualified, |(_, local)| local)
    }

    /// Returns whether it declares a namespace.
    pub(crate) fn declares_namespace(&self) -> bool {
        &*self.qualified == "xmlns" || self.qualified.starts_with("xmlns:")
    }
}

impl Document {
    /// The node that holds the whole document.
    pub(crate) const ROOT: NodeId = NodeId(0);

    /// Creates a document without content.
    pub(super) fn new() -> Self {
        let mut document = Self { nodes: Vec::new() };
        document.add(None, Kind::Document);
        document
    }

    /// Returns how many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Appends a node, as the last child of `parent` unless it is an attribute.
    pub(super) fn add(&mut self, parent: Option<NodeId>, kind: Kind) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let is_child = !matches!(kind, Kind::Attribute { .. });
        self.nodes.push(Node { kind, parent, next: None, first_child: None, last_child: None });
        if let Some(parent) = parent.filter(|_| is_child) {
            match self.node_mut(parent).last_child.replace(id) {
                Some(before) => self.node_mut(before).next = Some(id),
                None => self.node_mut(parent).first_child = Some(id),
            }
        }
        id
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    /// Returns what a node is.
    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// Returns the parent node; for an attribute its element.
    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    /// Returns the next child of the same parent.
    pub(crate) fn next(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).next
    }

    /// Returns the children of a node, in order.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).first_child, |child| self.next(*child))
    }

    /// Returns the attributes of a node, in the order of their names.
    pub(crate) fn attributes(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let count = match self.kind(id) {
            Kind::Element { attributes, .. } => *attributes,
            _ => 0,
        };
        (id.0 + 1..=id.0 + count).map(NodeId)
    }

    /// Returns the name of an element or attribute.
    pub(crate) fn name(&self, id: NodeId) -> Option<&Name> {
        match self.kind(id) {
            Kind::Element { name, .. } | Kind::Attribute { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Returns the node before and after in the whole document: every node below `id`, in order,
    /// without attributes.
    pub(crate) fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let mut at = self.node(id).first_child;
        std::iter::from_fn(move || {
            let found = at?;
            at = self.node(found).first_child.or_else(|| {
                let mut up = found;
                loop {
                    if let Some(next) = self.next(up) {
                        return Some(next);
                    }
                    up = self.parent(up).filter(|up| *up != id)?;
                }
            });
            Some(found)
        })
    }

    /// Appends the text of a node: of an element that of everything in it but comments and instructions.
    pub(crate) fn text(&self, id: NodeId, out: &mut String) {
        match self.kind(id) {
            Kind::Text(text) | Kind::CData(text) | Kind::Comment(text) => out.push_str(text),
            Kind::Attribute { value, .. } => out.push_str(value),
            Kind::Instruction { data, .. } => out.push_str(data),
            Kind::Document | Kind::Element { .. } => {
                for below in self.descendants(id) {
                    if let Kind::Text(text) | Kind::CData(text) = self.kind(below) {
                        out.push_str(text);
                    }
                }
            }
            Kind::Type => {}
        }
    }

    /// Returns the text of a node as its own value, see [`Self::text`].
    pub(crate) fn text_of(&self, id: NodeId) -> String {
        let mut text = String::new();
        self.text(id, &mut text);
        text
    }
}
