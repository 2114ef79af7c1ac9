//! Helpers for XML.

use std::fmt;
use std::sync::Arc;

use super::error;
use crate::document::xml::{Document, Kind, NodeId, Reading, Value as Found, XPath};
use crate::template::eval::{Answer, Invocation};
use crate::template::java;
use crate::template::value::{ListStyle, MapStyle, Object, Value};

/// Returns what an XPath expression finds in an XML text: a list that prints as its first.
pub(super) fn xpath(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    find(call, "")
}

/// Returns the same below the body of a SOAP message.
pub(super) fn soap_xpath(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    find(call, "/Envelope/Body/")
}

fn find(call: &mut Invocation<'_, '_, '_, '_>, prefix: &str) -> Answer {
    let text = if call.first.is_null() { "null".into() } else { call.print_first()? };
    let expression = match call.param(0) {
        Value::Null => return error("The XPath expression cannot be empty"),
        Value::Text(expression) => expression,
        other => return Err(format!("the XPath must be a text, not {}", other.kind()).into()),
    };
    call.renderer.spend(text.len() / 64)?;
    let Ok(document) = Document::parse(&text, Reading::PLAIN) else {
        return error(format!("{text} is not valid XML"));
    };
    let found = XPath::compile(&format!("{prefix}{expression}"), &[])
        .and_then(|xpath| xpath.evaluate(&document));
    let Ok(found) = found else {
        return error(format!("{expression} is not a valid XPath expression"));
    };
    if matches!(&found, Found::Nodes(nodes) if nodes.is_empty()) {
        return Ok(Value::text(""));
    }
    let texts = found.texts(&document).map_err(|error| error.to_string())?;
    let document = Arc::new(document);
    let nodes = match found {
        Found::Nodes(nodes) => nodes.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    let items = nodes.into_iter().zip(texts).map(|(id, shown)| {
        let node = id.map(|id| (document.clone(), id));
        Value::Object(Arc::new(XmlNode { shown, node }))
    });
    Ok(Value::list(items.collect(), ListStyle::First)?)
}

/// A node that an expression finds, or the one value that it has.
#[derive(Debug)]
struct XmlNode {
    shown: String,
    node: Option<(Arc<Document>, NodeId)>,
}

impl fmt::Display for XmlNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Object for XmlNode {
    fn property(&self, name: &str) -> Option<Value> {
        let node = self.node.as_ref();
        match name {
            "attributes" => {
                let all = node.into_iter().flat_map(|(document, id)| {
                    document.attributes(*id).filter_map(|id| match document.kind(id) {
                        Kind::Attribute { name, value } => {
                            Some((Arc::from(&*name.qualified), Value::text(&**value)))
                        }
                        _ => None,
                    })
                });
                Value::map(java::hash_order(all.collect()), MapStyle::Java).ok()
            }
            "name" => node.map(|(document, id)| match document.kind(*id) {
                Kind::Text(_) => Value::text("#text"),
                Kind::CData(_) => Value::text("#cdata-section"),
                Kind::Comment(_) => Value::text("#comment"),
                Kind::Document => Value::text("#document"),
                _ => Value::text(document.name(*id).map_or("", |name| &name.qualified)),
            }),
            "text" => node.map(|(document, id)| Value::text(document.text_of(*id))),
            _ => None,
        }
    }

    fn shown(&self) -> &'static [&'static str] {
        &["attributes", "name", "text"]
    }
}

/// XML text, indented or compact.
pub(super) fn format(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let (text, pretty) = match super::json::to_format(call, "formatXml", "XML")? {
        Ok(asked) => asked,
        Err(message) => return error(message),
    };
    call.renderer.spend(text.len() / 64)?;
    let formatted =
        Document::parse(&text, Reading::PLAIN).and_then(|document| document.formatted(pretty));
    match formatted {
        Ok(text) => call.made(text),
        Err(_) => error("Input is not valid XML"),
    }
}
