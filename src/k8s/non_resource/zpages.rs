//! `/statusz`, `/flagz` and `/metrics/slis`: what a server says of itself (`k8s.io/component-base/zpages`,
//! `k8s.io/component-base/metrics/prometheus/slis`).

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::message::{Body, Plan};

use super::super::accept::{self, Conversion};
use super::super::resource::GroupResource;
use super::super::status::ApiError;
use super::super::store::State;
use super::super::{ApiRequest, output, yaml};
use super::health::Health;

/// The media types of the pages, in the order in which they are preferred by clients that take all.
const PRODUCES: &str = "application/json, application/yaml, text/plain";

/// What the text of each page begins with.
const NOTICE: &str = "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility \
                      guarantees and is for debugging purposes only.\n";

/// The version of Go that this release of kube-apiserver is built with, which the page names.
const GO_VERSION: &str = "go1.26.8";

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// `/statusz`: versions, the time of the start, and the paths.
    Status,
    /// `/flagz`: the flags of kube-apiserver, none of which this server has.
    Flags,
}

#[derive(Clone, Copy)]
enum Form {
    Text,
    Json(&'static str),
    Yaml(&'static str),
}

impl Page {
    /// The page of a path.
    pub(super) fn find(path: &str) -> Option<Self> {
        match path {
            "/statusz" => Some(Self::Status),
            "/flagz" => Some(Self::Flags),
            _ => None,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Status => "Statusz",
            Self::Flags => "Flagz",
        }
    }

    /// The answer, whatever the method is.
    pub(super) fn answer(self, state: &State, request: &ApiRequest<'_>) -> Plan {
        let Some(form) = self.negotiate(request) else {
            let error = ApiError::not_acceptable(PRODUCES);
            return output::error_plan(&error, request.headers, request.query);
        };
        let version = state.types.release().git_version();
        let binary = version.trim_start_matches('v');
        let started = started(state).unwrap_or(request.now);
        let up = request.now.duration_since(started).as_secs().max(0);
        let (body, media) = match form {
            Form::Text => {
                (self.text(binary, started, up).into_bytes(), "text/plain; charset=utf-8")
            }
            Form::Json(version) => (
                self.value(version, binary, started, up).to_string().into_bytes(),
                "application/json",
            ),
            Form::Yaml(version) => {
                let text = yaml::render(&self.value(version, binary, started, up));
                (text.into_bytes(), "application/yaml")
            }
        };
        let body = Body::Bytes(body.into());
        let mut plan = output::plan(StatusCode::OK, HeaderValue::from_static(media), body);
        plan.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        if let (Form::Json(version) | Form::Yaml(version), Some(text)) = (
            form,
            output::warning(&format!(
                "This version of the {} endpoint is deprecated. Please use a newer version.",
                self.kind().to_lowercase()
            )),
        ) && version == "v1alpha1"
        {
            plan.headers.append("warning", text);
        }
        plan
    }

    /// The form that a client asks for: text, unless it names the kind of the page (`NegotiateOutputMediaType`).
    fn negotiate(self, request: &ApiRequest<'_>) -> Option<Form> {
        if !accept::is_given(request.headers) {
            return Some(Form::Text);
        }
        accept::clauses(request.headers).iter().find_map(|clause| {
            let Some(Conversion { kind, group, version }) = clause.conversion() else {
                let is_text = clause.covers("text", "plain");
                return is_text.then_some(Form::Text);
            };
            let version = ["v1alpha1", "v1beta1"].into_iter().find(|own| *own == version)?;
            if kind != self.kind() || group != "config.k8s.io" {
                return None;
            }
            if clause.covers("application", "json") {
                Some(Form::Json(version))
            } else {
                clause.covers("application", "yaml").then_some(Form::Yaml(version))
            }
        })
    }

    fn value(self, version: &str, binary: &str, started: Timestamp, up: i64) -> Value {
        let mut value = json!({
            "kind": self.kind(),
            "apiVersion": format!("config.k8s.io/{version}"),
            "metadata": {"name": "apiserver"},
        });
        match self {
            Self::Status => {
                value["startTime"] = started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
                value["uptimeSeconds"] = up.into();
                value["goVersion"] = GO_VERSION.into();
                value["binaryVersion"] = binary.into();
                value["emulationVersion"] = minor(binary).into();
                value["paths"] = PATHS.into();
            }
            Self::Flags => value["flags"] = json!({}),
        }
        value
    }

    fn text(self, binary: &str, started: Timestamp, up: i64) -> String {
        let name = self.kind().to_lowercase();
        let mut text = format!("\napiserver {name}\n{NOTICE}");
        if self == Self::Status {
            let (hours, minutes, seconds) = (up / 3600, up / 60 % 60, up % 60);
            text.push_str(&format!(
                "\nStarted: {}\nUp: {hours} hr {minutes:02} min {seconds:02} sec\nGo version: {GO_VERSION}\nBinary \
                 version: {binary}\nEmulation version: {}\nPaths: {}\n",
                started.strftime("%a %b %e %H:%M:%S UTC %Y"),
                minor(binary),
                PATHS.join(" "),
            ));
        }
        text
    }
}

/// The paths that the page of the status names.
const PATHS: [&str; 7] =
    ["/flagz", "/healthz", "/livez", "/metrics", "/readyz", "/statusz", "/version"];

/// A version without its patch.
fn minor(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(minor, _)| minor)
}

/// When the cluster began: the age of its first namespace.
fn started(state: &State) -> Option<Timestamp> {
    let namespaces = GroupResource::new("", "namespaces");
    let first = state.snapshot.get(&namespaces, "default")?;
    let value = first.value("v1", "Namespace");
    value["metadata"]["creationTimestamp"].as_str()?.parse().ok()
}

/// `/metrics/slis`: every check passes.
pub(super) fn slis() -> Plan {
    let mut text = String::from(
        "# HELP kubernetes_healthcheck [STABLE] This metric records the result of all healthchecks.\n# TYPE \
         kubernetes_healthcheck gauge\n",
    );
    for path in Health::paths() {
        if let Some((kind, name)) = path.trim_start_matches('/').split_once('/') {
            text.push_str(&format!(
                "kubernetes_healthcheck{{name=\"{name}\",type=\"{kind}\"}} 1\n"
            ));
        }
    }
    let media =
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    let mut plan = output::plan(StatusCode::OK, media.clone(), Body::Bytes(text.into()));
    plan.headers.insert(CONTENT_TYPE, media);
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_status_names_versions_and_times() {
        let started: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let text = Page::Status.text("1.36.3", started, 3725);
        assert!(text.starts_with("\napiserver statusz\nWarning: "), "{text}");
        assert!(text.contains("\nStarted: Fri Jan  2 03:04:05 UTC 2026\nUp: 1 hr 02 min 05 sec\n"));
        assert!(text.contains("\nBinary version: 1.36.3\nEmulation version: 1.36\n"));
        assert_eq!(Page::Flags.value("v1beta1", "1.36.3", started, 0)["kind"], "Flagz");
    }
}
