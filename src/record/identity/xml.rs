//! An XML body → its pattern, by structure: the order of attributes, white space between elements and comments tell
//! nothing apart.
//!
//! The pattern is `equalToXml` of a canonical text. Documents that mix texts and elements, or declare a type, are no
//! business of it: `WireMock` compares none of the former, and entities of the latter would be lost.

use serde_json::{Value, json};

use crate::document::xml::{Document, Kind, NodeId, Reading};
use crate::redact::MARK;

use super::marked;

/// What allows any text, or none.
const ANYTHING: &str = "${xmlunit.ignore}";

/// The pattern of a text with marks for secrets and drawn values; nothing where it is no document of elements.
pub(super) fn pattern(marked: &str) -> Option<Value> {
    if !marked.trim_start().starts_with('<') {
        return None;
    }
    let document = Document::parse(marked, Reading { namespaces: true, comments: false }).ok()?;
    let mut writer = Writer { document: &document, out: String::new(), has_placeholders: false };
    for child in document.children(Document::ROOT) {
        writer.node(child)?;
    }
    let Writer { out, has_placeholders, .. } = writer;
    Some(if has_placeholders {
        json!({"equalToXml": out, "enablePlaceholders": true})
    } else if out.contains("${xmlunit.") {
        // It would be taken for one.
        return None;
    } else {
        json!({"equalToXml": out})
    })
}

struct Writer<'d> {
    document: &'d Document,
    out: String,
    has_placeholders: bool,
}

impl Writer<'_> {
    /// Appends a node; nothing where it cannot be compared.
    fn node(&mut self, id: NodeId) -> Option<()> {
        match self.document.kind(id) {
            Kind::Element { .. } => self.element(id),
            Kind::Text(text) => {
                let text = self.value(trimmed(text));
                self.out.push_str(&escaped(&text, false));
                Some(())
            }
            Kind::CData(text) if text.contains(MARK) => None,
            Kind::CData(text) => {
                self.out
                    .push_str(&format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>")));
                Some(())
            }
            Kind::Instruction { target, data } => {
                self.out.push_str(&format!("<?{target} {data}?>"));
                (!data.contains(MARK)).then_some(())
            }
            Kind::Comment(_) => Some(()),
            Kind::Document | Kind::Attribute { .. } | Kind::Type => None,
        }
    }

    fn element(&mut self, id: NodeId) -> Option<()> {
        let document = self.document;
        let name = document.name(id)?.qualified.clone();
        if name.contains(MARK) {
            return None;
        }
        self.out.push('<');
        self.out.push_str(&name);
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        for attribute in document.attributes(id) {
            if let Kind::Attribute { name, value } = document.kind(attribute) {
                attributes.push((&name.qualified, value));
            }
        }
        attributes.sort_unstable();
        for (name, value) in attributes {
            if name.contains(MARK) {
                return None;
            }
            // What a prefix stands for is compared, not written as a value.
            let is_declaration = name.starts_with("xmlns");
            if is_declaration && value.contains(MARK) {
                return None;
            }
            let value = if is_declaration { value.to_owned() } else { self.value(trimmed(value)) };
            self.out.push_str(&format!(" {name}=\"{}\"", escaped(&value, true)));
        }
        let is_empty_text = |id: &NodeId| match document.kind(*id) {
            Kind::Text(text) | Kind::CData(text) => trimmed(text).is_empty(),
            Kind::Comment(_) => true,
            _ => false,
        };
        let children: Vec<NodeId> = document.children(id).filter(|id| !is_empty_text(id)).collect();
        let is_text = |id: &NodeId| matches!(document.kind(*id), Kind::Text(_) | Kind::CData(_));
        // Texts beside elements, or several, are compared by nobody.
        if children.len() > 1 && children.iter().any(is_text) {
            return None;
        }
        if children.is_empty() {
            self.out.push_str("/>");
            return Some(());
        }
        self.out.push('>');
        for child in children {
            self.node(child)?;
        }
        self.out.push_str(&format!("</{name}>"));
        Some(())
    }

    /// A value, with a placeholder where it has marks: for any text, or for one with a mark in it for its form.
    fn value(&mut self, text: &str) -> String {
        if !text.contains(MARK) {
            return text.to_owned();
        }
        self.has_placeholders = true;
        let regex = marked::regex(text, ".*");
        let is_plain =
            !regex.contains(['(', ')', ',', '{', '}']) && !text.trim_matches(MARK).is_empty();
        if is_plain { format!("${{xmlunit.matchesRegex(^{regex}$)}}") } else { ANYTHING.to_owned() }
    }
}

/// Without the white space at both ends.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\t' | '\n' | '\r' if in_attribute => out.push_str(&format!("&#{};", u32::from(c))),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_mean_the_same_have_one_pattern() {
        let one = pattern(
            "<?xml version=\"1.0\"?>\n<a b='1' a=\"2\">\n <c> x &amp; y </c><!-- n --><d/>\n</a>",
        );
        let two = pattern("<a a='2' b='1'><c>x &amp; y</c>\n\t<d></d></a>");
        assert_eq!(one, two);
        let text = "<a a=\"2\" b=\"1\"><c>x &amp; y</c><d/></a>";
        assert_eq!(one, Some(json!({"equalToXml": text})));
        assert_ne!(one, pattern("<a a='2' b='1'><c>x y</c><d/></a>"));
    }

    #[test]
    fn marks_become_placeholders() {
        for (text, expected) in [
            ("<a><b>\u{E000}</b></a>", "<a><b>${xmlunit.ignore}</b></a>"),
            ("<a b='\u{E000}'/>", "<a b=\"${xmlunit.ignore}\"/>"),
            ("<a>\u{E000}/svc</a>", "<a>${xmlunit.matchesRegex(^.*/svc$)}</a>"),
            ("<a>f(\u{E000}, 1)</a>", "<a>${xmlunit.ignore}</a>"),
        ] {
            let expected = json!({"equalToXml": expected, "enablePlaceholders": true});
            assert_eq!(pattern(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_have_none() {
        for text in [
            "a text",
            "<a>",
            "<p>mixed <b>content</b></p>",
            "<!DOCTYPE a [<!ENTITY e \"f\">]><a>&e;</a>",
            "<a><![CDATA[\u{E000}]]></a>",
            "<a>${xmlunit.ignore}</a>",
            "<a/><b/>",
        ] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }
}
