//! What only built-in types have: their rules and their warnings.

use serde_json::Value;

use super::super::core::decode::{self, From};
use super::super::core::merge;
use super::super::core::rules::{self, Rules};
use super::{Call, admit, definition};

/// The rules of a built-in type. Definitions have rules of their own.
pub(super) fn built_in_rules(call: &Call<'_>) -> Option<&'static Rules> {
    let of = &call.served.of;
    let own = of.is_built_in() && !definition::is_definition(of);
    own.then(|| rules::find(of.group(), of.plural()))
}

/// The object that a new one is compared with for the ownership of fields: an empty one of its type.
pub(super) fn empty(call: &Call<'_>) -> Value {
    let of = merge::go_struct(&call.served);
    of.map_or_else(|| Value::Object(serde_json::Map::new()), decode::empty)
}

/// Makes empty lists what they are in the store: absent ones.
pub(super) fn forget_empty_lists(call: &Call<'_>, value: &mut Value) {
    let of = merge::go_struct(&call.served).filter(|_| built_in_rules(call).is_some());
    for name in of.map(|of| decode::empty_lists(value, of)).unwrap_or_default() {
        value[name] = Value::Null;
    }
}

/// An object of a built-in type as it is read back from the store: with its defaults.
pub(super) fn read_back(call: &Call<'_>, value: Value) -> Value {
    if built_in_rules(call).is_none() {
        return value;
    }
    let mut decoded = value.clone();
    match admit::coerce(call, &mut decoded, From::Map, None) {
        Ok(_) => decoded,
        Err(_) => value,
    }
}

/// The warnings about an object of a built-in type (`WarningsOnCreate`, `WarningsOnUpdate`). A write of a status has none,
/// and a workload whose generation stays.
pub(super) fn warnings(call: &Call<'_>, value: &Value, old: Option<&Value>) -> Vec<String> {
    let Some(rules) = built_in_rules(call).filter(|_| call.info.subresource.is_empty()) else {
        return Vec::new();
    };
    let templates = matches!(call.served.of.group(), "apps" | "batch")
        || call.served.of.plural() == "replicationcontrollers";
    if templates && old.is_some_and(|old| !rules.bumps(value, old)) {
        return Vec::new();
    }
    // People seldom change pods.
    if call.served.of.plural() == "pods" && old.is_some() {
        return Vec::new();
    }
    // A driver's warning is about its requests of tokens.
    if call.served.of.plural() == "csidrivers"
        && old.is_some_and(|old| old["spec"]["tokenRequests"] == value["spec"]["tokenRequests"])
    {
        return Vec::new();
    }
    rules.warnings(value, old.is_none())
}

/// The warnings that come before the validation of a new object: annotations of a pod become fields.
pub(super) fn early_warnings(call: &Call<'_>, value: &Value) -> Vec<String> {
    let of = &call.served.of;
    let of_pods = of.is_built_in() && of.plural() == "pods" && of.group().is_empty();
    if !of_pods || !value["metadata"]["annotations"].is_object() {
        return Vec::new();
    }
    rules::sync_pod_annotations(&mut value.clone())
}

/// Sets what a new object gets from its sender: a request for a certificate names the user.
pub(super) fn set_sender(call: &Call<'_>, value: &mut Value) {
    if call.served.of.plural() != "certificatesigningrequests" || !value["spec"].is_object() {
        return;
    }
    let spec = &mut value["spec"];
    for field in ["username", "uid", "groups", "extra"] {
        drop(spec.as_object_mut().map(|spec| spec.remove(field)));
    }
    let user = call.user;
    spec["username"] = user.name.as_str().into();
    spec["groups"] = user.groups.clone().into();
    if !user.uid.is_empty() {
        spec["uid"] = user.uid.as_str().into();
    }
}
