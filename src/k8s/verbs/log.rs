//! `pods/log`: what the containers of a pod have written (`LogREST.Get` in `pkg/registry/core/pod/rest/log.go`,
//! `LogLocation` in `pkg/registry/core/pod/strategy.go`, and what a kubelet does with the options).
//!
//! No container runs: an annotation of the pod holds the text, for all containers or for one of them.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::message::{Body, Query, is_true};

use super::super::golang::{parse_int, parse_time};
use super::super::meta;
use super::super::output;
use super::super::resource::GroupResource;
use super::super::status::{ApiError, FieldError};
use super::{Call, Kubelet, Outcome, Resolved};

/// The annotation with the text of all containers; behind a dot, the name of one.
pub(super) const ANNOTATION: &str = "standin.dev/logs";

/// `PodLogOptions`, as far as they matter without a kubelet.
#[derive(Debug, Default)]
struct Options {
    previous: bool,
    timestamps: bool,
    since_seconds: Option<i64>,
    since: Option<Timestamp>,
    tail_lines: Option<i64>,
    limit_bytes: Option<i64>,
}

impl Options {
    fn parse(query: &Query<'_>, pod: &str) -> Result<Self, ApiError> {
        let number = |name: &str| {
            query.first(name).map(parse_int).transpose().map_err(ApiError::bad_request)
        };
        let flag = |name: &str| query.first(name).is_some_and(is_true);
        let options = Self {
            previous: flag("previous"),
            since_seconds: number("sinceSeconds")?,
            since: query
                .first("sinceTime")
                .map(parse_time)
                .transpose()
                .map_err(ApiError::bad_request)?,
            timestamps: flag("timestamps"),
            tail_lines: number("tailLines")?,
            limit_bytes: number("limitBytes")?,
        };
        let errors = options.violations(query.first("stream").is_some());
        if errors.is_empty() {
            return Ok(options);
        }
        Err(ApiError::invalid("PodLogOptions", "", pod, &errors))
    }

    /// `ValidatePodLogOptions`. Streams cannot be chosen: `PodLogsQuerySplitStreams` is off by default.
    fn violations(&self, has_stream: bool) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Some(count) = self.tail_lines.filter(|count| *count < 0) {
            let why = "must be greater than or equal to 0";
            errors.push(FieldError::invalid("tailLines", count, why));
        }
        let positive = "must be greater than 0";
        if let Some(count) = self.limit_bytes.filter(|count| *count < 1) {
            errors.push(FieldError::invalid("limitBytes", count, positive));
        }
        match (self.since_seconds, self.since) {
            (Some(_), Some(_)) => {
                let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
                errors.push(FieldError::forbidden("[]", why));
            }
            (Some(count), None) if count < 1 => {
                errors.push(FieldError::invalid("sinceSeconds", count, positive));
            }
            _ => {}
        }
        if has_stream {
            errors.push(FieldError::forbidden("stream", "may not be specified"));
        }
        errors
    }

    /// From when on lines are shown.
    fn begin(&self, now: Timestamp) -> Option<Timestamp> {
        let seconds = self.since_seconds.map(SignedDuration::from_secs);
        seconds.and_then(|seconds| now.checked_sub(seconds).ok()).or(self.since)
    }
}

/// Answers with the log of a container. A pod without a node has none.
///
/// # Errors
/// Invalid options, a container that the pod does not have or that has not started, and 501 where no annotation holds a
/// text.
pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let options = Options::parse(call.query, &call.info.name)?;
    let pod = call.find()?.value(&call.served.api_version, &call.served.of.kind);
    let container = container(call.query.first("container").unwrap_or_default(), &pod)?;
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        let empty = Body::Bytes(Bytes::new());
        let mut plan = output::plan(StatusCode::NO_CONTENT, HeaderValue::from_static(""), empty);
        plan.headers.remove(CONTENT_TYPE);
        return Ok(Resolved::Outcome(Outcome::Plan(plan)));
    }
    let annotations = &pod["metadata"]["annotations"];
    let own = annotations[format!("{ANNOTATION}.{container}")].as_str();
    let Some(text) = own.or_else(|| annotations[ANNOTATION].as_str()) else {
        return Err(not_behind(call, &pod));
    };
    let started = started(&pod, container)?;
    if options.previous {
        let name = meta::text(&pod, "name");
        return Err(ApiError::bad_request(format!(
            "previous terminated container \"{container}\" in pod \"{name}\" not found"
        )));
    }
    let body = Body::Bytes(shown(text, &options, started, call.now).into());
    let plan = output::plan(StatusCode::OK, HeaderValue::from_static("text/plain"), body);
    Ok(Resolved::Outcome(Outcome::Plan(plan)))
}

/// Why nothing answers for a pod that has a node: upstream finds no kubelet where there is no such node; else
/// [`not_implemented`].
pub(super) fn not_behind(call: &Call<'_>, pod: &Value) -> ApiError {
    if has_kubelet(call, pod) {
        return not_implemented(call);
    }
    // The error of the node, in the words of the pod's resource.
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    ApiError::not_found(&call.served.of.group_resource, node)
}

/// Whether a kubelet is asked: not in a server that is one alone, and has no such node.
pub(super) fn has_kubelet(call: &Call<'_>, pod: &Value) -> bool {
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let nodes = GroupResource::new("", "nodes");
    call.config.kubelet != Kubelet::Absent || call.state.snapshot.get(&nodes, node).is_some()
}

