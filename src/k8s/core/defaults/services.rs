//! Defaults of services (`pkg/apis/core/v1/defaults.go`).

use serde_json::{Map, Value, json};

use super::{is_unset, object, set_absent};

/// `SetDefaults_Service`.
pub(super) fn service(service: &mut Map<String, Value>) {
    let spec = object(service, "spec");
    let set_empty = |spec: &mut Map<String, Value>, field: &str, value: &str| {
        if is_unset(spec.get(field), false) {
            spec.insert(field.to_owned(), value.into());
        }
    };
    set_empty(spec, "sessionAffinity", "None");
    match spec.get("sessionAffinity").and_then(Value::as_str) {
        Some("None") => drop(spec.remove("sessionAffinityConfig")),
        Some("ClientIP") => {
            let timeout = &spec.get("sessionAffinityConfig").cloned().unwrap_or_default();
            if timeout["clientIP"]["timeoutSeconds"].is_null() {
                let config = json!({"clientIP": {"timeoutSeconds": 10800}});
                spec.insert("sessionAffinityConfig".to_owned(), config);
            }
        }
        _ => {}
    }
    set_empty(spec, "type", "ClusterIP");
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        set_empty(port, "protocol", "TCP");
        if is_unset(port.get("targetPort"), false) {
            let own = port.get("port").cloned().unwrap_or_default();
            port.insert("targetPort".to_owned(), own);
        }
    }
    let kind = spec.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let external = spec.get("externalIPs").and_then(Value::as_array);
    let external = kind == "ClusterIP" && external.is_some_and(|list| !list.is_empty());
    if external || matches!(&*kind, "NodePort" | "LoadBalancer") {
        set_empty(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(&*kind, "NodePort" | "LoadBalancer" | "ClusterIP") {
        set_absent(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        set_absent(spec, "allocateLoadBalancerNodePorts", true);
        virtual_addresses(service);
    }
}

/// The address of a balancer is a virtual one, where it does not say what it is.
fn virtual_addresses(service: &mut Map<String, Value>) {
    let all = service
        .get_mut("status")
        .and_then(|status| status.pointer_mut("/loadBalancer/ingress"))
        .and_then(Value::as_array_mut);
    for ingress in all.into_iter().flatten().filter_map(Value::as_object_mut) {
        if !is_unset(ingress.get("ip"), false) {
            set_absent(ingress, "ipMode", "VIP");
        }
    }
}
