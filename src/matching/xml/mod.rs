//! Operators on XML: `equalToXml` and `matchesXPath`.
//!
//! ```text
//! operand → [XmlPattern]   (compare: `XMLUnit`'s rules, placeholder: its placeholders) ─┐
//!         → [XPathPattern] (the texts that an expression finds)                        ─┴→ operator
//! ```

mod compare;
mod namespaces;
mod nodes;
mod path;
mod pattern;
mod placeholder;
mod rules;
#[cfg(test)]
mod tests;

pub(super) use path::XPathPattern;
pub(super) use pattern::XmlPattern;
