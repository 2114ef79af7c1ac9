//! Request bodies → values, with upstream's errors.

use std::cell::RefCell;

use http::header::CONTENT_TYPE;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::super::golang::{self, quote};
use super::super::limits::{ACCEPTED, MAX_YAML_DEPTH};
use super::super::protobuf;
use super::super::status::ApiError;
use super::Call;

/// A decoded body, with its duplicate fields.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) value: Value,
    pub(super) duplicates: Vec<String>,
}

/// Decodes the body as one object of the call's type.
///
/// # Errors
/// 415 for an unsupported media type, 400 for a body that is no object with a kind.
pub(super) fn object(call: &Call<'_>) -> Result<Decoded, ApiError> {
    let kind = &call.served.of.kind;
    let built_in = call.served.of.is_built_in();
    let unrecognized = |why: String| {
        let summary = summarize(call.body);
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({summary})"
        ))
    };
    let no_version = |why: &str| format!("couldn't get version/kind; json parse error: {why}");
    let mut decoded = text(call)?.map_err(|why| unrecognized(no_version(&why)))?;
    let Value::Object(map) = &mut decoded.value else {
        let found = match &decoded.value {
            Value::Null => return Err(unrecognized(missing("Kind", call.body))),
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            _ => "array",
        };
        let target = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
        let why = format!("json: cannot unmarshal {found} into Go value of type {target}");
        return Err(unrecognized(no_version(&why)));
    };
    for field in ["apiVersion", "kind"] {
        let found = map.get(field).filter(|value| !value.is_null() && *value != "");
        match found {
            Some(Value::String(_)) => {}
            // The kind of a built-in type follows from the path.
            None if built_in => {
                let value = if field == "kind" { &**kind } else { &*call.served.api_version };
                map.insert(field.to_owned(), value.into());
            }
            None => {
                let name =
                    if map.get("kind").is_none_or(Value::is_null) { "Kind" } else { "apiVersion" };
                return Err(unrecognized(missing(name, call.body)));
            }
            Some(_) => {
                let why =
                    format!("json: cannot unmarshal into Go struct field .{field} of type string");
                return Err(unrecognized(no_version(&why)));
            }
        }
    }
    Ok(decoded)
}

fn missing(name: &str, body: &[u8]) -> String {
    format!("Object '{name}' is missing in '{}'", String::from_utf8_lossy(body))
}

/// Decodes an optional body of options.
pub(super) fn options(call: &Call<'_>) -> Result<Option<Value>, ApiError> {
    if call.body.is_empty() {
        return Ok(None);
    }
    let value = if is_protobuf(call) {
        protobuf::decode(call.body).map_err(ApiError::bad_request)?
    } else {
        any(call)?.value
    };
    if value.is_object() {
        return Ok(Some(value));
    }
    Err(ApiError::bad_request("the body must be a DeleteOptions object"))
}

/// Decodes a body of another kind than the call's type.
///
/// # Errors
/// 415 for an unsupported media type, 400 for an invalid body.
pub(super) fn any(call: &Call<'_>) -> Result<Decoded, ApiError> {
    let failed = |why: String| {
        ApiError::bad_request(format!("couldn't get version/kind; json parse error: {why}"))
    };
    text(call)?.map_err(failed)
}

fn media<'a>(call: &'a Call<'_>) -> &'a str {
    let media = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

fn is_protobuf(call: &Call<'_>) -> bool {
    media(call) == protobuf::MEDIA_TYPE
}

/// Decodes the body by its media type; the inner error is Go's message.
fn text(call: &Call<'_>) -> Result<Result<Decoded, String>, ApiError> {
    match media(call) {
        "" | "application/json" | "*/*" => Ok(json(call.body)),
        "application/yaml" => Ok(yaml(call.body)),
        // Custom resources have no protobuf form.
        protobuf::MEDIA_TYPE if call.served.of.is_built_in() => {
            Ok(protobuf::decode(call.body).map(|value| Decoded { value, duplicates: Vec::new() }))
        }
        _ => Err(ApiError::unsupported_media_type(ACCEPTED)),
    }
}

/// Decodes a JSON text.
pub(super) fn json(text: &[u8]) -> Result<Decoded, String> {
    if let Some(why) = golang::json_error(text) {
        return Err(why);
    }
    // Go decodes invalid UTF-8 inside strings as U+FFFD.
    let text = String::from_utf8_lossy(text);
    let duplicates = RefCell::default();
    let mut reader = serde_json::Deserializer::from_str(&text);
    // The nesting was checked above.
    reader.disable_recursion_limit();
    let seed = Keys { path: String::new(), duplicates: &duplicates };
    let value = seed.deserialize(&mut reader).map_err(|error| error.to_string())?;
    Ok(Decoded { value, duplicates: duplicates.into_inner() })
}

/// Decodes a YAML text, with the booleans of YAML 1.1 as in `sigs.k8s.io/yaml`. Text in JSON is decoded as
/// JSON.
pub(super) fn yaml(text: &[u8]) -> Result<Decoded, String> {
    if text.trim_ascii_start().starts_with(b"{")
        && let Ok(decoded) = json(text)
        && decoded.duplicates.is_empty()
    {
        return Ok(decoded);
    }
    let text = String::from_utf8_lossy(text);
    let options = serde_saphyr::options! {
        strict_booleans: false,
        budget: serde_saphyr::budget! { max_depth: MAX_YAML_DEPTH },
    };
    let value = serde_saphyr::from_str_with_options::<Value>(&text, options)
        .map_err(|error| error.without_snippet().to_string())?;
    Ok(Decoded { value, duplicates: Vec::new() })
}

/// The body as upstream quotes it in an error.
fn summarize(body: &[u8]) -> String {
    const MAX: usize = 30;
    let (shown, more) = if body.len() > MAX { (&body[..MAX], " ...") } else { (body, "") };
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{more}")
        }
    }
}

/// The messages about unknown and duplicate fields, for 400 or warnings.
pub(super) fn strict_errors(unknown: &[String], duplicates: &[String]) -> Vec<String> {
    let unknown = unknown.iter().map(|field| format!("unknown field {}", quote(field)));
    let duplicates = duplicates.iter().map(|field| format!("duplicate field {}", quote(field)));
    duplicates.chain(unknown).collect()
}

/// Decodes a value and collects duplicate keys; the last value counts, as in Go.
struct Keys<'k> {
    path: String,
    duplicates: &'k RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, list.len());
            match seq.next_element_seed(Keys { path, duplicates: self.duplicates })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let path =
                if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            let value =
                access.next_value_seed(Keys { path: path.clone(), duplicates: self.duplicates })?;
            if map.insert(key, value).is_some() {
                let mut duplicates = self.duplicates.borrow_mut();
                if !duplicates.contains(&path) {
                    duplicates.push(path);
                }
            }
        }
        Ok(Value::Object(map))
    }
}
