//! JSON-RPC: calls have ids that their clients draw, and answers repeat them (JSON-RPC 2.0, sections 4 and 5).
//!
//! A recorded answer also fits the same call with another id: only the ids in it change.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use serde_json::value::RawValue;

/// The key in `transformerParameters` under which a recorded answer has the ids of its calls.
pub(crate) const IDS_PARAMETER: &str = "jsonRpcIds";

/// The transformer that puts the ids of a request into a recorded answer.
pub(crate) const IDS_TRANSFORMER: &str = "standin-json-rpc";

/// Returns whether a JSON value is a call, with or without an id. Calls of version 1 have no other
/// field than these three.
pub(crate) fn is_call(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    fields.get("method").is_some_and(Value::is_string)
        && match fields.get("jsonrpc") {
            Some(version) => version.is_string(),
            None => {
                fields.len() == 3
                    && fields.contains_key("id")
                    && fields.get("params").is_some_and(Value::is_array)
            }
        }
}

/// Returns the ids of the calls in a request, in order; empty if it is not a call, or expects no
/// answer.
pub(crate) fn ids(request: &Value) -> Vec<Value> {
    let calls = match request {
        Value::Array(calls) => calls.as_slice(),
        call => std::slice::from_ref(call),
    };
    if !calls.iter().all(is_call) {
        return Vec::new();
    }
    calls.iter().filter_map(|call| call.get("id")).filter(|id| !id.is_null()).cloned().collect()
}

/// Returns the positions in the text of an answer and the ids that belong there. `from` has the ids
/// that the answer repeats, `to` those in their place.
pub(crate) fn edits(answer: &str, from: &[Value], to: &[Value]) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    if !document(answer, 0, from, to, &mut edits) {
        // Events of a server, or JSON lines.
        let mut start = 0;
        for line in answer.split_inclusive('\n') {
            let json = line.strip_prefix("data:").unwrap_or(line);
            document(json, start + line.len() - json.len(), from, to, &mut edits);
            start += line.len();
        }
    }
    edits
}

/// Returns the text with edits, which are in order. Places in it follow.
pub(crate) fn apply(
    answer: &str,
    edits: &[(Range<usize>, String)],
    places: &mut [usize],
) -> String {
    let mut out = String::with_capacity(answer.len());
    let mut end = 0;
    let mut moved = Vec::with_capacity(places.len());
    let mut next = places.iter().copied().peekable();
    for (range, id) in edits {
        while let Some(place) = next.next_if(|place| *place <= range.start) {
            moved.push(out.len() + place - end);
        }
        out.push_str(&answer[end..range.start]);
        out.push_str(id);
        end = range.end;
        while next.next_if(|place| *place < range.end).is_some() {
            moved.push(out.len());
        }
    }
    moved.extend(next.map(|place| out.len() + place - end));
    out.push_str(&answer[end..]);
    places.copy_from_slice(&moved);
    out
}

/// Adds the edits of one JSON document, an answer or a list of them. Returns whether it is one.
fn document(
    text: &str,
    at: usize,
    from: &[Value],
    to: &[Value],
    edits: &mut Vec<(Range<usize>, String)>,
) -> bool {
    let begin = text.trim_start();
    let answers: Vec<&RawValue> = match begin.as_bytes().first() {
        Some(b'{') => serde_json::from_str(begin).map(|one: &RawValue| vec![one]),
        Some(b'[') => serde_json::from_str(begin),
        _ => return false,
    }
    .unwrap_or_default();
    for answer in &answers {
        let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(answer.get()) else {
            continue;
        };
        let answers = fields.contains_key("result") || fields.contains_key("error");
        let Some(id) = fields.get("id").filter(|_| answers) else { continue };
        let known = serde_json::from_str::<Value>(id.get()).ok();
        let known = known.and_then(|id| from.iter().position(|from| *from == id));
        if let Some(new) = known.and_then(|known| to.get(known)) {
            // The value is a slice of the text: it was not copied.
            let start = at + id.get().as_ptr() as usize - text.as_ptr() as usize;
            edits.push((start..start + id.get().len(), new.to_string()));
        }
    }
    !answers.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_are_distinguished_from_other_json() {
        for (value, ids_of) in [
            (json!({"jsonrpc": "2.0", "method": "m", "id": 7}), json!([7])),
            (json!({"jsonrpc": "2.0", "method": "m", "params": {}, "id": "x"}), json!(["x"])),
            (json!({"method": "m", "params": [], "id": 7}), json!([7])),
            (json!({"method": "m", "params": [], "id": 7, "more": 1}), json!([])),
            (json!({"jsonrpc": "2.0", "method": "note"}), json!([])),
            (json!({"jsonrpc": "2.0", "result": 1, "id": 7}), json!([])),
            (
                json!([{"jsonrpc": "2.0", "method": "m", "id": 7}, {"jsonrpc": "2.0", "method": "n"}]),
                json!([7]),
            ),
            (json!([{"jsonrpc": "2.0", "method": "m", "id": 7}, 1]), json!([])),
            (json!({"id": 7}), json!([])),
        ] {
            assert_eq!(Value::Array(ids(&value)), ids_of, "{value}");
        }
    }

    #[test]
    fn the_ids_of_an_answer_are_replaced_and_nothing_else() {
        let from = [json!("a-1"), json!(2)];
        let to = [json!("new\"id"), json!(31)];
        for (answer, expected) in [
            (
                r#"{"id": "a-1", "result": {"id": "a-1"}}"#,
                r#"{"id": "new\"id", "result": {"id": "a-1"}}"#,
            ),
            (
                r#"[ {"result":1,"id":2},{"error":{},"id":"a-1"} ]"#,
                r#"[ {"result":1,"id":31},{"error":{},"id":"new\"id"} ]"#,
            ),
            (r#"{"id": 2}"#, r#"{"id": 2}"#),
            (r#"{"id": null, "error": 1}"#, r#"{"id": null, "error": 1}"#),
            (
                "event: message\ndata: {\"id\":2,\"result\":1}\n\n",
                "event: message\ndata: {\"id\":31,\"result\":1}\n\n",
            ),
            (
                "{\"id\":2,\"result\":1}\n{\"id\":\"a-1\",\"result\":1}\n",
                "{\"id\":31,\"result\":1}\n{\"id\":\"new\\\"id\",\"result\":1}\n",
            ),
            ("no JSON", "no JSON"),
        ] {
            let edits = edits(answer, &from, &to);
            assert_eq!(apply(answer, &edits, &mut []), expected);
        }
    }

    #[test]
    fn places_follow_the_edits() {
        let answer = "0123456789";
        let edits = [(2..4, "xyz".to_owned()), (6..7, String::new())];
        let mut places = [0, 2, 3, 4, 5, 7, 10];
        assert_eq!(apply(answer, &edits, &mut places), "01xyz45789");
        assert_eq!(places, [0, 2, 5, 5, 6, 7, 10]);
    }
}
