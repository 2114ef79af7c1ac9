//! API services of a state: their paths, conditions and places in discovery, as kube-apiserver 1.36.3 has them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::store::{HistoryLimits, State};
use super::super::{Seed, SeedObject};
use super::*;

fn api_service(group: &str, version: &str, service: &str, port: u16) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "APIService",
        "metadata": {"name": format!("{version}.{group}")},
        "spec": {
            "group": group, "version": version, "groupPriorityMinimum": 100, "versionPriority": 100,
            "service": {"namespace": "default", "name": service, "port": port},
        },
    })
}

fn service(name: &str, spec: &Value) -> Value {
    let metadata = json!({"namespace": "default", "name": name});
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}

fn slice(service: &str, endpoints: &Value) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "namespace": "default", "name": service, "labels": {"kubernetes.io/service-name": service},
        },
        "endpoints": endpoints, "ports": [{"name": "https", "port": 8443}],
    })
}

fn state(objects: Vec<Value>) -> Arc<State> {
    let objects = objects.into_iter().map(SeedObject::new).collect();
    let (history, now) = (HistoryLimits::default(), Timestamp::UNIX_EPOCH);
    Arc::new(Seed { crds: Vec::new(), objects, history, now }.state().unwrap())
}

fn remotes(state: &State) -> Arc<Remotes> {
    Aggregation::default().remotes(&state.snapshot)
}

#[test]
fn paths_belong_to_the_version_of_an_api_service() {
    let state = state(vec![api_service("a.com", "v1", "a", 443)]);
    let remotes = remotes(&state);
    for path in
        ["/apis/a.com/v1", "/apis/a.com/v1/", "/apis/a.com/v1/x/y", "/openapi/v3/apis/a.com/v1"]
    {
        assert_eq!(remotes.of_path(path).map(|found| &*found.name), Some("v1.a.com"), "{path}");
    }
    for path in ["/apis/a.com", "/apis/a.com/v10", "/apis/b.com/v1", "/api/v1", "/openapi/v3"] {
        assert!(remotes.of_path(path).is_none(), "{path}");
    }
    assert!(remotes.has_group_path("/apis/a.com") && remotes.has_group_path("/apis/a.com/"));
    assert!(!remotes.has_group_path("/apis/a.com/v1") && !remotes.has_group_path("/apis"));
}

#[test]
fn what_is_wrong_with_a_service_is_said_without_asking_anybody() {
    let ports = json!({"clusterIP": "10.0.0.9", "ports": [{"port": 443, "name": "https"}]});
    let state = state(vec![
        api_service("absent.com", "v1", "absent", 443),
        api_service("port.com", "v1", "bare", 444),
        api_service("bare.com", "v1", "bare", 443),
        api_service("empty.com", "v1", "empty", 443),
        api_service("ready.com", "v1", "ready", 443),
        api_service("headless.com", "v1", "headless", 443),
        api_service("named.com", "v1", "named", 8443),
        service("bare", &ports),
        service("empty", &ports),
        service("ready", &ports),
        service("headless", &json!({"clusterIP": "None", "ports": ports["ports"]})),
        service("named", &json!({"type": "ExternalName", "externalName": "localhost"})),
        slice("empty", &json!([{"addresses": ["10.1.1.1"], "conditions": {"ready": false}}])),
        slice("ready", &json!([{"addresses": ["10.1.1.1"]}])),
        slice("headless", &json!([{"addresses": ["10.1.1.1"]}])),
    ]);
    let remotes = remotes(&state);
    let known = |name: &str| match look(&state, remotes.named(name).unwrap()) {
        Look::Known(condition) => format!("{condition:?}"),
        Look::Ask(place) => format!("{place:?}"),
    };
    for (name, reason, message) in [
        ("v1.absent.com", "ServiceNotFound", "service/absent in \\\"default\\\" is not present"),
        (
            "v1.port.com",
            "ServicePortError",
            "service/bare in \\\"default\\\" is not listening on port 444",
        ),
        (
            "v1.bare.com",
            "EndpointsNotFound",
            "cannot find endpointslices for service/bare in \\\"default\\\"",
        ),
        (
            "v1.empty.com",
            "MissingEndpoints",
            "endpointslices for service/empty in \\\"default\\\" have no addresses with port name \\\"https\\\"",
        ),
        (
            "v1.headless.com",
            "FailedDiscoveryCheck",
            "cannot route to service with ClusterIP \\\"None\\\"",
        ),
    ] {
        let found = known(name);
        assert!(found.contains(reason) && found.contains(message), "{found}");
    }
    let asked = |authority: &str, host: &str, port: u16| {
        let (authority, address) = (authority.to_owned(), (host.to_owned(), port));
        Look::Ask(RemotePlace { authority, address })
    };
    let found = look(&state, remotes.named("v1.ready.com").unwrap());
    assert_eq!(found, asked("10.0.0.9:443", "10.1.1.1", 8443));
    let found = look(&state, remotes.named("v1.named.com").unwrap());
    assert_eq!(found, asked("localhost:8443", "localhost", 8443));
}

