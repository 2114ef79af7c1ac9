//! The subresources of built-in types that are no view of their object: binding and eviction of pods, their logs
//! and streams (`pkg/registry/core/pod`). Those of service accounts are in [`token`].

use http::StatusCode;
use serde_json::{Value, json};

use crate::message::{Body, is_true};

use super::super::meta;
use super::super::options::{DeleteOptions, WriteOptions};
use super::super::output;
use super::super::status::{ApiError, FieldError};
use super::super::store::{Object, StoreChange};
use super::admission::Admission;
use super::render::render;
use super::written;
use super::{Call, Resolved, body, delete, exec, log, quota, token};

type Run = fn(&Call<'_>) -> Result<Resolved, ApiError>;

/// The handler of a subresource; `None` for one that is handled as its object.
pub(super) fn find(call: &Call<'_>) -> Option<Run> {
    if !call.served.of.is_built_in() || call.info.subresource.is_empty() {
        return None;
    }
    Some(match (call.served.of.plural(), &*call.info.subresource) {
        ("pods", "binding") => bind,
        ("pods", "eviction") => evict,
        ("pods", "log") => log::run,
        ("pods", "exec" | "attach" | "portforward") => stream,
        ("pods" | "services" | "nodes", "proxy") => stream,
        ("serviceaccounts", "token") => token::run,
        _ => return None,
    })
}

/// The Status of a subresource that was created.
fn created(call: &Call<'_>, change: StoreChange) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
    });
    let body = Body::Bytes(output.render(status.to_string().into_bytes()));
    Ok(written::planned(change, output::plan(StatusCode::CREATED, output.content_type(), body)))
}

