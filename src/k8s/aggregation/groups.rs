//! All groups and versions that clients can ask for: those of this server, and those of API services
//! (`SortedByGroupAndVersion` in `pkg/apis/apiregistration/v1/helper` of `k8s.io/kube-aggregator`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use super::super::resource::Registry;
use super::super::store::State;
use super::super::version;
use super::remote::Remotes;
use super::{API_SERVICES, API_VERSION, Aggregation, RemoteDocument};

/// The priorities of the API services of definitions (`crdregistration_controller.go`).
const OF_DEFINITIONS: (i64, i64) = (1000, 100);

/// The group of API services comes first whatever the others say.
const FIRST: i64 = 20_001;

/// Groups by name, each with its versions, the preferred one first.
type Versions = Vec<(Box<str>, Vec<Box<str>>)>;

/// What is served, for discovery.
pub(in super::super) struct Groups<'a> {
    types: &'a Registry,
    remotes: &'a Remotes,
    known: &'a Aggregation,
    /// As `/apis` has them.
    pub(in super::super) listed: Versions,
    /// As the aggregated form has them, where that is different.
    aggregated: Option<Versions>,
}

/// A group, while they are sorted.
struct Sorted {
    priority: i64,
    /// The name of its API service with this priority.
    service: String,
    group: Box<str>,
    /// Each with its priority.
    versions: Vec<(i64, Box<str>)>,
}

impl<'a> Groups<'a> {
    /// The groups of a state.
    pub(in super::super) fn of(
        state: &'a State,
        known: &'a Aggregation,
        remotes: &'a Remotes,
    ) -> Self {
        let types = &*state.types;
        let listed = types.groups();
        if remotes.is_empty() {
            return Self { types, remotes, known, listed, aggregated: None };
        }
        let mut groups: BTreeMap<Box<str>, Sorted> = BTreeMap::new();
        let mut add = |group: &str, version: &str, (of_group, of_version): (i64, i64)| {
            let service = format!("{version}.{group}");
            let found = groups.entry(group.into()).or_insert_with(|| Sorted {
                priority: of_group,
                service: service.clone(),
                group: group.into(),
                versions: Vec::new(),
            });
            if (Reverse(of_group), &service) < (Reverse(found.priority), &found.service) {
                (found.priority, found.service) = (of_group, service);
            }
            found.versions.push((of_version, version.into()));
        };
        for (group, versions) in &listed {
            for version in versions {
                if remotes.of_version(group, version).is_none() {
                    add(group, version, priorities(state, group, version));
                }
            }
        }
        for remote in remotes.iter() {
            let (group, version) = remote.group_version();
            add(group, version, (remote.group_priority, remote.version_priority));
        }
        let mut sorted: Vec<Sorted> = groups.into_values().collect();
        for group in &mut sorted {
            group.versions.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| version::compare(&b.1, &a.1)));
        }
        let versions = |sorted: &[Sorted]| -> Versions {
            let names = |of: &Sorted| of.versions.iter().map(|(_, name)| name.clone()).collect();
            sorted.iter().map(|of| (of.group.clone(), names(of))).collect()
        };
        // They come in the order of names, which counts where priorities are the same.
        sorted.sort_by_key(|group| Reverse(group.priority));
        let aggregated = Some(versions(&sorted));
        sorted.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.service.cmp(&b.service)));
        let listed = versions(&sorted);
        Self { types, remotes, known, listed, aggregated }
    }

    /// As the aggregated form has them.
    pub(in super::super) fn aggregated(&self) -> &[(Box<str>, Vec<Box<str>>)] {
        self.aggregated.as_ref().unwrap_or(&self.listed)
    }

    /// The types that this server has.
    pub(in super::super) fn types(&self) -> &'a Registry {
        self.types
    }

    /// The entry of a version that another server answers, in the aggregated form of discovery.
    pub(in super::super) fn entry(&self, group: &str, version: &str) -> Option<Value> {
        let remote = self.remotes.of_version(group, version)?;
        let document = self.known.document(&remote.name);
        Some(match document {
            Some(document) => document.entry(version),
            // It is asked a moment later.
            None => RemoteDocument::default().entry(version),
        })
    }

    /// The documents of OpenAPI of other servers: their names, and where they are.
    pub(in super::super) fn openapi(&self) -> Vec<(String, String)> {
        let document = |name: &str| self.known.document(name);
        let url = |name: &str| document(name).and_then(|found| found.openapi.clone());
        let found = self.remotes.iter().filter_map(|remote| {
            let url = url(&remote.name)?;
            Some((remote.openapi_name(), url))
        });
        found.collect()
    }
}

/// The priorities of the API service of a version that this server answers.
fn priorities(state: &State, group: &str, version: &str) -> (i64, i64) {
    if group == super::GROUP {
        return (FIRST, OF_DEFINITIONS.1);
    }
    let Some(service) = state.snapshot.get(&API_SERVICES, &format!("{version}.{group}")) else {
        return OF_DEFINITIONS;
    };
    let service = service.value(API_VERSION, "APIService");
    let number = |field: &str| service["spec"][field].as_i64().unwrap_or_default();
    (number("groupPriorityMinimum"), number("versionPriority"))
}
