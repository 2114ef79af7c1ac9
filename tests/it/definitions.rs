//! Definitions of resource types over the API: served at once, with their schema, until they are deleted.

use serde_json::{Value, json};

use crate::support::{ask, post, send, server};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";

fn definition() -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
            "size": {"type": "integer", "minimum": 1, "default": 3},
            "replicas": {"type": "integer"},
        }},
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}}},
    }}});
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage, "schema": schema,
            "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}},
            "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
            "selectableFields": [{"jsonPath": ".spec.size"}],
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [version("v1", true), version("v1beta1", false)],
        },
    })
}

fn widget(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})
}

#[tokio::test]
async fn a_definition_is_served_until_it_is_deleted() {
    let server = server().await;
    assert_eq!(ask(&server, "GET", WIDGETS).await.status, 404);
    let mut wrong = definition();
    wrong["metadata"]["name"] = json!("other.example.com");
    let refused = post(&server, "POST", CRDS, &wrong).await;
    assert_eq!(
        (refused.status.as_u16(), refused.at("/details/causes/0/field")),
        (422, json!("metadata.name"))
    );
    assert_eq!(post(&server, "POST", CRDS, &definition()).await.status, 201);
    let made = ask(&server, "GET", &format!("{CRDS}/widgets.example.com")).await;
    assert_eq!(made.at("/status/conditions/1/type"), "Established");
    assert_eq!(made.at("/status/acceptedNames/listKind"), "WidgetList");
    assert_eq!(made.at("/spec/names/singular"), "widget");
    assert_eq!(
        ask(&server, "GET", "/apis/example.com/v1").await.at("/resources/0/name"),
        "widgets"
    );

    let created = post(&server, "POST", WIDGETS, &widget("a", &json!({"unknown": 1}))).await;
    assert_eq!(
        (created.status.as_u16(), created.at("/spec")),
        (201, json!({"size": 3})),
        "defaulted and pruned"
    );
    let invalid = post(&server, "POST", WIDGETS, &widget("b", &json!({"size": 0}))).await;
    assert_eq!(
        invalid.at("/details/causes/0/message"),
        "Invalid value: 0: spec.size in body should be greater than or equal to 1"
    );
    let other = ask(&server, "GET", "/apis/example.com/v1beta1/namespaces/default/widgets/a").await;
    assert_eq!(other.at("/apiVersion"), "example.com/v1beta1", "each version serves every object");
    let table = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    let table = send(&server, "GET", WIDGETS, &table, "").await;
    assert_eq!(
        (table.at("/columnDefinitions/1/name"), table.at("/rows/0/cells")),
        (json!("Size"), json!(["a", 3]))
    );
    assert_eq!(
        ask(&server, "GET", &format!("{WIDGETS}?fieldSelector=spec.size%3D3")).await.names(),
        ["a"]
    );
    assert_eq!(
        ask(&server, "GET", &format!("{WIDGETS}?fieldSelector=spec.size%3D4")).await.names().len(),
        0
    );

    // A stricter schema counts from the next write on.
    let size = |version: u8, word: &str, value: u8| {
        let path = format!(
            "/spec/versions/{version}/schema/openAPIV3Schema/properties/spec/properties/size/{word}"
        );
        json!({"op": "replace", "path": path, "value": value})
    };
    let patch = [0, 1].map(|version| [size(version, "minimum", 5), size(version, "default", 5)]);
    let patch = json!(patch.concat());
    let headers = [("content-type", "application/json-patch+json")];
    let patched = send(
        &server,
        "PATCH",
        &format!("{CRDS}/widgets.example.com"),
        &headers,
        &patch.to_string(),
    )
    .await;
    assert_eq!(patched.status, 200, "{}", patched.text());
    assert_eq!(post(&server, "POST", WIDGETS, &widget("c", &json!({"size": 4}))).await.status, 422);

    assert_eq!(ask(&server, "DELETE", &format!("{CRDS}/widgets.example.com")).await.status, 200);
    let gone = ask(&server, "GET", WIDGETS).await;
    assert_eq!((gone.status.as_u16(), gone.text()), (404, "404 page not found\n"));
    assert_eq!(post(&server, "POST", CRDS, &definition()).await.status, 201);
    assert_eq!(ask(&server, "GET", WIDGETS).await.names().len(), 0, "its objects went with it");
}

