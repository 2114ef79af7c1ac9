//! Changed files: the whole set is swapped, a bad edit changes nothing, watchers see objects change.

use std::sync::{Arc, Mutex};

use serde_json::json;
use standin::{Error, Server};

use crate::support::{TFJOBS, ask, eventually, files, post};

fn widget(name: &str, size: u32) -> String {
    format!(
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: {name}, namespace: n}}\nspec: {{size: {size}}}\n"
    )
}

const WIDGETS: &str = "/apis/example.com/v1/namespaces/n/widgets";

#[tokio::test]
async fn edits_are_served_and_bad_ones_are_not() {
    let directory = files(&[
        ("fixtures/w.yaml", &widget("w", 1)),
        (
            "fixtures/stub.json",
            "{\"request\": {\"urlPath\": \"/a\"}, \"response\": {\"body\": \"one\"}}",
        ),
        ("drill.yaml", "rules:\n- match: {path: /drill}\n  then: {status: 503}\n"),
    ]);
    let said = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&said);
    let server = Server::builder()
        .fixtures(directory.path().join("fixtures"))
        .scenario(directory.path().join("drill.yaml").to_str().unwrap())
        .hot_reload(true)
        .log(move |line| lines.lock().unwrap().push(line.to_owned()))
        .start()
        .await
        .unwrap();
    let server = &server;
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    assert_eq!(ask(server, "GET", "/a").await.text(), "one");
    assert_eq!(ask(server, "GET", "/drill").await.status, 503);
    let own =
        json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "own"}});
    assert_eq!(post(server, "POST", WIDGETS, &own).await.status, 201);

    write(
        "fixtures/stub.json",
        "{\"request\": {\"urlPath\": \"/a\"}, \"response\": {\"body\": \"two\"}}",
    );
    eventually("the new stub", async || ask(server, "GET", "/a").await.text() == "two").await;
    write("fixtures/w.yaml", &format!("{}---\n{}", widget("w", 2), widget("new", 1)));
    eventually("the new object", async || {
        ask(server, "GET", &format!("{WIDGETS}/new")).await.status == 200
    })
    .await;
    assert_eq!(ask(server, "GET", &format!("{WIDGETS}/w")).await.at("/spec/size"), 2);
    assert_eq!(
        ask(server, "GET", &format!("{WIDGETS}/own")).await.status,
        200,
        "a client's own object stays"
    );
    write("drill.yaml", "rules:\n- match: {path: /drill}\n  then: {status: 504}\n");
    eventually("the new rule", async || ask(server, "GET", "/drill").await.status == 504).await;

    write(
        "fixtures/stub.json",
        "{\"request\": {\"urlPath\": \"/a\"}, \"respnse\": {\"body\": \"three\"}}",
    );
    eventually("the complaint", async || {
        said.lock().unwrap().iter().any(|line: &String| line.contains("did you mean \"response\"?"))
    })
    .await;
    assert_eq!(ask(server, "GET", "/a").await.text(), "two", "the old set goes on");
    let status = ask(server, "GET", "/__admin").await;
    assert_eq!(status.at("/reload/failed"), true);
    assert!(status.text().contains("stub.json:1:32"), "{}", status.text());
    let refused = ask(server, "POST", "/__admin/reload").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("stub.json:1:32"), "{}", refused.text());

    write(
        "fixtures/stub.json",
        "{\"request\": {\"urlPath\": \"/a\"}, \"response\": {\"body\": \"four\"}}",
    );
    eventually("the repaired stub", async || ask(server, "GET", "/a").await.text() == "four").await;
    assert_eq!(ask(server, "GET", "/__admin").await.at("/reload/failed"), false);
}

