//! The patches of mutating webhooks and policies: JSON Patches, whose failures have the words of
//! `gopkg.in/evanphx/json-patch.v4`.

use serde_json::{Value, json};

use super::super::decode;
use super::super::golang::{check_json, json_kind, quote};
use super::super::json_patch::{Patch, Refused};
use super::super::limits::MAX_PATCH_OPERATIONS;

/// The operations of a patch.
///
/// # Errors
/// Why the text is no list of operations.
pub(super) fn operations(text: &[u8]) -> Result<Vec<Value>, String> {
    check_json(text)?;
    let operations = match decode::json(text)?.value {
        Value::Array(operations) => operations,
        Value::Null => Vec::new(),
        other => return Err(not_of_type(&other, "Patch")),
    };
    if operations.len() > MAX_PATCH_OPERATIONS {
        return Err(format!("it has more than {MAX_PATCH_OPERATIONS} operations"));
    }
    let other = operations.iter().find(|item| !item.is_object() && !item.is_null());
    other.map_or(Ok(()), |other| Err(not_of_type(other, "Operation")))?;
    Ok(operations)
}

fn not_of_type(found: &Value, wanted: &str) -> String {
    let found = json_kind(found);
    format!("json: cannot unmarshal {found} into Go value of type jsonpatch.{wanted}")
}

/// How the failure of a test begins.
const TEST: &str = "testing value ";

/// An operation that does not apply.
#[derive(Debug)]
pub(super) struct NotApplied {
    /// Why.
    pub(super) why: String,
    /// Whether it is a test that has found another value.
    pub(super) is_test: bool,
}

/// Applies operations to an object.
///
/// # Errors
/// Why one of them does not apply.
pub(super) fn apply(operations: Vec<Value>, object: &mut Value) -> Result<(), NotApplied> {
    let malformed = |why| NotApplied { why, is_test: false };
    for operation in operations {
        let patch = match Patch::decode(json!([operation])) {
            Ok(patch) => patch,
            Err(Refused::Malformed(why)) => return Err(malformed(why)),
            Err(_) => return Err(malformed("the operation cannot be read".to_owned())),
        };
        if patch.apply(object).is_err() {
            let why = reason(&operation, object);
            let is_test = operation["op"] == "test" && why.starts_with(TEST);
            return Err(NotApplied { why, is_test });
        }
    }
    Ok(())
}

/// Why an operation does not apply to an object.
fn reason(operation: &Value, object: &Value) -> String {
    let kind = operation["op"].as_str().unwrap_or("unknown");
    let known = ["add", "remove", "replace", "move", "test", "copy"];
    if !known.contains(&kind) {
        return format!("Unexpected kind: {kind}");
    }
    if matches!(kind, "move" | "copy") {
        return between(kind, operation, object);
    }
    let Some(path) = operation["path"].as_str() else {
        let of_path = matches!(kind, "replace" | "test");
        let why = if of_path { "operation missing path field: " } else { "" };
        return format!("{kind} operation failed to decode path: {why}missing value");
    };
    if kind == "replace" && path.is_empty() {
        return "replace operation value must be object or array: %!w(<nil>)".to_owned();
    }
    let place = place(object, path, kind);
    match (kind, place) {
        ("add" | "remove", None) => {
            format!(
                "{kind} operation does not apply: doc is missing path: \"{path}\": missing value"
            )
        }
        ("replace", None) => {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        }
        ("replace", Some(_)) => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        ("test", None) if !path.is_empty() => {
            format!("test operation does not apply: is missing path: {path}: missing value")
        }
        ("test", _) => format!("{TEST}{path} failed: test failed"),
        (_, Some(why)) => format!("error in {kind} for path: '{path}': {why}"),
        (_, None) => "missing value".to_owned(),
    }
}

/// Why an operation with two places does not apply.
fn between(kind: &str, operation: &Value, object: &Value) -> String {
    let Some(from) = operation["from"].as_str() else {
        return format!(
            "{kind} operation failed to decode from: operation, missing from field: missing value"
        );
    };
    match place(object, from, "remove") {
        None => {
            return format!(
                "{kind} operation does not apply: doc is missing from path: {from}: missing value"
            );
        }
        Some(why) if kind == "move" && !why.is_empty() => {
            let key = from.rsplit('/').next().unwrap_or_default();
            return format!("error in move for path: '{key}': {why}");
        }
        Some(_) => {}
    }
    let path = operation["path"].as_str().unwrap_or_default();
    match place(object, path, "add") {
        None => format!(
            "{kind} operation does not apply: doc is missing destination path: {path}: missing value"
        ),
        Some(why) if kind == "move" => format!("error in move for path: '{path}': {why}"),
        Some(why) => format!("error while adding value during copy: {why}"),
    }
}

/// What keeps an operation from its place in the object or list that has it: nothing where there is no such object or
/// list, an empty text where it is not the place.
fn place(object: &Value, path: &str, kind: &str) -> Option<String> {
    let (parent, key) = path.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    match object.pointer(parent)? {
        Value::Object(map) if kind == "remove" && !map.contains_key(&key) => {
            Some(format!("Unable to remove nonexistent key: {key}: missing value"))
        }
        Value::Object(_) => Some(String::new()),
        Value::Array(_) => Some(in_list(&key, kind)),
        _ => None,
    }
}

/// What keeps an operation from an item of a list.
fn in_list(key: &str, kind: &str) -> String {
    if let Ok(index) = key.parse::<i64>() {
        return format!("Unable to access invalid index: {index}: invalid index referenced");
    }
    let what = format!("strconv.Atoi: parsing {}: invalid syntax", quote(key));
    if kind == "add" {
        return format!("value was not a proper array index: '{key}': {what}");
    }
    what
}
