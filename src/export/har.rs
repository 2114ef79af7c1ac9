//! An HTTP archive (HAR 1.2) of a recording: an entry for each stub that takes one request.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::message::Query;
use crate::recorded::{Answers, LiteralRequest, RecordedAnswer, Recording};

use super::Exported;

/// The archive's file.
const FILE: &str = "recording.har";

/// Exports a recording. URLs begin with `base`, such as `http://localhost`.
///
/// A recording contains no wall-clock times: the entries are one millisecond apart, starting at
/// 1970, so that the same recording gives the same archive.
pub(crate) async fn har(recording: &Recording, answers: &Answers, base: &str) -> Exported {
    let mut exported = Exported::default();
    let mut entries = Vec::new();
    for stub in &recording.stubs {
        let literal = LiteralRequest::of(&stub.mapping["request"]);
        let read = match literal {
            Ok(request) => match answers.of(stub, Some(&request)).await {
                Ok(answer) => Ok((request, answer)),
                Err(error) => Err(error.to_string()),
            },
            Err(why) => Err(why),
        };
        match read {
            Ok((request, answer)) => {
                if !request.unknown.is_empty() {
                    exported.left_out.push(format!(
                        "{}: {} not in the archive: the recording has a pattern there",
                        stub.file().display(),
                        are(&request.unknown)
                    ));
                }
                let response = &stub.mapping["response"];
                entries.push(entry(entries.len(), base, &request, &answer, response));
            }
            Err(why) => exported.left_out.push(format!(
                "{}: {} is left out: {why}",
                stub.file().display(),
                stub.title()
            )),
        }
    }
    exported.stubs = entries.len();
    let creator = json!({"name": "standin", "version": env!("CARGO_PKG_VERSION")});
    let archive = json!({"log": {"version": "1.2", "creator": creator, "entries": entries}});
    exported.files.insert(PathBuf::from(FILE), format!("{archive:#}\n").into_bytes());
    exported
}

fn are(parts: &[String]) -> String {
    format!("{} {}", parts.join(", "), if parts.len() == 1 { "is" } else { "are" })
}

fn entry(
    at: usize,
    base: &str,
    request: &LiteralRequest,
    answer: &RecordedAnswer,
    response: &Value,
) -> Value {
    let began = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let began = began.unwrap_or_default();
    let query = request.target.split_once('?').map(|(_, query)| query);
    let query = Query::parse(query).unwrap_or_default();
    let query: Vec<Value> =
        query.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let mut asked = json!({
        "method": request.method.as_str(),
        "url": format!("{}{}", base.trim_end_matches('/'), request.target),
        "httpVersion": "HTTP/1.1",
        "cookies": sent_cookies(&request.headers),
        "headers": headers(&request.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": request.body.len(),
    });
    if !request.body.is_empty() {
        asked["postData"] = content(&request.headers, &request.body, "application/json");
    }
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let has_body = request.method != Method::HEAD && answer.status != StatusCode::NOT_MODIFIED;
    let body = if has_body { &answer.body[..] } else { &[] };
    let mut shown = content(&answer.headers, body, "");
    shown["size"] = body.len().into();
    let reason = response["statusMessage"].as_str().or(answer.status.canonical_reason());
    // How long the server took for the head; the parts of a stream have no place in an archive.
    let wait = response["fixedDelayMilliseconds"].as_u64().unwrap_or_default();
    json!({
        "startedDateTime": format!("{began:.3}"),
        "time": wait,
        "request": asked,
        "response": {
            "status": answer.status.as_u16(),
            "statusText": reason.unwrap_or_default(),
            "httpVersion": "HTTP/1.1",
            "cookies": cookies(&answer.headers),
            "headers": headers(&answer.headers),
            "content": shown,
            "redirectURL": location.unwrap_or_default(),
            "headersSize": -1,
            "bodySize": body.len(),
        },
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
    })
}

/// Header fields; bytes beyond ASCII are characters of Latin-1.
fn headers(headers: &HeaderMap) -> Vec<Value> {
    let text = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| json!({"name": name.as_str(), "value": text(value.as_bytes())});
    headers.iter().map(field).collect()
}

fn cookies(headers: &HeaderMap) -> Vec<Value> {
    let values = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.filter_map(set_cookie).collect()
}

/// Returns a cookie that an answer sets, with its attributes (RFC 6265, section 4.1).
fn set_cookie(field: &str) -> Option<Value> {
    let mut parts = field.split(';');
    let mut cookie = cookie(parts.next()?)?;
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "path" => cookie["path"] = value.into(),
            "domain" => cookie["domain"] = value.into(),
            "samesite" => cookie["sameSite"] = value.into(),
            "httponly" => cookie["httpOnly"] = true.into(),
            "secure" => cookie["secure"] = true.into(),
            "expires" => {
                if let Ok(time) = httpdate::parse_http_date(value)
                    && let Ok(time) = jiff::Timestamp::try_from(time)
                {
                    cookie["expires"] = time.to_string().into();
                }
            }
            _ => {}
        }
    }
    Some(cookie)
}

fn sent_cookies(headers: &HeaderMap) -> Vec<Value> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).filter_map(cookie).collect()
}

fn cookie(pair: &str) -> Option<Value> {
    let (name, value) = pair.split_once('=')?;
    Some(json!({"name": name.trim(), "value": value.trim()}))
}

fn content(headers: &HeaderMap, body: &[u8], default: &str) -> Value {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(default);
    match std::str::from_utf8(body) {
        Ok(text) => json!({"mimeType": media, "text": text}),
        Err(_) => json!({"mimeType": media, "text": STANDARD.encode(body), "encoding": "base64"}),
    }
}
