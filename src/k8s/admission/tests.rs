//! Limits and quotas of a namespace, with the texts of a kube-apiserver 1.36.

use serde_json::{Value, json};

use super::super::resource::GroupResource;
use super::super::seed::{Seed, SeedObject};
use super::super::store::{HistoryLimits, State};
use super::quotas::Charged;
use super::{limit_ranges, quotas};

fn state(objects: Vec<Value>) -> State {
    let objects = objects.into_iter().map(SeedObject::new).collect();
    let now = jiff::Timestamp::UNIX_EPOCH;
    Seed { crds: Vec::new(), objects, history: HistoryLimits::default(), now }.state().unwrap()
}

fn limits(limits: &Value) -> State {
    state(vec![json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "n"},
        "spec": {"limits": limits},
    })])
}

fn pod(name: &str, requests: &Value, limits: &Value) -> Value {
    let resources = json!({"requests": requests, "limits": limits});
    json!({
        "metadata": {"name": name, "namespace": "n"},
        "spec": {"containers": [{"name": "c", "resources": resources}]},
    })
}

#[test]
fn containers_get_the_defaults_of_their_namespace() {
    let state = limits(&json!([{
        "type": "Container", "default": {"cpu": "2", "memory": "1Gi"}, "defaultRequest": {"cpu": "500m"},
    }]));
    let mut object = pod("a", &json!({}), &json!({"memory": "2Gi"}));
    object["spec"]["initContainers"] = json!([{"name": "i"}]);
    limit_ranges::set_defaults(&state.snapshot, "n", &mut object);
    let own = &object["spec"]["containers"][0]["resources"];
    assert_eq!(*own, json!({"requests": {"cpu": "500m"}, "limits": {"cpu": "2", "memory": "2Gi"}}));
    assert_eq!(
        object["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container c; cpu limit for container c; \
         cpu request for init container i; cpu, memory limit for init container i"
    );
}

#[test]
fn bounds_are_refused_with_upstreams_texts() {
    let state = limits(&json!([
        {"type": "Container", "min": {"cpu": "100m"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "4"}},
        {"type": "Pod", "max": {"memory": "1Gi"}},
        {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "5Gi"}},
    ]));
    let memory = json!("512Mi");
    let refused = |requested: &str, limited: &str, memory: &Value| {
        let object =
            pod("a", &json!({"cpu": requested}), &json!({"cpu": limited, "memory": memory}));
        limit_ranges::check(&state.snapshot, "pods", &object).err().unwrap_or_default()
    };
    assert_eq!(refused("500m", "2", &memory), "");
    assert_eq!(
        refused("50m", "100m", &memory),
        "minimum cpu usage per Container is 100m, but request is 50m"
    );
    assert_eq!(refused("1", "3", &memory), "maximum cpu usage per Container is 2, but limit is 3");
    assert_eq!(
        refused("200m", "2", &memory),
        "cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000"
    );
    assert_eq!(
        refused("500m", "2", &json!("2Gi")),
        "maximum memory usage per Pod is 1Gi, but limit is 2Gi"
    );
    let claim = json!({
        "metadata": {"namespace": "n"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}},
    });
    assert_eq!(
        limit_ranges::check(&state.snapshot, "persistentvolumeclaims", &claim),
        Err("maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 10Gi"
            .to_owned())
    );
}

/// What a quota says to a new object: its new status, or why it refuses.
fn charged(
    spec: &Value,
    used: &Value,
    group: &str,
    plural: &str,
    object: &Value,
) -> Result<Option<Value>, String> {
    let hard = spec["hard"].clone();
    let state = state(vec![json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "n"},
        "spec": spec, "status": {"hard": hard, "used": used},
    })]);
    let resource = GroupResource::new(group, plural);
    let charged = Charged { resource: &resource, new: object, old: None };
    let mut changed = quotas::charge(&state.snapshot, charged)?;
    Ok(changed.pop().map(|(_, quota)| quota["status"]["used"].clone()))
}

