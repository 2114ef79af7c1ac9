//! The subresources of built-in types that are no view of their object: which there are, and the streams of pods
//! (`pkg/registry/core/pod`). The others are in [`bind`], [`evict`], [`log`] and [`token`].

use serde_json::{Value, json};

use crate::message::is_true;

use super::super::status::ApiError;
use super::admission::Admission;
use super::{Call, Resolved, bind, evict, exec, log, token};

type Run = fn(&Call<'_>) -> Result<Resolved, ApiError>;

/// The handler of a subresource; `None` for one that is handled as its object.
pub(super) fn find(call: &Call<'_>) -> Option<Run> {
    if !call.served.of.is_built_in() || call.info.subresource.is_empty() {
        return None;
    }
    Some(match (call.served.of.plural(), &*call.info.subresource) {
        ("pods", "binding") => bind::run,
        ("pods", "eviction") => evict::run,
        ("pods", "log") => log::run,
        ("pods", "exec" | "attach" | "portforward") => stream,
        ("pods" | "services" | "nodes", "proxy") => stream,
        ("serviceaccounts", "token") => token::run,
        _ => return None,
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
