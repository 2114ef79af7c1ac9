//! The beginning of an object: the fields that the server sets in a new one
//! (`k8s.io/apiserver/pkg/registry/rest/create.go`).

use serde_json::{Value, json};

use super::super::conversion;
use super::super::core::rules::Generation;
use super::super::meta;
use super::around::put;
use super::built_in::built_in_rules;
use super::write::{Tracking, track};
use super::{Call, built_in, definition};

/// Sets the fields of a new object that admission plugins see: it has none of the server's, and the managers of what
/// was sent.
pub(super) fn own_new(call: &Call<'_>, value: &mut Value, tracking: &Tracking) {
    let of = &call.served.of;
    let namespace = if of.namespaced { Value::from(&*call.info.namespace) } else { Value::Null };
    meta::set(value, "namespace", namespace);
    let wiped = ["uid", "creationTimestamp", "deletionTimestamp", "selfLink"];
    for field in wiped.into_iter().chain(["deletionGracePeriodSeconds"]) {
        meta::set(value, field, Value::Null);
    }
    let mut sent = value.clone();
    conversion::through_stored(&call.served, &mut sent, |_| {});
    track(call, &built_in::empty(call), Some(&sent), value, tracking);
}

/// Sets the server's fields of a new object (`rest.BeforeCreate`).
pub(super) fn begin(call: &Call<'_>, value: &mut Value, tracking: &Tracking) {
    let of = &call.served.of;
    let namespace = if of.namespaced { Value::from(&*call.info.namespace) } else { Value::Null };
    meta::set(value, "namespace", namespace);
    meta::set(value, "selfLink", Value::Null);
    // An apply does not clear them (`rest.WipeObjectMetaSystemFields`).
    if matches!(tracking, Tracking::Update) {
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
            meta::set(value, field, Value::Null);
        }
    }
    let uid = uuid::Builder::from_random_bytes(call.nonce.to_be_bytes()).into_uuid();
    meta::set(value, "uid", uid.to_string().into());
    meta::set(value, "creationTimestamp", meta::time_text(call.now).into());
    let rules = built_in_rules(call);
    match rules.map(|rules| rules.generation) {
        // What no strategy sets is that of the client.
        Some(Generation::None) => {}
        Some(Generation::Later) => meta::set(value, "generation", Value::Null),
        _ => meta::set(value, "generation", json!(1)),
    }
    if call.served.version().status && !rules.is_some_and(|rules| rules.keeps_status) {
        put(value, "status", None);
    }
    if definition::is_definition(of) {
        definition::begin(value);
    }
    if let Some(rules) = rules {
        rules.prepare_new(value);
        conversion::through_stored(&call.served, value, |value| rules.prepare_new(value));
        built_in::set_sender(call, value);
        *value = built_in::read_back(call, std::mem::take(value));
    }
    if of.is_built_in() && of.plural() == "namespaces" {
        let name = meta::text(value, "name").to_owned();
        value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
        let mut finalizers = value["spec"]["finalizers"].as_array().cloned().unwrap_or_default();
        if !finalizers.iter().any(|name| name == "kubernetes") {
            finalizers.push("kubernetes".into());
        }
        value["spec"] = json!({"finalizers": finalizers});
        value["status"] = json!({"phase": "Active"});
    }
}
