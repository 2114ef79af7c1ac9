//! A recording → observations: the answers of each request in order, without times, and the faults
//! that `--faults keep` has recorded.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::document::{Diagnostics, Format, Source};
use crate::fixtures::FAULTS;
use crate::recorded::{LiteralRequest, RecordedStub, Recording};

use super::outcome::Answer;
use super::{Observation, Observed, Outcome};

/// Reads a recording.
///
/// # Errors
/// Every problem of every file.
pub(crate) fn read(folder: &Path) -> Result<Observed, Diagnostics> {
    let recording = Recording::load(&[folder.to_path_buf()])?;
    let mut observed = Observed::default();
    let mut patterns = 0;
    for stub in &recording.stubs {
        match observation(stub) {
            Some(observation) => observed.observations.push(observation),
            None => patterns += 1,
        }
    }
    if patterns > 0 {
        observed.notes.push(format!("{patterns} stubs are for more than one request"));
    }
    let path = folder.join(FAULTS);
    if path.exists() {
        let problem = |problem| Diagnostics(vec![problem]);
        let bytes = fs::read(&path)
            .map_err(|error| problem(crate::document::disk::unreadable(&path, &error)))?;
        let source = Source::from_bytes(path, Format::Yaml, bytes).map_err(problem)?;
        for document in source.parse().map_err(problem)? {
            let rules = document["rules"].as_array().cloned().unwrap_or_default();
            let about = || "a fault that was recorded".to_owned();
            observed.rules.extend(rules.into_iter().map(|rule| (about(), rule)));
        }
    }
    Ok(observed)
}

fn observation(stub: &RecordedStub) -> Option<Observation> {
    let request = LiteralRequest::of(&stub.mapping["request"]).ok()?;
    let response = &stub.mapping["response"];
    let delay = response["fixedDelayMilliseconds"].as_u64();
    Some(Observation {
        at: None,
        method: request.method.to_string(),
        outcome: outcome(response, &request.target),
        target: request.target,
        took: delay.map(std::time::Duration::from_millis),
    })
}

fn outcome(response: &Value, target: &str) -> Outcome {
    match response["fault"].as_str() {
        Some("CONNECTION_RESET_BY_PEER") => {
            return Outcome::broken("reset", &json!("before_headers"));
        }
        Some("EMPTY_RESPONSE") => return Outcome::broken("close", &json!("before_headers")),
        Some("RANDOM_DATA_THEN_CLOSE") => {
            return Outcome::broken("garbage", &json!("before_headers"));
        }
        Some(_) => return Outcome::broken("malformed_chunk", &json!("after_headers")),
        None => {}
    }
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let mut headers = HeaderMap::new();
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let value = value.as_str().or_else(|| value[0].as_str());
        let value = value.and_then(|value| HeaderValue::from_str(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    let json = &response["jsonBody"];
    let body = match (response["body"].as_str(), response["base64Body"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(text)) => STANDARD.decode(text).unwrap_or_default(),
        (None, None) if json.is_null() => Vec::new(),
        (None, None) => json.to_string().into_bytes(),
    };
    // Bodies of errors are small and stand in the mapping.
    let whole = response["bodyFileName"].is_null();
    Outcome::of_answer(
        &Answer { status: status.unwrap_or(200), headers, body: &body, whole },
        target,
    )
}
