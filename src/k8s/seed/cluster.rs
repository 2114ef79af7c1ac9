//! The objects that every API server writes itself when it starts: the service `kubernetes` with its endpoints,
//! priority classes, flow control, its API services and its lease.
//!
//! What a controller manager writes (service accounts, root certificates) is not among them. Source:
//! `data/cluster.jsonl`, all that a new kube-apiserver 1.36.3 lists with RBAC, but for roles and bindings, which are
//! in `auth::rbac`; times and addresses are replaced.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::meta;
use super::super::services::{self, ServiceRanges};
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
    pub(crate) fn beside(
        self,
        own: &[SeedObject],
        now: Timestamp,
        services: &ServiceRanges,
    ) -> Vec<SeedObject> {
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
        let all = OBJECTS.lines().filter_map(read).map(|mut value| {
            place(&mut value, services);
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

/// Gives the service `kubernetes` the first address of the cluster's range, and the place of the server.
fn place(object: &mut Value, ranges: &ServiceRanges) {
    let Some(range) = ranges.addresses().first() else { return };
    let (first, family) = (range.first(), services::family(range.first()));
    let (server, port) = ranges.server();
    let server = server.map(|address| address.to_string());
    match object["kind"].as_str() {
        Some("Endpoints") => {
            object["subsets"][0]["ports"][0]["port"] = port.into();
            if let Some(server) = server {
                object["subsets"][0]["addresses"] = json!([{"ip": server}]);
            }
        }
        Some("EndpointSlice") => {
            object["ports"][0]["port"] = port.into();
            if let Some(server) = server {
                object["addressType"] = if server.contains(':') { "IPv6" } else { "IPv4" }.into();
                object["endpoints"][0]["addresses"] = json!([server]);
            }
        }
        Some("Service") => {
            object["spec"]["ports"][0]["targetPort"] = port.into();
            object["spec"]["clusterIP"] = first.to_string().into();
            object["spec"]["clusterIPs"] = json!([first.to_string()]);
            object["spec"]["ipFamilies"] = json!([family]);
        }
        Some("IPAddress") => {
            meta::set(object, "name", first.to_string().into());
            object["metadata"]["labels"]["ipaddress.kubernetes.io/ip-family"] = family.into();
        }
        Some("ServiceCIDR") => {
            let all: Vec<String> = ranges.addresses().iter().map(ToString::to_string).collect();
            object["spec"]["cidrs"] = json!(all);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::store::HistoryLimits;
    use super::super::Seed;
    use super::*;

    fn names(which: ClusterObjects, own: &[SeedObject]) -> Vec<String> {
        let all = which.beside(own, Timestamp::UNIX_EPOCH, &ServiceRanges::default());
        all.iter().map(|object| format!("{} {}", object.kind, object.name)).collect()
    }

    fn names_ranges(range: &str) -> Vec<SeedObject> {
        let address = "10.1.1.1".parse().ok();
        let ranges = ServiceRanges::default().with(&[range], None).with_server(address, 7443);
        ClusterObjects::Auto.beside(&[], Timestamp::UNIX_EPOCH, &ranges)
    }

    #[test]
    fn the_service_of_the_server_has_the_first_address_of_the_range() {
        let objects = names_ranges("172.16.0.0/12");
        let of = |kind: &str| {
            let found = objects.iter().find(|object| &*object.kind == kind).unwrap();
            found.value().clone()
        };
        assert_eq!(of("Service")["spec"]["clusterIPs"], json!(["172.16.0.1"]));
        assert_eq!(of("IPAddress")["metadata"]["name"], "172.16.0.1");
        assert_eq!(of("ServiceCIDR")["spec"]["cidrs"], json!(["172.16.0.0/12"]));
        assert_eq!(of("Service")["spec"]["ports"][0]["targetPort"], 7443);
        let subsets = json!([{
            "addresses": [{"ip": "10.1.1.1"}], "ports": [{"name": "https", "port": 7443, "protocol": "TCP"}],
        }]);
        assert_eq!(of("Endpoints")["subsets"], subsets);
        assert_eq!(of("EndpointSlice")["endpoints"][0]["addresses"], json!(["10.1.1.1"]));
    }

    #[test]
    fn every_object_can_be_served_and_has_the_time_of_the_start() {
        let objects = names_ranges("");
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
