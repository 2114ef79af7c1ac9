//! Audit logs of Kubernetes → exchanges: the events of the level `RequestResponse`, which have the bodies.
//!
//! The format: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>, one event a line, or lists of
//! them as a webhook receives them.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use serde_json::Value;

use crate::document::{Diagnostic, Place};

use super::exchange::{Answered, Asked, ImportedExchange, exchange};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Returns whether a text is an audit log, by its first line.
pub(super) fn is_audit_log(text: &str) -> bool {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str::<Value>(line).is_ok_and(|event| is_of_audit(&event))
}

/// Returns whether a document is an event or a list of events.
pub(super) fn is_of_audit(document: &Value) -> bool {
    document["apiVersion"].as_str().is_some_and(|version| version.starts_with("audit.k8s.io/"))
}

/// Converts a log. Omitted events are reported with their line.
pub(super) fn convert(
    path: &std::path::Path,
    text: &str,
) -> (Vec<ImportedExchange>, Vec<Diagnostic>) {
    let (mut exchanges, mut problems) = (Vec::new(), Vec::new());
    let mut take = |event: &Value, line: usize| match read(event) {
        Ok(exchange) => exchanges.extend(exchange),
        Err(why) => {
            let message = format!("the event is left out: {why}");
            problems.push(Diagnostic::warning(path, message).at(Place { line, column: 1 }));
        }
    };
    // One document may also have several lines.
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        match document["items"].as_array() {
            Some(items) => items.iter().for_each(|event| take(event, 1)),
            None => take(&document, 1),
        }
        return (exchanges, problems);
    }
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let event: Result<Value, _> = serde_json::from_str(line);
        match event {
            Ok(list) if list["items"].is_array() => {
                let items = list["items"].as_array().into_iter().flatten();
                items.for_each(|event| take(event, at + 1));
            }
            Ok(event) => take(&event, at + 1),
            Err(error) => take(&Value::String(error.to_string()), at + 1),
        }
    }
    (exchanges, problems)
}

/// Returns the exchange of an event; `None` for a stage that another event of the same request
/// completes.
fn read(event: &Value) -> Result<Option<ImportedExchange>, String> {
    if let Some(error) = event.as_str() {
        return Err(format!("it is not JSON: {error}"));
    }
    match event["stage"].as_str() {
        Some("ResponseComplete") => {}
        Some("RequestReceived" | "ResponseStarted") => return Ok(None),
        Some(stage) => return Err(format!("the request ended in the stage {stage}")),
        None => return Err("it is not an audit event".to_owned()),
    }
    let level = event["level"].as_str().unwrap_or_default();
    if level != "RequestResponse" {
        return Err(format!(
            "the level {level:?} has no answer; the audit policy needs the level RequestResponse"
        ));
    }
    let verb = event["verb"].as_str().unwrap_or_default();
    if verb == "watch" {
        return Err("the events of a watch are not in an audit log".to_owned());
    }
    let url = event["requestURI"].as_str().ok_or("it has no requestURI")?;
    let status = event["responseStatus"]["code"].as_u64().ok_or("it has no status")?;
    let method = method(verb).ok_or_else(|| format!("the verb {verb:?} has no method"))?;
    let answer = &event["responseObject"];
    let answer = match answer {
        // The status of an error is the answer itself.
        Value::Null if event["responseStatus"]["kind"] == "Status" => &event["responseStatus"],
        answer => answer,
    };
    if answer.is_null() && status != 204 && method != "HEAD" {
        return Err("it has no responseObject".to_owned());
    }
    let mut asked =
        Asked { method, url, headers: HeaderMap::new(), body: bytes(&event["requestObject"]) };
    asked.headers.insert(ACCEPT, JSON);
    if let Some(agent) = event["userAgent"].as_str().and_then(|agent| agent.parse().ok()) {
        asked.headers.insert(USER_AGENT, agent);
    }
    if !asked.body.is_empty() {
        let media = if verb == "patch" { patch_type(&event["requestObject"]) } else { JSON };
        asked.headers.insert(CONTENT_TYPE, media);
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    let answered = Answered { status, headers, body: bytes(answer), ..Answered::default() };
    exchange(asked, answered).map(Some)
}

fn method(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "get" | "list" => "GET",
        "create" | "post" => "POST",
        "update" | "put" => "PUT",
        "patch" => "PATCH",
        "delete" | "deletecollection" => "DELETE",
        "head" => "HEAD",
        "options" => "OPTIONS",
        _ => return None,
    })
}

/// Returns the media type of a patch. A log does not contain it: a list is a JSON Patch.
fn patch_type(patch: &Value) -> HeaderValue {
    HeaderValue::from_static(if patch.is_array() {
        "application/json-patch+json"
    } else if patch.get("apiVersion").is_some() {
        "application/apply-patch+yaml"
    } else {
        "application/strategic-merge-patch+json"
    })
}

fn bytes(value: &Value) -> Bytes {
    if value.is_null() { Bytes::new() } else { format!("{value}\n").into() }
}
