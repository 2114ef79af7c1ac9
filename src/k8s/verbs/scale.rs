//! The `scale` subresource: the number of replicas, as an `autoscaling/v1` Scale
//! (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/etcd.go`).

use std::sync::Arc;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::message::Plan;

use super::super::conversion;
use super::super::core::decode::From;
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::output::{self, Output};
use super::super::resource::{
    Column, Deprecation, GroupResource, ResourceType, Scale, Served, TypeOrigin, Version,
};
use super::super::status::{ApiError, FieldError};
use super::super::store::{Committed, Object, StoreChange};
use super::super::table::created;
use super::admission::Admission;
use super::admit::{self, Admitted};
use super::scale_apply;
use super::scale_value::{API_VERSION, of_value};
use super::write::Tracking;
use super::written::{self, PendingAnswer, Written};
use super::{Call, Outcome, Resolved, object_plan, typed_body, write};

pub(super) fn run(call: &Call<'_>, scale: &Scale, verb: &str) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    let mut warnings = Vec::new();
    let (options, (wanted, tracking)) = match verb {
        "get" => {
            let shown = of_object(call, scale, call.find()?)?;
            let form = Form::of(call, output);
            return Ok(Resolved::Outcome(Outcome::Plan(form.plan(&shown))));
        }
        "update" => {
            let options = WriteOptions::parse(call.query, "UpdateOptions", false)?;
            let (wanted, found) = typed_body::read(call, "Scale", API_VERSION, &options)?;
            warnings = found;
            (options, (wanted, Tracking::Update))
        }
        _ if media(call) == "application/apply-patch+yaml" => {
            let options = WriteOptions::parse(call.query, "PatchOptions", true)?;
            let merged = scale_apply::merged(call, scale, &options)?;
            (options, merged)
        }
        _ => {
            let options = WriteOptions::parse(call.query, "PatchOptions", false)?;
            let Admitted { value, warnings: found } = patched(call, scale, &options)?;
            warnings = found;
            (options, (value, Tracking::Update))
        }
    };
    admit::check_namespace(call, &wanted)?;
    admit::check_name(call, &wanted)?;
    let mut change = StoreChange::on(&call.state);
    let admission = Admission::of_scale(call, &options, scale);
    let wanted = mutated(call, scale, wanted, &admission)?;
    let new = write_scale(call, scale, &mut change, &wanted, &tracking, &admission)?;
    let mut shown = of_object(call, scale, new.object())?;
    let form = Form::of(call, output);
    let warned = move |mut plan: Plan| {
        for warning in warnings.iter().filter_map(|text| output::warning(text)) {
            plan.headers.append("warning", warning);
        }
        plan
    };
    if change.is_empty() {
        return Ok(written::planned(change, warned(form.plan(&shown))));
    }
    let reply = move |committed: &Committed| {
        let revision = new.committed(committed).meta.revision;
        shown["metadata"]["resourceVersion"] = revision.to_string().into();
        warned(form.plan(&shown))
    };
    Ok(Resolved::Change(change, PendingAnswer::new(reply)))
}

/// The form of an answer with a Scale.
struct Form {
    output: Output,
    /// What tables and messages say of a Scale.
    served: Served,
    now: Timestamp,
}

impl Form {
    fn of(call: &Call<'_>, output: Output) -> Self {
        let own = &call.served.of;
        let served = Served::alone(scale_type(own.is_built_in()), API_VERSION);
        Self { output, served, now: call.now }
    }

    fn plan(&self, scale: &Value) -> Plan {
        let resource = Arc::clone(&self.served.of.group_resource);
        let scale = Object::render(resource, scale.clone(), &[]);
        object_plan(&self.served, StatusCode::OK, &scale, self.output, self.now)
    }
}

