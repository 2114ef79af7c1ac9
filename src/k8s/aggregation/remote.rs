//! The API services that other servers answer: compiled from their objects.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::store::{Collection, Object};
use super::API_VERSION;

/// The type of the condition that says whether the server of an API service is there.
pub(super) const AVAILABLE: &str = "Available";

/// The port of a service where none is given.
const DEFAULT_PORT: u16 = 443;

/// An API service that another server answers.
#[derive(Debug)]
pub(crate) struct Remote {
    /// The name of its object: `VERSION.GROUP`.
    pub(crate) name: Box<str>,
    pub(super) group: Box<str>,
    pub(super) version: Box<str>,
    /// The namespace of its service.
    pub(crate) namespace: Box<str>,
    /// The name of its service.
    pub(crate) service: Box<str>,
    /// The port of its service.
    pub(crate) port: u16,
    /// The certificates to trust, in PEM; empty for those that the system trusts.
    pub(crate) ca_bundle: Vec<u8>,
    /// Whether certificates are not checked.
    pub(crate) is_insecure: bool,
    pub(super) group_priority: i64,
    pub(super) version_priority: i64,
    /// Whether its object says that it is available.
    pub(crate) is_available: bool,
}

impl Remote {
    fn of(object: &Object) -> Option<Self> {
        let value = object.value(API_VERSION, "APIService");
        let spec = &value["spec"];
        let service = spec["service"].as_object()?;
        let text = |value: Option<&Value>| -> Box<str> {
            value.and_then(Value::as_str).unwrap_or_default().into()
        };
        let number = |field: &str| spec[field].as_i64().unwrap_or_default();
        let bundle = spec["caBundle"].as_str().unwrap_or_default();
        let port = service.get("port").and_then(Value::as_u64);
        Some(Self {
            name: object.meta.name.as_ref().into(),
            group: text(spec.get("group")),
            version: text(spec.get("version")),
            namespace: text(service.get("namespace")),
            service: text(service.get("name")),
            port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(DEFAULT_PORT),
            ca_bundle: STANDARD.decode(bundle).unwrap_or_default(),
            is_insecure: spec["insecureSkipTLSVerify"] == true,
            group_priority: number("groupPriorityMinimum"),
            version_priority: number("versionPriority"),
            is_available: is_available(&value["status"]),
        })
    }

    /// The path below which it is asked.
    pub(crate) fn root(&self) -> String {
        format!("/apis/{}/{}", self.group, self.version)
    }

    /// The path of its document of OpenAPI, without the beginning that all have.
    pub(crate) fn openapi_name(&self) -> String {
        format!("apis/{}/{}", self.group, self.version)
    }

    /// The group and version.
    pub(crate) fn group_version(&self) -> (&str, &str) {
        (&self.group, &self.version)
    }
}

/// Whether the status of an API service says that it is available (`IsAPIServiceConditionTrue`).
fn is_available(status: &Value) -> bool {
    let mut conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.any(|one| one["type"] == AVAILABLE && one["status"] == "True")
}

/// All API services that other servers answer, in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Remotes {
    content: u64,
    all: Vec<Arc<Remote>>,
}

impl Remotes {
    pub(super) fn compile(services: &Collection) -> Self {
        let all = services.range("", "").filter_map(|object| Remote::of(object)).map(Arc::new);
        Self { content: services.content(), all: all.collect() }
    }

    /// Identifies the content of the collection that they are those of.
    pub(super) fn content(&self) -> u64 {
        self.content
    }

    /// Whether this server answers everything itself.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Remote>> {
        self.all.iter()
    }

    /// The one of an object.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Remote>> {
        self.all.iter().find(|remote| *remote.name == *name)
    }

    /// The one that answers a path: its root, what is below it, and its document of OpenAPI.
    pub(crate) fn of_path(&self, path: &str) -> Option<&Arc<Remote>> {
        if self.is_empty() {
            return None;
        }
        if let Some(document) = path.strip_prefix("/openapi/v3/") {
            return self.all.iter().find(|remote| remote.openapi_name() == document);
        }
        let (group, rest) = path.strip_prefix("/apis/")?.split_once('/')?;
        let version = rest.split('/').next().unwrap_or_default();
        self.of_version(group, version)
    }

    /// The one of a group and version.
    pub(crate) fn of_version(&self, group: &str, version: &str) -> Option<&Arc<Remote>> {
        self.all.iter().find(|remote| remote.group_version() == (group, version))
    }

    /// Whether a path is that of a group which one of them belongs to.
    pub(crate) fn has_group_path(&self, path: &str) -> bool {
        let group = path.strip_prefix("/apis/").map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        group.is_some_and(|group| self.all.iter().any(|remote| *remote.group == *group))
    }
}
