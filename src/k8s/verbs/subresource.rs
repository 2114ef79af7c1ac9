//! The subresources of built-in types that are no view of their object: which there are, and the streams of pods
//! (`pkg/registry/core/pod`). The others are in [`bind`], [`evict`], [`log`] and [`token`].

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::message::is_true;

use super::super::golang::{parse_uint, quote};
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
    Admission::of_connect(call).connect(connect_options(call)?)?;
    let is_proxy = &*call.info.subresource == "proxy";
    if !is_proxy {
        call.authorizer().check_stream(call.user, call.info)?;
    }
    let object = call.find()?;
    let value = object.value(&call.served.api_version, &call.served.of.kind);
    if call.served.of.plural() != "pods" {
        return Err(log::not_implemented(call));
    }
    if is_proxy {
        check_address(&value)?;
        return Err(log::not_implemented(call));
    }
    let runs = matches!(&*call.info.subresource, "exec" | "attach");
    if runs {
        log::container(call.query.first("container").unwrap_or_default(), &value)?;
    }
    if value["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        let name = &call.info.name;
        return Err(ApiError::bad_request(format!("pod {name} does not have a host assigned")));
    }
    if runs { exec::run(call, &value) } else { Err(log::not_behind(call, &value)) }
}

/// Checks that a pod has an address that can be reached through the server (`ResourceLocation`).
fn check_address(pod: &Value) -> Result<(), ApiError> {
    let address = pod["status"]["podIPs"][0]["ip"].as_str();
    let is_global = |address: IpAddr| {
        let is_link_local = match address {
            IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        !(address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || is_link_local)
    };
    if address.and_then(|address| address.parse().ok()).is_some_and(is_global) {
        return Ok(());
    }
    Err(ApiError::bad_request("address not allowed"))
}

/// A port of a query (`Convert_Slice_string_To_Slice_int32`).
fn port(text: &str) -> Result<Value, ApiError> {
    let invalid = |why: String| ApiError::bad_request(format!("cannot convert to []int32: {why}"));
    let port = parse_uint(text).map_err(invalid)?;
    if port > u64::from(u16::MAX) {
        let why = format!("strconv.ParseUint: parsing {}: value out of range", quote(text));
        return Err(invalid(why));
    }
    Ok(port.into())
}

/// The options of a connection, of its query and its path.
///
/// # Errors
/// A port that is none.
fn connect_options(call: &Call<'_>) -> Result<Value, ApiError> {
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
            let ports = query.all("ports").flat_map(|list| list.split(','));
            let ports = ports.map(port).collect::<Result<Vec<Value>, _>>()?;
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
    Ok(options)
}
