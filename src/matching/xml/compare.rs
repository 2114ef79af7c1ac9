//! Comparison of two documents like `XMLUnit` with the settings of `WireMock`
//! (`DOMDifferenceEngine`, `EqualToXmlPattern`).
//!
//! A comparison counts only if the expected side has a value: extra parts show in the counts of
//! attributes and children. If Java throws an exception, the documents are not equal.

use crate::document::xml::{Document, Kind, Name, NodeId, java_order};

use super::namespaces::Namespaces;
use super::nodes::{Item, content, items, namespace_of, trimmed};
use super::placeholder::Placeholders;
use super::rules::{Comparison, Rules};

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Two documents, and how they are compared.
pub(super) struct Comparer<'a> {
    rules: &'a Rules,
    expected: &'a Document,
    actual: &'a Document,
}

/// An attribute.
struct Attribute<'d> {
    id: NodeId,
    /// The namespace, where it counts.
    namespace: Option<&'d str>,
    /// The whole name, or the local name of one with a namespace.
    name: &'d str,
    value: &'d str,
}

/// The attributes of an element; those that refer to its schema are separate.
#[derive(Default)]
struct Attributes<'d> {
    schema_location: Option<Attribute<'d>>,
    no_namespace_schema_location: Option<Attribute<'d>>,
    kind: Option<Attribute<'d>>,
    others: Vec<Attribute<'d>>,
}

impl<'a> Comparer<'a> {
    pub(super) fn new(rules: &'a Rules, expected: &'a Document, actual: &'a Document) -> Self {
        Self { rules, expected, actual }
    }

    /// Returns whether the documents are equal.
    pub(super) fn documents(&self) -> bool {
        self.children(Document::ROOT, Document::ROOT)
    }

    fn counts(&self, comparison: Comparison) -> bool {
        !self.rules.is_exempt(comparison)
    }

    /// Returns the verdict of a placeholder on a value, if the expected text is one and
    /// placeholders are enabled.
    fn placeholder(&self, expected: &str, actual: Option<&str>) -> bool {
        let judge = |placeholders: &Placeholders| placeholders.accept(expected, actual);
        self.rules.placeholders.as_ref().and_then(judge).unwrap_or(false)
    }

    /// Returns whether a value equals the expected one; `true` if nothing is expected.
    fn same(&self, comparison: Comparison, expected: Option<&str>, actual: Option<&str>) -> bool {
        expected.is_none() || expected == actual || !self.counts(comparison)
    }

    /// Compares like [`Self::same`], for values that may be given by a placeholder.
    fn same_value(&self, comparison: Comparison, expected: &str, actual: &str) -> bool {
        self.same(comparison, Some(expected), Some(actual))
            || self.placeholder(expected, Some(actual))
    }

    fn children(&self, expected: NodeId, actual: NodeId) -> bool {
        let namespaces = self.rules.namespaces;
        let expected = items(self.expected, expected, namespaces);
        let actual = items(self.actual, actual, namespaces);
        if expected.len() != actual.len() && self.counts(Comparison::ChildCount) {
            let is_filled = match expected.as_slice() {
                [only] if actual.is_empty() => {
                    only.text().is_some_and(|text| self.placeholder(text, None))
                }
                _ => false,
            };
            if !is_filled {
                return false;
            }
        }
        let (Some(expected), Some(actual)) =
            (self.sorted(self.expected, expected), self.sorted(self.actual, actual))
        else {
            return false;
        };
        let mut free: Vec<Option<&Item>> = actual.iter().map(Some).collect();
        expected.iter().all(|item| {
            let partner =
                free.iter_mut().find(|other| other.is_some_and(|other| pairs(item, other)));
            match partner.and_then(Option::take) {
                Some(partner) => self.items(item, partner),
                None => {
                    !self.counts(Comparison::ChildLookup)
                        || item.text().is_some_and(|text| self.placeholder(text, None))
                }
            }
        })
    }

