//! Response definitions (`C/http/ResponseDefinition.java`).

use super::super::raw::Raw;
use super::object::{self, Fields, Object};

/// Returns the definition of a mapping, which may have none.
pub(super) fn definition(raw: Option<Raw<'_>>) -> String {
    let raw = &raw.map(Fields::of).unwrap_or_default();
    let mut object = Object::default();
    object.set("status", "200".to_owned());
    // Zero and less mean none.
    let is_positive =
        |status: Raw<'_>| object::integer(status).parse().is_ok_and(|status: i64| status > 0);
    if raw.get("status").is_some_and(is_positive) {
        object.integer(raw, "status");
    }
    object.text(raw, "statusMessage");
    // The first of these counts; a file is an additional form.
    if let Some(body) =
        ["body", "jsonBody", "base64Body"].into_iter().find(|key| raw.get(key).is_some())
    {
        match body {
            "jsonBody" => object.as_it_is(raw, body),
            "base64Body" => object.with(raw, body, object::base64),
            // An object is 4.x's form.
            _ => object.with(raw, body, |body| {
                if body.is_object() { body.as_str().to_owned() } else { object::text(body) }
            }),
        }
    }
    object.text(raw, "bodyFileName");
    object.with(raw, "headers", object::headers);
    object.with(raw, "additionalProxyRequestHeaders", object::headers);
    object.with(raw, "removeProxyRequestHeaders", object::strings);
    object.integer(raw, "fixedDelayMilliseconds");
    object.with(raw, "delayDistribution", delay);
    object.with(raw, "chunkedDribbleDelay", |raw| {
        let raw = &Fields::of(raw);
        let mut own = Object::default();
        own.integer(raw, "numberOfChunks");
        own.integer(raw, "totalDuration");
        own.json()
    });
    object.text(raw, "proxyBaseUrl");
    object.text(raw, "proxyUrlPrefixToRemove");
    object.text(raw, "fault");
    if raw.get("transformers").is_some_and(|list| !list.items().is_empty()) {
        object.with(raw, "transformers", object::strings);
    }
    if raw.get("transformerParameters").is_some_and(|map| !map.entries().is_empty()) {
        object.as_it_is(raw, "transformerParameters");
    }
    if raw.get("fromConfiguredStub").is_some_and(|value| value.as_str() == "false") {
        object.as_it_is(raw, "fromConfiguredStub");
    }
    object.json()
}

/// Returns a distribution of delays (`C/http/DelayDistribution.java`).
pub(in super::super) fn delay(raw: Raw<'_>) -> String {
    let raw = &Fields::of(raw);
    let mut object = Object::default();
    object.text(raw, "type");
    for key in ["median", "sigma", "maxValue"] {
        object.number(raw, key);
    }
    for key in ["lower", "upper", "milliseconds"] {
        object.integer(raw, key);
    }
    let (keys, zero): (&[&str], _) = match raw.get("type").and_then(Raw::string).as_deref() {
        Some("lognormal") => (&["median", "sigma"], "0.0"),
        Some("uniform") => (&["lower", "upper"], "0"),
        Some("fixed") => (&["milliseconds"], "0"),
        _ => (&[], ""),
    };
    for key in keys {
        object.set_missing(key, zero);
    }
    object.json()
}
