//! JSON of built-in types → protobuf bodies, as upstream's generated code writes them: fields in the order of their
//! numbers, and what is no pointer in Go also where it is empty.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::schema::{Field, Kind, Message, Schema};
use super::{MAGIC, field, varint};

/// The message of a CRD's schema.
const SCHEMA_PROPS: &str = "apiextensions.v1.JSONSchemaProps";

/// Encodes an object: the envelope (`runtime.Unknown`) with the message of its kind. An object of a kind without a
/// message is in it as JSON, which the envelope then says.
pub(in super::super) fn encode(object: &Value) -> Vec<u8> {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let schema = Schema::get();
    let of = schema.message_of(version, kind).and_then(|name| schema.message(name));
    let mut raw = Vec::new();
    let content_type = if let Some(of) = of {
        message(&mut raw, of, object);
        ""
    } else {
        raw = object.to_string().into_bytes();
        "application/json"
    };
    let mut type_meta = Vec::new();
    field(&mut type_meta, 1, version.as_bytes());
    field(&mut type_meta, 2, kind.as_bytes());
    let mut out = MAGIC.to_vec();
    field(&mut out, 1, &type_meta);
    field(&mut out, 2, &raw);
    field(&mut out, 3, b"");
    field(&mut out, 4, content_type.as_bytes());
    out
}

/// Encodes an event of a watch, in a frame with its length (`framer.NewLengthDelimitedFrameWriter`).
pub(in super::super) fn event(kind: &str, object: &Value) -> Vec<u8> {
    let mut raw = Vec::new();
    field(&mut raw, 1, &encode(object));
    let mut event = Vec::new();
    field(&mut event, 1, kind.as_bytes());
    field(&mut event, 2, &raw);
    let length = u32::try_from(event.len()).unwrap_or(u32::MAX);
    let mut out = length.to_be_bytes().to_vec();
    out.append(&mut event);
    out
}

fn message(out: &mut Vec<u8>, of: &Message, object: &Value) {
    for (number, field) in of {
        // A message without a name is inlined in JSON.
        let value = if field.name.is_empty() { object } else { &object[field.name] };
        put_field(out, *number, field, value);
    }
}

fn put_field(out: &mut Vec<u8>, number: u64, of: &Field, found: &Value) {
    match &of.kind {
        Kind::List(item) => {
            for one in found.as_array().into_iter().flatten() {
                put(out, number, item, one);
            }
        }
        Kind::Map(item) => {
            for (key, value) in found.as_object().into_iter().flatten() {
                let mut entry = Vec::new();
                field(&mut entry, 1, key.as_bytes());
                put(&mut entry, 2, item, value);
                length(out, number, &entry);
            }
        }
        Kind::Bytes if found.is_null() => {}
        _ if of.optional && found.is_null() => {}
        kind => put(out, number, kind, found),
    }
}

/// A field with one value.
fn put(out: &mut Vec<u8>, number: u64, of: &Kind, value: &Value) {
    let mut inner = Vec::new();
    match of {
        Kind::Bool => return number_field(out, number, u64::from(value == true)),
        Kind::Int => return number_field(out, number, integer(value)),
        Kind::Double => {
            varint(out, number << 3 | 1);
            out.extend_from_slice(&value.as_f64().unwrap_or_default().to_le_bytes());
            return;
        }
        Kind::Text => inner.extend_from_slice(value.as_str().unwrap_or_default().as_bytes()),
        Kind::Bytes => {
            inner = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
        }
        Kind::Message(name) => {
            if let Some(of) = Schema::get().message(name) {
                message(&mut inner, of, value);
            }
        }
        Kind::Time | Kind::MicroTime => time(&mut inner, value),
        Kind::Quantity => field(&mut inner, 1, value.as_str().unwrap_or("0").as_bytes()),
        Kind::IntOrString => {
            number_field(&mut inner, 1, u64::from(value.is_string()));
            number_field(&mut inner, 2, integer(value));
            field(&mut inner, 3, value.as_str().unwrap_or_default().as_bytes());
        }
        Kind::Raw => {
            if !value.is_null() {
                field(&mut inner, 1, value.to_string().as_bytes());
            }
        }
        Kind::Texts => texts(&mut inner, 1, value),
        Kind::SchemaOrBool => {
            number_field(&mut inner, 1, u64::from(value == true || value.is_object()));
            schema(&mut inner, 2, value);
        }
        Kind::SchemaOrArray => {
            schema(&mut inner, 1, value);
            for one in value.as_array().into_iter().flatten() {
                put(&mut inner, 2, &Kind::Message(SCHEMA_PROPS), one);
            }
        }
        Kind::SchemaOrTexts => {
            schema(&mut inner, 1, value);
            texts(&mut inner, 2, value);
        }
        // There are no lists in lists.
        Kind::List(_) | Kind::Map(_) => {}
    }
    length(out, number, &inner);
}

