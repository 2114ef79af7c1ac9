//! The nodes of an axis that satisfy a node test, in axis order.

use super::super::{Document, Kind, NodeId};
use super::XPathError;
use super::evaluate::Evaluation;
use super::expression::{Axis, NodeTest};

impl Document {
    /// Returns whether a node is the second or a later part of one text: adjacent texts and CDATA
    /// sections are one node to XPath, represented by the first of them.
    fn continues_text(&self, before: Option<NodeId>, id: NodeId) -> bool {
        let is_text = |id| matches!(self.kind(id), Kind::Text(_) | Kind::CData(_));
        is_text(id) && before.is_some_and(is_text)
    }

    /// Returns the children as XPath has them.
    fn logical_children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let mut before = None;
        self.children(id).filter(move |child| {
            let continues = self.continues_text(before.replace(*child), *child);
            !continues && !matches!(self.kind(*child), Kind::Type)
        })
    }

    /// Returns the text of a node as XPath has it: of a text that of its further parts too.
    pub(super) fn logical_text(&self, id: NodeId) -> String {
        let mut text = self.text_of(id);
        if matches!(self.kind(id), Kind::Text(_) | Kind::CData(_)) {
            let mut part = id;
            while let Some(next) =
                self.next(part).filter(|next| self.continues_text(Some(part), *next))
            {
                self.text(next, &mut text);
                part = next;
            }
        }
        text
    }

    /// Returns whether it is an attribute that declares a namespace, which XPath counts as a node
    /// of another kind.
    fn is_declaration(&self, id: NodeId) -> bool {
        self.name(id).is_some_and(super::super::tree::Name::declares_namespace)
    }
}

impl Evaluation<'_> {
    /// Returns the nodes of an axis that satisfy a node test.
    pub(super) fn axis(
        &mut self,
        axis: Axis,
        test: &NodeTest,
        exact: bool,
        from: NodeId,
    ) -> Result<Vec<NodeId>, XPathError> {
        let mut found = Vec::new();
        let document = self.document;
        let is_attribute = matches!(document.kind(from), Kind::Attribute { .. });
        let mut visit = |id: NodeId, evaluation: &mut Self| {
            evaluation.count(1)?;
            if holds(document, test, exact, axis, id) {
                found.push(id);
            }
            Ok::<(), XPathError>(())
        };
        match axis {
            Axis::This => visit(from, self)?,
            Axis::Parent => {
                if let Some(parent) = document.parent(from) {
                    visit(parent, self)?;
                }
            }
            Axis::Child => {
                for child in document.logical_children(from) {
                    visit(child, self)?;
                }
            }
            Axis::Attribute => {
                for attribute in
                    document.attributes(from).filter(|id| !document.is_declaration(*id))
                {
                    visit(attribute, self)?;
                }
            }
            Axis::Namespace => {
                let mut seen: Vec<&str> = Vec::new();
                let elements = std::iter::successors(Some(from), |id| document.parent(*id));
                for id in elements.flat_map(|id| document.attributes(id)) {
                    let Some(name) = document.name(id).filter(|name| name.declares_namespace())
                    else {
                        continue;
                    };
                    if !is_attribute && !seen.contains(&&*name.qualified) {
                        seen.push(&name.qualified);
                        visit(id, self)?;
                    }
                }
            }
            Axis::Descendant | Axis::DescendantOrSelf => {
                if axis == Axis::DescendantOrSelf {
                    visit(from, self)?;
                }
                let mut before = None;
                for below in document.descendants(from) {
                    // A part of a text follows the part before it at once.
                    let continues = document.continues_text(before, below)
                        && before.is_some_and(|before| document.next(before) == Some(below));
                    before = Some(below);
                    if !continues && !matches!(document.kind(below), Kind::Type) {
                        visit(below, self)?;
                    }
                }
            }
            Axis::Ancestor | Axis::AncestorOrSelf => {
                let first = if axis == Axis::Ancestor { document.parent(from) } else { Some(from) };
                for above in std::iter::successors(first, |id| document.parent(*id)) {
                    visit(above, self)?;
                }
            }
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                for sibling in self.siblings(from, axis == Axis::FollowingSibling)? {
                    visit(sibling, self)?;
                }
            }
            Axis::Following | Axis::Preceding => {
                let following = axis == Axis::Following;
                let mut all = Vec::new();
                if is_attribute && following {
                    // The content of the element follows its attributes.
                    let inside = document.parent(from).unwrap_or(Document::ROOT);
                    self.below(inside, &mut all)?;
                }
                let above: Vec<NodeId> =
                    std::iter::successors(Some(from), |id| document.parent(*id)).collect();
                for id in above {
                    for sibling in self.siblings(id, following)? {
                        all.push(sibling);
                        self.below(sibling, &mut all)?;
                    }
                }
                all.sort_unstable();
                all.dedup();
                if !following {
                    all.reverse();
                }
                for id in all {
                    visit(id, self)?;
                }
            }
        }
        Ok(found)
    }

    /// Returns the siblings after a node, or those before it in reverse.
    fn siblings(&mut self, of: NodeId, following: bool) -> Result<Vec<NodeId>, XPathError> {
        let Some(parent) = self.document.parent(of) else {
            return Ok(Vec::new());
        };
        if matches!(self.document.kind(of), Kind::Attribute { .. }) {
            return Ok(Vec::new());
        }
        let mut siblings: Vec<NodeId> = self.document.logical_children(parent).collect();
        self.count(siblings.len())?;
        siblings.retain(|id| if following { *id > of } else { *id < of });
        if !following {
            siblings.reverse();
        }
        Ok(siblings)
    }

    /// Returns the descendants of a node.
    fn below(&mut self, id: NodeId, all: &mut Vec<NodeId>) -> Result<(), XPathError> {
        all.extend(self.axis(Axis::Descendant, &NodeTest::Any, true, id)?);
        Ok(())
    }
}

fn holds(document: &Document, test: &NodeTest, exact: bool, axis: Axis, id: NodeId) -> bool {
    let kind = document.kind(id);
    let principal = match axis {
        Axis::Attribute | Axis::Namespace => matches!(kind, Kind::Attribute { .. }),
        _ => matches!(kind, Kind::Element { .. }),
    };
    match test {
        NodeTest::Any => true,
        NodeTest::Text => {
            matches!(kind, Kind::Text(_)) || (!exact && matches!(kind, Kind::CData(_)))
        }
        NodeTest::Comment => matches!(kind, Kind::Comment(_)),
        NodeTest::Instruction(wanted) => match kind {
            Kind::Instruction { target, .. } => {
                wanted.as_ref().is_none_or(|wanted| wanted == target)
            }
            _ => false,
        },
        NodeTest::Every => principal,
        NodeTest::Namespace(wanted) => {
            principal
                && document.name(id).is_some_and(|name| name.namespace.as_deref() == Some(wanted))
        }
        NodeTest::Name(namespace, local) => {
            let Some(name) = document.name(id).filter(|_| principal) else {
                return false;
            };
            if axis == Axis::Namespace {
                return name.qualified.strip_prefix("xmlns:").unwrap_or_default() == &**local;
            }
            let found = if exact { name.local() } else { name.after_prefix() };
            name.namespace.as_deref() == namespace.as_deref() && found == &**local
        }
    }
}
