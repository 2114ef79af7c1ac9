//! Rules of selectors of nodes, taints and topologies (`pkg/apis/core/validation/validation.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, item, list, problems, supported_text, text, texts};

pub(super) const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// `ValidateNodeSelector`.
pub(super) fn node_selector(errors: &mut Errors, selector: &Value, path: &str) {
    let path = child(path, "nodeSelectorTerms");
    let terms = list(selector, "nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(FieldError::required(path, "must have at least one node selector term"));
        return;
    }
    for (index, term) in terms.iter().enumerate() {
        node_term(errors, term, true, &item(&path, index));
    }
}

/// `ValidateNodeSelectorTerm`. The values of a term that is only preferred need not be valid.
pub(super) fn node_term(errors: &mut Errors, term: &Value, strict: bool, path: &str) {
    for (index, found) in list(term, "matchExpressions").iter().enumerate() {
        label_requirement(errors, found, strict, &item(&child(path, "matchExpressions"), index));
    }
    for (index, found) in list(term, "matchFields").iter().enumerate() {
        field_requirement(errors, found, &item(&child(path, "matchFields"), index));
    }
}

/// `ValidateNodeSelectorRequirement`.
fn label_requirement(errors: &mut Errors, requirement: &Value, strict: bool, path: &str) {
    let values = list(requirement, "values");
    let at = child(path, "values");
    match text(requirement, "operator") {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.push(FieldError::required(&at, why));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(&at, why));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.push(FieldError::required(&at, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => operator(errors, other, path),
    }
    let key = text(requirement, "key");
    problems(errors, &child(path, "key"), key, names::qualified_name(key));
    for (index, value) in texts(requirement, "values").enumerate().filter(|_| strict) {
        problems(errors, &item(&at, index), value, names::label_value(value));
    }
}

fn operator(errors: &mut Errors, found: &str, path: &str) {
    let why = "not a valid selector operator";
    errors.push(FieldError::invalid(child(path, "operator"), quote(found), why));
}

/// `ValidateNodeFieldSelectorRequirement`: the name is the only field.
fn field_requirement(errors: &mut Errors, requirement: &Value, path: &str) {
    let values = list(requirement, "values");
    match text(requirement, "operator") {
        "In" | "NotIn" => {
            if values.len() != 1 {
                let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                errors.push(FieldError::required(child(path, "values"), why));
            }
        }
        other => operator(errors, other, path),
    }
    let key = text(requirement, "key");
    if key != "metadata.name" {
        let why = "not a valid field selector key";
        errors.push(FieldError::invalid(child(path, "key"), quote(key), why));
        return;
    }
    for (index, value) in texts(requirement, "values").enumerate() {
        problems(errors, &item(&child(path, "values"), index), value, names::subdomain(value));
    }
}

/// `validateNodeTaints`.
pub(super) fn taints(errors: &mut Errors, taints: &[Value], path: &str) {
    let mut known = Vec::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = item(path, index);
        let [key, value, effect] = ["key", "value", "effect"].map(|field| text(taint, field));
        problems(errors, &child(&path, "key"), key, names::qualified_name(key));
        let found = names::label_value(value);
        if !found.is_empty() {
            let why = found.join(";");
            errors.push(FieldError::invalid(child(&path, "value"), quote(value), &why));
        }
        if effect.is_empty() {
            errors.push(FieldError::required(child(&path, "effect"), ""));
        } else {
            supported_text(errors, effect, &child(&path, "effect"), &EFFECTS);
        }
        if known.contains(&(key, effect)) {
            let shown = diff::internal_text("core.Taint", taint);
            let mut error = FieldError::duplicate(path, shown);
            error.body.push_str(": taints must be unique by key and effect pair");
            errors.push(error);
            continue;
        }
        known.push((key, effect));
    }
}

/// `ValidateTopologySelectorTerm`, of each of several terms, which must differ.
pub(super) fn topologies(errors: &mut Errors, terms: &[Value], path: &str) {
    let mut known: Vec<BTreeMap<&str, Vec<&str>>> = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let path = child(&item(path, index), "matchLabelExpressions");
        let mut own = BTreeMap::new();
        for (index, requirement) in list(term, "matchLabelExpressions").iter().enumerate() {
            let path = item(&path, index);
            let key = text(requirement, "key");
            let values = topology_values(errors, requirement, &path);
            problems(errors, &child(&path, "key"), key, names::qualified_name(key));
            if own.insert(key, values).is_some() {
                errors.push(FieldError::duplicate(child(&path, "key"), quote(key)));
            }
        }
        // Upstream's list of the terms before begins with an empty one for each term.
        let empties = if own.is_empty() { terms.len() } else { 0 };
        let same = known.iter().filter(|other| **other == own).count() + empties;
        errors.extend((0..same).map(|_| FieldError::duplicate(&path, quote(""))));
        known.push(own);
    }
}

fn topology_values<'v>(errors: &mut Errors, requirement: &'v Value, path: &str) -> Vec<&'v str> {
    let path = child(path, "values");
    if list(requirement, "values").is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    let mut values = Vec::new();
    for (index, value) in texts(requirement, "values").enumerate() {
        if values.contains(&value) {
            errors.push(FieldError::duplicate(item(&path, index), quote(value)));
        } else {
            values.push(value);
        }
    }
    values.sort_unstable();
    values
}

/// The labels of nodes that are deprecated, with what replaces them (`pkg/api/node/util.go`).
const DEPRECATED: [(&str, &str); 4] = [
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
];

const DEPRECATED_INSTANCE: (&str, &str) =
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type");

/// What is said about a deprecated label of nodes (`GetNodeLabelDeprecatedMessage`).
pub(super) fn deprecated_label(key: &str) -> Option<String> {
    let all = DEPRECATED.iter().chain(std::iter::once(&DEPRECATED_INSTANCE));
    let (_, instead) = all.into_iter().find(|(old, _)| *old == key)?;
    Some(format!("deprecated since v1.14; use {} instead", quote(instead)))
}

/// `GetWarningsForNodeSelectorTerm`.
pub(super) fn term_warnings(term: &Value, path: &str) -> Vec<String> {
    let requirements = list(term, "matchExpressions").iter().enumerate();
    requirements
        .filter_map(|(index, requirement)| {
            let why = deprecated_label(text(requirement, "key"))?;
            let path = item(&child(path, "matchExpressions"), index);
            Some(format!("{}: {} is {why}", child(&path, "key"), text(requirement, "key")))
        })
        .collect()
}
