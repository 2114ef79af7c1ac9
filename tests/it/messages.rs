//! Messages: in the log of a server, in the journal, in the errors of commands.

use std::sync::{Arc, Mutex};

use serde_json::json;
use standin::{Server, Stub};

use crate::commands::run;
use crate::support::{ask, eventually, files};

/// A rule about a misspelled resource, and two stubs for the same requests.
const SCENARIO: &str =
    "rules:\n- {id: typo, match: {resource: tfjbos.kubeflow.org}, then: {status: 503}}\n";
const STUBS: &str = "request: {urlPath: /a}\nname: old\nresponse: {status: 200}\n---\nrequest: {urlPath: /a}\nname: new\nresponse: {status: 201}\n";

#[tokio::test]
async fn a_server_shows_the_warnings_of_check() {
    let own = files(&[("s.yaml", SCENARIO), ("fixtures/stubs.yaml", STUBS)]);
    let (scenario, fixtures) = (own.path().join("s.yaml"), own.path().join("fixtures"));
    let (code, _, errors) = run(&["check", own.path().to_str().unwrap()]).await;
    assert_eq!(code, 0, "{errors}");
    let expected = [
        "s.yaml:2:3: warning: no resource type \"tfjbos.kubeflow.org\" is served; did you mean \"tfjobs.kubeflow.org\"?",
        "stubs.yaml:1:1: warning: the stub \"old\" never answers: the stub \"new\" is for the same requests",
    ];
    for part in expected {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = Arc::clone(&lines);
    let server = Server::builder()
        .fixtures(fixtures)
        .object(json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "j", "namespace": "a"}}))
        .scenario(scenario.to_str().unwrap())
        .log(move |line| log.lock().unwrap().push(line.to_owned()))
        .start()
        .await
        .unwrap();
    for part in expected {
        // Stubs are checked concurrently with the server.
        let is_shown = async || lines.lock().unwrap().iter().any(|line| line.contains(part));
        eventually(part, is_shown).await;
    }
    drop(server);
}

#[tokio::test]
async fn errors_of_files_show_the_line() {
    let own = files(&[
        ("s.yaml", "rules:\n- {match: {verb: list}, thne: {status: 503}}\n"),
        ("b.json", "{\"request\": {\"url\": \"/a\",}}"),
    ]);
    let (code, _, errors) = run(&["check", own.path().to_str().unwrap()]).await;
    assert_eq!(code, 3);
    for part in [
        "s.yaml:2:25: rules[0].thne: unknown key \"thne\"; did you mean \"then\"?\n  2 | - {match: {verb: list}, thne: {status: 503}}\n    |                         ^",
        "b.json:1:25: a comma follows the last value; leave it out, like [1, 2] or {\"a\": 1}\n  1 | {\"request\": {\"url\": \"/a\",}}\n    |                         ^",
    ] {
        assert!(errors.contains(part), "{errors}");
    }
    let (_, json, _) = run(&["check", "--json", own.path().to_str().unwrap()]).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["problems"][1]["excerpt"], "- {match: {verb: list}, thne: {status: 503}}");
}

#[tokio::test]
async fn the_journal_names_rules_stubs_and_resources() {
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = Arc::clone(&lines);
    let server = Server::builder()
        .fixture_yaml("name: greeting\nrequest: {urlPath: /hello}\nresponse: {status: 200}\n")
        .object(json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "j", "namespace": "a"}}))
        .scenario_yaml("rules:\n- {id: mark, match: {path: /hello}, then: {headers: {X-A: b}}}\n- {id: slow, match: {verb: get}, delay: 1ms}\n- {id: down, match: {verb: list}, then: {status: 503}}\n")
        .observe(move |exchange| seen.lock().unwrap().push(exchange.to_line()))
        .start()
        .await
        .unwrap();
    let job = "/apis/kubeflow.org/v1/namespaces/a/tfjobs/j";
    for path in ["/hello", job, "/apis/kubeflow.org/v1/tfjobs"] {
        let _ = ask(&server, "GET", path).await;
    }
    let lines = lines.lock().unwrap().clone();
    let ends = [
        " (greeting) rule=inline/mark",
        " → 200 kubernetes get tfjobs.kubeflow.org rule=inline/slow",
        " → 503 scenario inline/down",
    ];
    for (line, end) in lines.iter().zip(ends) {
        assert!(line.ends_with(end), "{line:?} {end:?}");
    }
    let rules = server.journal().exchanges();
    let rules: Vec<_> = rules.iter().map(|exchange| exchange.rule().map(str::to_owned)).collect();
    assert_eq!(
        rules,
        ["inline/mark", "inline/slow", "inline/down"].map(|rule| Some(rule.to_owned()))
    );
    let shown = ask(&server, "GET", "/__admin/requests").await;
    assert_eq!(shown.at("/requests/2/request/standin/rule"), "inline/mark");
    assert_eq!(shown.at("/requests/1/request/standin/rule"), "inline/slow");
}