#[test]
fn a_condition_is_written_when_it_changes() {
    let state = state(vec![api_service("a.com", "v1", "a", 443)]);
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let status = |state: &Arc<State>| {
        let object = state.snapshot.get(&API_SERVICES, "v1.a.com").unwrap();
        object.value(API_VERSION, "APIService")["status"].clone()
    };
    let mut now = state;
    let mut write = |condition: &Condition, time: i64| {
        let change = conditioned(&now, "v1.a.com", condition, at(time))?;
        now = Arc::new(change.apply(&now).unwrap().0);
        Some(status(&now)["conditions"].clone())
    };
    let failed = Condition::failed("it is away".to_owned());
    let first = write(&failed, 1).unwrap();
    assert_eq!(
        first,
        json!([{
            "type": "Available", "status": "False", "lastTransitionTime": "1970-01-01T00:00:01Z",
            "reason": "FailedDiscoveryCheck", "message": "it is away",
        }])
    );
    assert!(write(&failed, 2).is_none());
    let other = write(&Condition::failed("it is slow".to_owned()), 3).unwrap();
    assert_eq!(other[0]["lastTransitionTime"], "1970-01-01T00:00:01Z");
    let passed = write(&Condition::passed(), 4).unwrap();
    assert_eq!((&passed[0]["status"], &passed[0]["reason"]), (&json!("True"), &json!("Passed")));
    assert_eq!(passed[0]["lastTransitionTime"], "1970-01-01T00:00:04Z");
    assert!(conditioned(&now, "v1.b.com", &failed, at(5)).is_none());
}

#[test]
fn lists_of_old_servers_become_entries_of_the_aggregated_form() {
    let state = state(vec![api_service("a.com", "v1", "a", 443)]);
    let remotes = remotes(&state);
    let remote = remotes.named("v1.a.com").unwrap();
    let list = json!({"kind": "APIResourceList", "resources": [
        {"name": "things", "singularName": "thing", "namespaced": true, "kind": "Thing", "verbs": ["get"],
         "shortNames": ["t"]},
        {"name": "things/status", "namespaced": true, "kind": "Thing", "verbs": ["get"]},
        {"name": "lone/scale", "namespaced": false, "kind": "", "verbs": ["get"]},
    ]});
    let empty = json!({"group": "", "version": "", "kind": ""});
    let thing = json!({"group": "", "version": "", "kind": "Thing"});
    let wanted = json!([
        {"resource": "things", "responseKind": thing, "scope": "Namespaced", "singularResource": "thing",
         "verbs": ["get"], "shortNames": ["t"],
         "subresources": [{"subresource": "status", "responseKind": thing, "verbs": ["get"]}]},
        {"resource": "lone", "responseKind": empty, "scope": "Cluster", "singularResource": "", "verbs": null,
         "subresources": [{"subresource": "scale", "responseKind": empty, "verbs": ["get"]}]},
    ]);
    assert_eq!(Value::from(listed(remote, &list).unwrap()), wanted);
    let wrong = json!({"kind": "APIResourceList", "resources": [
        {"name": "things", "namespaced": true}, {"name": "things/x", "namespaced": false},
    ]});
    assert!(listed(remote, &wrong).unwrap_err().contains("scope do not match"));
    let all = json!({"kind": "APIGroupDiscoveryList", "items": [
        {"metadata": {"name": "a.com"}, "versions": [
            {"version": "v2"}, {"version": "v1", "resources": [{"resource": "x", "responseKind": null}]},
        ]},
    ]});
    assert_eq!(
        Value::from(listed(remote, &all).unwrap()),
        json!([{"resource": "x", "responseKind": empty}])
    );
    assert!(listed(remote, &json!({"kind": "Status"})).is_err());
}

#[test]
fn groups_come_by_the_priorities_of_their_api_services() {
    let with_priorities = |mut service: Value, group: i64, version: i64| {
        service["spec"]["groupPriorityMinimum"] = group.into();
        service["spec"]["versionPriority"] = version.into();
        service
    };
    let local = |group: &str, priority: i64| {
        let mut service = with_priorities(api_service(group, "v1", "", 1), priority, 15);
        service["spec"].as_object_mut().unwrap().remove("service");
        service
    };
    let state = state(vec![
        local("apps", 17_800),
        local("discovery.k8s.io", 16_200),
        with_priorities(api_service("high.com", "v1", "a", 443), 17_000, 1),
        api_service("m.com", "v1beta1", "a", 443),
        with_priorities(api_service("m.com", "v1alpha1", "a", 443), 100, 5),
        api_service("n.com", "v1", "a", 443),
    ]);
    let aggregation = Aggregation::default();
    let remotes = aggregation.remotes(&state.snapshot);
    let groups = Groups::of(&state, &aggregation, &remotes);
    let names = |all: &[(Box<str>, Vec<Box<str>>)]| -> Vec<String> {
        let wanted =
            ["apps", "discovery.k8s.io", "high.com", "m.com", "n.com", "apiregistration.k8s.io"];
        all.iter()
            .map(|(name, _)| name.to_string())
            .filter(|name| wanted.contains(&&**name))
            .collect()
    };
    let first = ["apiregistration.k8s.io", "apps", "high.com", "discovery.k8s.io"];
    // `v1.n.com` comes before `v1beta1.m.com`.
    assert_eq!(names(&groups.listed), [&first[..], &["n.com", "m.com"]].concat());
    assert_eq!(names(groups.aggregated()), [&first[..], &["m.com", "n.com"]].concat());
    let of = groups.listed.iter().find(|(name, _)| &**name == "m.com").unwrap();
    assert_eq!(of.1, ["v1beta1".into(), "v1alpha1".into()]);
    assert_eq!(
        groups.entry("m.com", "v1beta1"),
        Some(json!({"version": "v1beta1", "freshness": "Stale"}))
    );
    let resources = vec![json!({"resource": "x"})];
    let document = RemoteDocument { resources: resources.clone(), is_fresh: true, openapi: None };
    aggregation.learn("v1beta1.m.com", document);
    assert_eq!(
        groups.entry("m.com", "v1beta1"),
        Some(json!({"version": "v1beta1", "resources": resources, "freshness": "Current"}))
    );
    assert_eq!(groups.entry("apps", "v1"), None);
}
