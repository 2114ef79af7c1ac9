//! API services that another server answers: conditions, requests that are passed on, discovery.

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::admission::hooks;
use crate::support::{Answer, ask, eventually, files, post, send};

const API_SERVICES: &str = "/apis/apiregistration.k8s.io/v1/apiservices";
const ROOT: &str = "/apis/metrics.example.com/v1beta1";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A server of the resources of an API service, which shows the requests that it gets.
async fn backend() -> (RunningServer, TempDir) {
    let list = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.example.com/v1beta1",
        "resources": [
            {"name": "nodes", "singularName": "", "namespaced": false, "kind": "NodeMetrics", "verbs": ["get"]},
        ],
    });
    let get = |path: &str| json!({"method": "GET", "urlPath": path});
    let seen = "{{request.method}} {{request.url}} {{request.headers.X-Remote-User}} \
                {{request.headers.X-Forwarded-Uri}} {{request.headers.Authorization}} {{request.body}}";
    let openapi = json!({"paths": {"apis/metrics.example.com/v1beta1": {
        "serverRelativeURL": "/openapi/v3/apis/metrics.example.com/v1beta1?hash=1",
    }}});
    hooks(vec![
        json!({"request": get(ROOT), "response": {"status": 200, "jsonBody": list}}),
        json!({"request": get("/apis"), "response": {"status": 404}}),
        json!({"request": get("/openapi/v3"), "response": {"status": 200, "jsonBody": openapi}}),
        json!({
            "request": get(&format!("{ROOT}/elsewhere")),
            "response": {"status": 302, "headers": {"Location": "/x"}},
        }),
        json!({
            "priority": 9,
            "request": {"method": "ANY", "urlPathPattern": "/(apis|openapi/v3/apis)/metrics.*"},
            "response": {
                "status": 203, "body": seen, "headers": {"Content-Type": "text/x", "X-Own": "yes"},
                "transformers": ["response-template"],
            },
        }),
    ])
    .await
}

async fn api() -> (RunningServer, TempDir) {
    let directory = files(&[("none.json", r#"{"mappings": []}"#)]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

async fn created(server: &RunningServer, target: &str, object: &Value) {
    let answer = post(server, "POST", target, object).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
}

fn api_service(port: u16) -> Value {
    json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.example.com"},
        "spec": {
            "group": "metrics.example.com", "version": "v1beta1", "groupPriorityMinimum": 100,
            "versionPriority": 100, "insecureSkipTLSVerify": true,
            "service": {"namespace": "default", "name": "metrics", "port": port},
        },
    })
}

/// The service that leads to this machine.
fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "metrics"},
        "spec": {"type": "ExternalName", "externalName": "localhost"},
    })
}

/// Waits for a reason of the condition.
async fn reason(server: &RunningServer, wanted: &str) -> Value {
    let target = format!("{API_SERVICES}/v1beta1.metrics.example.com");
    let condition = async || ask(server, "GET", &target).await.at("/status/conditions/0");
    eventually(wanted, async || condition().await["reason"] == wanted).await;
    condition().await
}

async fn get(server: &RunningServer, target: &str, accept: &str) -> Answer {
    send(server, "GET", target, &[("accept", accept)], "").await
}

