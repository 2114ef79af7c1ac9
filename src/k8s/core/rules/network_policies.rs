//! Rules of network policies (`pkg/apis/networking/validation/validation.go`, `pkg/registry/networking/networkpolicy`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::addresses::{Cidr, cidr, cidr_warning};
use super::check::{
    Errors, child, item, label_selector, list, port_name, port_number, problems, supported_text,
    text, texts,
};

/// The lists of rules: their field, and the field with the peers of a rule.
const DIRECTIONS: [(&str, &str); 2] = [("ingress", "from"), ("egress", "to")];

/// `ValidateNetworkPolicySpec`.
pub(super) fn network_policy(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    label_selector(errors, &spec["podSelector"], "spec.podSelector");
    for (direction, peers) in DIRECTIONS {
        for (index, rule) in list(spec, direction).iter().enumerate() {
            let path = item(&child("spec", direction), index);
            for (index, found) in list(rule, "ports").iter().enumerate() {
                port(errors, found, &item(&child(&path, "ports"), index));
            }
            for (index, found) in list(rule, peers).iter().enumerate() {
                peer(errors, found, &item(&child(&path, peers), index));
            }
        }
    }
    let types = list(spec, "policyTypes");
    if types.len() > 2 {
        let shown = json_text(&spec["policyTypes"]);
        let why = "may not specify more than two policyTypes";
        errors.push(FieldError::invalid("spec.policyTypes", shown, why));
        return;
    }
    for (index, found) in texts(spec, "policyTypes").enumerate() {
        supported_text(errors, found, &item("spec.policyTypes", index), &["Ingress", "Egress"]);
    }
}

/// `ValidateNetworkPolicyPort`.
fn port(errors: &mut Errors, port: &Value, path: &str) {
    if !port["protocol"].is_null() {
        let at = child(path, "protocol");
        supported_text(errors, text(port, "protocol"), &at, &["TCP", "UDP", "SCTP"]);
    }
    let end = port["endPort"].as_i64();
    let (at, end_at) = (child(path, "port"), child(path, "endPort"));
    let refuse_end = |errors: &mut Errors, why: &str| {
        if let Some(end) = end {
            errors.push(FieldError::invalid(&end_at, end, why));
        }
    };
    match &port["port"] {
        Value::Number(number) => {
            let first = number.as_i64().unwrap_or_default();
            port_number(errors, first, &at);
            if end.is_some_and(|end| end < first) {
                let why = "must be greater than or equal to `port`";
                errors.push(FieldError::invalid(&end_at, first, why));
            }
            if let Some(end) = end {
                port_number(errors, end, &end_at);
            }
        }
        Value::String(name) => {
            refuse_end(errors, "may not be specified when `port` is non-numeric");
            problems(errors, &at, name, port_name(name));
        }
        _ => refuse_end(errors, "may not be specified when `port` is not specified"),
    }
}

/// `ValidateNetworkPolicyPeer`.
fn peer(errors: &mut Errors, peer: &Value, path: &str) {
    for field in ["podSelector", "namespaceSelector"] {
        if !peer[field].is_null() {
            label_selector(errors, &peer[field], &child(path, field));
        }
    }
    let selects = !peer["podSelector"].is_null() || !peer["namespaceSelector"].is_null();
    let block = &peer["ipBlock"];
    if !block.is_null() {
        ip_block(errors, block, &child(path, "ipBlock"));
    }
    if !selects && block.is_null() {
        errors.push(FieldError::required(path, "must specify a peer"));
    } else if selects && !block.is_null() {
        let why = "may not specify both ipBlock and another peer";
        errors.push(FieldError::forbidden(path, why));
    }
}

/// `ValidateIPBlock`.
fn ip_block(errors: &mut Errors, block: &Value, path: &str) {
    let (own, at) = (text(block, "cidr"), child(path, "cidr"));
    if own.is_empty() {
        errors.push(FieldError::required(at, ""));
        return;
    }
    cidr(errors, own, &at);
    let Some(outer) = Cidr::parse(own) else { return };
    for (index, except) in texts(block, "except").enumerate() {
        let at = item(&child(path, "except"), index);
        cidr(errors, except, &at);
        let inner = Cidr::parse(except);
        if inner.is_some_and(|inner| !outer.contains(&inner) || outer.bits >= inner.bits) {
            let why = "must be a strict subset of `cidr`";
            errors.push(FieldError::invalid(at, quote(except), why));
        }
    }
}

/// `networkPolicyWarnings`.
pub(super) fn warnings(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (direction, peers) in DIRECTIONS {
        for (index, rule) in list(&object["spec"], direction).iter().enumerate() {
            let path = child(&item(&child("spec", direction), index), peers);
            for (index, peer) in list(rule, peers).iter().enumerate() {
                let path = child(&item(&path, index), "ipBlock");
                let block = &peer["ipBlock"];
                found.extend(cidr_warning(text(block, "cidr"), &child(&path, "cidr")));
                for (index, except) in texts(block, "except").enumerate() {
                    found.extend(cidr_warning(except, &item(&child(&path, "except"), index)));
                }
            }
        }
    }
    found
}
