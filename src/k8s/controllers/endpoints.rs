//! `Endpoints` and `EndpointSlice` of services with a selector: the addresses of their pods
//! (`pkg/controller/endpoint`, `k8s.io/endpointslice`).

use serde_json::{Value, json};

use super::super::core::rules::selects;
use super::super::meta;
use super::conditions::{is_finished, is_ready};
use super::objects::{ENDPOINTS, PODS, SERVICES, SLICES, Work, key, reference, suffix};

/// The label of a slice with the name of its service.
const SERVICE: &str = "kubernetes.io/service-name";
/// How many addresses there are in a slice and in `Endpoints`.
const MAX_ADDRESSES: usize = 1000;

/// The pods of a service that have an address.
fn pods(work: &Work, service: &Value) -> Option<Vec<Value>> {
    let selector = &service["spec"]["selector"];
    if selector.as_object().is_none_or(serde_json::Map::is_empty) {
        return None;
    }
    let selector = json!({"matchLabels": selector});
    let mut pods = work.list(PODS, meta::text(service, "namespace"));
    pods.retain(|pod| {
        selects(&selector, &pod["metadata"]["labels"])
            && pod["status"]["podIP"].is_string()
            && !is_finished(pod)
    });
    pods.truncate(MAX_ADDRESSES);
    Some(pods)
}

/// The ports of a service as its pods have them.
fn ports(service: &Value, pods: &[Value], slice: bool) -> Vec<Value> {
    let all = service["spec"]["ports"].as_array().into_iter().flatten();
    let port = |port: &Value| {
        let target = match &port["targetPort"] {
            Value::String(name) => named(pods, name, &port["protocol"])?,
            Value::Null => port["port"].clone(),
            number => number.clone(),
        };
        let mut out = json!({"port": target, "protocol": port["protocol"]});
        // A slice has the name of its port also where it is empty.
        if slice || !port["name"].is_null() {
            out["name"] = port["name"].as_str().unwrap_or_default().into();
        }
        if !port["appProtocol"].is_null() {
            out["appProtocol"] = port["appProtocol"].clone();
        }
        Some(out)
    };
    all.filter_map(port).collect()
}

/// The number of a container port by its name.
fn named(pods: &[Value], name: &str, protocol: &Value) -> Option<Value> {
    let containers = pods.first()?["spec"]["containers"].as_array()?;
    let mut all = containers.iter().flat_map(|one| one["ports"].as_array().into_iter().flatten());
    let found = all.find(|port| port["name"] == name && port["protocol"] == *protocol)?;
    Some(found["containerPort"].clone())
}

fn target(pod: &Value) -> Value {
    json!({
        "kind": "Pod", "name": meta::text(pod, "name"), "namespace": meta::text(pod, "namespace"),
        "uid": meta::text(pod, "uid"),
    })
}

/// Brings the `Endpoints` of a service to its pods.
pub(super) fn endpoints(work: &mut Work, name: &str) {
    let known = work.get(ENDPOINTS, name);
    let Some(service) = work.get(SERVICES, name) else {
        if let Some(known) = known {
            work.delete(ENDPOINTS, &known);
        }
        return;
    };
    let Some(pods) = pods(work, &service) else { return };
    let ports = ports(&service, &pods, false);
    let publishes = service["spec"]["publishNotReadyAddresses"] == true;
    let (ready, others): (Vec<&Value>, Vec<&Value>) =
        pods.iter().partition(|pod| publishes || is_ready(pod));
    let addresses = |pods: Vec<&Value>| -> Vec<Value> {
        let address = |pod: &Value| {
            let (ip, node) = (&pod["status"]["podIP"], &pod["spec"]["nodeName"]);
            json!({"ip": ip, "nodeName": node, "targetRef": target(pod)})
        };
        pods.into_iter().map(address).collect()
    };
    let mut subset = json!({"ports": ports});
    for (field, list) in [("addresses", addresses(ready)), ("notReadyAddresses", addresses(others))]
    {
        if !list.is_empty() {
            subset[field] = list.into();
        }
    }
    let subsets = if pods.is_empty() { Value::Null } else { json!([subset]) };
    let mut labels = service["metadata"]["labels"].clone();
    labels["endpoints.kubernetes.io/managed-by"] = "endpoint-controller".into();
    if let Some(known) = known {
        let mut new = known.clone();
        new["metadata"]["labels"] = labels;
        set_or_remove(&mut new, "subsets", subsets);
        work.update(ENDPOINTS, &known, new);
    } else {
        let namespace = meta::text(&service, "namespace");
        let metadata = json!({
            "name": meta::text(&service, "name"), "namespace": namespace, "labels": labels,
        });
        let mut new = json!({"metadata": metadata});
        set_or_remove(&mut new, "subsets", subsets);
        work.create(ENDPOINTS, new);
    }
}

fn set_or_remove(object: &mut Value, field: &str, value: Value) {
    let Some(map) = object.as_object_mut() else { return };
    if value.is_null() {
        map.remove(field);
    } else {
        map.insert(field.to_owned(), value);
    }
}

/// Brings the `EndpointSlice` of a service to its pods.
pub(super) fn slice(work: &mut Work, name: &str) {
    let Some(service) = work.get(SERVICES, name) else { return };
    if meta::is_terminating(&service) {
        return;
    }
    let Some(pods) = pods(work, &service) else { return };
    let publishes = service["spec"]["publishNotReadyAddresses"] == true;
    let endpoint = |pod: &Value| {
        let (ready, ends) = (is_ready(pod), meta::is_terminating(pod));
        json!({
            "addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"],
            "targetRef": target(pod),
            "conditions": {"ready": publishes || ready && !ends, "serving": ready, "terminating": ends},
        })
    };
    let endpoints: Vec<Value> = pods.iter().map(endpoint).collect();
    let ports = ports(&service, &pods, true);
    let known = work.owned(SLICES, &service);
    let family = service["spec"]["ipFamilies"][0].as_str().unwrap_or("IPv4").to_owned();
    if let Some(known) = known.first() {
        let mut new = known.clone();
        new["endpoints"] = if endpoints.is_empty() { Value::Null } else { endpoints.into() };
        new["ports"] = if ports.is_empty() { Value::Null } else { ports.into() };
        work.update(SLICES, known, new);
    } else {
        let base = meta::text(&service, "name").to_owned();
        let end = suffix(&format!("{}/{}", key(&service), meta::text(&service, "uid")), 5);
        let mut labels = service["metadata"]["labels"].clone();
        labels[SERVICE] = base.as_str().into();
        labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io".into();
        let metadata = json!({
            "name": format!("{base}-{end}"), "generateName": format!("{base}-"),
            "namespace": meta::text(&service, "namespace"), "labels": labels,
            "ownerReferences": reference(SERVICES, &service),
        });
        work.create(
            SLICES,
            json!({
                "metadata": metadata, "addressType": family, "endpoints": endpoints, "ports": ports,
            }),
        );
    }
}
