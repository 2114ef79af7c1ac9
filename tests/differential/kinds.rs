//! The resource types that requests are about, with valid objects.

use serde_json::{Value, json};

use crate::draw::Draw;

/// A resource type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// The path of its group and version.
    pub(crate) root: &'static str,
    pub(crate) api_version: &'static str,
    pub(crate) name: &'static str,
    pub(crate) plural: &'static str,
    /// Its subresources that hold the object or a scale.
    pub(crate) subresources: &'static [&'static str],
    /// The fields besides metadata of a valid object.
    content: fn(&mut Draw) -> Value,
}

impl Kind {
    pub(crate) fn collection(&self) -> String {
        format!("{}/namespaces/@ns@/{}", self.root, self.plural)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.collection())
    }

    /// A valid object.
    pub(crate) fn object(&self, draw: &mut Draw, name: &str) -> Value {
        let mut object = (self.content)(draw);
        object["apiVersion"] = self.api_version.into();
        object["kind"] = self.name.into();
        object["metadata"] = json!({"name": name});
        if draw.chance(50) {
            let labels = [json!({"a": "b"}), json!({"a": "c", "x": ""}), json!({"x.y/z": "1"})];
            object["metadata"]["labels"] = draw.one(&labels);
        }
        if draw.chance(20) {
            object["metadata"]["annotations"] = json!({"note": "n"});
        }
        if draw.chance(10) {
            object["metadata"]["finalizers"] = json!(["example.com/hold"]);
        }
        object
    }
}

/// All types.
pub(crate) const ALL: &[Kind] = &[
    Kind {
        root: "/api/v1",
        api_version: "v1",
        name: "ConfigMap",
        plural: "configmaps",
        subresources: &[],
        content: config_map,
    },
    Kind {
        root: "/api/v1",
        api_version: "v1",
        name: "Secret",
        plural: "secrets",
        subresources: &[],
        content: secret,
    },
    Kind {
        root: "/api/v1",
        api_version: "v1",
        name: "Pod",
        plural: "pods",
        subresources: &["status"],
        content: |_| json!({"spec": pod_spec()}),
    },
    Kind {
        root: "/apis/apps/v1",
        api_version: "apps/v1",
        name: "Deployment",
        plural: "deployments",
        subresources: &["status", "scale"],
        content: deployment,
    },
    Kind {
        root: "/api/v1",
        api_version: "v1",
        name: "Service",
        plural: "services",
        subresources: &["status"],
        content: service,
    },
    Kind {
        root: "/apis/rbac.authorization.k8s.io/v1",
        api_version: "rbac.authorization.k8s.io/v1",
        name: "Role",
        plural: "roles",
        subresources: &[],
        content: role,
    },
    Kind {
        root: "/apis/differential.example/v1",
        api_version: "differential.example/v1",
        name: "Widget",
        plural: "widgets",
        subresources: &["status", "scale"],
        content: widget,
    },
    Kind {
        root: "/apis/differential.example/v1beta1",
        api_version: "differential.example/v1beta1",
        name: "Widget",
        plural: "widgets",
        subresources: &["status"],
        content: widget,
    },
    Kind {
        root: "/apis/differential.example/v1",
        api_version: "differential.example/v1",
        name: "Blob",
        plural: "blobs",
        subresources: &[],
        content: |_| json!({"free": {"b": [1, {"c": null}], "a": 1.0}}),
    },
    Kind {
        root: "/apis/kubeflow.org.differential.example/v1",
        api_version: "kubeflow.org.differential.example/v1",
        name: "TFJob",
        plural: "tfjobs",
        subresources: &["status"],
        content: |_| json!({"spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1}}}}),
    },
    Kind {
        root: "/apis/kubeflow.org.differential.example/v1alpha2",
        api_version: "kubeflow.org.differential.example/v1alpha2",
        name: "MPIJob",
        plural: "mpijobs",
        subresources: &["status"],
        content: |_| json!({"spec": {"backoffLimit": 1}}),
    },
    Kind {
        root: "/apis/batch.volcano.sh.differential.example/v1alpha1",
        api_version: "batch.volcano.sh.differential.example/v1alpha1",
        name: "Job",
        plural: "jobs",
        subresources: &["status"],
        content: |_| json!({"spec": {"minAvailable": 1, "tasks": [{"name": "a", "replicas": 1}]}}),
    },
];

fn config_map(draw: &mut Draw) -> Value {
    let contents = [
        json!({"data": {"k": "v"}}),
        json!({"data": {"b": "1", "a": ""}, "binaryData": {"z": "eHg="}}),
        json!({}),
        json!({"data": {"k": "v"}, "immutable": true}),
    ];
    draw.one(&contents)
}

fn secret(draw: &mut Draw) -> Value {
    let contents = [
        json!({"data": {"k": "dg=="}}),
        json!({"stringData": {"k": "v"}, "type": "Opaque"}),
        json!({"type": "example.com/t"}),
    ];
    draw.one(&contents)
}

fn pod_spec() -> Value {
    json!({"containers": [{"name": "c", "image": "i:1", "env": [{"name": "A", "value": "1"}]}]})
}

fn deployment(draw: &mut Draw) -> Value {
    let template = json!({"metadata": {"labels": {"app": "a"}}, "spec": pod_spec()});
    json!({"spec": {
        "replicas": draw.one(&[0, 1, 3]), "selector": {"matchLabels": {"app": "a"}}, "template": template,
    }})
}

/// Without an address: two servers give different ones.
fn service(draw: &mut Draw) -> Value {
    let contents = [
        json!({"spec": {"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"port": 80}]}}),
        json!({"spec": {"type": "ExternalName", "externalName": "example.com"}}),
    ];
    draw.one(&contents)
}

fn role(draw: &mut Draw) -> Value {
    let contents = [
        json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
        json!({"rules": null}),
        json!({"rules": []}),
    ];
    draw.one(&contents)
}

fn widget(draw: &mut Draw) -> Value {
    let contents = [
        json!({"spec": {"title": "t", "mode": "Fast", "ports": [{"port": 80}]}}),
        json!({"spec": {"count": 3, "tags": ["a", "b"], "either": "5%", "ratio": 1.5}}),
        json!({"spec": {"maybe": null, "any": {"z": 1, "a": {"b": null}}, "steps": [{"run": "x"}]}}),
        json!({"spec": {}}),
        json!({}),
    ];
    draw.one(&contents)
}