/// 501: a stub at the path can answer.
pub(super) fn not_implemented(call: &Call<'_>) -> ApiError {
    ApiError::not_implemented(format!(
        "no container runs behind {} {}: add a stub for the path of its subresource {}",
        call.served.of.singular, call.info.name, call.info.subresource
    ))
}

/// The names of the containers of a pod, as upstream visits them.
fn names(pod: &Value) -> Vec<&str> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|field| pod["spec"][field].as_array().into_iter().flatten())
        .filter_map(|container| container["name"].as_str())
        .collect()
}

/// The container that is meant (`validateContainer`).
pub(super) fn container<'v>(asked: &'v str, pod: &'v Value) -> Result<&'v str, ApiError> {
    let (pod_name, all) = (meta::text(pod, "name"), names(pod));
    let refused = |why: String| Err(ApiError::bad_request(why));
    if !asked.is_empty() {
        if all.contains(&asked) {
            return Ok(asked);
        }
        return refused(format!("container {asked} is not valid for pod {pod_name}"));
    }
    let why = format!("a container name must be specified for pod {pod_name}");
    match pod["spec"]["containers"].as_array().map_or(&[][..], Vec::as_slice) {
        [one] => Ok(one["name"].as_str().unwrap_or_default()),
        [] => refused(why),
        _ => refused(format!("{why}, choose one of: [{}]", all.join(" "))),
    }
}

/// When a container has started: its lines are from then (`kubelet.GetKubeletContainerLogs`).
fn started(pod: &Value, container: &str) -> Result<Option<Timestamp>, ApiError> {
    let statuses = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"]
        .into_iter()
        .flat_map(|field| pod["status"][field].as_array().into_iter().flatten());
    let mut statuses = statuses.filter(|status| status["name"] == container);
    let state = statuses.next().map_or(&Value::Null, |status| &status["state"]);
    if let Some(waiting) = state.get("waiting").filter(|waiting| !waiting.is_null()) {
        let name = meta::text(pod, "name");
        let reason = waiting["reason"].as_str().unwrap_or_default();
        return Err(ApiError::bad_request(format!(
            "container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"
        )));
    }
    let of_container = ["running", "terminated"].map(|name| &state[name]["startedAt"]);
    let times = of_container.into_iter().chain([&pod["status"]["startTime"]]);
    Ok(times.filter_map(Value::as_str).find_map(|text| parse_time(text).ok()))
}

/// The lines that the options ask for.
fn shown(text: &str, options: &Options, started: Option<Timestamp>, now: Timestamp) -> String {
    let is_before = |begin: Timestamp| started.is_some_and(|started| started < begin);
    if options.begin(now).is_some_and(is_before) {
        return String::new();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let tail = options.tail_lines.and_then(|count| usize::try_from(count).ok());
    let first = tail.map_or(0, |count| lines.len().saturating_sub(count));
    let at = meta::time_text(started.unwrap_or(now));
    let mut out = String::new();
    for line in &lines[first..] {
        if options.timestamps {
            out.push_str(&at);
            out.push(' ');
        }
        out.push_str(line);
    }
    if let Some(limit) = options.limit_bytes.and_then(|limit| usize::try_from(limit).ok()) {
        out.truncate(out.floor_char_boundary(limit));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn options_choose_lines() {
        let (started, now) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:01:00Z"));
        let text = "one\ntwo\nthree";
        for (options, wanted) in [
            (Options::default(), text),
            (Options { tail_lines: Some(2), ..Options::default() }, "two\nthree"),
            (Options { tail_lines: Some(0), ..Options::default() }, ""),
            (Options { tail_lines: Some(9), limit_bytes: Some(5), ..Options::default() }, "one\nt"),
            (
                Options { tail_lines: Some(1), timestamps: true, ..Options::default() },
                "2026-01-01T00:00:00Z three",
            ),
            (Options { since_seconds: Some(60), ..Options::default() }, text),
            (Options { since_seconds: Some(59), ..Options::default() }, ""),
            (Options { since: Some(now), ..Options::default() }, ""),
        ] {
            assert_eq!(shown(text, &options, Some(started), now), wanted, "{options:?}");
        }
    }

    #[test]
    fn a_container_has_to_be_named_where_there_are_several() {
        let pod = json!({"metadata": {"name": "p"}, "spec": {
            "containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "z"}],
        }});
        assert_eq!(container("z", &pod), Ok("z"));
        let why = |asked: &str| container(asked, &pod).unwrap_err().message;
        assert_eq!(why("q"), "container q is not valid for pod p");
        let several = "a container name must be specified for pod p, choose one of: [z a b]";
        assert_eq!(why(""), several);
        let one =
            json!({"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "z"}]}});
        assert_eq!(container("", &one), Ok("a"));
    }

    #[test]
    fn a_container_that_waits_has_no_log_yet() {
        let status = |state: Value| json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [{"name": "a", "state": state}]}});
        let waiting = status(json!({"waiting": {"reason": "ContainerCreating"}}));
        let why = "container \"a\" in pod \"p\" is waiting to start: ContainerCreating";
        assert_eq!(started(&waiting, "a").unwrap_err().message, why);
        let running = status(json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}));
        assert_eq!(started(&running, "a"), Ok(Some(at("2026-01-01T00:00:00Z"))));
        assert_eq!(started(&running, "b"), Ok(None));
    }
}
