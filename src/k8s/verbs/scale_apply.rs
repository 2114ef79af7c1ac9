//! Server-side apply of a Scale: what is applied, and owned afterwards, is the number of replicas of the object
//! (`k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go`).

use serde_json::{Value, json};

use super::super::core::merge;
use super::super::fields::{self, Applied};
use super::super::meta;
use super::super::options::{FieldValidation, WriteOptions};
use super::super::resource::Scale;
use super::super::status::ApiError;
use super::scale_value::API_VERSION;
use super::write::{self, Tracking};
use super::{Call, apply};

/// The Scale that results from an applied configuration, with the owners of the object's fields.
///
/// # Errors
/// 400 for a configuration of another type, 404 without an object, 409 for a field of another manager or another uid.
pub(super) fn merged(
    call: &Call<'_>,
    scale: &Scale,
    options: &WriteOptions,
) -> Result<(Value, Tracking), ApiError> {
    let (configuration, strict) = apply::configuration_of(call, "Scale", API_VERSION)?;
    if options.validation == FieldValidation::Strict && !strict.is_empty() {
        let why = strict.join(", ");
        return Err(ApiError::bad_request(format!("error strict decoding YAML: {why}")));
    }
    check_fields(&configuration)?;
    let old = call.find()?;
    write::check_uid(call, old, &configuration, options.dry_run)?;
    let before = old.value(&call.served.api_version, &call.served.of.kind);
    let replicas = &configuration["spec"]["replicas"];
    let mut own = json!({
        "apiVersion": &*call.served.api_version,
        "kind": &*call.served.of.kind,
        "metadata": {"name": &*call.info.name},
    });
    if !replicas.is_null() {
        *at(&mut own, scale) = replicas.clone();
    }
    let now = meta::time_text(call.now);
    let writer = write::writer(call, &now);
    let mut merged = match fields::apply(&before, &own, &writer, options.force) {
        Applied::Object(merged) => merged,
        Applied::Conflicts(conflicts) => {
            let own = format!(" using {}", call.served.api_version);
            let shown = |(manager, path): (String, String)| {
                (manager.replace(&own, &format!(" using {API_VERSION}")), path)
            };
            let conflicts: Vec<_> = conflicts.into_iter().map(shown).collect();
            return Err(apply::conflict(&conflicts));
        }
        Applied::Malformed(problems) => {
            return Err(malformed(&configuration, &problems));
        }
    };
    let managed = merged["metadata"]["managedFields"].take();
    // What the configuration leaves out is that of the current Scale.
    let or_current = |key: &str, current: &str| {
        let given = meta::text(&configuration, key);
        if given.is_empty() { current.to_owned() } else { given.to_owned() }
    };
    let wanted = json!({
        "kind": "Scale",
        "apiVersion": API_VERSION,
        "metadata": {
            "name": or_current("name", &call.info.name),
            "namespace": or_current("namespace", &call.info.namespace),
            "resourceVersion": meta::text(&configuration, "resourceVersion"),
        },
        "spec": {"replicas": at(&mut merged, scale).take()},
    });
    Ok((wanted, Tracking::Done(managed)))
}

/// Checks that a configuration has the fields of a Scale.
fn check_fields(configuration: &Value) -> Result<(), ApiError> {
    let schema = merge::schema_of_kind("autoscaling", "v1", "Scale");
    let problems = fields::problems(configuration, schema);
    if problems.is_empty() { Ok(()) } else { Err(malformed(configuration, &problems)) }
}

fn malformed(configuration: &Value, problems: &[String]) -> ApiError {
    apply::malformed_as(&format!("{API_VERSION}, Kind=Scale"), configuration, problems)
}

/// Where an object has the number of replicas.
fn at<'v>(value: &'v mut Value, scale: &Scale) -> &'v mut Value {
    scale.spec_replicas.iter().fold(value, |value, step| &mut value[step])
}
