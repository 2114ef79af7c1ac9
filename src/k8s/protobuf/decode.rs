//! Protobuf bodies of built-in types → the JSON that the same client would send.
//!
//! Typed clients (client-go's clientset, kubectl's create commands) send protobuf by default.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::MAGIC;
use super::schema::{Field, Kind, Message, Schema};

/// The maximum nesting of messages: more than any type needs, except schemas of schemas.
const MAX_DEPTH: usize = 64;
/// The message of a CRD's schema.
const SCHEMA_PROPS: &str = "apiextensions.v1.JSONSchemaProps";

/// A field as it is on the wire.
enum Wire<'a> {
    Number(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

/// Decodes a body: the envelope, then the object in it.
///
/// # Errors
/// Why the bytes are invalid, for the client.
pub(in super::super) fn decode(body: &[u8]) -> Result<Value, String> {
    let envelope = body.strip_prefix(MAGIC).ok_or(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    )?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for field in fields(envelope) {
        match field? {
            (1, Wire::Bytes(type_meta)) => {
                for field in fields(type_meta) {
                    match field? {
                        (1, Wire::Bytes(bytes)) => api_version = text(bytes)?,
                        (2, Wire::Bytes(bytes)) => kind = text(bytes)?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let schema = Schema::get();
    let of = schema
        .message_of(&api_version, &kind)
        .ok_or_else(|| format!("no kind \"{kind}\" is registered for version \"{api_version}\""))?;
    let mut object = Map::new();
    object.insert("kind".to_owned(), kind.into());
    object.insert("apiVersion".to_owned(), api_version.into());
    message_into(&mut object, schema.message(of), raw, 0)?;
    Ok(Value::Object(object))
}

/// Decodes a message of the table.
fn message(name: &str, bytes: &[u8], depth: usize) -> Result<Value, String> {
    let mut object = Map::new();
    message_into(&mut object, Schema::get().message(name), bytes, depth)?;
    Ok(Value::Object(object))
}

fn message_into(
    object: &mut Map<String, Value>,
    of: Option<&Message>,
    bytes: &[u8],
    depth: usize,
) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("messages are nested deeper than {MAX_DEPTH} levels"));
    }
    for found in fields(bytes) {
        let (number, wire) = found?;
        // Unknown fields are ignored, as protobuf specifies.
        let Some(field) = of.and_then(|of| of.get(&number)) else { continue };
        put(object, field, &wire, depth)?;
    }
    Ok(())
}

fn put(
    object: &mut Map<String, Value>,
    field: &Field,
    wire: &Wire<'_>,
    depth: usize,
) -> Result<(), String> {
    let name = field.name;
    match (&field.kind, wire) {
        (Kind::Message(of), Wire::Bytes(bytes)) if name.is_empty() => {
            message_into(object, Schema::get().message(of), bytes, depth + 1)?;
        }
        (Kind::List(of), wire) => {
            let item = value(of, wire, depth)?;
            if let Value::Array(list) = object.entry(name).or_insert_with(|| json!([])) {
                list.push(item);
            }
        }
        (Kind::Map(of), Wire::Bytes(entry)) => {
            let (mut key, mut item) = (String::new(), None);
            for found in fields(entry) {
                match found? {
                    (1, Wire::Bytes(bytes)) => key = text(bytes)?,
                    (2, wire) => item = Some(value(of, &wire, depth)?),
                    _ => {}
                }
            }
            let item = item.unwrap_or_else(|| nothing(of));
            if let Value::Object(map) = object.entry(name).or_insert_with(|| json!({})) {
                map.insert(key, item);
            }
        }
        (kind, wire) => {
            let value = value(kind, wire, depth)?;
            if !(field.omit && says_nothing(&value)) {
                object.insert(name.to_owned(), value);
            }
        }
    }
    Ok(())
}

/// Whether Go's `omitempty` and `omitzero` omit a value.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// The default of a map item whose value is absent.
fn nothing(of: &Kind) -> Value {
    match of {
        Kind::Text | Kind::Bytes | Kind::Quantity => "".into(),
        Kind::Texts | Kind::List(_) => json!([]),
        Kind::Int | Kind::Double => 0.into(),
        Kind::Bool => false.into(),
        _ => json!({}),
    }
}

fn value(of: &Kind, wire: &Wire<'_>, depth: usize) -> Result<Value, String> {
    Ok(match (of, wire) {
        (Kind::Text, Wire::Bytes(bytes)) => text(bytes)?.into(),
        (Kind::Bool, Wire::Number(number)) => (*number != 0).into(),
        (Kind::Int, Wire::Number(number)) => number.cast_signed().into(),
        (Kind::Double, Wire::Fixed(bits)) => f64::from_bits(*bits).into(),
        (Kind::Bytes, Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        (Kind::Message(of), Wire::Bytes(bytes)) => message(of, bytes, depth + 1)?,
        (Kind::Time | Kind::MicroTime, Wire::Bytes(bytes)) => time(bytes, *of == Kind::MicroTime)?,
        (Kind::Quantity, Wire::Bytes(bytes)) => first_text(bytes)?.into(),
        (Kind::IntOrString, Wire::Bytes(bytes)) => int_or_string(bytes)?,
        (Kind::Raw, Wire::Bytes(bytes)) => raw(bytes)?,
        (Kind::Texts, Wire::Bytes(bytes)) => texts(bytes, 1)?,
        (Kind::SchemaOrBool, Wire::Bytes(bytes)) => schema_or_bool(bytes, depth)?,
        (Kind::SchemaOrArray, Wire::Bytes(bytes)) => {
            schema_or(bytes, depth, |bytes, depth| message(SCHEMA_PROPS, bytes, depth))?
        }
        (Kind::SchemaOrTexts, Wire::Bytes(bytes)) => {
            schema_or(bytes, depth, |bytes, _| text(bytes).map(Value::from))?
        }
        (Kind::List(_) | Kind::Map(_), _) => {
            return Err("lists of lists are not supported".to_owned());
        }
        _ => return Err(format!("a field has the wrong wire type for {of:?}")),
    })
}

/// `Time` and `MicroTime`: seconds and nanoseconds; an empty message is not a time.
fn time(bytes: &[u8], micro: bool) -> Result<Value, String> {
    let (mut seconds, mut nanos) = (None, 0);
    for field in fields(bytes) {
        match field? {
            (1, Wire::Number(number)) => seconds = Some(number.cast_signed()),
            (2, Wire::Number(number)) => nanos = i32::try_from(number).unwrap_or(0),
            _ => {}
        }
    }
    let Some(seconds) = seconds else { return Ok(Value::Null) };
    let time = Timestamp::new(seconds, nanos).map_err(|error| error.to_string())?;
    let form = if micro { "%Y-%m-%dT%H:%M:%S.%6fZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
    Ok(time.strftime(form).to_string().into())
}

fn int_or_string(bytes: &[u8]) -> Result<Value, String> {
    let (mut is_text, mut number, mut words) = (false, 0, String::new());
    for field in fields(bytes) {
        match field? {
            (1, Wire::Number(kind)) => is_text = kind == 1,
            (2, Wire::Number(found)) => number = found.cast_signed(),
            (3, Wire::Bytes(bytes)) => words = text(bytes)?,
            _ => {}
        }
    }
    Ok(if is_text { words.into() } else { number.into() })
}

/// JSON in the first field of a message.
fn raw(bytes: &[u8]) -> Result<Value, String> {
    for field in fields(bytes) {
        if let (1, Wire::Bytes(json)) = field? {
            return serde_json::from_slice(json).map_err(|error| error.to_string());
        }
    }
    Ok(Value::Null)
}

fn schema_or_bool(bytes: &[u8], depth: usize) -> Result<Value, String> {
    let mut allowed = false;
    for field in fields(bytes) {
        match field? {
            (1, Wire::Number(number)) => allowed = number != 0,
            (2, Wire::Bytes(schema)) => return message(SCHEMA_PROPS, schema, depth + 1),
            _ => {}
        }
    }
    Ok(allowed.into())
}

/// A schema, or a list of strings.
fn schema_or(
    bytes: &[u8],
    depth: usize,
    other: impl Fn(&[u8], usize) -> Result<Value, String>,
) -> Result<Value, String> {
    let mut list = Vec::new();
    for field in fields(bytes) {
        match field? {
            (1, Wire::Bytes(schema)) => return message(SCHEMA_PROPS, schema, depth + 1),
            (2, Wire::Bytes(bytes)) => list.push(other(bytes, depth + 1)?),
            _ => {}
        }
    }
    Ok(list.into())
}

fn texts(bytes: &[u8], number: u64) -> Result<Value, String> {
    let mut list = Vec::new();
    for field in fields(bytes) {
        match field? {
            (found, Wire::Bytes(bytes)) if found == number => list.push(text(bytes)?),
            _ => {}
        }
    }
    Ok(list.into())
}

fn first_text(bytes: &[u8]) -> Result<String, String> {
    for field in fields(bytes) {
        if let (1, Wire::Bytes(bytes)) = field? {
            return text(bytes);
        }
    }
    Ok(String::new())
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a string is not UTF-8".to_owned())
}

/// The fields of a message, in order (the protobuf encoding guide).
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Wire<'_>), String>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let found = field(&mut rest);
        if found.is_err() {
            rest = &[];
        }
        Some(found)
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<(u64, Wire<'a>), String> {
    let tag = varint(rest)?;
    let wire = match tag & 7 {
        0 => Wire::Number(varint(rest)?),
        1 => Wire::Fixed(u64::from_le_bytes(take(rest, 8)?.try_into().unwrap_or_default())),
        2 => {
            let length = usize::try_from(varint(rest)?).unwrap_or(usize::MAX);
            Wire::Bytes(take(rest, length)?)
        }
        5 => {
            let four: [u8; 4] = take(rest, 4)?.try_into().unwrap_or_default();
            Wire::Fixed(u32::from_le_bytes(four).into())
        }
        kind => return Err(format!("proto: illegal wireType {kind}")),
    };
    Ok((tag >> 3, wire))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], String> {
    let (taken, after) = rest.split_at_checked(length).ok_or("unexpected EOF")?;
    *rest = after;
    Ok(taken)
}

fn varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("proto: integer overflow".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{field, varint as put_varint};
    use super::*;

    /// A field of a message that the test assembles.
    fn sub(number: u8, parts: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        field(&mut out, number, &parts.concat());
        out
    }

    fn number(number: u8, value: u64) -> Vec<u8> {
        let mut out = vec![number << 3];
        put_varint(&mut out, value);
        out
    }

    fn body(api_version: &str, kind: &str, object: &[&[u8]]) -> Vec<u8> {
        let meta = sub(1, &[&sub(1, &[api_version.as_bytes()]), &sub(2, &[kind.as_bytes()])]);
        [MAGIC, &meta, &sub(2, object)].concat()
    }

    #[test]
    fn objects_of_a_typed_client_decode_to_their_json() {
        let entry =
            |key: &str, value: &[u8]| sub(2, &[&sub(1, &[key.as_bytes()]), &sub(2, &[value])]);
        // An empty name and an empty time are on the wire, and not in the JSON.
        let metadata = sub(1, &[&sub(1, &[b"a"]), &sub(2, &[b""]), &sub(8, &[])]);
        let secret = body("v1", "Secret", &[&metadata, &entry("k", b"\x00\xff")]);
        assert_eq!(
            decode(&secret),
            Ok(
                json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"k": "AP8="}})
            )
        );
        let time = [number(1, 1_700_000_000), number(2, 123_456_000)].concat();
        let spec = sub(2, &[&sub(1, &[b"me"]), &number(2, 15), &sub(4, &[&time])]);
        let lease = body("coordination.k8s.io/v1", "Lease", &[&spec]);
        assert_eq!(
            decode(&lease).unwrap()["spec"],
            json!({"holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": "2023-11-14T22:13:20.123456Z"})
        );
        let port = sub(1, &[&number(3, 80), &sub(4, &[&number(1, 1), &sub(3, &[b"http"])])]);
        let service = body("v1", "Service", &[&sub(2, &[&port])]);
        assert_eq!(
            decode(&service).unwrap()["spec"]["ports"],
            json!([{"port": 80, "targetPort": "http"}])
        );
    }

    #[test]
    fn invalid_bodies_are_reported() {
        let deep =
            (0..200).fold(Vec::new(), |inner, _| sub(29, &[&sub(1, &[b"a"]), &sub(2, &[&inner])]));
        let schema = sub(2, &[&sub(7, &[&sub(4, &[&sub(1, &[&deep])])])]);
        for (bytes, words) in [
            (b"{}".to_vec(), "[107 56 115 0]"),
            (body("v1", "Unknown", &[]), "no kind \"Unknown\""),
            (body("v1", "Pod", &[b"\x0a\xff"]), "unexpected EOF"),
            (body("v1", "Pod", &[b"\x0b"]), "illegal wireType 3"),
            (body("v1", "ConfigMap", &[&sub(1, &[&sub(1, &[b"\xff"])])]), "not UTF-8"),
            (body("v1", "ConfigMap", &[&number(1, 3)]), "wrong wire type"),
            (
                body("apiextensions.k8s.io/v1", "CustomResourceDefinition", &[&schema]),
                "deeper than 64 levels",
            ),
        ] {
            let error = decode(&bytes).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
