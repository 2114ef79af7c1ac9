//! Warnings about pods and their templates (`pkg/api/pod/warnings.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::quantity::Quantity;
use super::addresses::ip_warning;
use super::check::{child, containers, entries, item, list, text, texts};
use super::claims;
use super::node_selectors::{deprecated_label, term_warnings};
use super::{path_warnings, pod_annotations};

/// The warnings about a pod.
pub(super) fn pod(object: &Value, is_new: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_new {
        let name = text(&object["metadata"], "name");
        let problems = names::label(name);
        // A name that is still to be made has no warnings yet.
        if !name.is_empty() && !problems.is_empty() {
            found.push(format!(
                "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS \
                 label is recommended: [{}]",
                problems.join(" ")
            ));
        }
    }
    found.extend(spec(object, ""));
    found
}

/// The warnings about the template of a workload, whose name its pods have.
pub(super) fn workload(object: &Value, is_new: bool) -> Vec<String> {
    let mut found = Vec::new();
    let name = text(&object["metadata"], "name");
    let problems = names::label(name);
    if is_new && !name.is_empty() && !problems.is_empty() {
        found.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS \
             label is recommended: [{}]",
            problems.join(" ")
        ));
    }
    found.extend(template(object));
    found
}

/// The warnings about a template.
pub(super) fn template(object: &Value) -> Vec<String> {
    spec(&object["spec"]["template"], "spec.template")
}

/// The warnings about a stored template.
pub(super) fn pod_template(object: &Value) -> Vec<String> {
    spec(&object["template"], "template")
}

/// The warnings about the template of a cron job.
pub(super) fn cron_job(object: &Value) -> Vec<String> {
    spec(&object["spec"]["jobTemplate"]["spec"]["template"], "spec.jobTemplate.spec.template")
}

