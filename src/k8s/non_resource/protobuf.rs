//! `/openapi/v2` in protobuf: the only form that kubectl's client-side validation reads
//! (`gnostic-models/openapiv2/OpenAPIv2.proto`).
//!
//! Only what validation needs is written: the definitions with types, fields and kinds. Types without a
//! schema are left out, so that kubectl validates nothing of their objects. As in upstream's own document of
//! version 2, an object that keeps unknown fields declares none.

use serde_json::{Map, Value};

/// The media type of the document.
pub(super) const MEDIA_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

const GROUP_VERSION_KIND: &str = "x-kubernetes-group-version-kind";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

/// A document, from its JSON form.
pub(super) fn document(json: &Value) -> Vec<u8> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut info = Message::default();
    info.text(1, &text(&json["info"]["title"]));
    info.text(2, &text(&json["info"]["version"]));
    let mut definitions = Message::default();
    for (name, schema) in json["definitions"].as_object().into_iter().flatten() {
        let of_kind = schema.get(GROUP_VERSION_KIND).is_some();
        if !of_kind || schema[PRESERVE] != true {
            definitions.message(1, &named(name, &self::schema(schema)));
        }
    }
    let mut document = Message::default();
    document.text(1, "2.0");
    document.message(2, &info);
    document.message(8, &Message::default());
    document.message(9, &definitions);
    document.0
}

/// A `NamedSchema` or a `NamedAny`.
fn named(name: &str, value: &Message) -> Message {
    let mut named = Message::default();
    named.text(1, name);
    named.message(2, value);
    named
}

/// A `Schema`. Schemas of definitions are nested at most as deeply as their text.
fn schema(json: &Value) -> Message {
    let mut out = Message::default();
    let text = |key: &str| json[key].as_str().unwrap_or_default();
    if let Some(reference) = reference(json) {
        out.text(1, reference);
        out.text(4, text("description"));
        return out;
    }
    if json["x-kubernetes-int-or-string"] == true {
        out.text(2, "int-or-string");
    } else {
        out.text(2, text("format"));
    }
    out.text(4, text("description"));
    let open = json[PRESERVE] == true;
    for required in json["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !open {
            out.text(19, required);
        }
    }
    if let Some(additional @ Value::Object(_)) = json.get("additionalProperties") {
        let mut item = Message::default();
        item.message(1, &schema(additional));
        out.message(21, &item);
    }
    let kind = if json["x-kubernetes-int-or-string"] == true { "string" } else { text("type") };
    if !kind.is_empty() && json["nullable"] != true {
        let mut types = Message::default();
        types.text(1, kind);
        out.message(22, &types);
    }
    if let Some(items @ Value::Object(_)) = json.get("items").filter(|_| !open) {
        let mut item = Message::default();
        item.message(1, &schema(items));
        out.message(23, &item);
    }
    if let Some(properties) = json["properties"].as_object().filter(|_| !open) {
        out.message(25, &fields(properties));
    }
    if let Some(kinds) = json.get(GROUP_VERSION_KIND) {
        let mut any = Message::default();
        // JSON is YAML too.
        any.text(2, &kinds.to_string());
        out.message(31, &named(GROUP_VERSION_KIND, &any));
    }
    out
}

/// The target of a `$ref`, also where it stands alone in an `allOf`.
fn reference(json: &Value) -> Option<&str> {
    json["$ref"].as_str().or_else(|| json["allOf"][0]["$ref"].as_str())
}

fn fields(properties: &Map<String, Value>) -> Message {
    let mut fields = Message::default();
    for (name, property) in properties {
        fields.message(1, &named(name, &schema(property)));
    }
    fields
}

/// A protobuf message being written.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    /// A string; an empty one is absent.
    fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    fn message(&mut self, field: u32, message: &Self) {
        self.bytes(field, &message.0);
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        const LENGTH_DELIMITED: u64 = 2;
        self.varint((u64::from(field) << 3) | LENGTH_DELIMITED);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "seven bits and a flag")]
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        self.0.push(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_is_written_with_its_kind_and_fields() {
        let json = json!({
            "info": {"title": "T", "version": "1"},
            "definitions": {
                "a.Open": {"type": "object", PRESERVE: true, GROUP_VERSION_KIND: []},
                "a.B": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
            },
        });
        let schema = b"\x9a\x01\x01n\xb2\x01\x08\x0a\x06object\xca\x01\x13\x0a\x11\x0a\x01n\x12\x0c\xb2\x01\x09\x0a\x07integer";
        let mut expected = b"\x0a\x032.0\x12\x06\x0a\x01T\x12\x011B\x00J".to_vec();
        let named =
            [b"\x0a\x03a.B\x12", &[u8::try_from(schema.len()).unwrap()][..], schema].concat();
        let definitions = [b"\x0a", &[u8::try_from(named.len()).unwrap()][..], &named[..]].concat();
        expected.push(u8::try_from(definitions.len()).unwrap());
        expected.extend(definitions);
        assert_eq!(document(&json), expected);
    }
}
