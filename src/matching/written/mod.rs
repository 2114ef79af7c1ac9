//! Writes stub mappings in `WireMock`'s form, for answers of the admin API and for files.
//!
//! The text of a mapping is normalized: defaults are added, nulls dropped, and of mutually
//! exclusive keys only the effective one stays. The order of keys in free-form JSON is preserved.

mod object;
mod operator;
mod request;
mod response;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use super::raw::Raw;
use object::{Fields, Object};

/// Returns the JSON text of a `delayDistribution` that was read without problems.
pub(crate) fn delay_text(text: &str) -> String {
    response::delay(Raw::new(text))
}

/// Returns the JSON text of a mapping that was read without problems.
pub(super) fn mapping(text: &str, id: Uuid) -> String {
    written(text, id, |_| {})
}

/// Returns the JSON text for a file: it is persistent, and `index` is its insertion index.
pub(super) fn file(text: &str, id: Uuid, index: Option<i64>) -> String {
    written(text, id, |object| {
        object.set("persistent", "true".to_owned());
        if let Some(index) = index {
            object.set("insertionIndex", index.to_string());
        }
    })
}

/// Returns the JSON text of the request pattern of a mapping.
pub(super) fn request(text: &str) -> String {
    request::pattern(fields(text).get("request"))
}

/// Returns the JSON text of the metadata of a mapping.
pub(super) fn metadata(text: &str) -> Option<String> {
    fields(text).get("metadata").map(object::without_nulls)
}

fn fields(text: &str) -> Fields<'_> {
    Fields::of(Raw::new(text.trim_start_matches('\u{feff}').trim()))
}

fn written(text: &str, id: Uuid, add: impl FnOnce(&mut Object)) -> String {
    let mapping = &fields(text);
    let mut object = Object::default();
    object.set("id", object::quoted(&id.to_string()));
    object.text(mapping, "name");
    object.set("request", request::pattern(mapping.get("request")));
    object.set("response", response::definition(mapping.get("response")));
    object.set("uuid", object::quoted(&id.to_string()));
    object.bool(mapping, "persistent");
    object.integer(mapping, "priority");
    for key in ["scenarioName", "requiredScenarioState", "newScenarioState"] {
        object.text(mapping, key);
    }
    if let Some(actions) = mapping.get("postServeActions").and_then(actions) {
        object.set("postServeActions", actions);
    }
    if let Some(metadata) = mapping.get("metadata") {
        object.set("metadata", object::without_nulls(metadata));
    }
    if let Some(listeners) = mapping.get("serveEventListeners").filter(|list| list.is_list()) {
        object
            .set("serveEventListeners", object::list(listeners.items().into_iter().map(listener)));
    }
    add(&mut object);
    object.json()
}

/// Reads `postServeActions`, which may also be an object of names; `None` for values that are
/// ignored.
fn actions(raw: Raw<'_>) -> Option<String> {
    if raw.is_list() {
        return Some(object::list(raw.items().into_iter().map(listener)));
    }
    let action = |(name, parameters): (String, Raw<'_>)| {
        let mut object = Object::default();
        object.set("name", object::quoted(&name));
        object.set("parameters", object::without_nulls(parameters));
        object.json()
    };
    raw.is_object().then(|| object::list(raw.entries().into_iter().map(action)))
}

fn listener(raw: Raw<'_>) -> String {
    if raw.as_str() == "null" {
        return "null".to_owned();
    }
    let raw = &Fields::of(raw);
    let mut object = Object::default();
    object.text(raw, "name");
    object.as_it_is(raw, "requestPhases");
    if let Some(parameters) = raw.get("parameters") {
        object.set("parameters", object::without_nulls(parameters));
    }
    object.json()
}
