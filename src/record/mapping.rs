//! A request with one of its answers → a stub mapping: the format of recordings.
//!
//! It is `WireMock`'s own format, so that both replay it. Two recordings of the same exchange differ only in what
//! the backend changed: keys are sorted, names and ids come from the request, and no time of day is written.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::matching::RECORDING_FORMAT;

use super::answer::RecordedResponse;
use super::identity::{Field, Identity, ORDER, title};
use super::text::{Object, json as raw, object_in};

/// A scenario's state: the number of the answer that comes next follows.
pub(super) const STATE: &str = "answer-";

/// The priority of a stub without conditions. Each condition more is worth [`CONDITION`].
const ANY: i32 = 5;

/// How much earlier a stub is asked for each condition that it has. Stubs of the same request that differ in header
/// fields are asked in between.
const CONDITION: i32 = 16;

/// Where an answer belongs.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The id of the request.
    pub(super) request: Uuid,
    /// The name of the files of this variant of it.
    pub(super) stem: &'a str,
    /// The number of the answer: the first one is 1.
    pub(super) position: u32,
    /// The header fields that are matched, by their names in lower case, and the order.
    pub(super) fields: &'a [(String, Field)],
    /// How much more they ask for than the first variant does.
    pub(super) specificity: i32,
}

/// The mapping of an answer, without its place in a sequence.
pub(super) fn mapping(
    title: String,
    identity: &Identity,
    place: &Place<'_>,
    recorded: &RecordedResponse,
    body_file: Option<&str>,
    notes: &[String],
) -> Object {
    let mut request = identity.pattern.clone();
    let (orders, fields): (Vec<_>, Vec<_>) =
        place.fields.iter().partition(|(name, _)| name == ORDER);
    if !fields.is_empty() {
        request.insert("headers".to_owned(), headers(fields).into());
    }
    let mut response = recorded.response.clone();
    if let Some(name) = body_file {
        response.insert("bodyFileName".to_owned(), raw(name));
    }
    let mut own = Object::from([
        ("format".to_owned(), raw(RECORDING_FORMAT)),
        ("request".to_owned(), raw(place.request.to_string())),
        ("answer".to_owned(), raw(&recorded.digest)),
    ]);
    let choices = &identity.fields.choices;
    if !choices.is_empty() {
        let sent: Map<String, Value> =
            choices.iter().map(|(name, field)| (name.clone(), field.0.clone())).collect();
        own.insert("sent".to_owned(), raw(sent));
    }
    if !orders.is_empty() {
        own.insert("ordered".to_owned(), raw(true));
    }
    if let Some(credentials) = &identity.credentials {
        own.insert("credentials".to_owned(), raw(credentials));
    }
    if let Some(digest) = &identity.digest {
        own.insert("requestBody".to_owned(), raw(digest));
    }
    if let Some(readable) = &recorded.readable {
        own.insert("readable".to_owned(), readable.clone());
    }
    if let Some(layout) = &recorded.head.layout {
        own.insert("head".to_owned(), raw(layout));
    }
    if !recorded.head.informational.is_empty() {
        own.insert("informational".to_owned(), raw(&recorded.head.informational));
    }
    if !notes.is_empty() {
        own.insert("notes".to_owned(), raw(notes));
    }
    let mut mapping = Object::from([
        ("id".to_owned(), raw(id(place.request, place.stem, place.position).to_string())),
        ("name".to_owned(), raw(title)),
        ("request".to_owned(), raw(request)),
        ("response".to_owned(), raw(response)),
        ("metadata".to_owned(), raw(Object::from([("standin".to_owned(), raw(own))]))),
    ]);
    let priority = priority(identity, place);
    if priority != ANY {
        mapping.insert("priority".to_owned(), raw(priority));
    }
    mapping
}

/// A stub that asks for more is asked first: every request that it is for, a stub that asks for less is for as well.
fn priority(identity: &Identity, place: &Place<'_>) -> i32 {
    let conditions = i32::try_from(identity.fields.conditions.len()).unwrap_or(i32::MAX);
    let conditions = conditions.saturating_add(identity.conditions);
    let specificity = place.specificity.min(CONDITION - 1);
    ANY.saturating_sub(conditions.saturating_mul(CONDITION)).saturating_sub(specificity)
}

/// The id of an answer: the same in each recording.
pub(super) fn id(request: Uuid, stem: &str, position: u32) -> Uuid {
    Uuid::new_v5(&request, format!("{stem}#{position}").as_bytes())
}

fn headers(fields: Vec<&(String, Field)>) -> Map<String, Value> {
    fields.into_iter().map(|(name, field)| (title(name), field.0.clone())).collect()
}

/// Adds patterns of header fields to a mapping that is written already.
pub(super) fn add_fields(mapping: &mut Object, fields: &[(String, Field)]) {
    let mut request = object_in(mapping, "request");
    let mut all = object_in(&request, "headers");
    all.extend(fields.iter().map(|(name, field)| (title(name), raw(&field.0))));
    request.insert("headers".to_owned(), raw(all));
    mapping.insert("request".to_owned(), raw(request));
}