#[tokio::test]
async fn requests_are_passed_on_once_the_server_is_there() {
    let (backend, _stubs) = backend().await;
    let (server, _fixtures) = api().await;
    let nodes = format!("{ROOT}/nodes");
    assert_eq!(ask(&server, "GET", &nodes).await.status.as_u16(), 404);
    created(&server, API_SERVICES, &api_service(backend.address().port())).await;
    let condition = reason(&server, "ServiceNotFound").await;
    assert_eq!(condition["status"], "False");
    assert_eq!(condition["message"], "service/metrics in \"default\" is not present");
    let answer = ask(&server, "GET", &nodes).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (503, "service unavailable\n"));

    created(&server, "/api/v1/namespaces/default/services", &service()).await;
    let condition = reason(&server, "Passed").await;
    assert_eq!(condition["status"], "True");
    let headers = [("authorization", "Bearer t"), ("x-remote-user", "evil")];
    let answer = send(&server, "GET", &format!("{nodes}?b=x%20y&a=1"), &headers, "").await;
    assert_eq!(answer.status.as_u16(), 203);
    assert_eq!(answer.headers["x-own"], "yes");
    assert_eq!(answer.headers["cache-control"], "no-cache, private");
    let seen = answer.text();
    assert!(seen.starts_with(&format!("GET {nodes}?a=1&b=x+y ")), "{seen}");
    assert!(
        seen.contains(&format!(" system:anonymous {nodes} ")) && !seen.contains("Bearer"),
        "{seen}"
    );
    let answer = post(&server, "POST", &nodes, &json!({"a": 1})).await;
    assert!(
        answer.text().starts_with("POST ") && answer.text().ends_with("{\"a\":1}"),
        "{}",
        answer.text()
    );
    let answer = ask(&server, "GET", &format!("{ROOT}/elsewhere")).await;
    assert_eq!(answer.status.as_u16(), 502);
    assert!(answer.text().contains("which is not permitted"), "{}", answer.text());

    let target = format!("{API_SERVICES}/v1beta1.metrics.example.com");
    assert_eq!(ask(&server, "DELETE", &target).await.status.as_u16(), 200);
    assert_eq!(ask(&server, "GET", &nodes).await.status.as_u16(), 404);
    assert_eq!(ask(&server, "GET", "/apis/metrics.example.com").await.status.as_u16(), 404);
}

#[tokio::test]
async fn discovery_has_what_the_server_says() {
    let (backend, _stubs) = backend().await;
    let (server, _fixtures) = api().await;
    created(&server, "/api/v1/namespaces/default/services", &service()).await;
    created(&server, API_SERVICES, &api_service(backend.address().port())).await;
    reason(&server, "Passed").await;
    let group = ask(&server, "GET", "/apis/metrics.example.com").await.json();
    assert_eq!(group["preferredVersion"]["groupVersion"], "metrics.example.com/v1beta1");
    let groups = get(&server, "/apis", "application/json").await.json();
    let last = groups["groups"].as_array().and_then(|all| all.last()).unwrap();
    assert_eq!(last["name"], "metrics.example.com");
    let all = get(&server, "/apis", AGGREGATED).await.json();
    let last = all["items"].as_array().and_then(|all| all.last()).unwrap();
    let kind = json!({"group": "", "version": "", "kind": "NodeMetrics"});
    let wanted = json!([{
        "version": "v1beta1", "freshness": "Current",
        "resources": [{
            "resource": "nodes", "responseKind": kind, "scope": "Cluster", "singularResource": "",
            "verbs": ["get"],
        }],
    }]);
    assert_eq!(
        (&last["metadata"]["name"], &last["versions"]),
        (&json!("metrics.example.com"), &wanted)
    );
    let list = ask(&server, "GET", ROOT).await;
    assert_eq!(list.at("/resources/0/name"), "nodes");
    let index = ask(&server, "GET", "/openapi/v3").await.json();
    let url = &index["paths"]["apis/metrics.example.com/v1beta1"]["serverRelativeURL"];
    let answer = ask(&server, "GET", url.as_str().unwrap()).await;
    assert!(answer.text().starts_with("GET /openapi/v3/apis/metrics"), "{}", answer.text());
}

#[tokio::test]
async fn a_server_that_is_away_is_said_to_be() {
    let (server, _fixtures) = api().await;
    created(&server, "/api/v1/namespaces/default/services", &service()).await;
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    created(&server, API_SERVICES, &api_service(port)).await;
    let message = reason(&server, "FailedDiscoveryCheck").await["message"].to_string();
    let url = format!("https://localhost:{port}{ROOT}");
    assert!(
        message.contains(&format!("failing or missing response from {url}: Get ")),
        "{message}"
    );
    assert!(message.contains("connect: connection refused"), "{message}");
    let all = get(&server, "/apis", AGGREGATED).await.json();
    let last = all["items"].as_array().and_then(|all| all.last()).unwrap();
    assert_eq!(last["versions"], json!([{"version": "v1beta1", "freshness": "Stale"}]));
}
