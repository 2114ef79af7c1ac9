//! A journal, as `/__admin/requests` of this program and of `WireMock` gives it → observations.
//!
//! It comes in two shapes: serve events, each with its request and its response, and the logged requests of
//! `requests/find`, which have no response; of those only the faults that this program adds are known.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::outcome::Answer;
use super::route::is_watch;
use super::{Observation, Observed, Outcome};

/// Reads a journal, or `None` if the value is not a journal.
pub(super) fn read(json: &Value) -> Option<Observed> {
    let list = json["requests"].as_array().or_else(|| json.as_array())?;
    let mut observed = Observed::default();
    let mut without_answer = 0;
    for entry in list {
        let request = if entry["request"].is_object() { &entry["request"] } else { entry };
        let (Some(method), Some(target)) = (request["method"].as_str(), request["url"].as_str())
        else {
            continue;
        };
        let outcome = outcome(entry, request, target);
        without_answer += usize::from(outcome == Outcome::Unknown);
        let took = took(entry, request);
        let written = request["loggedDate"].as_u64().map(Duration::from_millis);
        // The time in the journal is that of the answer, minus the delay.
        let processed = entry["timing"]["processTime"].as_u64().map(Duration::from_millis);
        observed.observations.push(Observation {
            at: written.map(|at| at.saturating_sub(processed.unwrap_or_default())),
            method: method.to_owned(),
            target: target.to_owned(),
            took,
            outcome,
        });
    }
    if observed.observations.is_empty() && !list.is_empty() {
        return None;
    }
    if without_answer > 0 {
        observed.notes.push(format!(
            "{without_answer} requests have no response; save /__admin/requests, not /__admin/requests/find"
        ));
    }
    // The newest comes first.
    observed.observations.reverse();
    observed.observations.sort_by_key(|observation| observation.at);
    watches(&mut observed.observations);
    Some(observed)
}

/// Returns the time from the request to its answer, including the injected delay.
fn took(entry: &Value, request: &Value) -> Option<Duration> {
    let timing = &entry["timing"];
    let added = timing["addedDelay"].as_u64().map(Duration::from_millis).unwrap_or_default();
    let exact = request["standin"]["durationMicroseconds"].as_u64().map(Duration::from_micros);
    let total = timing["totalTime"].as_u64().map(Duration::from_millis);
    exact.map(|exact| exact + added).or(total)
}

fn outcome(entry: &Value, request: &Value, target: &str) -> Outcome {
    let standin = &request["standin"];
    let response = &entry["response"];
    if let Some(word) = standin["fault"].as_str() {
        return match word {
            "reset" | "close" | "garbage" => Outcome::broken(word, &place(standin, true)),
            "malformed_chunk" => Outcome::broken(word, &place(standin, false)),
            "cut" => Outcome::broken("close", &place(standin, false)),
            // On HTTP/1.1 both end the connection.
            "rst_stream" => Outcome::broken("reset", &place(standin, true)),
            "goaway" => Outcome::broken("close", &place(standin, true)),
            // The answer was the true one, but for its form.
            _ => of_response(response, standin, target),
        };
    }
    if let Some(word) = response["fault"].as_str() {
        return match word {
            "CONNECTION_RESET_BY_PEER" => Outcome::broken("reset", &json!("before_headers")),
            "EMPTY_RESPONSE" => Outcome::broken("close", &json!("before_headers")),
            "RANDOM_DATA_THEN_CLOSE" => Outcome::broken("garbage", &json!("before_headers")),
            _ => Outcome::broken("malformed_chunk", &json!("after_headers")),
        };
    }
    of_response(response, standin, target)
}

/// Returns where the connection broke; by default the earliest position.
fn place(standin: &Value, early: bool) -> Value {
    match &standin["faultAt"] {
        Value::Null if early => "before_headers".into(),
        Value::Null => "after_headers".into(),
        place => place.clone(),
    }
}

fn of_response(response: &Value, standin: &Value, target: &str) -> Outcome {
    let Some(status) = response["status"].as_u64().and_then(|status| u16::try_from(status).ok())
    else {
        return Outcome::Unknown;
    };
    let body = response["bodyAsBase64"].as_str().and_then(|text| STANDARD.decode(text).ok());
    let body = body.or_else(|| Some(response["body"].as_str()?.as_bytes().to_vec()));
    let answer = Answer {
        status,
        headers: headers(&response["headers"]),
        body: &body.unwrap_or_default(),
        whole: standin["responseBodyCut"].is_null(),
    };
    Outcome::of_answer(&answer, target)
}

fn headers(fields: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.as_object().into_iter().flatten() {
        let first = value.as_str().or_else(|| value[0].as_str());
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let value = first.and_then(|value| HeaderValue::from_str(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Sets the ends of watches: a journal contains only their start, so a watch ended at the latest
/// when the next one of its path was opened.
fn watches(observations: &mut [Observation]) {
    let mut next: HashMap<String, Duration> = HashMap::new();
    for one in observations.iter_mut().rev() {
        if !is_watch(&one.method, &one.target) {
            continue;
        }
        let Some(at) = one.at else { continue };
        let path = one.target.split('?').next().unwrap_or_default().to_owned();
        let lasted = next.insert(path, at).and_then(|next| next.checked_sub(at));
        if one.outcome == Outcome::Passed {
            one.took = lasted;
            if lasted.is_some() {
                one.outcome = Outcome::WatchEnded { expired: false };
            }
        }
    }
}
