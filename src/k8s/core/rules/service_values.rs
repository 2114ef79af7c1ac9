//! What the server sets in services besides what is allocated, and what a changed service keeps
//! (`pkg/registry/core/service/storage/storage.go`, `pkg/registry/core/service/strategy.go`).

use serde_json::{Value, json};

use super::check::{is_set, list, text};

/// `normalizeClusterIPs`, `patchAllocatedValues`: a changed service keeps what it was allocated.
pub(super) fn keep_allocated(new: &mut Value, old: &Value) {
    let (kept, old) = (&mut new["spec"], &old["spec"]);
    let needs = |spec: &Value| text(spec, "type") != "ExternalName";
    if needs(kept) && needs(old) {
        if text(kept, "clusterIP").is_empty() && !old["clusterIP"].is_null() {
            kept["clusterIP"] = old["clusterIP"].clone();
        }
        if list(kept, "clusterIPs").is_empty() && kept["clusterIP"] == old["clusterIP"] {
            kept["clusterIPs"] = old["clusterIPs"].clone();
        }
    }
    follow_address(kept, old);
    let has_ports = |spec: &Value| matches!(text(spec, "type"), "NodePort" | "LoadBalancer");
    if has_ports(kept) && has_ports(old) {
        let before: Vec<Value> = list(old, "ports").to_vec();
        let ports = kept.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            let same = |found: &&Value| {
                found["port"] == port["port"] && found["protocol"] == port["protocol"]
            };
            if port["nodePort"].is_null()
                && let Some(number) =
                    before.iter().find(same).map(|found| found["nodePort"].clone())
                && !number.is_null()
            {
                port["nodePort"] = number;
            }
        }
    }
    drop_dependent(kept, old);
    // `defaultOnReadInternalTrafficPolicy`: a service without a cluster address shows none.
    if !needs(kept) {
        drop(kept.as_object_mut().map(|spec| spec.remove("internalTrafficPolicy")));
    }
    for field in ["clusterIP", "clusterIPs"] {
        if kept[field].is_null() {
            drop(kept.as_object_mut().map(|spec| spec.remove(field)));
        }
    }
}

/// `normalizeClusterIPs`: the list of addresses follows the address of a client that knows no list.
fn follow_address(new: &mut Value, old: &Value) {
    let (is, was) = (text(new, "clusterIP"), text(old, "clusterIP"));
    if is == was || list(new, "clusterIPs") != list(old, "clusterIPs") {
        return;
    }
    new["clusterIPs"] = if is.is_empty() { Value::Null } else { json!([is]) };
}

/// `dropTypeDependentFields`: what a service had only for its former type goes away where it has not changed.
fn drop_dependent(new: &mut Value, old: &Value) {
    let kind = |spec: &Value| text(spec, "type").to_owned();
    let has_cluster_ip = |kind: &str| kind != "ExternalName";
    let has_node_ports = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    let is_external = |spec: &Value| {
        has_node_ports(text(spec, "type"))
            || text(spec, "type") == "ClusterIP" && is_set(spec, "externalIPs")
    };
    let is_checked = |spec: &Value| {
        text(spec, "type") == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local"
    };
    let balances = |spec: &Value| text(spec, "type") == "LoadBalancer";
    let (is, was) = (kind(new), kind(old));
    let mut gone: Vec<&str> = Vec::new();
    if has_cluster_ip(&was) && !has_cluster_ip(&is) {
        gone.extend(["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]);
    }
    if is_checked(old) && !is_checked(new) {
        gone.push("healthCheckNodePort");
    }
    if balances(old) && !balances(new) {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    if is_external(old) && !is_external(new) {
        gone.push("externalTrafficPolicy");
    }
    if let Some(new) = new.as_object_mut() {
        for field in gone {
            if new.get(field) == old.get(field) {
                new.remove(field);
            }
        }
    }
    if has_node_ports(&was) && !has_node_ports(&is) {
        let before = list(old, "ports");
        let ports = new.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            let own = port["nodePort"].clone();
            if before.iter().any(|other| other["nodePort"] == own) {
                drop(port.as_object_mut().map(|port| port.remove("nodePort")));
            }
        }
    }
}

/// The status of a new service, and its address as a list (`normalizeClusterIPs`, which looks at no type).
pub(super) fn new_service(object: &mut Value) {
    object["status"] = json!({"loadBalancer": {}});
    let spec = &mut object["spec"];
    if !text(spec, "clusterIP").is_empty() && list(spec, "clusterIPs").is_empty() {
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }
}
