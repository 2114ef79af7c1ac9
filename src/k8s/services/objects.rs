//! Who has an address: `IPAddress` objects, and services of fixtures, which have none
//! (`createIPAddress`, `release` in `pkg/registry/core/service/ipallocator/ipallocator.go`).

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::core::merge;
use super::super::fields::{FieldWriter, track_update};
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::store::{Object, Snapshot, StoreChange};
use super::family;
use super::ranges::AddressRange;

const GROUP: &str = "networking.k8s.io";
const API_VERSION: &str = "networking.k8s.io/v1";

fn addresses() -> GroupResource {
    GroupResource::new(GROUP, "ipaddresses")
}

/// Whether an address is taken.
pub(super) fn is_taken(snapshot: &Snapshot, address: IpAddr) -> bool {
    let text = address.to_string();
    snapshot.get(&addresses(), &text).is_some()
        || services(snapshot).any(|service| {
            mentions(service, &format!("\"{text}\""))
                && list(&spec(service)["clusterIPs"]).any(|other| other == text.as_str())
        })
}

/// Whether a service has a node port, also for the health of its nodes.
pub(super) fn has_port(snapshot: &Snapshot, port: i64) -> bool {
    services(snapshot).any(|service| {
        mentions(service, &format!("odePort\":{port}")) && {
            let spec = spec(service);
            spec["healthCheckNodePort"] == port
                || list(&spec["ports"]).any(|other| other["nodePort"] == port)
        }
    })
}

/// The ranges of the `ServiceCIDR` objects of a family that are ready, also where no controller says so (`isReady`).
pub(super) fn further_ranges(snapshot: &Snapshot, of: &str) -> Vec<AddressRange> {
    let all = snapshot.collection(&GroupResource::new(GROUP, "servicecidrs")).into_iter();
    let all = all.flat_map(|all| all.range("", "")).filter(|object| !object.meta.terminating);
    let values = all.map(|object| object.value(API_VERSION, "ServiceCIDR"));
    let is_ready = |range: &Value| {
        let mut conditions = list(&range["status"]["conditions"]);
        conditions.find(|one| one["type"] == "Ready").is_none_or(|one| one["status"] == "True")
    };
    let ranges = values.filter(is_ready).flat_map(|range| {
        let texts = list(&range["spec"]["cidrs"]).filter_map(Value::as_str);
        texts.filter_map(AddressRange::parse).collect::<Vec<_>>()
    });
    ranges.filter(|range| family(range.address) == of).collect()
}

fn services(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Object>> {
    let all = snapshot.collection(&GroupResource::new("", "services"));
    all.into_iter().flat_map(|all| all.range("", ""))
}

fn spec(service: &Object) -> Value {
    service.value("v1", "Service")["spec"].take()
}

/// Whether the JSON of an object has a text: most have not, and need not be read.
fn mentions(object: &Object, text: &str) -> bool {
    memchr::memmem::find(&object.rest, text.as_bytes()).is_some()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Adds the objects of the addresses that a service takes to a change; a release without their type has none.
pub(in super::super) fn hold(
    change: &mut StoreChange,
    of: &Value,
    taken: &[IpAddr],
    now: Timestamp,
) {
    let types = Arc::clone(change.types());
    let Some(found) = types.get(&addresses()) else { return };
    for address in taken {
        let name = address.to_string();
        let revision = change.next_revision();
        let identity = format!("{name}/{revision}/{}", meta::text(of, "uid"));
        let uid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, identity.as_bytes());
        let now = meta::time_text(now);
        let mut value = json!({
            "apiVersion": API_VERSION, "kind": "IPAddress",
            "metadata": {
                "name": name,
                "labels": {
                    "ipaddress.kubernetes.io/ip-family": family(*address),
                    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                },
            },
            "spec": {"parentRef": {
                "resource": "services", "namespace": meta::text(of, "namespace"), "name": meta::text(of, "name"),
            }},
        });
        let writer = FieldWriter {
            manager: "kube-apiserver",
            api_version: API_VERSION,
            subresource: "",
            schema: merge::schema_of_kind(GROUP, "v1", "IPAddress"),
            status_apart: false,
            resets: None,
            now: &now,
        };
        let managed = track_update(&json!({}), &value, &writer);
        meta::set(&mut value, "managedFields", managed);
        meta::set(&mut value, "uid", uid.to_string().into());
        meta::set(&mut value, "creationTimestamp", now.clone().into());
        meta::set(&mut value, "generation", Value::Null);
        meta::set(&mut value, "resourceVersion", revision.to_string().into());
        let resource = Arc::clone(&found.stored_as);
        change.put(Arc::new(Object::render(resource, value, &found.selectable_paths())));
    }
}

/// Whether addresses are held by objects: not in a release before their type.
pub(in super::super) fn has_address_objects(change: &StoreChange) -> bool {
    change.types().get(&addresses()).is_some()
}

/// Removes what a removed service has had: the objects of its addresses, and its endpoints (`afterDelete`). Other objects
/// have nothing.
pub(in super::super) fn removed(change: &mut StoreChange, object: &Object) {
    if !object.resource.group.is_empty() || &*object.resource.resource != "services" {
        return;
    }
    let addresses: Vec<IpAddr> = list(&spec(object)["clusterIPs"])
        .filter_map(|address| address.as_str()?.parse().ok())
        .collect();
    change.remove(&GroupResource::new("", "endpoints"), &object.key);
    release(change, &addresses);
}

/// Removes the objects of the addresses that a service gives up.
pub(in super::super) fn release(change: &mut StoreChange, given_up: &[IpAddr]) {
    for address in given_up {
        change.remove(&addresses(), &address.to_string());
    }
}
