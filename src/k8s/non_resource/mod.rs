//! Paths without a resource: discovery, documents, health, metrics
//! (`k8s.io/apiserver/pkg/server/routes`, `k8s.io/apiserver/pkg/endpoints/discovery`).

mod documents;
mod health;
mod issuer;
mod protobuf;
mod zpages;

use http::header::{HOST, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::message::{Body, Plan};

use super::accept;
use super::aggregation::Groups;
use super::openapi::DocumentCache;
use super::output::{self, Output};
use super::resource::Registry;
use super::status::ApiError;
use super::store::State;
use super::{ApiRequest, KubernetesVersion, discovery, openapi};
use health::Health;
use zpages::Page;

/// The media types of routes; that of `/version` is the first one alone.
const PRODUCES: [&str; 3] = ["application/json", "application/yaml", super::protobuf::MEDIA_TYPE];

/// What a path without a resource is.
enum Endpoint<'p> {
    Health(&'static Health, &'p str),
    Metrics,
    Version,
    CoreVersions,
    Groups,
    Group(&'p str),
    Resources(&'p str, &'p str),
    OpenApiV2,
    OpenApiIndex,
    OpenApi(&'p str),
    Page(Page),
    Indicators,
}

impl<'p> Endpoint<'p> {
    /// The endpoint of a path; one with an unknown group or version is none.
    fn find(types: &Registry, path: &'p str) -> Option<Self> {
        if let Some((health, check)) = Health::find(path) {
            return Some(Self::Health(health, check));
        }
        match path {
            "/metrics" => return Some(Self::Metrics),
            "/metrics/slis" => return Some(Self::Indicators),
            "/openapi/v2" => return Some(Self::OpenApiV2),
            "/openapi/v3" => return Some(Self::OpenApiIndex),
            _ => {}
        }
        // They came with this release.
        let has_pages = types.release() >= KubernetesVersion::default();
        if let Some(page) = Page::find(path).filter(|_| has_pages) {
            return Some(Self::Page(page));
        }
        if let Some(document) = path.strip_prefix("/openapi/v3/") {
            return Some(Self::OpenApi(document));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        match path {
            "/version" => return Some(Self::Version),
            "/api" => return Some(Self::CoreVersions),
            "/apis" => return Some(Self::Groups),
            _ => {}
        }
        match group_version(path)? {
            (group, Some(version)) => {
                types.has_version(group, version).then_some(Self::Resources(group, version))
            }
            (group, None) => {
                let known = types.groups().iter().any(|(name, _)| &**name == group);
                known.then_some(Self::Group(group))
            }
        }
    }

    /// Checks that the client accepts the endpoint's documents: first by its route, where it has one, then by its form.
    fn check_accept(&self, types: &Registry, request: &ApiRequest<'_>) -> Result<(), ApiError> {
        let produces = match self {
            Self::Version => &PRODUCES[..1],
            Self::CoreVersions => &PRODUCES[..],
            Self::Resources(group, _) if types.is_built_in_group(group) => &PRODUCES[..],
            Self::Groups | Self::Group(_) | Self::Resources(..) => &[],
            _ => return Ok(()),
        };
        if !produces.is_empty() && !accept::is_routed(request.headers, produces) {
            return Err(ApiError::not_produced(&produces.join(", ")));
        }
        let aggregates = matches!(self, Self::CoreVersions | Self::Groups);
        let has_form = matches!(self, Self::Version)
            || aggregates && output::aggregated_discovery(request.headers).is_some();
        if has_form {
            return Ok(());
        }
        Output::of_document(request.headers, request.query).map(|_| ())
    }

    /// Whether it has no other method than GET: a route of a web service, not a handler of a path.
    fn is_route(&self, types: &Registry) -> bool {
        match self {
            Self::Version | Self::CoreVersions => true,
            Self::Resources(group, _) => types.is_built_in_group(group),
            _ => false,
        }
    }
}

/// Whether the engine answers a path without a resource.
pub(super) fn owns(types: &Registry, path: &str) -> bool {
    Endpoint::find(types, path).is_some()
}

/// The answer; `None` for a path that is not served.
pub(super) fn answer(
    state: &State,
    cache: &DocumentCache,
    request: &ApiRequest<'_>,
) -> Option<Plan> {
    let types = &state.types;
    if let Some(plan) = issuer::answer(request) {
        return Some(plan);
    }
    let remotes = request.aggregation.remotes(&state.snapshot);
    let groups = || Groups::of(state, request.aggregation, &remotes);
    let endpoint = match Endpoint::find(types, request.path) {
        Some(endpoint) => endpoint,
        None if remotes.has_group_path(request.path) => {
            let group = request.path.strip_prefix("/apis/")?;
            Endpoint::Group(group.strip_suffix('/').unwrap_or(group))
        }
        None => return None,
    };
    if *request.method != Method::GET && endpoint.is_route(types) {
        let error = ApiError::method_not_allowed();
        return Some(output::error_plan(&error, request.headers, request.query));
    }
    if let Err(error) = endpoint.check_accept(types, request) {
        return Some(output::error_plan(&error, request.headers, request.query));
    }
    let aggregated = || output::aggregated_discovery(request.headers);
    let value = match endpoint {
        Endpoint::Health(health, check) => return Some(health.answer(check, request.query)),
        Endpoint::Metrics => return Some(metrics(state, request.method)),
        Endpoint::Page(page) => return Some(page.answer(state, request)),
        Endpoint::Indicators => return Some(zpages::slis()),
        Endpoint::OpenApiV2 => return Some(documents::v2(types, cache, request)),
        Endpoint::OpenApiIndex => return Some(documents::index(&groups(), cache)),
        Endpoint::OpenApi(path) => {
            let document = openapi::document_at(types, path, cache);
            return Some(match document {
                Some(document) => documents::v3(&document, path, request),
                None => documents::absent(),
            });
        }
        Endpoint::CoreVersions | Endpoint::Groups if aggregated().is_some() => {
            let form = aggregated().unwrap_or_default();
            let core = matches!(endpoint, Endpoint::CoreVersions);
            let value = discovery::aggregated(&groups(), core, form);
            let media =
                format!("application/json;g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList");
            let media = HeaderValue::try_from(media).ok()?;
            return Some(json_plan(request, &value, Some(media)));
        }
        Endpoint::CoreVersions => {
            let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
            discovery::core_versions(host)
        }
        Endpoint::Groups => discovery::groups(&groups()),
        Endpoint::Version => {
            let media = Some(HeaderValue::from_static("application/json"));
            return Some(json_plan(request, &discovery::version(types.release()), media));
        }
        Endpoint::Group(group) => discovery::group(&groups(), group)?,
        Endpoint::Resources(group, version) => discovery::resources(types, group, version)?,
    };
    Some(json_plan(request, &value, None))
}

/// The paths of the index that every server has, besides those of its checks.
const INDEX: [&str; 11] = [
    "/api",
    "/apis",
    "/apis/",
    "/flagz",
    "/metrics",
    "/metrics/slis",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/",
    "/statusz",
    "/version",
];

/// `/`: the paths of the server, for requests that nothing else answers
/// (`k8s.io/apiserver/pkg/server/routes/index.go`).
pub(super) fn index(types: &Registry) -> Plan {
    let mut paths: Vec<String> = Health::paths().collect();
    paths.extend(INDEX.map(str::to_owned));
    for (group, versions) in types.groups() {
        let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
        for version in versions {
            paths.push(format!("{root}/{version}"));
        }
        if !group.is_empty() {
            paths.push(root);
        }
    }
    paths.sort_unstable();
    let text = serde_json::to_string_pretty(&json!({"paths": paths})).unwrap_or_default();
    let media = HeaderValue::from_static("application/json");
    output::plan(StatusCode::OK, media, Body::Bytes(text.into()))
}

/// `/metrics`: how many objects of each resource are stored.
fn metrics(state: &State, method: &Method) -> Plan {
    let mut text = String::new();
    if *method == Method::DELETE {
        text.push_str("metrics reset\n");
    } else {
        text.push_str(
            "# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check split by \
             kind.\n# TYPE apiserver_storage_objects gauge\n",
        );
        for (resource, collection) in state.snapshot.collections() {
            let count = collection.count("");
            text.push_str(&format!(
                "apiserver_storage_objects{{resource=\"{resource}\"}} {count}\n"
            ));
        }
    }
    let media = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    output::plan(StatusCode::OK, media, Body::Bytes(text.into()))
}

/// The group and version of `/api/V`, `/apis/G` and `/apis/G/V`.
fn group_version(path: &str) -> Option<(&str, Option<&str>)> {
    if let Some(version) = path.strip_prefix("/api/") {
        return (!version.contains('/')).then_some(("", Some(version)));
    }
    let rest = path.strip_prefix("/apis/")?;
    match rest.split_once('/') {
        None => Some((rest, None)),
        Some((group, version)) => (!version.contains('/')).then_some((group, Some(version))),
    }
}

fn json_plan(request: &ApiRequest<'_>, value: &Value, media: Option<HeaderValue>) -> Plan {
    let mut output = Output::of_error(request.headers, request.query);
    // What has a media type of its own is JSON.
    if media.is_some() {
        output.media = output::Media::Json;
    }
    let body = output.render(value.to_string().into_bytes());
    let media = media.unwrap_or_else(|| output.content_type());
    output::plan(StatusCode::OK, media, Body::Bytes(body))
}
