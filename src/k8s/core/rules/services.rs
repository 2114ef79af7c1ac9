//! Rules of services (`pkg/apis/core/validation/validation.go`: `validateService`;
//! `pkg/registry/core/service`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::balancers;
use super::check::{
    Errors, child, dns_label, dns_subdomain, is_set, item, labels, list, one_of, port_number,
    port_or_name, problems, supported_text, text,
};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

pub(super) fn is_headless(spec: &Value) -> bool {
    text(spec, "clusterIP") == "None"
}

/// `validateService`.
pub(super) fn service(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let kind = text(spec, "type");
    let ports = list(spec, "ports");
    if ports.is_empty() && !is_headless(spec) && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => {
            let why = format!("may not be set to 'None' for {kind} services");
            errors.push(FieldError::invalid("spec.clusterIPs[0]", quote("None"), &why));
        }
        "ExternalName" => external_name(errors, spec),
        _ => {}
    }
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let name = text(port, "name");
        let path = item("spec.ports", index);
        if name.is_empty() && ports.len() > 1 {
            errors.push(FieldError::required(child(&path, "name"), ""));
        } else if !name.is_empty() {
            dns_label(errors, name, &child(&path, "name"));
            if !names.insert(name) {
                errors.push(FieldError::duplicate(child(&path, "name"), quote(name)));
            }
        }
        let number = port["port"].as_i64().unwrap_or_default();
        port_number(errors, number, &child(&path, "port"));
        one_of(errors, port, "protocol", &path, &["SCTP", "TCP", "UDP"]);
        port_or_name(errors, &port["targetPort"], &child(&path, "targetPort"));
        if !port["appProtocol"].is_null() {
            let protocol = text(port, "appProtocol");
            let at = child(&path, "appProtocol");
            problems(errors, &at, protocol, names::qualified_name(protocol));
        }
    }
    labels(errors, &spec["selector"], "spec.selector");
    one_of(errors, spec, "sessionAffinity", "spec", &["ClientIP", "None"]);
    if text(spec, "sessionAffinity") == "ClientIP" {
        let path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
        let seconds = &spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"];
        if let Some(seconds) = seconds.as_i64().filter(|seconds| !(1..=86400).contains(seconds)) {
            let why = "must be greater than 0 and less than 86400";
            errors.push(FieldError::invalid(path, seconds, why));
        }
    }
    addresses(errors, spec, kind);
    balancers::external_ips(errors, spec);
    if kind.is_empty() {
        errors.push(FieldError::required("spec.type", ""));
    } else {
        supported_text(errors, kind, "spec.type", &TYPES);
    }
    node_ports(errors, ports, kind);
    balancers::source_ranges(errors, spec, kind);
    let allocates = !spec["allocateLoadBalancerNodePorts"].is_null();
    if allocates && kind != "LoadBalancer" {
        let why = "may only be used when `type` is 'LoadBalancer'";
        errors.push(FieldError::forbidden("spec.allocateLoadBalancerNodePorts", why));
    }
    if kind == "LoadBalancer" && !allocates {
        errors.push(FieldError::required("allocateLoadBalancerNodePorts", ""));
    }
    balancers::class(errors, spec);
    traffic(errors, spec, kind);
}

fn external_name(errors: &mut Errors, spec: &Value) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if is_set(spec, field) {
            let why = "may not be set for ExternalName services";
            errors.push(FieldError::forbidden(child("spec", field), why));
        }
    }
    let name = text(spec, "externalName");
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    } else {
        dns_subdomain(errors, name, "spec.externalName");
    }
}

/// `ValidateServiceClusterIPsRelatedFields`.
pub(super) fn addresses(errors: &mut Errors, spec: &Value, kind: &str) {
    if kind == "ExternalName" {
        return;
    }
    let all = list(spec, "clusterIPs");
    let shown = || json_text(&spec["clusterIPs"]);
    let first = text(spec, "clusterIP");
    if !first.is_empty() {
        if all.is_empty() {
            errors.push(FieldError::required("spec.clusterIPs", ""));
        } else if all[0] != first {
            let why = "first value must match `clusterIP`";
            errors.push(FieldError::invalid("spec.clusterIPs", shown(), why));
        }
    } else if !all.is_empty() {
        let why = "must be empty when `clusterIP` is not specified";
        errors.push(FieldError::invalid("spec.clusterIPs", shown(), why));
    }
    let mut families = BTreeSet::new();
    for (index, family) in list(spec, "ipFamilies").iter().filter_map(Value::as_str).enumerate() {
        let path = item("spec.ipFamilies", index);
        supported_text(errors, family, &path, &["IPv4", "IPv6"]);
        if !families.insert(family) {
            errors.push(FieldError::duplicate(path, quote(family)));
        }
    }
    if !spec["ipFamilyPolicy"].is_null() {
        let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
        supported_text(errors, text(spec, "ipFamilyPolicy"), "spec.ipFamilyPolicy", &policies);
    }
    for (index, address) in all.iter().filter_map(Value::as_str).enumerate() {
        if index == 0 && address == "None" {
            if all.len() > 1 {
                let why = "'None' must be the first and only value";
                errors.push(FieldError::invalid("spec.clusterIPs", shown(), why));
            }
            continue;
        }
        if address.parse::<IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            errors.push(FieldError::invalid(item("spec.clusterIPs", index), quote(address), why));
        }
    }
    if all.len() > 2 {
        let why = "may only hold up to 2 values";
        errors.push(FieldError::invalid("spec.clusterIPs", shown(), why));
    }
    let parsed: Option<Vec<IpAddr>> =
        all.iter().map(|address| address.as_str()?.parse::<IpAddr>().ok()).collect();
    // Behind a wrong address nothing is said of the families.
    let Some(parsed) = parsed else { return };
    if parsed.len() > 1 && parsed.iter().all(IpAddr::is_ipv4) | parsed.iter().all(IpAddr::is_ipv6) {
        let why = "may specify no more than one IP for each IP family";
        errors.push(FieldError::invalid("spec.clusterIPs", shown(), why));
    }
    let families = list(spec, "ipFamilies").iter().filter_map(Value::as_str);
    for (index, (address, family)) in parsed.iter().zip(families).enumerate() {
        if address.is_ipv4() && family == "IPv6" || address.is_ipv6() && family == "IPv4" {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
            let (path, shown) = (item("spec.clusterIPs", index), json_text(&all[index]));
            errors.push(FieldError::invalid(path, shown, &why));
        }
    }
}

