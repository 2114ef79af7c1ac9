//! The clock of a world: read, stopped, moved on, let go.

use http::Method;
use http::StatusCode;
use serde_json::{Value, json};

use crate::document::duration;
use crate::message::Plan;
use crate::serve::Here;

use super::routes::{failed, ok, wrong_method};

/// Answers `clock`, `clock/freeze`, `clock/advance` and `clock/release`.
pub(super) fn answer(here: &Here, method: &Method, path: &str, body: &[u8]) -> Plan {
    let clock = &here.world.clock;
    match (path, method) {
        ("clock", &Method::GET | &Method::HEAD) => {}
        ("clock/freeze", &Method::POST) => clock.stop(),
        ("clock/release", &Method::POST) => clock.release(),
        ("clock/advance", &Method::POST) => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let Some(by) = body["by"].as_str().and_then(duration) else {
                let why = "the body must be {\"by\": \"30s\"}: a number with ms, s, m or h";
                return failed(StatusCode::BAD_REQUEST, why);
            };
            here.advance(by);
        }
        _ => return wrong_method(method),
    }
    ok(&json!({
        "now": clock.now().to_string(),
        "elapsedSeconds": clock.elapsed().as_secs_f64(),
        "frozen": clock.is_stopped(),
    }))
}
