//! Rules of what only stores data: `ConfigMap`, Secret, Lease (`pkg/apis/core/validation`,
//! `pkg/apis/coordination/validation`, `pkg/registry/core/{configmap,secret}`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, data_key, entries, immutable, item, problems, text};

/// The maximum size of all values, in bytes (`MaxSecretSize`).
const MAX_BYTES: u64 = 1 << 20;

fn length(value: &Value, encoded: bool) -> u64 {
    let text = value.as_str().unwrap_or_default();
    let bytes =
        if encoded { STANDARD.decode(text).map_or(0, |bytes| bytes.len()) } else { text.len() };
    bytes as u64
}

/// `ValidateConfigMap`.
pub(super) fn config_map(object: &Value, errors: &mut Errors) {
    let mut total = 0;
    for (key, value) in entries(object, "data") {
        let path = item("data", key);
        problems(errors, &path, key, data_key(key));
        if object["binaryData"].get(key).is_some() {
            let why = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(path, quote(key), why));
        }
        total += length(value, false);
    }
    for (key, value) in entries(object, "binaryData") {
        problems(errors, &item("binaryData", key), key, data_key(key));
        total += length(value, true);
    }
    if total > MAX_BYTES {
        errors.push(FieldError::too_long("", MAX_BYTES));
    }
}

/// What an immutable object cannot change.
fn frozen(new: &Value, old: &Value, fields: &[&str], errors: &mut Errors) {
    if old["immutable"] != true {
        return;
    }
    let why = "field is immutable when `immutable` is set";
    if new["immutable"] != true {
        errors.push(FieldError::forbidden("immutable", why));
    }
    for field in fields {
        if new[*field] != old[*field] {
            errors.push(FieldError::forbidden(*field, why));
        }
    }
}

/// `ValidateConfigMapUpdate`.
pub(super) fn config_map_change(new: &Value, old: &Value, errors: &mut Errors) {
    frozen(new, old, &["data", "binaryData"], errors);
}

/// The texts of a secret become data (`Convert_v1_Secret_To_core_Secret`).
pub(super) fn texts_to_data(object: &mut Value) {
    let Some(texts) = object.as_object_mut().and_then(|object| object.remove("stringData")) else {
        return;
    };
    let Value::Object(texts) = texts else { return };
    let mut data = object["data"].as_object().cloned().unwrap_or_else(Map::new);
    for (key, value) in texts {
        let text = value.as_str().unwrap_or_default();
        data.insert(key, STANDARD.encode(text).into());
    }
    object["data"] = data.into();
}

/// `ValidateSecret`.
pub(super) fn secret(object: &Value, errors: &mut Errors) {
    let mut total = 0;
    for (key, value) in entries(object, "data") {
        problems(errors, &item("data", key), key, data_key(key));
        total += length(value, true);
    }
    if total > MAX_BYTES {
        errors.push(FieldError::too_long("data", MAX_BYTES));
    }
    let has = |key: &str| object["data"].get(key).is_some();
    let mut required = |key: &str| errors.push(FieldError::required(item("data", key), ""));
    match text(object, "type") {
        "kubernetes.io/service-account-token" => {
            const ACCOUNT: &str = "kubernetes.io/service-account.name";
            let account = &object["metadata"]["annotations"][ACCOUNT];
            if account.as_str().is_none_or(str::is_empty) {
                errors.push(FieldError::required(item("metadata.annotations", ACCOUNT), ""));
            }
        }
        "kubernetes.io/dockercfg" => docker(errors, object, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => docker(errors, object, ".dockerconfigjson"),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            required("username");
            required("password");
        }
        "kubernetes.io/ssh-auth" => {
            let key = object["data"]["ssh-privatekey"].as_str();
            if key.is_none_or(str::is_empty) {
                required("ssh-privatekey");
            }
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if !has(key) {
                    required(key);
                }
            }
        }
        _ => {}
    }
}

/// The configuration of a registry must be a JSON object.
fn docker(errors: &mut Errors, object: &Value, key: &str) {
    let path = item("data", key);
    let Some(text) = object["data"].get(key).and_then(Value::as_str) else {
        errors.push(FieldError::required(path, ""));
        return;
    };
    let bytes = STANDARD.decode(text).unwrap_or_default();
    let why = match super::super::super::golang::check_json(&bytes) {
        Err(why) => why,
        Ok(_) => match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(_) | Value::Null) | Err(_) => return,
            Ok(other) => format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                super::super::super::golang::json_kind(&other)
            ),
        },
    };
    errors.push(FieldError::invalid(path, quote("<secret contents redacted>"), &why));
}

/// `warningsForSecret`: what can be told of a certificate and its key without parsing them.
pub(super) fn secret_warnings(object: &Value) -> Vec<String> {
    if object["type"] != "kubernetes.io/tls" {
        return Vec::new();
    }
    let has_pem = |key: &str| {
        let text = object["data"][key].as_str().unwrap_or_default();
        let bytes = STANDARD.decode(text).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains("-----BEGIN ")
    };
    let missing = [("tls.crt", "certificate"), ("tls.key", "key")];
    let missing = missing.iter().find(|(key, _)| !has_pem(key));
    let warning =
        |(_, what): &(&str, &str)| format!("tls: failed to find any PEM data in {what} input");
    missing.map(warning).into_iter().collect()
}

/// `ValidateSecretUpdate`.
pub(super) fn secret_change(new: &Value, old: &Value, errors: &mut Errors) {
    immutable(errors, &new["type"], &old["type"], "type");
    frozen(new, old, &["data"], errors);
}

/// Fields of coordinated leader election, which is off by default, are dropped.
pub(super) fn drop_lease_fields(object: &mut Value) {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("strategy");
        spec.remove("preferredHolder");
    }
}

/// `ValidateLease`.
pub(super) fn lease(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let wrong = |field: &str, least: i64| spec[field].as_i64().filter(|value| *value < least);
    if let Some(found) = wrong("leaseDurationSeconds", 1) {
        let path = "spec.leaseDurationSeconds";
        errors.push(FieldError::invalid(path, found, "must be greater than 0"));
    }
    if let Some(found) = wrong("leaseTransitions", 0) {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("spec.leaseTransitions", found, why));
    }
}

/// `ValidateNamespace`: the finalizers of the specification.
pub(super) fn namespace(object: &Value, errors: &mut Errors) {
    let path = "spec.finalizers";
    for name in super::check::texts(&object["spec"], "finalizers") {
        problems(errors, path, name, names::qualified_name(name));
        if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(path, quote(name), why));
        }
    }
}

/// `ValidateNamespaceStatusUpdate`.
pub(super) fn namespace_status(new: &Value, _: &Value, errors: &mut Errors) {
    let terminating = !new["metadata"]["deletionTimestamp"].is_null();
    let (wanted, state) =
        if terminating { ("Terminating", "not empty") } else { ("Active", "empty") };
    let phase = text(&new["status"], "phase");
    if phase != wanted {
        let why = format!("may only be '{wanted}' if `deletionTimestamp` is {state}");
        errors.push(FieldError::invalid("status.Phase", quote(phase), &why));
    }
}

/// The warnings about a service account (`warnIfHasEnforceMountableSecretsAnnotation`).
pub(super) fn account_warnings(object: &Value, is_new: bool) -> Vec<String> {
    let annotation = "kubernetes.io/enforce-mountable-secrets";
    let warns = is_new && !object["metadata"]["annotations"][annotation].is_null();
    let text = || {
        format!(
            "metadata.annotations[{annotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to \
             mounted secrets"
        )
    };
    warns.then(text).into_iter().collect()
}