#[tokio::test]
async fn a_server_with_bad_files_does_not_start_and_reports_everything() {
    let directory = files(&[("a.json", "{\"request\": {\"metod\": 1}}"), ("b.yaml", "a: [")]);
    let error = Server::builder()
        .fixtures(directory.path())
        .scenario("throtled")
        .start()
        .await
        .unwrap_err();
    let Error::Invalid(problems) = error else { panic!("{error}") };
    let text = problems.to_string();
    for part in [
        "a.json:1:14: request.metod: unknown key",
        "b.yaml:",
        "did you mean \"throttling/throttled\"?",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_library_user_reloads_when_it_suits() {
    let directory = files(&[(
        "stub.json",
        "{\"request\": {\"urlPath\": \"/a\"}, \"response\": {\"body\": \"one\"}}",
    )]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    std::fs::write(
        directory.path().join("stub.json"),
        "{\"request\": {\"urlPath\": \"/a\"}, \"response\": {\"body\": \"two\"}}",
    )
    .unwrap();
    assert_eq!(ask(&server, "GET", "/a").await.text(), "one");
    server.reload().unwrap();
    assert_eq!(ask(&server, "GET", "/a").await.text(), "two");
    std::fs::write(directory.path().join("stub.json"), "{").unwrap();
    assert!(server.reload().is_err());
    assert_eq!(ask(&server, "GET", "/a").await.text(), "two");
    assert_eq!(ask(&server, "GET", TFJOBS).await.names().len(), 0, "no embedded objects");
}

#[tokio::test]
async fn what_clients_have_made_outlives_a_reload() {
    let owned = "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: owned\n  namespace: n\n  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: u}]\n";
    let directory = files(&[("w.yaml", &format!("{}---\n{owned}", widget("w", 1)))]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let one = format!("{WIDGETS}/w");
    let mut changed = ask(&server, "GET", &one).await.json();
    changed["metadata"]["labels"] = json!({"by": "client"});
    assert_eq!(post(&server, "PUT", &one, &changed).await.status, 200);
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.org"},
        "spec": {"group": "example.org", "scope": "Cluster", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]},
    });
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(post(&server, "POST", crds, &definition).await.status, 201);
    assert_eq!(ask(&server, "DELETE", &format!("{crds}/mxjobs.kubeflow.org")).await.status, 200);

    // An hour later the same files have the same content, whatever files are added.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    tokio::time::resume();
    let revision = ask(&server, "GET", WIDGETS).await.at("/metadata/resourceVersion");
    server.reload().unwrap();
    assert_eq!(
        ask(&server, "GET", WIDGETS).await.at("/metadata/resourceVersion"),
        revision,
        "nothing is written"
    );
    let newer = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: n, resourceVersion: \"5000\"}\n";
    std::fs::write(directory.path().join("c.yaml"), newer).unwrap();
    server.reload().unwrap();
    assert_eq!(ask(&server, "GET", "/api/v1/namespaces/n/configmaps/c").await.status, 200);
    assert_eq!(ask(&server, "GET", &one).await.at("/metadata/labels/by"), "client");
    assert_eq!(ask(&server, "GET", "/apis/example.org/v1/things").await.status, 200);
    assert_eq!(
        ask(&server, "GET", "/apis/kubeflow.org/v1/mxjobs").await.status,
        404,
        "deleted stays deleted"
    );

    // Neither the reload nor a label makes garbage of an object whose owner was never there: another
    // object that is garbage goes, and this one is still there.
    let label = "{\"metadata\": {\"labels\": {\"x\": \"y\"}}}";
    let merge = [("content-type", "application/merge-patch+json")];
    assert_eq!(
        crate::support::send(&server, "PATCH", &format!("{WIDGETS}/owned"), &merge, label)
            .await
            .status,
        200
    );
    let stray = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "stray", "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"}]}});
    assert_eq!(post(&server, "POST", WIDGETS, &stray).await.status, 201);
    let server = &server;
    eventually("the stray is gone", async || {
        ask(server, "GET", &format!("{WIDGETS}/stray")).await.status == 404
    })
    .await;
    assert_eq!(ask(server, "GET", &format!("{WIDGETS}/owned")).await.status, 200);
}

#[tokio::test]
async fn each_world_sees_a_reload_on_its_next_request_and_its_watchers_at_once() {
    let directory = files(&[("w.yaml", &widget("w", 1))]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let below = |world: &str| format!("/worlds/{world}{WIDGETS}");
    for world in ["idle", "watched"] {
        assert_eq!(ask(&server, "GET", &below(world)).await.names(), ["w"]);
    }
    let own =
        json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "own"}});
    assert_eq!(post(&server, "POST", &below("idle"), &own).await.status, 201);
    let watching = async {
        let watch = format!("{}?watch=1&timeoutSeconds=2", below("watched"));
        let lines = ask(&server, "GET", &watch).await;
        let told = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let name = event["object"]["metadata"]["name"].as_str().unwrap().to_owned();
            format!(
                "{} {name} {}",
                event["type"].as_str().unwrap(),
                event["object"]["spec"]["size"]
            )
        };
        lines.text().lines().map(told).collect::<Vec<_>>()
    };
    let reloading = async {
        // Two reloads: what lies between them is not business of an idle world.
        for size in [2, 3] {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            let text = format!("{}---\n{}", widget("w", size), widget(&format!("new-{size}"), 1));
            std::fs::write(directory.path().join("w.yaml"), text).unwrap();
            server.reload().unwrap();
        }
    };
    let (seen, ()) = tokio::join!(watching, reloading);
    assert_eq!(
        seen,
        [
            "ADDED w 1",
            "ADDED new-2 1",
            "MODIFIED w 2",
            "ADDED new-3 1",
            "MODIFIED w 3",
            "DELETED new-2 1"
        ]
    );
    assert_eq!(ask(&server, "GET", &below("idle")).await.names(), ["new-3", "own", "w"]);
    let size = ask(&server, "GET", &format!("{}/w", below("idle"))).await.at("/spec/size");
    assert_eq!(size, 3);
    assert_eq!(ask(&server, "GET", &below("later")).await.names(), ["new-3", "w"]);
}