/// `BindingREST.Create`: the pod gets its node.
fn bind(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let options = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let admission = Admission::of_write(call, &options);
    let binding = body::of_kind(call, "Binding", "v1")?.value;
    let binding = admission.mutate_other(binding)?;
    if meta::text(&binding, "name") != &*call.info.name {
        return Err(ApiError::bad_request("name in URL does not match name in Binding object"));
    }
    let target = &binding["target"];
    let text = |field: &str| target[field].as_str().unwrap_or_default();
    let mut errors = Vec::new();
    if !matches!(text("kind"), "" | "Node") {
        let known = ["Node".to_owned(), "<empty>".to_owned()];
        let found = super::super::golang::quote(text("kind"));
        errors.push(FieldError::not_supported("target.kind", found, &known));
    }
    if text("name").is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    if !errors.is_empty() {
        return Err(ApiError::invalid("Binding", "", &call.info.name, &errors));
    }
    admission.validate(None, &binding)?;
    let pod = call.find()?;
    let mut value = pod.value(&call.served.api_version, &call.served.of.kind);
    let conflict = |why: &str| {
        let kind = super::super::resource::GroupResource::new("", "pods/binding");
        ApiError::conflict_because(&kind, &call.info.name, why)
    };
    if meta::is_terminating(&value) {
        let why = format!("pod {} is being deleted, cannot be assigned to a host", call.info.name);
        return Err(conflict(&why));
    }
    if let Some(node) = value["spec"]["nodeName"].as_str() {
        let why = format!(
            "pod {} is already assigned to node {}",
            call.info.name,
            super::super::golang::quote(node)
        );
        return Err(conflict(&why));
    }
    value["spec"]["nodeName"] = text("name").into();
    let scheduled = json!({
        "type": "PodScheduled", "status": "True", "lastProbeTime": null,
        "lastTransitionTime": meta::time_text(call.now),
    });
    let conditions = value["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let others = conditions.into_iter().filter(|found| found["type"] != "PodScheduled");
    let conditions: Vec<Value> = others.chain([scheduled]).collect();
    value["status"]["conditions"] = conditions.into();
    let mut change = StoreChange::on(&call.state);
    quota::label_bound(call, &change, &mut value);
    if !options.dry_run {
        let object = render(call, &change, value);
        change.put(object);
    }
    created(call, change)
}

/// `EvictionREST.Create`: the pod is deleted, unless a budget forbids it.
fn evict(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let of_request = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let admission = Admission::of_write(call, &of_request);
    let eviction = body::of_kind(call, "Eviction", "policy/v1")
        // The older version is still taken (`EvictionREST.AcceptsGroupVersion`).
        .or_else(|_| body::of_kind(call, "Eviction", "policy/v1beta1"))?
        .value;
    let eviction = admission.mutate_other(eviction)?;
    let name = meta::text(&eviction, "name");
    if name != &*call.info.name {
        return Err(ApiError::bad_request("name in URL does not match name in Eviction object"));
    }
    admission.validate(None, &eviction)?;
    let pod = call.find()?;
    let options = match eviction.get("deleteOptions") {
        Some(options @ Value::Object(_)) => DeleteOptions::of_body(options.clone())?,
        _ => DeleteOptions::default(),
    };
    if let Some(error) = forbidding_budget(call, pod) {
        return Err(error);
    }
    let mut change = StoreChange::on(&call.state);
    // The eviction was judged, and its deletion is not (`rest.ValidateAllObjectFunc`).
    delete::delete(call, &mut change, pod, &options, None)?;
    created(call, change)
}

/// The 429 of a budget without disruptions left for this pod.
fn forbidding_budget(call: &Call<'_>, pod: &Object) -> Option<ApiError> {
    let budgets = super::super::resource::GroupResource::new("policy", "poddisruptionbudgets");
    let pod = pod.value("v1", "Pod");
    let all = call.state.snapshot.collection(&budgets)?;
    all.range(&call.info.namespace, "").find_map(|budget| {
        let value = budget.value("policy/v1", "PodDisruptionBudget");
        let selector = &value["spec"]["selector"];
        let applies = !selector.is_null()
            && super::super::core::rules::selects(selector, &pod["metadata"]["labels"]);
        let left = value["status"]["disruptionsAllowed"].as_i64().unwrap_or_default();
        (applies && left <= 0).then(|| {
            let name = &budget.meta.name;
            let count = |field: &str| value["status"][field].as_i64().unwrap_or_default();
            if count("observedGeneration")
                < value["metadata"]["generation"].as_i64().unwrap_or_default()
            {
                let why =
                    format!("The disruption budget {name} is still being processed by the server.");
                return ApiError::disruption_budget(&why, 10);
            }
            let why = format!(
                "The disruption budget {name} needs {} healthy pods and has {} currently",
                count("desiredHealthy"),
                count("currentHealthy")
            );
            ApiError::disruption_budget(&why, 0)
        })
    })
}

/// Streams to a container or a service: there is none behind it.
fn stream(call: &Call<'_>) -> Result<Resolved, ApiError> {
    Admission::of_connect(call).connect(connect_options(call))?;
    let object = call.find()?;
    let value = object.value(&call.served.api_version, &call.served.of.kind);
    let placed = value["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    if call.served.of.plural() == "pods" && !placed {
        let name = &call.info.name;
        return Err(ApiError::bad_request(format!("pod {name} does not have a host assigned")));
    }
    match &*call.info.subresource {
        "exec" | "attach" => exec::run(call, &value),
        _ => Err(log::not_implemented(call)),
    }
}

/// The options of a connection, of its query and its path.
fn connect_options(call: &Call<'_>) -> Value {
    let subresource = &*call.info.subresource;
    let kind = match (subresource, call.served.of.plural()) {
        ("exec", _) => "PodExecOptions",
        ("attach", _) => "PodAttachOptions",
        ("portforward", _) => "PodPortForwardOptions",
        (_, "pods") => "PodProxyOptions",
        (_, "services") => "ServiceProxyOptions",
        _ => "NodeProxyOptions",
    };
    let mut options = json!({"kind": kind, "apiVersion": "v1"});
    let query = call.query;
    match subresource {
        "exec" | "attach" => {
            for field in ["stdin", "stdout", "stderr", "tty"] {
                if query.first(field).is_some_and(is_true) {
                    options[field] = true.into();
                }
            }
            if let Some(container) = query.first("container").filter(|name| !name.is_empty()) {
                options["container"] = container.into();
            }
            let command: Vec<Value> = query.all("command").map(Value::from).collect();
            if subresource == "exec" && !command.is_empty() {
                options["command"] = command.into();
            }
        }
        "portforward" => {
            let ports = query.all("ports").filter_map(|port| port.parse::<i64>().ok());
            let ports: Vec<Value> = ports.map(Value::from).collect();
            if !ports.is_empty() {
                options["ports"] = ports.into();
            }
        }
        _ => {
            let path = call.query.first("path").unwrap_or_default();
            if !path.is_empty() {
                options["path"] = path.into();
            }
        }
    }
    options
}
