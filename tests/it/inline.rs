//! Scenarios, stubs and objects without files: in the library, and by the admin API.

use serde_json::json;
use standin::{Error, Server, Stub};

use crate::support::{TFJOBS, ask, send};

#[tokio::test]
async fn the_library_takes_values_and_checks_them_as_files() {
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "one", "namespace": "kube-test"},
        "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}}});
    let server = Server::builder()
        .object(job)
        .stub(Stub::get("/a").query("q", "1").reply(json!({"b": 2})).status(201))
        .scenario_yaml(
            "rules: [{id: once, match: {path: /a}, steps: [{times: 1, then: {status: 503}}]}]",
        )
        .start()
        .await
        .unwrap();
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["one"]);
    let first = ask(&server, "GET", "/a?q=1").await;
    assert_eq!(
        (first.status.as_u16(), &first.headers["x-standin-rule"]),
        (503, &"inline/once".parse().unwrap())
    );
    let second = ask(&server, "GET", "/a?q=1").await;
    assert_eq!((second.status.as_u16(), second.json()), (201, json!({"b": 2})));
    // They are served again after a reload.
    server.reload().unwrap();
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["one"]);
    let wrong = Server::builder()
        .fixture_yaml("request: {url: 5}\nresponse: {status: x}\n")
        .scenario_yaml("rules: [{thne: pass}]")
        .scenario_yaml("rules: 5")
        .start()
        .await;
    let Err(Error::Invalid(problems)) = wrong else { panic!("{wrong:?}") };
    let all = problems.to_string();
    for part in ["inline fixture 1:", "inline:1:", "did you mean \"then\"?", "inline-2:1:"] {
        assert!(all.contains(part), "{part}: {all}");
    }
}

#[tokio::test]
async fn the_admin_api_takes_scenarios_whole_or_not_at_all() {
    let server = Server::builder().stub(Stub::get("/a").reply("hi")).start().await.unwrap();
    let put = async |name: &str, text: &str| {
        send(&server, "PUT", &format!("/__admin/scenarios/{name}"), &[], text).await
    };
    let down = "rules: [{id: down, match: {path: /a}, then: {status: 503}}]";
    assert_eq!(put("mine", down).await.status, 200);
    assert_eq!(ask(&server, "GET", "/a").await.status, 503);
    assert_eq!(ask(&server, "GET", "/__admin/scenarios/mine").await.text(), down);
    let wrong = put("mine", "rules: [{thne: pass}, {then: {status: 700}}]").await;
    assert_eq!(wrong.status, 422);
    for part in ["did you mean", "from 200 to 599"] {
        assert!(wrong.text().contains(part), "all problems at once: {}", wrong.text());
    }
    assert_eq!(ask(&server, "GET", "/a").await.status, 503, "nothing has changed");
    assert_eq!(put("mine", "rules: [{match: {path: /a}, then: {status: 500}}]").await.status, 200);
    assert_eq!(ask(&server, "GET", "/a").await.status, 500);
    // Other worlds have the scenarios of the server.
    assert_eq!(ask(&server, "GET", "/worlds/other/a").await.status, 200);
    assert_eq!(put("a%20b", down).await.status, 400);
    assert_eq!(ask(&server, "DELETE", "/__admin/scenarios/mine").await.status, 200);
    assert_eq!(ask(&server, "GET", "/a").await.status, 200);
    assert_eq!(ask(&server, "DELETE", "/__admin/scenarios/mine").await.status, 404);
    let schema = ask(&server, "GET", "/__admin/schemas/scenario").await;
    assert!(schema.json()["$defs"]["rule"].is_object());
}
