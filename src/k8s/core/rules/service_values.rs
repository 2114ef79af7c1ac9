//! What the server sets in services: addresses, node ports, and what a changed service keeps
//! (`pkg/registry/core/service/storage/{alloc,storage}.go`, `pkg/registry/core/service/strategy.go`).

use serde_json::{Value, json};

use super::check::{is_set, list, text};
use super::services::is_headless;

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
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            if kept[field].is_null() && !old[field].is_null() {
                kept[field] = old[field].clone();
            }
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

/// The addresses of a new service (`pkg/registry/core/service/storage/alloc.go`). `taken` says whether another
/// service has an address or a node port.
pub(in super::super::super) fn allocate(
    object: &mut Value,
    taken: &dyn Fn(&str) -> bool,
    seed: u128,
) {
    let spec = &mut object["spec"];
    let kind = text(spec, "type").to_owned();
    if kind == "ExternalName" || kind.is_empty() {
        return;
    }
    let headless = is_headless(spec);
    // A list of addresses alone is refused.
    if !headless && text(spec, "clusterIP").is_empty() && list(spec, "clusterIPs").is_empty() {
        // 10.0.0.0/24, as in the oracle; the first address is that of the service `kubernetes`.
        let start = u32::try_from(seed % 239).unwrap_or_default();
        let free = (0..239).map(|step| format!("10.0.0.{}", 16 + (start + step) % 239));
        let address = free.into_iter().find(|address| !taken(address)).unwrap_or_default();
        spec["clusterIP"] = address.clone().into();
        spec["clusterIPs"] = json!([address]);
    }
    let bare = headless && !is_set(spec, "selector");
    let families = spec["ipFamilies"].is_null();
    if bare && families {
        spec["ipFamilies"] = json!(["IPv4", "IPv6"]);
    } else if families && !text(spec, "clusterIP").contains(':') {
        spec["ipFamilies"] = json!(["IPv4"]);
    }
    if spec["ipFamilyPolicy"].is_null() {
        spec["ipFamilyPolicy"] = if bare { "RequireDualStack" } else { "SingleStack" }.into();
    }
    let allocates = kind == "NodePort"
        || kind == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] != false;
    if allocates {
        let mut next = 30000 + u32::try_from(seed % 2700).unwrap_or_default();
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten() {
            if is_set(port, "nodePort") {
                continue;
            }
            while taken(&next.to_string()) {
                next = if next >= 32767 { 30000 } else { next + 1 };
            }
            port["nodePort"] = next.into();
            next += 1;
        }
        // A balancer asks the nodes of local traffic for their health.
        let local = text(spec, "externalTrafficPolicy") == "Local";
        if kind == "LoadBalancer" && local && !is_set(spec, "healthCheckNodePort") {
            while taken(&next.to_string()) {
                next = if next >= 32767 { 30000 } else { next + 1 };
            }
            spec["healthCheckNodePort"] = next.into();
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
