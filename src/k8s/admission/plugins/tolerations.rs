//! `DefaultTolerationSeconds` and `ExtendedResourceToleration`
//! (`plugin/pkg/admission/{defaulttolerationseconds,extendedresourcetoleration}`), and how lists of tolerations are
//! joined.

use std::collections::BTreeSet;

use serde_json::{Value, json};

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn own(pod: &Value) -> Vec<Value> {
    pod["spec"]["tolerations"].as_array().cloned().unwrap_or_default()
}

/// Has a pod stay for five minutes on a node that is gone.
pub(super) fn absent_nodes(pod: &mut Value) {
    let mut all = own(pod);
    let tolerates = |taint: &str| {
        all.iter().any(|toleration| {
            let (key, effect) = (text(toleration, "key"), text(toleration, "effect"));
            (key.is_empty() || key == taint) && matches!(effect, "" | "NoExecute")
        })
    };
    let added: Vec<Value> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .into_iter()
        .filter(|taint| !tolerates(taint))
        .map(|taint| {
            json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
        })
        .collect();
    all.extend(added);
    pod["spec"]["tolerations"] = all.into();
}

/// Whether a resource is one of an extension (`IsExtendedResourceName`).
fn is_extended(resource: &str) -> bool {
    let native = !resource.contains('/') || resource.contains("kubernetes.io/");
    !native && !resource.starts_with("requests.")
}

/// Has a pod that asks for resources of an extension tolerate the nodes that are kept for it.
pub(super) fn extended_resources(pod: &mut Value) {
    let mut names = BTreeSet::new();
    for list in ["containers", "initContainers"] {
        for container in pod["spec"][list].as_array().into_iter().flatten() {
            let requests = container["resources"]["requests"].as_object();
            let requests = requests.into_iter().flat_map(|requests| requests.keys());
            names.extend(requests.filter(|name| is_extended(name)).cloned());
        }
    }
    let mut all = own(pod);
    for name in names {
        let added = json!({"key": name, "operator": "Exists", "effect": "NoSchedule"});
        let same = |one: &Value| {
            ["key", "effect", "operator", "value"]
                .iter()
                .all(|field| text(one, field) == text(&added, field))
        };
        match all.iter().position(same) {
            Some(index) => all[index] = added,
            None => all.push(added),
        }
    }
    if !all.is_empty() {
        pod["spec"]["tolerations"] = all.into();
    }
}

/// Joins two lists. Of two tolerations, one of which says all that the other does, the wider one stays
/// (`MergeTolerations` in `pkg/util/tolerations`).
pub(super) fn merged(first: &[Value], second: &[Value]) -> Vec<Value> {
    let all: Vec<&Value> = first.iter().chain(second).collect();
    let mut merged: Vec<Value> = Vec::new();
    for (index, one) in all.iter().enumerate() {
        let covered = merged.iter().any(|other| covers(other, one))
            || all[index + 1..].iter().any(|other| other != one && covers(other, one));
        if !covered {
            merged.push((*one).clone());
        }
    }
    merged
}

/// Whether a toleration says all that another one does (`isSuperset`).
fn covers(wide: &Value, narrow: &Value) -> bool {
    if wide == narrow {
        return true;
    }
    let operator = text(wide, "operator");
    if text(narrow, "key") != text(wide, "key")
        && !(text(wide, "key").is_empty() && operator == "Exists")
    {
        return false;
    }
    let effect = text(wide, "effect");
    if text(narrow, "effect") != effect && !effect.is_empty() {
        return false;
    }
    if let Some(most) = wide["tolerationSeconds"].as_i64().filter(|_| effect == "NoExecute")
        && narrow["tolerationSeconds"].as_i64().is_none_or(|seconds| seconds > most)
    {
        return false;
    }
    match operator {
        "" | "Equal" => {
            text(narrow, "operator") == "Equal" && text(narrow, "value") == text(wide, "value")
        }
        "Exists" => true,
        _ => false,
    }
}
