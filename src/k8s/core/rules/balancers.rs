//! Rules of what services offer to the outside: addresses, source ranges, classes of balancers; and their warnings
//! (`pkg/apis/core/validation/validation.go`, `pkg/api/service/warnings.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::addresses;
use super::check::{Errors, child, item, list, problems, supported_text, text, texts};

const ONLY_BALANCERS: &str = "may only be used when `type` is 'LoadBalancer'";

/// `spec.externalIPs`.
pub(super) fn external_ips(errors: &mut Errors, spec: &Value) {
    for (index, address) in texts(spec, "externalIPs").enumerate() {
        let path = item("spec.externalIPs", index);
        if addresses::ip(errors, address, &path) {
            addresses::endpoint_ip(errors, address, &path);
        }
    }
}

/// `spec.loadBalancerSourceRanges`, in upstream's spelling of the path.
pub(super) fn source_ranges(errors: &mut Errors, spec: &Value, kind: &str) {
    let path = "spec.LoadBalancerSourceRanges";
    if list(spec, "loadBalancerSourceRanges").is_empty() {
        return;
    }
    if kind != "LoadBalancer" {
        errors.push(FieldError::forbidden(path, ONLY_BALANCERS));
    }
    for (index, range) in texts(spec, "loadBalancerSourceRanges").enumerate() {
        addresses::cidr(errors, range.trim(), &item(path, index));
    }
}

/// `validateLoadBalancerClassField`: of a new service, or of one that becomes a balancer.
pub(super) fn class(errors: &mut Errors, spec: &Value) {
    let Some(class) = spec["loadBalancerClass"].as_str() else { return };
    let path = "spec.loadBalancerClass";
    if text(spec, "type") != "LoadBalancer" {
        errors.push(FieldError::forbidden(path, ONLY_BALANCERS));
        return;
    }
    problems(errors, path, class, names::qualified_name(class));
}

/// The class of a balancer stays.
pub(super) fn class_change(errors: &mut Errors, new: &Value, old: &Value) {
    let balances = |spec: &Value| text(spec, "type") == "LoadBalancer";
    if balances(new) && balances(old) {
        let (new, old) = (&new["loadBalancerClass"], &old["loadBalancerClass"]);
        if new != old {
            let shown = new.as_str().map_or_else(|| "null".to_owned(), quote);
            let why = "may not change once set";
            errors.push(FieldError::invalid("spec.loadBalancerClass", shown, why));
        }
    }
    class(errors, new);
}

/// `GetWarningsForService`.
pub(super) fn warnings(object: &Value) -> Vec<String> {
    let spec = &object["spec"];
    let kind = text(spec, "type");
    let external = !list(spec, "externalIPs").is_empty();
    let headless = text(spec, "clusterIP") == "None" && list(spec, "clusterIPs").len() <= 1;
    let mut found = Vec::new();
    if object["metadata"]["annotations"].get("service.kubernetes.io/topology-aware-hints").is_some()
    {
        found.push(
            "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use \
             service.kubernetes.io/topology-mode instead"
                .to_owned(),
        );
    }
    if !headless && kind != "ExternalName" {
        for (index, address) in texts(spec, "clusterIPs").enumerate() {
            found.extend(addresses::ip_warning(address, &item("spec.clusterIPs", index)));
        }
    }
    if headless {
        for (ignored, field) in [
            (!text(spec, "loadBalancerIP").is_empty(), "loadBalancerIP"),
            (external, "externalIPs"),
            (text(spec, "sessionAffinity") != "None", "SessionAffinity"),
        ] {
            if ignored {
                found.push(format!("spec.{field} is ignored for headless services"));
            }
        }
    }
    for (index, address) in texts(spec, "externalIPs").enumerate() {
        found.extend(addresses::ip_warning(address, &item("spec.externalIPs", index)));
    }
    if external && !headless && kind != "ExternalName" {
        found.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                .to_owned(),
        );
    }
    let balancer = text(spec, "loadBalancerIP");
    found.extend(addresses::ip_warning(balancer, "spec.loadBalancerIP"));
    for (index, range) in texts(spec, "loadBalancerSourceRanges").enumerate() {
        let path = item(&child("spec", "loadBalancerSourceRanges"), index);
        found.extend(addresses::cidr_warning(range, &path));
    }
    if kind == "ExternalName" && external {
        found.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if kind != "ExternalName" && !text(spec, "externalName").is_empty() {
        found
            .push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text(spec, "trafficDistribution") == "PreferClose" {
        found.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""
                .to_owned(),
        );
    }
    found
}

/// `ValidateServiceStatusUpdate`: only a balancer has addresses.
pub(super) fn status_change(new: &Value, old: &Value, errors: &mut Errors) {
    let path = "status.loadBalancer.ingress";
    let all = |object: &Value| list(&object["status"]["loadBalancer"], "ingress").to_vec();
    let (found, known) = (all(new), all(old));
    if text(&new["spec"], "type") != "LoadBalancer" && !found.is_empty() {
        let why = "may only be used when `spec.type` is 'LoadBalancer'";
        errors.push(FieldError::forbidden(path, why));
        return;
    }
    for (index, ingress) in found.iter().enumerate() {
        let path = item(path, index);
        let (ip, host) = (text(ingress, "ip"), text(ingress, "hostname"));
        if !ip.is_empty() && !known.iter().any(|other| other["ip"] == ip) {
            addresses::ip(errors, ip, &child(&path, "ip"));
        }
        let at = child(&path, "ipMode");
        match ingress["ipMode"].as_str() {
            None if !ip.is_empty() => {
                errors.push(FieldError::required(at, "must be specified when `ip` is set"));
            }
            Some(_) if ip.is_empty() => {
                let why = "may not be specified when `ip` is not set";
                errors.push(FieldError::forbidden(at, why));
            }
            Some(mode) => supported_text(errors, mode, &at, &["Proxy", "VIP"]),
            None => {}
        }
        if !host.is_empty() {
            let at = child(&path, "hostname");
            problems(errors, &at, host, names::subdomain(host));
            if addresses::parse_ip(host).is_some() {
                let why = "must be a DNS name, not an IP address";
                errors.push(FieldError::invalid(at, quote(host), why));
            }
        }
    }
}
