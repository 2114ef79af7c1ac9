//! Rules of endpoints and slices of them (`pkg/apis/discovery/validation/validation.go`,
//! `pkg/apis/core/validation`, `pkg/registry/discovery/endpointslice`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::addresses;
use super::check::{
    Errors, child, dns_label, immutable, item, labels, list, port_number, problems, supported_text,
    text, texts,
};
use super::formats;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const MAX_ADDRESSES: usize = 100;
const MAX_ENDPOINTS: usize = 1000;
const MAX_PORTS: usize = 20_000;
const MAX_HINTS: usize = 8;
const MAX_TOPOLOGY: usize = 16;

/// `ValidateEndpointSliceCreate`.
pub(super) fn new_slice(object: &Value, errors: &mut Errors) {
    slice(object, None, errors);
}

/// `ValidateEndpointSlice`: endpoints that did not change have no errors.
fn slice(object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let kind = text(object, "addressType");
    if kind.is_empty() {
        errors.push(FieldError::required("addressType", ""));
    } else {
        supported_text(errors, kind, "addressType", &["FQDN", "IPv4", "IPv6"]);
    }
    slice_ports(errors, list(object, "ports"));
    let endpoints = list(object, "endpoints");
    if old.is_some_and(|old| list(old, "endpoints") == endpoints) {
        return;
    }
    if endpoints.len() > MAX_ENDPOINTS {
        errors.push(FieldError::too_many("endpoints", endpoints.len(), MAX_ENDPOINTS as u64));
        return;
    }
    for (index, endpoint) in endpoints.iter().enumerate() {
        slice_endpoint(errors, endpoint, kind, &item("endpoints", index));
    }
}

/// `ValidateEndpointSliceUpdate`: the type of addresses stays.
pub(super) fn slice_change(new: &Value, old: &Value, errors: &mut Errors) {
    slice(new, Some(old), errors);
    immutable(errors, &new["addressType"], &old["addressType"], "addressType");
}

fn slice_ports(errors: &mut Errors, ports: &[Value]) {
    if ports.len() > MAX_PORTS {
        errors.push(FieldError::too_many("ports", ports.len(), MAX_PORTS as u64));
        return;
    }
    let mut known = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = item("ports", index);
        let name = text(port, "name");
        if !name.is_empty() {
            dns_label(errors, name, &child(&path, "name"));
        }
        if known.contains(&name) {
            errors.push(FieldError::duplicate(child(&path, "name"), quote(name)));
        } else {
            known.push(name);
        }
        supported_text(errors, text(port, "protocol"), &child(&path, "protocol"), &PROTOCOLS);
        app_protocol(errors, port, &path);
    }
}

fn app_protocol(errors: &mut Errors, port: &Value, path: &str) {
    if let Some(protocol) = port["appProtocol"].as_str() {
        problems(errors, &child(path, "appProtocol"), protocol, names::qualified_name(protocol));
    }
}

fn slice_endpoint(errors: &mut Errors, endpoint: &Value, kind: &str, path: &str) {
    let at = child(path, "addresses");
    let addresses = list(endpoint, "addresses");
    if addresses.is_empty() {
        errors.push(FieldError::required(&at, "must contain at least 1 address"));
    } else if addresses.len() > MAX_ADDRESSES {
        errors.push(FieldError::too_many(&at, addresses.len(), MAX_ADDRESSES as u64));
    }
    for (index, address) in texts(endpoint, "addresses").enumerate() {
        slice_address(errors, address, kind, &at, &item(&at, index));
    }
    if let Some(node) = endpoint["nodeName"].as_str() {
        problems(errors, &child(path, "nodeName"), node, names::subdomain(node));
    }
    let topology = &endpoint["deprecatedTopology"];
    let at = child(path, "deprecatedTopology");
    if let Some(count) =
        topology.as_object().map(serde_json::Map::len).filter(|count| *count > MAX_TOPOLOGY)
    {
        errors.push(FieldError::too_many(&at, count, MAX_TOPOLOGY as u64));
    }
    labels(errors, topology, &at);
    if let Some(host) = endpoint["hostname"].as_str() {
        dns_label(errors, host, &child(path, "hostname"));
    }
    hints(errors, &endpoint["hints"], &child(path, "hints"));
}