#[tokio::test]
async fn the_job_types_come_with_the_program() {
    let own = crate::support::files(&[(
        "a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: n}\n",
    )]);
    let server = standin::Server::builder().fixtures(own.path()).start().await.unwrap();
    for (group, plural) in [
        ("kubeflow.org/v1", "tfjobs"),
        ("kubeflow.org/v1", "pytorchjobs"),
        ("kubeflow.org/v1", "mxjobs"),
        ("kubeflow.org/v1alpha2", "mpijobs"),
        ("batch.volcano.sh/v1alpha1", "jobs"),
    ] {
        let list = ask(&server, "GET", &format!("/apis/{group}/namespaces/n/{plural}")).await;
        assert_eq!((list.status.as_u16(), list.names().len()), (200, 0), "{plural}");
    }
    let masters = json!({
        "apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "metadata": {"name": "p"},
        "spec": {"pytorchReplicaSpecs": {"Master": {"replicas": 2}}},
    });
    let refused =
        post(&server, "POST", "/apis/kubeflow.org/v1/namespaces/n/pytorchjobs", &masters).await;
    assert_eq!(refused.at("/details/causes/0/field"), "spec.pytorchReplicaSpecs.Master.replicas");
}

#[tokio::test]
async fn replicas_are_scaled_through_their_subresource() {
    let server = server().await;
    assert_eq!(post(&server, "POST", CRDS, &definition()).await.status, 201);
    assert_eq!(
        post(&server, "POST", WIDGETS, &widget("a", &json!({"replicas": 2}))).await.status,
        201
    );
    let scale = format!("{WIDGETS}/a/scale");
    let mut got = ask(&server, "GET", &scale).await.json();
    assert_eq!(
        (&got["kind"], &got["spec"]["replicas"], &got["status"]["replicas"]),
        (&json!("Scale"), &json!(2), &json!(0))
    );
    got["spec"]["replicas"] = json!(5);
    let put = post(&server, "PUT", &scale, &got).await;
    assert_eq!((put.status.as_u16(), put.at("/spec/replicas")), (200, json!(5)), "{}", put.text());
    assert_eq!(post(&server, "PUT", &scale, &got).await.status, 409, "its revision is old now");
    let headers = [("content-type", "application/merge-patch+json")];
    assert_eq!(
        send(&server, "PATCH", &scale, &headers, "{\"spec\":{\"replicas\":7}}").await.status,
        200
    );
    assert_eq!(ask(&server, "GET", &format!("{WIDGETS}/a")).await.at("/spec/replicas"), 7);
    let negative = send(&server, "PATCH", &scale, &headers, "{\"spec\":{\"replicas\":-1}}").await;
    assert_eq!(
        (negative.status.as_u16(), negative.at("/details/causes/0/field")),
        (422, json!("spec.replicas"))
    );
    assert_eq!(ask(&server, "DELETE", &scale).await.status, 405);
    let resources = ask(&server, "GET", "/apis/example.com/v1").await;
    assert_eq!(resources.at("/resources/1/name"), "widgets/scale");
    assert_eq!(resources.at("/resources/1/group"), "autoscaling");

    let template = json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "x"}}, "template": template}});
    let path = "/apis/apps/v1/namespaces/default/deployments";
    assert_eq!(post(&server, "POST", path, &deployment).await.status, 201);
    assert_eq!(
        ask(&server, "GET", &format!("{path}/d/scale")).await.at("/status/selector"),
        "app=x"
    );
}