#[test]
fn a_quota_counts_objects_and_what_pods_request() {
    let object = pod("a", &json!({"cpu": "500m"}), &json!({"cpu": "1"}));
    let spec = json!({"hard": {"pods": "2", "requests.cpu": "1", "limits.cpu": "10", "count/jobs.batch": "1"}});
    let none =
        json!({"pods": "0", "requests.cpu": "0", "limits.cpu": "0", "count/jobs.batch": "0"});
    assert_eq!(
        charged(&spec, &none, "", "pods", &object),
        Ok(Some(
            json!({"count/jobs.batch": "0", "limits.cpu": "1", "pods": "1", "requests.cpu": "500m"})
        ))
    );
    let much =
        json!({"pods": "1", "requests.cpu": "800m", "limits.cpu": "0", "count/jobs.batch": "1"});
    assert_eq!(
        charged(&spec, &much, "", "pods", &object),
        Err("exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=800m, limited: requests.cpu=1".to_owned())
    );
    assert_eq!(
        charged(&spec, &much, "batch", "jobs", &object),
        Err("exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1".to_owned())
    );
    assert_eq!(
        charged(&spec, &none, "", "pods", &pod("a", &json!({}), &json!({}))),
        Err("failed quota: q: must specify limits.cpu for: c; requests.cpu for: c".to_owned())
    );
    assert_eq!(
        charged(&spec, &json!({"pods": "0"}), "", "pods", &object),
        Err("status unknown for quota: q, resources: limits.cpu,pods,requests.cpu".to_owned())
    );
    let other = json!({"hard": {"services": "1"}});
    assert_eq!(charged(&other, &json!({"services": "1"}), "", "pods", &object), Ok(None));
}

#[test]
fn a_quota_with_scopes_is_about_some_pods() {
    let mut object = pod("a", &json!({}), &json!({}));
    object["spec"]["priorityClassName"] = "high".into();
    object["status"] = json!({"qosClass": "BestEffort"});
    let full = json!({"pods": "1"});
    let refuses = |mut spec: Value| {
        spec["hard"] = json!({"pods": "1"});
        charged(&spec, &full, "", "pods", &object).is_err()
    };
    assert!(refuses(json!({})) && refuses(json!({"scopes": ["BestEffort", "NotTerminating"]})));
    assert!(
        !refuses(json!({"scopes": ["NotBestEffort"]}))
            && !refuses(json!({"scopes": ["Terminating"]}))
    );
    let class = |operator: &str, values: Value| {
        let one = json!({"scopeName": "PriorityClass", "operator": operator, "values": values});
        json!({"scopeSelector": {"matchExpressions": [one]}})
    };
    assert!(refuses(class("In", json!(["high"]))) && !refuses(class("In", json!(["low"]))));
    assert!(!refuses(class("NotIn", json!(["high"]))) && refuses(class("Exists", json!([]))));
}

#[test]
fn the_status_of_a_quota_counts_its_namespace() {
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "n"},
        "spec": {"hard": {
            "pods": "5", "requests.cpu": "4", "services.nodeports": "3", "requests.storage": "1Gi",
            "gold.storageclass.storage.k8s.io/requests.storage": "9Gi", "configmaps": "9", "count/pods": "9",
        }},
    });
    let mut ended = pod("b", &json!({"cpu": "2"}), &json!({}));
    ended["status"] = json!({"phase": "Succeeded"});
    let mut objects = vec![quota.clone(), pod("a", &json!({"cpu": "1500m"}), &json!({})), ended];
    for pod in &mut objects[1..] {
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
    }
    objects.push(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "n"},
        "spec": {"type": "NodePort", "ports": [{"port": 80}, {"port": 81}]},
    }));
    objects.push(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p", "namespace": "n"},
        "spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "2Gi"}}},
    }));
    let status = quotas::recount(&state(objects).snapshot, &quota);
    assert_eq!(status["hard"], quota["spec"]["hard"]);
    assert_eq!(
        status["used"],
        json!({
            "pods": "1", "count/pods": "2", "requests.cpu": "1500m", "services.nodeports": "2",
            "requests.storage": "2Gi", "gold.storageclass.storage.k8s.io/requests.storage": "2Gi",
            "configmaps": "0",
        })
    );
}
