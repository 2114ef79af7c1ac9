//! Built-in types that are served in several forms and stored in one: both groups of events, and both versions of
//! autoscalers of pods (`pkg/apis/{events,autoscaling}/v1/conversion.go` of `k8s.io/kubernetes`).
//!
//! The stored form stands for upstream's internal one: events in the form of the core group, autoscalers in that of
//! `autoscaling/v2`.

mod autoscalers;
mod behavior;
mod events;
mod metrics;

use serde_json::{Map, Value};

use super::types::{self, GoStruct};
use super::{decode, defaults};

/// How objects of one group and version become those that are stored, and back.
#[derive(Debug)]
pub(in super::super) struct Conversion {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    /// The group, version and kind of the stored form.
    stored: (&'static str, &'static str, &'static str),
    to_stored: fn(&mut Map<String, Value>),
    from_stored: fn(&mut Map<String, Value>),
    /// Whether upstream's rules are those of the stored form, with the names of its fields.
    pub(in super::super) checks_stored: bool,
}

static ALL: [Conversion; 2] = [
    Conversion {
        group: "events.k8s.io",
        version: "v1",
        kind: "Event",
        stored: ("", "v1", "Event"),
        to_stored: events::to_core,
        from_stored: events::from_core,
        checks_stored: false,
    },
    Conversion {
        group: "autoscaling",
        version: "v1",
        kind: "HorizontalPodAutoscaler",
        stored: ("autoscaling", "v2", "HorizontalPodAutoscaler"),
        to_stored: autoscalers::to_v2,
        from_stored: autoscalers::from_v2,
        checks_stored: true,
    },
];

/// The conversion of a kind in a group and version; `None` for one that is stored as it is.
pub(in super::super) fn find(
    group: &str,
    version: &str,
    kind: &str,
) -> Option<&'static Conversion> {
    let is_it =
        |one: &&Conversion| one.group == group && one.version == version && one.kind == kind;
    ALL.iter().find(is_it)
}

impl Conversion {
    /// Makes an object the stored form of it, with its defaults.
    pub(in super::super) fn to_stored(&self, object: &mut Value) {
        if let Some(go) = self.to_internal(object) {
            defaults::apply(object, go);
        }
    }

    /// Makes an object the form that the rules of its type are about: without the defaults that it gets when it is
    /// stored. Returns its struct.
    pub(in super::super) fn to_internal(&self, object: &mut Value) -> Option<&'static GoStruct> {
        let Value::Object(map) = &mut *object else { return None };
        (self.to_stored)(map);
        let (group, version, kind) = self.stored;
        let go = named(map, group, version, kind)?;
        settle(object, go);
        Some(go)
    }

    /// Makes a stored object one of this group and version.
    pub(in super::super) fn to_own(&self, object: &mut Value) {
        let Value::Object(map) = &mut *object else { return };
        (self.from_stored)(map);
        if let Some(go) = named(map, self.group, self.version, self.kind) {
            settle(object, go);
        }
    }
}

/// Sets the version and kind of an object. Returns their struct.
fn named(
    object: &mut Map<String, Value>,
    group: &str,
    version: &str,
    kind: &str,
) -> Option<&'static GoStruct> {
    let api_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    types::of_kind(group, version, kind)
}

/// Writes an object as Go writes its struct: fields without a value are left out, or have the zero of their type.
fn settle(object: &mut Value, of: &'static GoStruct) {
    // It was decoded before, in the other form: all values have the types of their fields.
    let _ = decode::decode(object, of, decode::From::Map);
}

/// Moves a field to another name. A field without a value is left out.
fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = object.remove(from).filter(|value| !value.is_null()) {
        object.insert(to.to_owned(), value);
    }
}

#[cfg(test)]
mod tests;
