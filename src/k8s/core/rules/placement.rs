//! Rules of where pods are placed: affinity, spread over topologies, tolerations
//! (`pkg/apis/core/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{
    Errors, child, entries, item, label_selector, list, problems, supported_text, text, texts,
};
use super::node_selectors::{EFFECTS, node_selector, node_term};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `ValidateTolerations`.
pub(super) fn tolerations(errors: &mut Errors, spec: &Value, path: &str) {
    for (index, toleration) in list(spec, "tolerations").iter().enumerate() {
        let path = item(path, index);
        let at = |field: &str| child(&path, field);
        let [key, operator, effect, value] =
            ["key", "operator", "effect", "value"].map(|field| text(toleration, field));
        if !key.is_empty() {
            problems(errors, &at("key"), key, names::qualified_name(key));
        } else if operator != "Exists" {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(FieldError::invalid(at("operator"), quote(operator), why));
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.push(FieldError::invalid(at("effect"), quote(effect), why));
        }
        match operator {
            "" | "Equal" => {
                let found = names::label_value(value);
                if !found.is_empty() {
                    let why = found.join(";");
                    errors.push(FieldError::invalid(at("operator"), quote(value), &why));
                }
            }
            "Exists" if !value.is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                errors.push(FieldError::invalid(at("operator"), quote(value), why));
            }
            "Exists" => {}
            other => {
                let known: &[&str] = if matches!(other, "Lt" | "Gt") {
                    &["Equal", "Exists", "Lt", "Gt"]
                } else {
                    &["Equal", "Exists"]
                };
                let known: Vec<String> = known.iter().map(|text| (*text).to_owned()).collect();
                errors.push(FieldError::not_supported(at("operator"), quote(other), &known));
            }
        }
        if !effect.is_empty() {
            supported_text(errors, effect, &at("effect"), &EFFECTS);
        }
    }
}

/// `validateAffinity`.
pub(super) fn affinity(errors: &mut Errors, affinity: &Value, path: &str) {
    let (nodes, base) = (&affinity["nodeAffinity"], child(path, "nodeAffinity"));
    if !nodes[REQUIRED].is_null() {
        node_selector(errors, &nodes[REQUIRED], &child(&base, REQUIRED));
    }
    for (index, term) in list(nodes, PREFERRED).iter().enumerate() {
        let path = item(&child(&base, PREFERRED), index);
        weight(errors, term, &path);
        node_term(errors, &term["preference"], false, &child(&path, "preference"));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (pods, base) = (&affinity[kind], child(path, kind));
        for (index, term) in list(pods, REQUIRED).iter().enumerate() {
            pod_term(errors, term, &item(&child(&base, REQUIRED), index));
        }
        for (index, term) in list(pods, PREFERRED).iter().enumerate() {
            let path = item(&child(&base, PREFERRED), index);
            weight(errors, term, &path);
            pod_term(errors, &term["podAffinityTerm"], &child(&path, "podAffinityTerm"));
        }
    }
}

fn weight(errors: &mut Errors, term: &Value, path: &str) {
    let weight = term["weight"].as_i64().unwrap_or_default();
    if !(1..=100).contains(&weight) {
        let why = "must be in the range 1-100";
        errors.push(FieldError::invalid(child(path, "weight"), weight, why));
    }
}

/// `validatePodAffinityTerm`.
fn pod_term(errors: &mut Errors, term: &Value, path: &str) {
    label_selector(errors, &term["labelSelector"], &child(path, "labelSelector"));
    label_selector(errors, &term["namespaceSelector"], &child(path, "namespaceSelector"));
    for namespace in texts(term, "namespaces") {
        problems(errors, &child(path, "namespace"), namespace, names::label(namespace));
    }
    label_keys(errors, term, path);
    let key = text(term, "topologyKey");
    let at = child(path, "topologyKey");
    if key.is_empty() {
        errors.push(FieldError::required(&at, "can not be empty"));
    }
    problems(errors, &at, key, names::qualified_name(key));
}

/// `ValidateMatchLabelKeysAndMismatchLabelKeys`.
fn label_keys(errors: &mut Errors, term: &Value, path: &str) {
    let selector = &term["labelSelector"];
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let at = child(path, field);
        if selector.is_null() && !list(term, field).is_empty() {
            let why = "must not be specified when labelSelector is not set";
            errors.push(FieldError::forbidden(&at, why));
            continue;
        }
        for (index, key) in texts(term, field).enumerate() {
            problems(errors, &item(&at, index), key, names::qualified_name(key));
        }
    }
    let keys: Vec<&str> = texts(term, "matchLabelKeys").collect();
    let mut selected: Vec<&str> =
        entries(selector, "matchLabels").map(|(key, _)| key.as_str()).collect();
    for requirement in list(selector, "matchExpressions") {
        let key = text(requirement, "key");
        if let Some(index) = keys.iter().rposition(|own| *own == key)
            && selected.contains(&key)
        {
            let why = "exists in both matchLabelKeys and labelSelector";
            errors.push(FieldError::invalid(item(path, index), quote(key), why));
        }
        selected.push(key);
    }
    for (index, key) in keys.iter().enumerate() {
        if texts(term, "mismatchLabelKeys").any(|other| other == *key) {
            let at = item(&child(path, "matchLabelKeys"), index);
            let why = "exists in both matchLabelKeys and mismatchLabelKeys";
            errors.push(FieldError::invalid(at, quote(key), why));
        }
    }
}

/// `validateTopologySpreadConstraints`.
pub(super) fn spread(errors: &mut Errors, spec: &Value, path: &str) {
    let all = list(spec, "topologySpreadConstraints");
    for (index, constraint) in all.iter().enumerate() {
        let path = item(&child(path, "topologySpreadConstraints"), index);
        positive(
            errors,
            constraint["maxSkew"].as_i64().unwrap_or_default(),
            &child(&path, "maxSkew"),
        );
        let (key, action) =
            (text(constraint, "topologyKey"), text(constraint, "whenUnsatisfiable"));
        if key.is_empty() {
            errors.push(FieldError::required(child(&path, "topologyKey"), "can not be empty"));
        }
        let actions = ["DoNotSchedule", "ScheduleAnyway"];
        supported_text(errors, action, &child(&path, "whenUnsatisfiable"), &actions);
        let same = |other: &Value| {
            text(other, "topologyKey") == key && text(other, "whenUnsatisfiable") == action
        };
        if all[index + 1..].iter().any(same) {
            let shown = quote(&format!("{{{key}, {action}}}"));
            let at = child(&path, "{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(at, shown));
        }
        if let Some(least) = constraint["minDomains"].as_i64() {
            let at = child(&path, "minDomains");
            positive(errors, least, &at);
            if action != "DoNotSchedule" {
                let why = format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                );
                errors.push(FieldError::invalid(at, least, &why));
            }
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if !constraint[field].is_null() {
                let at = child(&path, field);
                supported_text(errors, text(constraint, field), &at, &["Honor", "Ignore"]);
            }
        }
        label_keys(errors, constraint, &path);
        label_selector(errors, &constraint["labelSelector"], &child(&path, "labelSelector"));
    }
}

/// `ValidatePositiveField`.
fn positive(errors: &mut Errors, number: i64, path: &str) {
    if number <= 0 {
        errors.push(FieldError::invalid(path, number, "must be greater than zero"));
    }
}