/// The deprecated sources of volumes.
const DEPRECATED: [(&str, &str); 9] = [
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// `warningsForPodSpecAndMeta`, of a pod or a template.
fn spec(object: &Value, of: &str) -> Vec<String> {
    let (spec, metadata) = (&object["spec"], &object["metadata"]);
    let path = &child(of, "spec");
    let annotations = &child(of, "metadata.annotations");
    let mut found = placement(spec, path);
    found.extend(pod_annotations::deprecated(metadata, annotations));
    for (index, volume) in list(spec, "volumes").iter().enumerate() {
        let path = item(&child(path, "volumes"), index);
        for (field, why) in DEPRECATED.iter().filter(|(field, _)| !volume[field].is_null()) {
            let shown = if *field == "storageos" { "storageOS" } else { field };
            found.push(format!("{}: {why}", child(&path, shown)));
        }
        let claim = &volume["ephemeral"]["volumeClaimTemplate"]["spec"];
        let at = child(&path, "ephemeral.volumeClaimTemplate.spec");
        found.extend(claims::spec_warnings(claim, &at));
    }
    found.extend(path_warnings::overlaps(spec));
    for (field, key) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let mut known = Vec::new();
        for (index, entry) in list(spec, field).iter().enumerate() {
            let own = text(entry, key);
            let at = child(&item(&child(path, field), index), key);
            if known.contains(&own) {
                found.push(format!("{at}: duplicate {key} {}", quote(own)));
            }
            known.push(own);
        }
    }
    for (index, secret) in list(spec, "imagePullSecrets").iter().enumerate() {
        if text(secret, "name").is_empty() {
            let at = child(&item(&child(path, "imagePullSecrets"), index), "name");
            found.push(format!("{at}: invalid empty name \"\""));
        }
    }
    for name in ["memory", "ephemeral-storage"] {
        let amount = spec["overhead"].get(name).and_then(Value::as_str);
        let amount = amount.and_then(|text| Quantity::parse(text).ok()).filter(is_fractional);
        found.extend(amount.map(|amount| fraction(&item(&child(path, "overhead"), name), &amount)));
    }
    found.extend(pod_annotations::pod_warning(metadata, spec, annotations));
    for (path, container) in containers(spec, path) {
        let of_template = !of.is_empty();
        found.extend(pod_annotations::container_warnings(
            metadata,
            spec,
            container,
            annotations,
            of_template,
        ));
        found.extend(fractions(container, &path));
        found.extend(hidden_variables(container, &path));
    }
    found.extend(ports(spec, path));
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(i64::is_negative) {
        let at = child(path, "terminationGracePeriodSeconds");
        found.push(format!(
            "{at}: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    for (index, server) in texts(&spec["dnsConfig"], "nameservers").enumerate() {
        found.extend(ip_warning(server, &item(&child(path, "dnsConfig.nameservers"), index)));
    }
    for (index, alias) in list(spec, "hostAliases").iter().enumerate() {
        let at = child(&item(&child(path, "hostAliases"), index), "ip");
        found.extend(ip_warning(text(alias, "ip"), &at));
    }
    found
}

fn placement(spec: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, _) in entries(spec, "nodeSelector") {
        let at = item(&child(path, "nodeSelector"), key);
        found.extend(deprecated_label(key).map(|why| format!("{at}: {why}")));
    }
    let nodes = &spec["affinity"]["nodeAffinity"];
    let base = child(path, "affinity.nodeAffinity");
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let at = child(&child(&base, required), "nodeSelectorTerms");
    for (index, term) in list(&nodes[required], "nodeSelectorTerms").iter().enumerate() {
        found.extend(term_warnings(term, &item(&at, index)));
    }
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    for (index, term) in list(nodes, preferred).iter().enumerate() {
        let at = child(&item(&child(&base, preferred), index), "preference");
        found.extend(term_warnings(&term["preference"], &at));
        for (index, requirement) in list(&term["preference"], "matchExpressions").iter().enumerate()
        {
            let at = child(&item(&child(&at, "matchExpressions"), index), "values");
            for (index, value) in texts(requirement, "values").enumerate() {
                let problems = names::label_value(value).into_iter();
                let at = item(&at, index);
                found.extend(problems.map(|why| format!("{at}: {value} is invalid, {why}")));
            }
        }
    }
    for (index, constraint) in list(spec, "topologySpreadConstraints").iter().enumerate() {
        let at = item(&child(path, "topologySpreadConstraints"), index);
        let key = text(constraint, "topologyKey");
        if let Some(why) = deprecated_label(key) {
            found.push(format!("{}: {key} is {why}", child(&at, "topologyKey")));
        }
        if constraint["labelSelector"].is_null() {
            let at = child(&at, "labelSelector");
            found.push(format!("{at}: a null labelSelector results in matching no pod"));
        }
    }
    found
}

/// Whether an amount is no whole number of thousands of thousandths, which are an `int64`: a larger amount is the largest
/// of them, which is none either.
fn is_fractional(amount: &Quantity) -> bool {
    !amount.is_whole() || amount.milli() > i128::from(i64::MAX)
}

fn fraction(path: &str, amount: &Quantity) -> String {
    let shown = quote(&amount.text());
    format!("{path}: fractional byte value {shown} is invalid, must be an integer")
}

/// Amounts of bytes that are no whole numbers.
fn fractions(container: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["memory", "ephemeral-storage"] {
        for field in ["limits", "requests"] {
            let amount = container["resources"][field].get(name).and_then(Value::as_str);
            let amount = amount.and_then(|text| Quantity::parse(text).ok());
            if let Some(amount) = amount.filter(is_fractional) {
                found
                    .push(fraction(&item(&child(&child(path, "resources"), field), name), &amount));
            }
        }
    }
    found
}

/// Variables that hide others of their name.
fn hidden_variables(container: &Value, path: &str) -> Vec<String> {
    let mut known = Vec::new();
    let mut found = Vec::new();
    for (index, variable) in list(container, "env").iter().enumerate() {
        let name = text(variable, "name");
        if !known.contains(&name) {
            known.push(name);
            continue;
        }
        let (value, own) = (text(variable, "value"), format!("$({name})"));
        if !variable["valueFrom"].is_null() || value == own || !value.contains(&own) {
            let at = item(&child(path, "env"), index);
            found.push(format!(
                "{at}: hides previous definition of {}, which may be dropped when using apply",
                quote(name)
            ));
        }
    }
    found
}

/// Ports of containers that are the same as others, or may be.
fn ports(spec: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut all: BTreeMap<(i64, &str), Vec<(String, &Value)>> = BTreeMap::new();
    let containers = containers(spec, path);
    let each = || {
        containers.iter().flat_map(|(path, container)| {
            let path = child(path, "ports");
            let ports = list(container, "ports").iter().enumerate();
            ports.map(move |(index, port)| (item(&path, index), port))
        })
    };
    for (at, port) in each() {
        let key = (port["containerPort"].as_i64().unwrap_or_default(), text(port, "protocol"));
        let others = all.entry(key).or_default();
        for (other_at, other) in others.iter() {
            let number = |port: &Value| port["hostPort"].as_i64().unwrap_or_default();
            let (ip, other_ip) = (text(port, "hostIP"), text(other, "hostIP"));
            let what = if ip == other_ip && number(port) == number(other) {
                "duplicate"
            } else if number(port) == 0 || number(other) == 0 {
                "overlapping"
            } else if number(port) == number(other) && ip.is_empty() != other_ip.is_empty() {
                "dangerously ambiguous"
            } else {
                continue;
            };
            found.push(format!("{at}: {what} port definition with {other_at}"));
        }
        others.push((at, port));
    }
    let mut named: BTreeMap<&str, String> = BTreeMap::new();
    for (at, port) in each().filter(|(_, port)| !text(port, "name").is_empty()) {
        let name = text(port, "name");
        match named.get(name) {
            Some(other) => found.push(format!(
                "{at}: duplicate port name {} with {other}, services and probes that select ports by name will use \
                 {other}",
                quote(name)
            )),
            None => drop(named.insert(name, at)),
        }
    }
    found
}
