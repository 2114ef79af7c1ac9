//! Objects and what kube-apiserver 1.36.3 says about them.

use serde_json::{Value, json};

use super::super::{apply_defaults, types};
use super::*;

/// The violations of a new object, after defaulting.
fn problems(group: &str, plural: &str, kind: &str, mut object: Value) -> Vec<String> {
    let of = types::of_kind(group, "v1", kind).unwrap();
    object["metadata"] = json!({"name": "x", "namespace": "n"});
    apply_defaults(&mut object, of);
    let rules = find(group, plural);
    rules.prepare_new(&mut object);
    rules.check_created(&object).iter().map(ToString::to_string).collect()
}

#[test]
fn services_are_checked() {
    let service = |spec: Value| problems("", "services", "Service", json!({"spec": spec}));
    assert_eq!(service(json!({"ports": [{"port": 80}]})), [""; 0]);
    assert_eq!(service(json!({})), ["spec.ports: Required value"]);
    assert_eq!(service(json!({"type": "ExternalName"})), ["spec.externalName: Required value"]);
    assert_eq!(
        service(json!({"ports": [{"port": 0, "protocol": "X"}], "sessionAffinity": "Y"})),
        [
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ports[0].protocol: Unsupported value: \"X\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
            "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.sessionAffinity: Unsupported value: \"Y\": supported values: \"ClientIP\", \"None\"",
        ]
    );
}

#[test]
fn pods_are_checked() {
    let pod = |spec: Value| problems("", "pods", "Pod", json!({"spec": spec}));
    assert_eq!(pod(json!({"containers": [{"name": "c", "image": "i"}]})), [""; 0]);
    assert_eq!(pod(json!({})), ["spec.containers: Required value"]);
    assert_eq!(
        pod(json!({
            "restartPolicy": "Sometimes",
            "containers": [
                {"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
                {"name": "c", "image": "i", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}},
            ],
        })),
        [
            "spec.containers[0].image: Required value",
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
            "spec.containers[1].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
            "spec.containers[1].name: Duplicate value: \"c\"",
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
        ]
    );
}

#[test]
fn a_pod_that_changes_shows_the_difference() {
    let spec = |policy: &str| {
        json!({
            "containers": [{"name": "c", "image": "i"}], "restartPolicy": policy,
            "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        })
    };
    let (old, new) = (json!({"spec": spec("Always")}), json!({"spec": spec("Never")}));
    let mut errors = Vec::new();
    pods::pod_change(&new, &old, &mut errors);
    let shown = errors[0].to_string();
    assert!(
        shown.ends_with(
            " \"EphemeralContainers\": null,\n- \"RestartPolicy\": \"Always\",\n+ \"RestartPolicy\": \"Never\",\n  \
             \"TerminationGracePeriodSeconds\": 30,\n  \"ActiveDeadlineSeconds\": null,\n  \
             \"DNSPolicy\": \"ClusterFirst\",\n"
        ),
        "{shown}"
    );
}

#[test]
fn workloads_are_checked() {
    let template = json!({
        "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]},
    });
    let deployment =
        |spec: Value| problems("apps", "deployments", "Deployment", json!({"spec": spec}));
    let labels = json!({"matchLabels": {"a": "b"}});
    assert_eq!(deployment(json!({"selector": labels, "template": template})), [""; 0]);
    assert_eq!(
        deployment(json!({"selector": labels, "template": template, "strategy": {"type": "X"}})),
        [
            "spec.strategy: Unsupported value: {\"Type\":\"X\",\"RollingUpdate\":null}: supported values: \"Recreate\", \
          \"RollingUpdate\""
        ]
    );
    assert_eq!(
        problems("batch", "jobs", "Job", json!({"spec": {"template": template}})),
        [
            "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""
        ]
    );
}

#[test]
fn secrets_are_checked_by_their_type() {
    let secret = |kind: &str, data: Value| {
        problems("", "secrets", "Secret", json!({"type": kind, "data": data}))
    };
    assert_eq!(
        secret("kubernetes.io/tls", json!({"tls.crt": "YQ=="})),
        ["data[tls.key]: Required value"]
    );
    assert_eq!(
        secret("kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": "YQ=="})),
        [
            "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'a' looking for \
          beginning of value"
        ]
    );
}

#[test]
fn texts_of_secrets_become_data() {
    let mut secret = json!({"data": {"a": "YQ=="}, "stringData": {"b": "b"}});
    convert("", "secrets", &mut secret);
    assert_eq!(secret, json!({"data": {"a": "YQ==", "b": "Yg=="}}));
}

/// An object with the value at a pointer changed, or without it.
fn changed(object: &Value, pointer: &str, value: Option<&Value>) -> Value {
    let mut object = object.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(parent).unwrap(), value) {
        (Value::Array(list), None) => drop(list.remove(last.parse::<usize>().unwrap())),
        (Value::Array(list), Some(value)) => list[last.parse::<usize>().unwrap()] = value.clone(),
        (Value::Object(map), None) => drop(map.remove(&last)),
        (Value::Object(map), Some(value)) => drop(map.insert(last, value.clone())),
        _ => panic!("{pointer} has no parent"),
    }
    object
}

/// `recorded/objects.jsonl` has a valid object of each type, `recorded/answers.jsonl` changes of them that
/// kube-apiserver 1.36.3 refuses, with the causes of its answers.
#[test]
fn objects_are_refused_as_the_real_server_refuses_them() {
    let lines = |text: &'static str| {
        text.lines().map(|line| serde_json::from_str::<Vec<Value>>(line).unwrap())
    };
    let objects: Vec<Vec<Value>> = lines(include_str!("recorded/objects.jsonl")).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for answer in lines(include_str!("recorded/answers.jsonl")) {
        let base = objects.iter().find(|object| object[0] == answer[0]).unwrap();
        let (pointer, value) =
            (answer[1].as_str().unwrap(), answer.get(2).filter(|_| answer.len() > 3));
        let mut object = changed(&base[2], pointer, value);
        let version = base[2]["apiVersion"].as_str().unwrap();
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let of = types::of_kind(group, version, object["kind"].as_str().unwrap()).unwrap();
        let rules = find(group, base[1].as_str().unwrap());
        object["metadata"]["namespace"] = "g-mut".into();
        super::super::decode::decode(&mut object, of, super::super::decode::From::Json).unwrap();
        convert(group, base[1].as_str().unwrap(), &mut object);
        apply_defaults(&mut object, of);
        rules.prepare_new(&mut object);
        super::super::decode::decode(&mut object, of, super::super::decode::From::Map).unwrap();
        apply_defaults(&mut object, of);
        let found: Vec<String> =
            rules.check_created(&object).iter().map(ToString::to_string).collect();
        let wanted: Vec<&str> =
            answer.last().unwrap().as_array().unwrap().iter().filter_map(Value::as_str).collect();
        count += 1;
        if found != wanted {
            wrong.push(format!("{} {pointer}: {found:?}, not {wanted:?}", answer[0]));
        }
    }
    assert!(count > 500, "{count}");
    assert!(wrong.is_empty(), "{} of {count}: {}", wrong.len(), wrong.join("\n"));
}
