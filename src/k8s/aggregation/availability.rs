//! Whether an API service is available: what can be said without asking its server, and the condition of its object
//! (`k8s.io/kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go`).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::golang::quote;
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::store::{Object, State, StoreChange};
use super::place::{self, RemotePlace};
use super::remote::{AVAILABLE, Remote};
use super::{API_SERVICES, API_VERSION};

/// What is known of the availability of an API service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    is_true: bool,
    reason: &'static str,
    message: String,
}

impl Condition {
    /// All is well.
    pub(crate) fn passed() -> Self {
        Self { is_true: true, reason: "Passed", message: "all checks passed".to_owned() }
    }

    /// The server was asked, and did not answer well.
    pub(crate) fn failed(message: String) -> Self {
        Self::no("FailedDiscoveryCheck", message)
    }

    fn no(reason: &'static str, message: String) -> Self {
        Self { is_true: false, reason, message }
    }

    /// Whether it says that the service is available.
    pub(crate) fn is_true(&self) -> bool {
        self.is_true
    }
}

/// What has to be done about an API service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// What is to be said of it is known.
    Known(Condition),
    /// Its server has to be asked, which is here.
    Ask(RemotePlace),
}

/// Looks at the service of an API service, and at the endpoints of it (`sync`).
#[must_use]
pub(crate) fn look(state: &State, remote: &Remote) -> Look {
    let (name, namespace) = (&remote.service, quote(&remote.namespace));
    let no = |reason, message| Look::Known(Condition::no(reason, message));
    let key = format!("{}/{name}", remote.namespace);
    let Some(service) = state.snapshot.get(&GroupResource::new("", "services"), &key) else {
        return no("ServiceNotFound", format!("service/{name} in {namespace} is not present"));
    };
    let service = service.value("v1", "Service");
    if place::kind(&service) == "ClusterIP" {
        let port = remote.port;
        let Some(port_name) = place::port_name(&service, port) else {
            let message = format!("service/{name} in {namespace} is not listening on port {port}");
            return no("ServicePortError", message);
        };
        let slices = slices(state, remote);
        if slices.is_empty() {
            let message = format!("cannot find endpointslices for service/{name} in {namespace}");
            return no("EndpointsNotFound", message);
        }
        if !slices.iter().any(|slice| has_endpoint(slice, port_name)) {
            let port_name = quote(port_name);
            let message = format!(
                "endpointslices for service/{name} in {namespace} have no addresses with port name {port_name}"
            );
            return no("MissingEndpoints", message);
        }
    }
    match place::of_service(state, remote, &service) {
        Ok(place) => Look::Ask(place),
        Err(why) => Look::Known(Condition::failed(why)),
    }
}

/// The slices of the service.
fn slices(state: &State, remote: &Remote) -> Vec<Value> {
    let resource = GroupResource::new("discovery.k8s.io", "endpointslices");
    let all = state.snapshot.collection(&resource).into_iter();
    let of_service =
        |slice: &&Arc<Object>| slice.label("kubernetes.io/service-name") == Some(&remote.service);
    let slices = all.flat_map(|all| all.range(&remote.namespace, "")).filter(of_service);
    slices.map(|slice| slice.value("discovery.k8s.io/v1", "EndpointSlice")).collect()
}

/// Whether a slice has a ready endpoint, and a port of this name (`hasAvailableEndpoint`).
fn has_endpoint(slice: &Value, port_name: &str) -> bool {
    let list = |field: &str| slice[field].as_array().into_iter().flatten();
    let is_ready = |endpoint: &Value| endpoint["conditions"]["ready"] != false;
    let is_port = |port: &Value| port["name"] == port_name && !port["port"].is_null();
    list("endpoints").any(is_ready) && list("ports").any(is_port)
}

/// The write that puts a condition into the status of an API service; nothing where it is there, or the object is not
/// (`SetAPIServiceCondition`).
#[must_use]
pub(crate) fn conditioned(
    state: &Arc<State>,
    name: &str,
    condition: &Condition,
    now: Timestamp,
) -> Option<StoreChange> {
    let old = state.snapshot.get(&API_SERVICES, name)?;
    let of = state.types.get(&API_SERVICES)?;
    let mut value = old.value(API_VERSION, "APIService");
    let before = value["status"].clone();
    if !value["status"]["conditions"].is_array() {
        value["status"]["conditions"] = json!([]);
    }
    let status = if condition.is_true { "True" } else { "False" };
    let conditions = value["status"]["conditions"].as_array_mut()?;
    let found = conditions.iter_mut().find(|one| one["type"] == AVAILABLE);
    match found {
        None => conditions.push(json!({
            "type": AVAILABLE, "status": status, "lastTransitionTime": meta::time_text(now),
            "reason": condition.reason, "message": condition.message,
        })),
        Some(found) => {
            if found["status"] != status {
                found["status"] = status.into();
                found["lastTransitionTime"] = meta::time_text(now).into();
            }
            found["reason"] = condition.reason.into();
            found["message"] = condition.message.as_str().into();
        }
    }
    if value["status"] == before {
        return None;
    }
    let mut change = StoreChange::on(state);
    meta::set(&mut value, "resourceVersion", change.next_revision().to_string().into());
    let resource = Arc::clone(&of.stored_as);
    change.put(Arc::new(Object::render(resource, value, &of.selectable_paths())));
    Some(change)
}
