//! The objects that every API server writes itself when it starts: the service `kubernetes` with its endpoints,
//! priority classes, flow control, its API services and its lease.
//!
//! What a controller manager writes (service accounts, root certificates) is not among them. Source:
//! `data/cluster.jsonl`, all that a new kube-apiserver 1.36.3 lists with RBAC, but for roles and bindings, which are
//! in `auth::rbac`; times and addresses are replaced.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::meta;
use super::SeedObject;

const OBJECTS: &str = include_str!("data/cluster.jsonl");

/// Which objects of a new cluster a world begins with, besides those of its files.
///
/// ```
/// let builder = standin::Server::builder().cluster_objects(standin::ClusterObjects::Fresh);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterObjects {
    /// Those of the types that the files define no objects of: a list of services shows the services of the files, and
    /// nothing else.
    #[default]
    Auto,
    /// All that the files do not define themselves.
    Fresh,
    /// None but the namespaces.
    None,
}

impl ClusterObjects {
    /// The objects to add to those of the files; `now` is the time at which the cluster began.
    pub(crate) fn beside(self, own: &[SeedObject], now: Timestamp) -> Vec<SeedObject> {
        if self == Self::None {
            return Vec::new();
        }
        let group =
            |version: &str| version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let types: HashSet<_> =
            own.iter().map(|object| (group(&object.api_version), &*object.kind)).collect();
        let name = |object: &SeedObject| (object.namespace.clone(), object.name.clone());
        let is_free = |object: &SeedObject| {
            let of = (group(&object.api_version), &*object.kind);
            if !types.contains(&of) {
                return true;
            }
            let same = |other: &SeedObject| {
                (group(&other.api_version), &*other.kind) == of && name(other) == name(object)
            };
            self == Self::Fresh && !own.iter().any(same)
        };
        let time = meta::time_text(now);
        let day = now.to_zoned(TimeZone::UTC).date().to_string();
        let read = |line: &str| {
            let line = line.replace("<now>", time.trim_end_matches('Z')).replace("<today>", &day);
            // The file is part of the program.
            serde_json::from_str(&line).ok()
        };
        let all = OBJECTS.lines().filter_map(read).map(|value| {
            let mut object = SeedObject::new(value);
            object.trust();
            object
        });
        all.filter(is_free).collect()
    }

    /// How many there are beside no files.
    pub(crate) fn count(self) -> usize {
        if self == Self::None { 0 } else { OBJECTS.lines().count() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::store::HistoryLimits;
    use super::super::Seed;
    use super::*;

    fn names(which: ClusterObjects, own: &[SeedObject]) -> Vec<String> {
        let all = which.beside(own, Timestamp::UNIX_EPOCH);
        all.iter().map(|object| format!("{} {}", object.kind, object.name)).collect()
    }

    #[test]
    fn every_object_can_be_served_and_has_the_time_of_the_start() {
        let objects = ClusterObjects::Auto.beside(&[], Timestamp::UNIX_EPOCH);
        assert_eq!(objects.len(), ClusterObjects::Auto.count());
        let texts: Vec<String> = objects.iter().map(|object| object.value().to_string()).collect();
        assert!(texts.iter().all(|text| !text.contains("<now>") && !text.contains("<today>")));
        assert!(
            texts.iter().any(|text| text.contains("\"renewTime\":\"1970-01-01T00:00:00.000000Z\""))
        );
        let seed = Seed {
            crds: Vec::new(),
            objects,
            history: HistoryLimits::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        let state = seed.state().unwrap();
        let services = super::super::super::resource::GroupResource::new("", "services");
        let service = state.snapshot.get(&services, "default/kubernetes").unwrap();
        assert_eq!(service.value("v1", "Service")["spec"]["clusterIP"], "10.0.0.1");
    }

    #[test]
    fn the_files_decide_about_the_types_that_they_define() {
        let service = |name: &str| {
            SeedObject::new(json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
            }))
        };
        let has = |all: &[String], name: &str| all.iter().any(|found| found == name);
        let own = [service("mine")];
        let auto = names(ClusterObjects::Auto, &own);
        assert!(!has(&auto, "Service kubernetes") && has(&auto, "Endpoints kubernetes"));
        assert!(has(&names(ClusterObjects::Fresh, &own), "Service kubernetes"));
        assert!(!has(
            &names(ClusterObjects::Fresh, &[service("kubernetes")]),
            "Service kubernetes"
        ));
        assert!(names(ClusterObjects::None, &[]).is_empty());
        assert_eq!(ClusterObjects::None.count(), 0);
    }
}
