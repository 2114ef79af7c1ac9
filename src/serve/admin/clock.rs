//! The clock of a world: read, stopped, moved on, let go, set to another rate.

use serde_json::{Value, json};

use crate::document::duration;
use crate::message::Plan;

use super::super::clock::{RATES, Turn};
use super::super::context::RequestContext;
use super::reply::{AdminError, ok};

/// The world's time.
pub(super) fn show(context: &RequestContext) -> Plan {
    let clock = &context.world.clock;
    ok(&json!({
        "now": clock.now().to_string(),
        "elapsedSeconds": clock.elapsed().as_secs_f64(),
        "frozen": clock.is_stopped(),
        "rate": clock.rate(),
    }))
}

/// Stops it.
pub(super) fn freeze(context: &RequestContext) -> Result<Plan, AdminError> {
    context.world.turn_clock(Turn::Stop)?;
    Ok(show(context))
}

/// Lets it go on.
pub(super) fn release(context: &RequestContext) -> Result<Plan, AdminError> {
    context.world.turn_clock(Turn::Release)?;
    Ok(show(context))
}

/// Moves it on.
pub(super) fn advance(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(by) = body["by"].as_str().and_then(duration) else {
        let why = "the body must be {\"by\": \"30s\"}: a number with ms, s, m or h";
        return Err(AdminError::Invalid(why.to_owned()));
    };
    context.advance(by)?;
    Ok(show(context))
}

/// Makes it go faster or slower.
pub(super) fn set_rate(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(rate) = body["rate"].as_f64().filter(|rate| RATES.contains(rate)) else {
        let (least, most) = (RATES.start(), RATES.end());
        let why = format!(
            "the body must be {{\"rate\": 2}}: how many seconds pass in the world for each second, from {least} to {most}"
        );
        return Err(AdminError::Invalid(why));
    };
    context.world.turn_clock(Turn::Rate(rate))?;
    Ok(show(context))
}
