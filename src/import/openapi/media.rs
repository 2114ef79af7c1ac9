//! The content of a response: which media type is the main one, and its examples.

use serde_json::Value;

use super::super::scalar::scalar;
use super::example::Generator;
use super::reference::Document;

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Json(Value),
    Text(String),
}

/// One media type of a response.
pub(super) struct Media<'d> {
    pub(super) name: &'d str,
    value: &'d Value,
}

/// Returns the media types of `content`, JSON before others.
pub(super) fn list(response: &Value) -> Vec<Media<'_>> {
    let content = response.get("content").and_then(Value::as_object);
    let media = |(name, value)| Media { name: String::as_str(name), value };
    let mut list: Vec<Media<'_>> = content.into_iter().flatten().map(media).collect();
    list.sort_by_key(|media| !is_json(media.name));
    list
}

/// Returns whether a media type holds JSON (RFC 6839 for `+json`).
pub(super) fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json") || essence == "*/*"
}

impl<'d> Media<'d> {
    /// Returns the media type as it is sent; a range such as `application/*` becomes JSON.
    pub(super) fn sent_name(&self) -> &'d str {
        if self.name.contains('*') { "application/json" } else { self.name }
    }

    /// Returns the named examples, in the order of the document.
    pub(super) fn examples(&self, document: &Document<'d>) -> Vec<(&'d str, Content)> {
        let examples = self.value.get("examples").and_then(Value::as_object);
        let example = |(name, value): (&'d String, &'d Value)| {
            let value = document.resolve(value)?.get("value")?;
            Some((name.as_str(), self.content(value)))
        };
        examples.into_iter().flatten().filter_map(example).collect()
    }

    /// Returns the content to answer with: its example, else the first of its named ones, else one
    /// made from the schema.
    pub(super) fn main(&self, document: &Document<'d>) -> Option<Content> {
        if let Some(example) = self.value.get("example") {
            return Some(self.content(example));
        }
        if let Some((_, content)) = self.examples(document).into_iter().next() {
            return Some(content);
        }
        let schema = self.value.get("schema")?;
        let value = Generator::new(document).value(schema)?;
        if is_json(self.sent_name()) {
            return Some(Content::Json(value));
        }
        // What else a schema describes, such as XML, is not JSON: only a text is used literally.
        scalar(&value).map(Content::Text)
    }

    fn content(&self, value: &Value) -> Content {
        match value {
            // JSON written as text in a YAML document.
            Value::String(text) if is_json(self.sent_name()) => match serde_json::from_str(text) {
                Ok(json @ (Value::Object(_) | Value::Array(_))) => Content::Json(json),
                _ => Content::Json(value.clone()),
            },
            Value::String(text) => Content::Text(text.clone()),
            json => Content::Json(json.clone()),
        }
    }
}