    /// Sorts nodes by name. Several nodes can be sorted only if all are elements, whose names are
    /// known if namespaces count.
    fn sorted(&self, document: &Document, mut items: Vec<Item>) -> Option<Vec<Item>> {
        if items.len() < 2 || self.rules.ordered {
            return Some(items);
        }
        let mut keyed = Vec::with_capacity(items.len());
        for item in items.drain(..) {
            let Item::Element(id) = item else {
                return None;
            };
            if self.rules.namespaces == Namespaces::Ignored {
                return None;
            }
            let text = self.rules.sorted_by_text.then(|| content(document, id));
            keyed.push((document.name(id)?.after_prefix(), text.unwrap_or_default(), item));
        }
        keyed.sort_by(|(a, text_a, _), (b, text_b, _)| {
            java_order(a, b).then_with(|| java_order(text_a, text_b))
        });
        Some(keyed.into_iter().map(|(_, _, item)| item).collect())
    }

    fn items(&self, expected: &Item, actual: &Item) -> bool {
        match (expected, actual) {
            (Item::Element(expected), Item::Element(actual)) => self.elements(*expected, *actual),
            (Item::Text(expected), Item::Text(actual))
            | (Item::CData(expected), Item::CData(actual)) => {
                self.same_value(Comparison::TextValue, expected, actual)
            }
            (Item::Text(expected), Item::CData(actual))
            | (Item::CData(expected), Item::Text(actual)) => {
                (!self.counts(Comparison::NodeType) || self.placeholder(expected, Some(actual)))
                    && self.same_value(Comparison::TextValue, expected, actual)
            }
            (Item::Instruction(expected), Item::Instruction(actual)) => {
                let (
                    Kind::Instruction { target: a, data: b },
                    Kind::Instruction { target: c, data: d },
                ) = (self.expected.kind(*expected), self.actual.kind(*actual))
                else {
                    return false;
                };
                self.same(Comparison::InstructionTarget, Some(a), Some(c))
                    && self.same(Comparison::InstructionData, Some(trimmed(b)), Some(trimmed(d)))
            }
            _ => true,
        }
    }

    fn elements(&self, expected: NodeId, actual: NodeId) -> bool {
        self.same(
            Comparison::NamespaceUri,
            self.namespace(self.expected, expected),
            self.namespace(self.actual, actual),
        ) && self.same(
            Comparison::ElementTagName,
            self.tag(self.expected, expected),
            self.tag(self.actual, actual),
        ) && self.attributes(expected, actual)
            && self.children(expected, actual)
    }