fn schema(out: &mut Vec<u8>, number: u64, value: &Value) {
    if value.is_object() {
        put(out, number, &Kind::Message(SCHEMA_PROPS), value);
    }
}

fn texts(out: &mut Vec<u8>, number: u64, value: &Value) {
    for one in value.as_array().into_iter().flatten() {
        put(out, number, &Kind::Text, one);
    }
}

/// Seconds and nanoseconds; a time that is not set is an empty message.
fn time(out: &mut Vec<u8>, value: &Value) {
    let time = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    if let Some(time) = time {
        number_field(out, 1, time.as_second().cast_unsigned());
        number_field(out, 2, u64::from(time.subsec_nanosecond().unsigned_abs()));
    }
}

/// A number as a varint has it: negative ones have ten bytes.
fn integer(value: &Value) -> u64 {
    value.as_i64().map_or_else(|| value.as_u64().unwrap_or_default(), i64::cast_unsigned)
}

fn number_field(out: &mut Vec<u8>, number: u64, value: u64) {
    varint(out, number << 3);
    varint(out, value);
}

fn length(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    varint(out, number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::decode;
    use super::*;

    /// Objects in both forms, as kube-apiserver 1.36.3 answers them.
    #[test]
    fn recorded_objects_have_the_same_bytes() {
        for line in include_str!("recorded.jsonl").lines() {
            let recorded: Value = serde_json::from_str(line).unwrap();
            let wanted = STANDARD.decode(recorded["protobuf"].as_str().unwrap()).unwrap();
            let made = encode(&recorded["json"]);
            assert!(made == wanted, "{} differs: {:?}", recorded["json"]["kind"], decode(&made));
        }
    }

    #[test]
    fn objects_come_back_as_they_were() {
        for object in [
            json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a", "labels": {"b": "c"}}, "data": {"k": "AP8="}, "type": "Opaque"}),
            json!({"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": "a"}, "spec": {"holderIdentity": "me", "renewTime": "2023-11-14T22:13:20.123456Z"}}),
            json!({"kind": "ServiceList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": [
                {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80, "targetPort": "http"}]}, "status": {"loadBalancer": {}}},
            ]}),
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "m", "reason": "NotFound", "details": {"name": "a", "kind": "pods"}, "code": 404}),
        ] {
            let back = decode(&encode(&object)).unwrap();
            for (field, value) in object.as_object().unwrap() {
                if field != "spec" && field != "items" {
                    assert_eq!(back[field], *value, "{field}");
                }
            }
        }
    }

    #[test]
    fn required_fields_are_written_also_when_empty() {
        let bytes =
            encode(&json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}}));
        // name, generateName, namespace, selfLink, uid, resourceVersion, generation, creationTimestamp.
        let metadata = b"\x0a\x01a\x12\x00\x1a\x00\x22\x00\x2a\x00\x32\x00\x38\x00\x42\x00";
        let mut expected = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x13\x0a\x11".to_vec();
        expected.extend_from_slice(metadata);
        expected.extend_from_slice(b"\x1a\x00\x22\x00");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn events_are_framed_by_their_length() {
        let object = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {}});
        let frame = event("ADDED", &object);
        let (length, event) = frame.split_at(4);
        assert_eq!(u32::from_be_bytes(length.try_into().unwrap()) as usize, event.len());
        assert!(event.starts_with(b"\x0a\x05ADDED\x12"));
    }
}