/// The type of a Scale, with the columns that a custom resource's has (`getScaleColumnsForVersion`).
fn scale_type(built_in: bool) -> ResourceType {
    let column = |name: &str, description: &str, path: &str| Column {
        name: name.to_owned(),
        kind: "integer".to_owned(),
        format: String::new(),
        description: description.to_owned(),
        priority: 0,
        json_path: path.to_owned(),
    };
    let columns = vec![
        column("Desired", "Number of desired replicas", ".spec.replicas"),
        column("Available", "Number of actual replicas", ".status.replicas"),
        created("Age"),
    ];
    let version = Version {
        name: "v1".into(),
        deprecation: Deprecation::None,
        served: true,
        storage: true,
        status: false,
        scale: None,
        schema: None,
        raw_schema: None,
        columns: columns.into(),
        selectable: Vec::new(),
    };
    let resource = Arc::new(GroupResource::new("autoscaling", "scales"));
    ResourceType {
        group_resource: Arc::clone(&resource),
        stored_as: resource,
        kind: "Scale".into(),
        list_kind: "ScaleList".into(),
        singular: "scale".into(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: true,
        stored: false,
        webhook: None,
        origin: if built_in { TypeOrigin::BuiltIn } else { TypeOrigin::Custom },
        versions: vec![version],
    }
}

/// The media type of a patch.
fn media<'c>(call: &'c Call<'_>) -> &'c str {
    let media = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media.unwrap_or_default().split(';').next().unwrap_or_default()
}

/// The Scale of an object after a patch: it is decoded as its Go type, with the managers of the number of replicas.
fn patched(call: &Call<'_>, scale: &Scale, options: &WriteOptions) -> Result<Admitted, ApiError> {
    let media = media(call);
    let known = matches!(media, "application/merge-patch+json" | "application/json-patch+json")
        || call.served.of.is_built_in() && media == "application/strategic-merge-patch+json";
    if !known {
        return Err(ApiError::unsupported_media_type(super::patch::types(call)));
    }
    let object = call.find()?;
    let mut current = of_object(call, scale, object)?;
    let value = conversion::value(&call.served, call.conversions, object);
    let managers = managers(&value["metadata"]["managedFields"], scale);
    meta::set(&mut current, "managedFields", managers);
    let (patch, strict) = super::patch::decode(call.body, media, options.validation)?;
    let served = Served::alone(scale_type(true), API_VERSION);
    let typed = Call { served, state: Arc::clone(&call.state), ..*call };
    let (patched, patch) = super::patch::apply(&typed, current, patch)?;
    let mut admitted = admit::admit_patched(&typed, patched, &patch, strict, options)?;
    meta::set(&mut admitted.value, "managedFields", Value::Null);
    Ok(admitted)
}

/// The managers of the number of replicas, as those of a Scale (`ScaleHandler.ToSubresource`).
fn managers(all: &Value, scale: &Scale) -> Value {
    let owns = |entry: &&Value| {
        let steps = scale.spec_replicas.iter().map(|step| format!("f:{step}"));
        let found = steps.fold(&entry["fieldsV1"], |fields, step| &fields[step]);
        !found.is_null()
    };
    let own = all.as_array().into_iter().flatten().filter(owns).cloned().map(|mut entry| {
        entry["apiVersion"] = API_VERSION.into();
        entry["fieldsV1"] = json!({"f:spec": {"f:replicas": {}}});
        entry
    });
    let own: Vec<Value> = own.collect();
    if own.is_empty() { Value::Null } else { own.into() }
}

/// A Scale as admission plugins leave it.
fn mutated(
    call: &Call<'_>,
    scale: &Scale,
    wanted: Value,
    admission: &Admission<'_, '_>,
) -> Result<Value, ApiError> {
    if !admission.mutates() {
        return Ok(wanted);
    }
    let before = of_object(call, scale, call.find()?)?;
    admission.mutate(Some(&before), wanted, &|_| Ok(()))
}

/// Adds the object with the replicas of a Scale to a change.
fn write_scale(
    call: &Call<'_>,
    scale: &Scale,
    change: &mut StoreChange,
    wanted: &Value,
    tracking: &Tracking,
    admission: &Admission<'_, '_>,
) -> Result<Written, ApiError> {
    let old = call.find()?;
    write::check_uid(call, old, wanted, admission.dry_run)?;
    let (kind, version) = (&wanted["kind"], &wanted["apiVersion"]);
    if kind != "Scale" || version != API_VERSION {
        let why = format!("expected a Scale of {API_VERSION}, found {kind} of {version}");
        return Err(ApiError::bad_request(why));
    }
    let replicas = &wanted["spec"]["replicas"];
    let replicas = if replicas.is_null() { json!(0) } else { replicas.clone() };
    if replicas.as_i64().is_none_or(|count| count < 0) {
        let why = "must be greater than or equal to 0";
        let errors = [FieldError::invalid("spec.replicas", &replicas, why)];
        return Err(ApiError::invalid("Scale", "autoscaling", &call.info.name, &errors));
    }
    let mut new = conversion::value(&call.served, call.conversions, old);
    let place = scale.spec_replicas.iter().fold(&mut new, |value, step| &mut value[step]);
    *place = replicas;
    admit::coerce(call, &mut new, From::Map, None).map_err(ApiError::unclassified)?;
    let asked = meta::text(wanted, "resourceVersion").to_owned();
    if !asked.is_empty() {
        meta::set(&mut new, "resourceVersion", asked.into());
    }
    write::replace(call, change, old, new, tracking, admission)
}

/// The Scale of an object.
fn of_object(call: &Call<'_>, scale: &Scale, object: &Object) -> Result<Value, ApiError> {
    of_value(scale, &conversion::value(&call.served, call.conversions, object))
}
