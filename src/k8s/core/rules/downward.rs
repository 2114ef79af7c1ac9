//! Rules of references to fields of a pod: the downward API (`pkg/apis/core/validation/validation.go`,
//! `pkg/apis/core/pods/helpers.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, child, problems, supported_text, text};

/// The fields that an environment variable can refer to.
pub(super) const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// `validateObjectFieldSelector`.
pub(super) fn field_selector(
    errors: &mut Errors,
    selector: &Value,
    supported: &[&str],
    path: &str,
) {
    for field in ["apiVersion", "fieldPath"] {
        if text(selector, field).is_empty() {
            errors.push(FieldError::required(child(path, field), ""));
            return;
        }
    }
    let found = text(selector, "fieldPath");
    if let Some((base, subscript)) =
        found.strip_suffix("']").and_then(|found| found.split_once("['"))
    {
        match base {
            "metadata.annotations" => {
                let subscript = subscript.to_lowercase();
                problems(errors, path, &subscript, names::qualified_name(&subscript));
            }
            "metadata.labels" => {
                problems(errors, path, subscript, names::qualified_name(subscript));
            }
            _ => {
                errors.push(FieldError::invalid(path, quote(base), "does not support subscript"));
            }
        }
    } else if !supported.contains(&found) {
        let known = ["metadata.annotations", "metadata.labels", "spec.hostNetwork", "status.phase"];
        let path = child(path, "fieldPath");
        if FIELDS.contains(&found) || known.contains(&found) {
            supported_text(errors, found, &path, supported);
        } else {
            let why = format!("error converting fieldPath: field label not supported: {found}");
            errors.push(FieldError::invalid(path, quote(found), &why));
        }
    }
}

/// The resources that can be read, and the prefixes of those that are families.
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const FAMILIES: [&str; 2] = ["limits.hugepages-", "requests.hugepages-"];

const DIVISORS: [&str; 13] =
    ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// `validateContainerResourceFieldSelector`; in a volume it names its container.
pub(super) fn resource_selector(
    errors: &mut Errors,
    selector: &Value,
    in_volume: bool,
    path: &str,
) {
    let resource = text(selector, "resource");
    let family = FAMILIES.iter().any(|prefix| resource.starts_with(prefix));
    if in_volume && text(selector, "containerName").is_empty() {
        errors.push(FieldError::required(child(path, "containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(child(path, "resource"), ""));
    } else if !family {
        supported_text(errors, resource, &child(path, "resource"), &RESOURCES);
    }
    let divisor = text(selector, "divisor");
    if matches!(divisor, "" | "0") {
        return;
    }
    let amount = DIVISORS.join(", ");
    let (known, what): (&[&str], String) = match resource.split_once('.').map(|(_, name)| name) {
        Some("cpu") => (&["1m", "1"], "1m and 1 are supported with the cpu resource".to_owned()),
        Some("memory") => (&DIVISORS, format!("{amount} are supported with the memory resource")),
        Some("ephemeral-storage") => {
            (&DIVISORS, format!("{amount} are supported with the local ephemeral storage resource"))
        }
        Some(_) if family => {
            (&DIVISORS, format!("{amount} are supported with the hugepages resource"))
        }
        _ => return,
    };
    if !known.contains(&divisor) {
        let why = format!("only divisor's values {what}");
        errors.push(FieldError::invalid(child(path, "divisor"), quote(resource), &why));
    }
}
