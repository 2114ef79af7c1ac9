//! The part of an answer that counts, as the corpus writes it.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::case::{Only, RequestStep, Sort};
use crate::normal::{ANY_TEXT, Normal, names_java};
use crate::reply::{Reply, latin1};

/// Answers may come this much before the lower bound: clocks differ.
const EARLY_MS: u64 = 5;

/// What is compared of the answer to a step.
pub(crate) fn described(
    step: &RequestStep,
    reply: &Reply,
    normal: &mut Normal,
) -> Result<Value, String> {
    if step.to_end {
        return to_end(reply);
    }
    let Some(status) = reply.status else {
        return Ok(json!({"no_answer": reply.end.name()}));
    };
    let mut got = Map::new();
    got.insert("status".into(), status.into());
    if let Some(least) = step.min_ms {
        let late = reply.elapsed.as_millis() + u128::from(EARLY_MS) >= u128::from(least);
        got.insert("at_least_ms".into(), if late { least.into() } else { "too early".into() });
    }
    match step.only {
        Some(Only::Status) => return Ok(got.into()),
        Some(Only::Refused) => return Ok(json!({"refused": status >= 400})),
        None => {}
    }
    let path = step.path.as_deref().unwrap_or_default();
    let admin = path.starts_with("/__admin") || path.starts_with("/health");
    if !admin && status == 404 && reply.header("Matched-Stub-Id").is_none() && !step.diff {
        return Ok(json!({"status": 404, "unmatched": true}));
    }
    // WireMock's own page for a failure of its own.
    if status == 500
        && reply.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html"))
    {
        return Ok(got.into());
    }
    let masks = masks(step)?;
    let headers = headers(step, reply, admin, &masks, normal);
    let json = headers["content-type"].as_str().is_some_and(|kind| kind.contains("json"));
    got.insert("headers".into(), headers.into());
    if step.reason {
        got.insert("reason".into(), reply.reason.as_str().into());
    }
    if step.chunks {
        got.insert("chunks".into(), reply.chunks.as_slice().into());
    }
    if step.method.as_deref() == Some("HEAD") {
        return Ok(got.into());
    }
    if step.bytes {
        got.insert("body64".into(), STANDARD.encode(&reply.body).into());
        return Ok(got.into());
    }
    let text = String::from_utf8_lossy(&reply.body);
    let document =
        if !step.text && (admin || json) { serde_json::from_str(&text).ok() } else { None };
    let body = if let Some(document) = document {
        document_part(step, &document, normal)
    } else {
        let text = masked(&masks, normal.text(&text));
        let any = (admin || status == 500) && names_java(&text);
        if any { ANY_TEXT.into() } else { text.into() }
    };
    got.insert("body".into(), body);
    Ok(got.into())
}

/// All bytes up to the connection's end, behind the head where there is one.
fn to_end(reply: &Reply) -> Result<Value, String> {
    let end = reply.end.name();
    if !reply.raw.starts_with(b"HTTP/1.1 ") {
        return Ok(json!({"end": end, "bytes": latin1(&reply.raw)}));
    }
    let raw = latin1(&reply.raw);
    let (head, rest) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
    let status = head.split_ascii_whitespace().nth(1).and_then(|status| status.parse::<u16>().ok());
    let status = status.ok_or_else(|| format!("the answer has no status: {head:?}"))?;
    Ok(json!({"end": end, "status": status, "after_head": rest}))
}

/// The header fields that count, by their names in lower case.
fn headers(
    step: &RequestStep,
    reply: &Reply,
    admin: bool,
    masks: &[Regex],
    normal: &mut Normal,
) -> Map<String, Value> {
    let mut out = Map::new();
    let mut kind = reply.header("Content-Type").map(media_type);
    if admin {
        kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().to_owned());
    }
    out.insert("content-type".into(), kind.into());
    if !admin {
        let id = reply.header("Matched-Stub-Id").filter(|id| !id.is_empty());
        out.insert("matched-stub-id".into(), id.map(|id| normal.text(id)).into());
    }
    for name in ["Matched-Stub-Name", "Location", "Content-Encoding"] {
        if let Some(value) = reply.header(name) {
            out.insert(name.to_lowercase(), normal.text(value).into());
        }
    }
    for name in &step.compare_headers {
        let values: Vec<Value> =
            reply.all(name).map(|value| masked(masks, normal.text(value)).into()).collect();
        out.insert(name.to_lowercase(), values.into());
    }
    out
}

/// A media type in lower case, without blanks around its semicolons.
fn media_type(value: &str) -> String {
    static SEMICOLON: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\s*;\s*").expect("a pattern"));
    SEMICOLON.replace_all(value, ";").to_lowercase()
}

fn document_part(step: &RequestStep, document: &Value, normal: &mut Normal) -> Value {
    if let Some(pointers) = &step.pick {
        let mut part = |pointer: &String| {
            let found = document.pointer(pointer).map_or(Value::Null, |found| normal.value(found));
            (pointer.clone(), found)
        };
        return Value::Object(pointers.iter().map(&mut part).collect());
    }
    let mut body = normal.value(document);
    if let (Some(Sort::Body), Value::Array(items)) = (step.sort, &mut body) {
        items.sort_by_cached_key(Value::to_string);
    }
    body
}

fn masks(step: &RequestStep) -> Result<Vec<Regex>, String> {
    let compile = |mask: &String| Regex::new(mask).map_err(|error| format!("mask: {error}"));
    step.mask.iter().map(compile).collect()
}

fn masked(masks: &[Regex], text: String) -> String {
    masks.iter().fold(text, |text, mask| mask.replace_all(&text, "<masked>").into_owned())
}