#[tokio::test]
async fn a_wrong_version_is_named_in_addition_to_upstreams_answer() {
    let server = Server::builder().start().await.unwrap();
    let plain = ask(&server, "GET", "/apis/nothing.dev/v1/things").await;
    let wrong = ask(&server, "GET", "/apis/kubeflow.org/v1beta1/tfjobs").await;
    assert_eq!((wrong.status.as_u16(), wrong.text()), (404, plain.text()));
    let hint = "kubeflow.org/v1 serves tfjobs, v1beta1 does not";
    assert_eq!(wrong.headers["x-standin-hint"], hint);
    let exchanges = server.journal().exchanges();
    assert_eq!(exchanges[1].hint(), Some(hint));
    assert!(exchanges[1].to_line().ends_with(&format!("404 unmatched ({hint})")));
    let shown = ask(&server, "GET", "/__admin/requests/unmatched").await;
    assert!(shown.text().contains(hint), "{}", shown.text());
    // A resource that is not there in a version that is served.
    let near = ask(&server, "GET", "/apis/kubeflow.org/v1/tfjob").await;
    assert_eq!(
        near.headers["x-standin-hint"],
        "a path names the plural: kubeflow.org/v1 serves tfjobs"
    );
    // An object that does not exist is no miss of a path.
    let absent =
        ask(&server, "GET", "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs/absent").await;
    assert!(absent.status == 404 && !absent.headers.contains_key("x-standin-hint"));
}

#[tokio::test]
async fn probes_and_the_admin_api_are_not_in_the_journal() {
    let server = Server::builder().start().await.unwrap();
    for path in [
        "/healthz",
        "/livez",
        "/readyz",
        "/livez/ping",
        "/readyz?verbose",
        "/worlds/w/healthz",
        "/__admin/health",
        "/__admin",
        "/__admin/mappings",
        "/worlds/w/__admin/requests",
        "/__admin/nothing",
    ] {
        let _ = ask(&server, "GET", path).await;
    }
    assert_eq!(server.journal().recorded(), 0);
    let worlds = ask(&server, "GET", "/__admin/worlds").await;
    for world in worlds.at("/worlds").as_array().unwrap() {
        assert_eq!(world["requests"], 0, "{world}");
    }
    let _ = ask(&server, "GET", "/version").await;
    assert_eq!(server.journal().recorded(), 1);
    // What a stub or a rule answers at such a path is a client's.
    let server = Server::builder()
        .stub(Stub::get("/healthz").reply("fine"))
        .object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}))
        .scenario_yaml("rules: [{match: {path: /livez}, then: {status: 500}}]")
        .start()
        .await
        .unwrap();
    for path in ["/healthz", "/livez", "/readyz"] {
        let _ = ask(&server, "GET", path).await;
    }
    assert_eq!(server.journal().recorded(), 2);
}

#[tokio::test]
async fn a_port_in_use_says_who_to_ask() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, _, errors) = run(&["serve", "--listen", &port.to_string()]).await;
    assert_eq!(code, 1, "{errors}");
    assert!(errors.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{errors}");
    assert!(errors.contains(&format!("lsof -i :{port}")), "{errors}");
    let (code, _, errors) = run(&["serve", "--listen", "192.0.2.1:0"]).await;
    assert!(code == 1 && errors.contains("this machine has no address 192.0.2.1"), "{errors}");
}