fn slice_address(errors: &mut Errors, address: &str, kind: &str, list: &str, path: &str) {
    let (fine, is_other, family) = match kind {
        "IPv4" => (addresses::ip(errors, address, path), !addresses::is_ipv4(address), "an IPv4"),
        "IPv6" => {
            (addresses::canonical_ip(errors, address, path), addresses::is_ipv4(address), "an IPv6")
        }
        "FQDN" => return formats::domain_name(errors, address, path),
        _ => return,
    };
    if !fine {
        return;
    }
    if is_other {
        let why = format!("must be {family} address");
        errors.push(FieldError::invalid(list, quote(address), &why));
    }
    addresses::endpoint_ip(errors, address, path);
}

/// `validateHints`.
fn hints(errors: &mut Errors, hints: &Value, path: &str) {
    for field in ["forZones", "forNodes"] {
        let rule = if field == "forZones" { names::label_value } else { names::subdomain };
        let path = child(path, field);
        let all = list(hints, field);
        if all.len() > MAX_HINTS {
            errors.push(FieldError::too_many(&path, all.len(), MAX_HINTS as u64));
            return;
        }
        let mut known = Vec::new();
        for (index, hint) in all.iter().enumerate() {
            let at = child(&item(&path, index), "name");
            let name = text(hint, "name");
            if known.contains(&name) {
                errors.push(FieldError::duplicate(&at, quote(name)));
            } else {
                known.push(name);
            }
            problems(errors, &at, name, rule(name));
        }
    }
}

/// `dropTopologyOnV1`: the topology of a new or changed endpoint is not stored.
pub(super) fn drop_topology(object: &mut Value) {
    let endpoints = object.get_mut("endpoints").and_then(Value::as_array_mut);
    for endpoint in endpoints.into_iter().flatten() {
        drop(endpoint.as_object_mut().map(|map| map.remove("deprecatedTopology")));
    }
}

/// `WarningsOnCreate` and `WarningsOnUpdate`.
pub(super) fn slice_warnings(object: &Value, is_new: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_new && text(object, "addressType") == "FQDN" {
        found.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
    }
    for (index, endpoint) in list(object, "endpoints").iter().enumerate() {
        let path = child(&item("endpoints", index), "addresses");
        for (index, address) in texts(endpoint, "addresses").enumerate() {
            found.extend(addresses::ip_warning(address, &item(&path, index)));
        }
    }
    found
}

/// `ValidateEndpoints`.
pub(super) fn endpoints(object: &Value, errors: &mut Errors) {
    for (index, subset) in list(object, "subsets").iter().enumerate() {
        let path = item("subsets", index);
        let fields = ["addresses", "notReadyAddresses"];
        if fields.iter().all(|field| list(subset, field).is_empty()) {
            let why = "must specify `addresses` or `notReadyAddresses`";
            errors.push(FieldError::required(&path, why));
        }
        for field in fields {
            for (index, address) in list(subset, field).iter().enumerate() {
                endpoint_address(errors, address, &item(&child(&path, field), index));
            }
        }
        let ports = list(subset, "ports");
        for (index, port) in ports.iter().enumerate() {
            endpoint_port(errors, port, ports.len() > 1, &item(&child(&path, "ports"), index));
        }
    }
}

/// `validateEndpointAddress`.
fn endpoint_address(errors: &mut Errors, address: &Value, path: &str) {
    let (ip, at) = (text(address, "ip"), child(path, "ip"));
    addresses::ip(errors, ip, &at);
    let host = text(address, "hostname");
    if !host.is_empty() {
        dns_label(errors, host, &child(path, "hostname"));
    }
    if let Some(node) = address["nodeName"].as_str() {
        problems(errors, &child(path, "nodeName"), node, names::subdomain(node));
    }
    addresses::endpoint_ip(errors, ip, &at);
}

/// `validateEndpointPort`.
fn endpoint_port(errors: &mut Errors, port: &Value, named: bool, path: &str) {
    let name = text(port, "name");
    if name.is_empty() && named {
        errors.push(FieldError::required(child(path, "name"), ""));
    } else if !name.is_empty() {
        dns_label(errors, name, &child(path, "name"));
    }
    port_number(errors, port["port"].as_i64().unwrap_or_default(), &child(path, "port"));
    let protocol = text(port, "protocol");
    if protocol.is_empty() {
        errors.push(FieldError::required(child(path, "protocol"), ""));
    } else {
        supported_text(errors, protocol, &child(path, "protocol"), &PROTOCOLS);
    }
    app_protocol(errors, port, path);
}