fn node_ports(errors: &mut Errors, ports: &[Value], kind: &str) {
    let each = || ports.iter().enumerate().map(|(index, port)| (item("spec.ports", index), port));
    for (path, port) in each() {
        if kind == "ClusterIP" && is_set(port, "nodePort") {
            let why = "may not be used when `type` is 'ClusterIP'";
            errors.push(FieldError::forbidden(child(&path, "nodePort"), why));
        }
    }
    let mut taken = BTreeSet::new();
    for (path, port) in each() {
        let number = port["nodePort"].as_i64().unwrap_or_default();
        if number != 0 && !taken.insert((text(port, "protocol"), number)) {
            errors.push(FieldError::duplicate(child(&path, "nodePort"), number));
        }
    }
    let mut taken = BTreeSet::new();
    for (path, port) in each() {
        let (protocol, number) =
            (text(port, "protocol"), port["port"].as_i64().unwrap_or_default());
        if !taken.insert((protocol, number)) {
            // The internal type, with the two fields that are compared.
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}",
                quote(protocol)
            );
            errors.push(FieldError::duplicate(path, shown));
        }
    }
}

fn traffic(errors: &mut Errors, spec: &Value, kind: &str) {
    let external = matches!(kind, "LoadBalancer" | "NodePort")
        || kind == "ClusterIP" && is_set(spec, "externalIPs");
    let policy = text(spec, "externalTrafficPolicy");
    let path = "spec.externalTrafficPolicy";
    if !external && !policy.is_empty() {
        let why = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(path, quote(policy), why));
    } else if external && policy.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else if external {
        supported_text(errors, policy, path, &["Cluster", "Local"]);
    }
    let checked = kind == "LoadBalancer" && policy == "Local";
    let health = spec["healthCheckNodePort"].as_i64().unwrap_or_default();
    let path = "spec.healthCheckNodePort";
    if checked && health != 0 {
        port_number(errors, health, path);
    } else if health != 0 {
        let why =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(FieldError::invalid(path, health, why));
    }
    if !spec["internalTrafficPolicy"].is_null() {
        let path = "spec.internalTrafficPolicy";
        supported_text(errors, text(spec, "internalTrafficPolicy"), path, &["Cluster", "Local"]);
    }
    if !spec["trafficDistribution"].is_null() {
        let known = ["PreferClose", "PreferSameZone", "PreferSameNode"];
        let path = "spec.trafficDistribution";
        supported_text(errors, text(spec, "trafficDistribution"), path, &known);
    }
}

/// `ValidateServiceUpdate`.
pub(super) fn service_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (&new["spec"], &old["spec"]);
    cluster_ips_stay(errors, new, old);
    balancers::class_change(errors, new, old);
    let checked = |spec: &Value| {
        text(spec, "type") == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local"
    };
    let port = "healthCheckNodePort";
    if checked(new) && checked(old) && new[port] != old[port] {
        errors.push(FieldError::forbidden(child("spec", port), "field is immutable"));
    }
}

/// `validateUpgradeDowngradeClusterIPs`.
fn cluster_ips_stay(errors: &mut Errors, new: &Value, old: &Value) {
    let external = |spec: &Value| text(spec, "type") == "ExternalName";
    if external(new) || external(old) || is_headless(new) && is_headless(old) {
        return;
    }
    let (after, before) = (list(new, "clusterIPs"), list(old, "clusterIPs"));
    let shown = json_text(&new["clusterIPs"]);
    let mut wrong = |index: usize, why: &str| {
        errors.push(FieldError::invalid(item("spec.clusterIPs", index), &shown, why));
    };
    if after.len() == before.len() {
        for (index, address) in before.iter().enumerate() {
            if after[index] != *address {
                wrong(index, "may not change once set");
            }
        }
    } else if after.is_empty() {
        wrong(0, "primary clusterIP can not be unset");
    } else if before.first().is_some_and(|first| *first != after[0]) {
        wrong(0, "may not change once set");
    }
}