    fn namespace<'d>(&self, document: &'d Document, id: NodeId) -> Option<&'d str> {
        match self.rules.namespaces {
            Namespaces::Strict => document.name(id)?.namespace.as_deref(),
            Namespaces::Legacy => namespace_of(document, id, ""),
            Namespaces::Ignored => None,
        }
    }

    fn tag<'d>(&self, document: &'d Document, id: NodeId) -> Option<&'d str> {
        let name = document.name(id)?;
        Some(match self.rules.namespaces {
            Namespaces::Ignored => &*name.qualified,
            _ => name.after_prefix(),
        })
    }

    fn attributes(&self, expected: NodeId, actual: NodeId) -> bool {
        let (wanted, found) =
            (self.split(self.expected, expected), self.split(self.actual, actual));
        if wanted.others.len() != found.others.len()
            && self.counts(Comparison::AttributeCount)
            && !self.attributes_are_placeholders(expected, actual)
        {
            return false;
        }
        let value = |attribute: &Option<Attribute<'_>>| {
            attribute.as_ref().map(|a| trimmed(a.value).to_owned())
        };
        let same_location = |comparison, wanted, found| {
            self.same(comparison, value(wanted).as_deref(), value(found).as_deref())
        };
        self.kinds(wanted.kind.as_ref(), found.kind.as_ref())
            && same_location(
                Comparison::SchemaLocation,
                &wanted.schema_location,
                &found.schema_location,
            )
            && same_location(
                Comparison::NoNamespaceSchemaLocation,
                &wanted.no_namespace_schema_location,
                &found.no_namespace_schema_location,
            )
            && wanted.others.iter().all(|wanted| {
                let is_it = |found: &&Attribute<'_>| {
                    found.namespace == wanted.namespace && found.name == wanted.name
                };
                match found.others.iter().find(is_it) {
                    Some(found) => self.same_value(
                        Comparison::AttributeValue,
                        trimmed(wanted.value),
                        trimmed(found.value),
                    ),
                    None => {
                        !self.counts(Comparison::AttributeLookup)
                            || self.placeholder(trimmed(wanted.value), None)
                    }
                }
            })
    }

    /// Returns whether the counts differ only by attributes that placeholders allow to be missing.
    fn attributes_are_placeholders(&self, expected: NodeId, actual: NodeId) -> bool {
        let (wanted, found) = (all(self.expected, expected), all(self.actual, actual));
        let mut both = 0;
        for attribute in &wanted {
            let is_there = found.iter().any(|other| {
                other.namespace == attribute.namespace && other.name == attribute.name
            });
            if is_there {
                both += 1;
            } else if !self.placeholder(trimmed(attribute.value), None) {
                return false;
            }
        }
        both == found.len()
    }

    /// Compares `xsi:type`, whose value is a name with a prefix.
    fn kinds(&self, wanted: Option<&Attribute<'_>>, found: Option<&Attribute<'_>>) -> bool {
        let Some(wanted) = wanted else {
            return true;
        };
        let Some(found) = found else {
            return !self.counts(Comparison::AttributeLookup);
        };
        let name = |document, attribute: &Attribute<'_>| {
            let value = trimmed(attribute.value).to_owned();
            let (prefix, local) = value.split_once(':').unwrap_or(("", &value));
            let namespace = namespace_of(document, attribute.id, prefix).map(str::to_owned);
            (namespace, local.to_owned())
        };
        let (wanted, found) = (name(self.expected, wanted), name(self.actual, found));
        wanted == found
            || !self.counts(Comparison::AttributeValue)
            || (wanted.0 == found.0 && self.placeholder(&wanted.1, Some(&found.1)))
    }

    fn split<'d>(&self, document: &'d Document, id: NodeId) -> Attributes<'d> {
        let mut split = Attributes::default();
        for attribute in all(document, id) {
            let declares = document.name(attribute.id).is_some_and(Name::declares_namespace);
            if declares && self.rules.namespaces != Namespaces::Ignored {
                continue;
            }
            let is_schema = attribute.namespace == Some(SCHEMA_INSTANCE);
            match attribute.name {
                "schemaLocation" if is_schema => split.schema_location = Some(attribute),
                "noNamespaceSchemaLocation" if is_schema => {
                    split.no_namespace_schema_location = Some(attribute);
                }
                "type" if is_schema => split.kind = Some(attribute),
                _ => split.others.push(attribute),
            }
        }
        if self.rules.namespaces == Namespaces::Legacy {
            // The transformation keeps the last of those that differ in their prefix alone.
            let local = |name: &'d str| name.split_once(':').map_or(name, |(_, local)| local);
            let names: Vec<&str> = split.others.iter().map(|other| local(other.name)).collect();
            let mut at = 0;
            split.others.retain(|other| {
                at += 1;
                !names[at..].contains(&local(other.name))
            });
        }
        split
    }
}

/// Returns every attribute of an element.
fn all(document: &Document, id: NodeId) -> Vec<Attribute<'_>> {
    let attribute = |id| {
        let Kind::Attribute { name, value } = document.kind(id) else {
            return None;
        };
        let namespace = name.namespace.as_deref();
        let local = if namespace.is_some() { name.local() } else { &name.qualified };
        Some(Attribute { id, namespace, name: local, value })
    };
    document.attributes(id).filter_map(attribute).collect()
}

/// Returns whether two nodes are comparable: two elements, or two text nodes of either kind.
fn pairs(a: &Item, b: &Item) -> bool {
    matches!(
        (a, b),
        (Item::Element(_), Item::Element(_))
            | (Item::Text(_) | Item::CData(_), Item::Text(_) | Item::CData(_))
            | (Item::Instruction(_), Item::Instruction(_))
    )
}
