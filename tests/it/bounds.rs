//! Large and hostile input: refused with an error, in bounded time and memory, and the server keeps
//! running.

use serde_json::{Value, json};

use crate::support::{ask, post, send, server};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const BOMBS: &str = "/apis/x.io/v1/namespaces/default/bombs";

async fn server_of_bombs() -> standin::RunningServer {
    let server = server().await;
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "bombs.x.io"},
        "spec": {
            "group": "x.io", "scope": "Namespaced", "names": {"plural": "bombs", "kind": "Bomb"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        },
    });
    assert_eq!(post(&server, "POST", CRDS, &definition).await.status, 201);
    server
}

fn bomb(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "x.io/v1", "kind": "Bomb", "metadata": {"name": name}, "spec": spec})
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}

/// The levels below `spec`, as far as a text has them.
fn levels(text: &str, opening: &str) -> usize {
    text.matches(opening).count()
}

#[tokio::test]
async fn a_patch_of_nested_or_doubling_copies_is_refused() {
    let server = server_of_bombs().await;
    assert_eq!(post(&server, "POST", BOMBS, &bomb("a", &json!({}))).await.status, 201);
    let path = format!("{BOMBS}/a");
    let patch = [("content-type", "application/json-patch+json")];

    let mut copies = vec![json!({"op": "add", "path": "/spec/x", "value": {"a": {}}})];
    let mut depth = 1;
    for _ in 0..12 {
        let to = format!("/spec/x{}/a", "/a".repeat(depth));
        copies.push(json!({"op": "copy", "from": "/spec/x", "path": to}));
        depth = depth * 2 + 1;
    }
    let refused = send(&server, "PATCH", &path, &patch, &json!(copies).to_string()).await;
    assert_eq!(refused.status, 422, "{}", refused.text());

    let mut copies = vec![json!({"op": "add", "path": "/spec/x", "value": {"a": "x".repeat(64)}})];
    for copy in 0..22 {
        copies.push(json!({"op": "copy", "from": "/spec/x", "path": format!("/spec/x/b{copy}")}));
    }
    let refused = send(&server, "PATCH", &path, &patch, &json!(copies).to_string()).await;
    assert_eq!(refused.status, 422, "{}", refused.text());

    let many = vec![json!({"op": "test", "path": "/spec/none", "value": null}); 10_001];
    let refused = send(&server, "PATCH", &path, &patch, &json!(many).to_string()).await;
    assert_eq!(refused.status, 413);
    assert_eq!(
        refused.at("/message"),
        "The allowed maximum operations in a JSON patch is 10000, got 10001"
    );
    assert_eq!(ask(&server, "GET", &path).await.at("/spec"), json!({}));
}

#[tokio::test]
async fn a_deep_object_comes_back_whole_in_every_form_or_is_refused() {
    let server = server_of_bombs().await;
    for depth in [110, 119, 122, 124, 126] {
        let object = bomb(&format!("d{depth}"), &nested(depth));
        let made = post(&server, "POST", BOMBS, &object).await;
        if depth > 125 {
            assert_eq!(made.status, 400, "{}", made.text());
            assert!(made.text().contains("exceeded max depth"), "{}", made.text());
            continue;
        }
        assert_eq!(made.status, 201, "{}", made.text());
        let path = format!("{BOMBS}/d{depth}");
        let read = ask(&server, "GET", &path).await;
        assert_eq!(levels(read.text(), "\"a\":"), depth);
        let yaml = send(&server, "GET", &path, &[("accept", "application/yaml")], "").await;
        assert_eq!(levels(yaml.text(), " a:"), depth, "{depth}");
        let merge = [("content-type", "application/merge-patch+json")];
        let labels = json!({"metadata": {"labels": {"x": "y"}}}).to_string();
        let merged = send(&server, "PATCH", &path, &merge, &labels).await;
        assert_eq!(merged.status, 200, "{}", merged.text());
        assert_eq!(levels(merged.text(), "\"a\":"), depth);
        // What was read is sent back as it is, managed fields and all.
        let json = [("content-type", "application/json")];
        let put = send(&server, "PUT", &path, &json, merged.text()).await;
        assert_eq!(put.status, 200, "{}", put.text());
        assert_eq!(levels(put.text(), "\"a\":"), depth);
    }
    let list = ask(&server, "GET", BOMBS).await;
    assert_eq!(levels(list.text(), "\"a\":"), 110 + 119 + 122 + 124);
    let yaml = [("content-type", "application/yaml")];
    let text = format!(
        "apiVersion: x.io/v1\nkind: Bomb\nmetadata: {{name: y}}\nspec: {}{}",
        "{a: ".repeat(50_000),
        "}".repeat(50_000)
    );
    let refused = send(&server, "POST", BOMBS, &yaml, &text).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
}

#[tokio::test]
async fn an_object_larger_than_etcd_takes_is_refused() {
    let server = server_of_bombs().await;
    let large = bomb("large", &json!({"text": "x".repeat(1600 * 1024)}));
    let refused = post(&server, "POST", BOMBS, &large).await;
    assert_eq!(refused.status, 500);
    assert_eq!(refused.at("/message"), "etcdserver: request is too large");
    assert_eq!(ask(&server, "GET", &format!("{BOMBS}/large")).await.status, 404);
    let fits = bomb("large", &json!({"text": "x".repeat(1400 * 1024)}));
    assert_eq!(post(&server, "POST", BOMBS, &fits).await.status, 201);
}
