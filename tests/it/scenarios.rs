//! Every shipped scenario, over the wire.

use std::collections::HashSet;

use serde_json::{Value, json};
use standin::Server;

use crate::support::{COLLECTIONS, ENDPOINTS, TFJOBS, ask, files, send, try_send, with_scenario};

/// Every status that the pages list, with its reason (`metav1.StatusReason`).
const STATUSES: [(u16, &str); 14] = [
    (400, "BadRequest"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "NotFound"),
    (405, "MethodNotAllowed"),
    (406, "NotAcceptable"),
    (409, "Conflict"),
    (410, "Expired"),
    (415, "UnsupportedMediaType"),
    (422, "Invalid"),
    (429, "TooManyRequests"),
    (500, "InternalError"),
    (503, "ServiceUnavailable"),
    (504, "Timeout"),
];

#[tokio::test]
async fn every_documented_status_is_reachable_on_every_endpoint() {
    for (code, reason) in STATUSES {
        let name = format!("status-{code}");
        let server = with_scenario(&name).await;
        for (page, method, path) in ENDPOINTS {
            let answer = ask(&server, method, path).await;
            assert_eq!(answer.status, code, "page {page}");
            let body = answer.json();
            assert_eq!(
                (&body["kind"], &body["status"]),
                (&json!("Status"), &json!("Failure")),
                "{body}"
            );
            assert_eq!((&body["code"], &body["reason"]), (&json!(code), &json!(reason)), "{body}");
            assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
            assert_eq!(answer.headers["x-standin-rule"], format!("{name}/documented").as_str());
        }
        // The rest of the API keeps working.
        assert_eq!(ask(&server, "GET", "/apis").await.status, 200);
        assert_eq!(server.journal().count(|exchange| exchange.status == code), 4);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_client_without_a_live_token_is_refused_until_it_fetches_one() {
    let own = files(&[(
        "short.yaml",
        "tokens:\n  iam: {issue: POST /v3/auth/tokens, in: [header X-Auth-Token, bearer], uses: 2}\n\
         rules:\n- id: auth\n  match: {path: /api*/**}\n  require: {token: iam, else: {status: 401}}\n",
    )]);
    let path = own.path().join("short.yaml");
    for (scenario, uses) in [("token-refresh", 100), (path.to_str().unwrap(), 2)] {
        let server = with_scenario(scenario).await;
        let refused = ask(&server, "GET", TFJOBS).await;
        assert_eq!((refused.status.as_u16(), refused.at("/reason")), (401, json!("Unauthorized")));
        let wrong = send(&server, "GET", TFJOBS, &[("x-auth-token", "made-up")], "").await;
        assert_eq!(wrong.status, 401);
        let issued = send(&server, "POST", "/v3/auth/tokens", &[], "{}").await;
        assert_eq!(issued.status, 201);
        assert!(issued.at("/token/expires_at").is_string(), "{}", issued.text());
        let token = issued.headers["x-subject-token"].to_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        for n in 0..uses {
            let header =
                if n % 2 == 0 { ("x-auth-token", &*token) } else { ("authorization", &*bearer) };
            assert_eq!(send(&server, "GET", TFJOBS, &[header], "").await.status, 200, "use {n}");
        }
        assert_eq!(
            send(&server, "GET", TFJOBS, &[("x-auth-token", &token)], "").await.status,
            401,
            "used up"
        );
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_chain_of_generated_jobs_is_complete() {
    let server = with_scenario("continue-chain").await;
    for collection in [
        "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs",
        "/apis/batch.volcano.sh/v1alpha1/namespaces/kube-test/jobs",
    ] {
        let (mut token, mut pages, mut names) = (String::new(), 0, Vec::new());
        loop {
            let page =
                ask(&server, "GET", &format!("{collection}?limit=500&continue={token}")).await;
            assert!(page.names().len() <= 20);
            names.extend(page.names());
            pages += 1;
            token = page.at("/metadata/continue").as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
        }
        let generated = names.iter().filter(|name| name.starts_with("chain-")).count();
        assert_eq!(generated, 250);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "each once");
        assert_eq!(pages, 13);
    }
}

#[tokio::test]
async fn the_third_page_of_a_chain_is_gone_once() {
    let server = with_scenario("continue-expired").await;
    let page = |token: Value| {
        let target = format!("{TFJOBS}?limit=10&continue={}", token.as_str().unwrap_or(""));
        let server = &server;
        async move { ask(server, "GET", &target).await }
    };
    let first = page(json!("")).await;
    let second = page(first.at("/metadata/continue")).await;
    let third = page(second.at("/metadata/continue")).await;
    assert_eq!((third.status.as_u16(), third.at("/reason")), (410, json!("Expired")));
    let mut next = third.at("/metadata/continue");
    assert!(next.is_string(), "a token that goes on: {}", third.text());
    let mut names: Vec<String> = first.names();
    names.extend(second.names());
    while next != "" {
        let page = page(next).await;
        assert_eq!(page.status, 200, "{}", page.text());
        names.extend(page.names());
        next = page.at("/metadata/continue");
    }
    assert_eq!(
        names.iter().collect::<HashSet<_>>().len(),
        51,
        "50 generated and the documented one"
    );
    // Once: the next client walks through.
    let again =
        page(page(page(json!("")).await.at("/metadata/continue")).await.at("/metadata/continue"))
            .await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn the_same_seed_throttles_the_same_calls() {
    let fate = |seed: Option<u64>| async move {
        let mut builder = Server::builder().scenario("throttled");
        if let Some(seed) = seed {
            builder = builder.seed(seed);
        }
        let server = builder.start().await.unwrap();
        let mut throttled = Vec::new();
        for n in 0..200 {
            let answer = ask(&server, "GET", TFJOBS).await;
            if answer.status == 429 {
                assert_eq!(answer.headers["retry-after"], "1");
                assert_eq!(answer.at("/details/retryAfterSeconds"), 1);
                throttled.push(n);
            } else {
                assert_eq!(answer.status, 200);
            }
        }
        throttled
    };
    let (first, second, other) = (fate(None).await, fate(None).await, fate(Some(7)).await);
    assert_eq!(first, second);
    assert_ne!(first, other);
    assert!((30..90).contains(&first.len()), "{} of 200", first.len());
}

#[tokio::test]
async fn a_flaky_delete_works_at_the_fourth_try() {
    let server = with_scenario("flaky-delete").await;
    assert_eq!(ask(&server, "DELETE", TFJOBS).await.status, 500);
    assert_eq!(ask(&server, "DELETE", TFJOBS).await.status, 500);
    let reset = try_send(&server, "DELETE", TFJOBS, &[], "").await.unwrap_err();
    assert!(reset.contains("ConnectionReset") || reset.contains("reset"), "{reset}");
    // The fault struck in the answer: the jobs are gone, and the client cannot know.
    assert_eq!(ask(&server, "GET", TFJOBS).await.names().len(), 0);
    let again = ask(&server, "DELETE", TFJOBS).await;
    assert_eq!((again.status.as_u16(), again.names().len()), (200, 0));
    // The counters start again on request.
    assert_eq!(ask(&server, "POST", "/__admin/scenarios/reset").await.status, 200);
    assert_eq!(ask(&server, "DELETE", TFJOBS).await.status, 500);
}

#[tokio::test]
async fn several_scenarios_are_combined() {
    let own = files(&[(
        "drill.yaml",
        "rules:\n- id: teapot\n  match: {header: {X-Drill: \"*\"}}\n  then: {reply: {status: 418, headers: {X-A: b}, json: {a: [1]}}}\n\
         - id: mine\n  match: {verb: list}\n  then: {status: 503, message: \"storage is (re)initializing\", retry_after: 2s, headers: {X-Own: \"1\"}}\n",
    )]);
    let server = Server::builder()
        .scenario(own.path().join("drill.yaml").to_str().unwrap())
        .scenario("flaky-delete")
        .start()
        .await
        .unwrap();
    let teapot = send(&server, "GET", "/anything", &[("x-drill", "1")], "").await;
    assert_eq!((teapot.status.as_u16(), teapot.json()), (418, json!({"a": [1]})));
    assert_eq!(teapot.headers["x-a"], "b");
    for collection in COLLECTIONS {
        let answer = ask(&server, "GET", collection).await;
        assert_eq!(
            (answer.status.as_u16(), answer.at("/message")),
            (503, json!("storage is (re)initializing"))
        );
        assert_eq!(
            (&answer.headers["retry-after"], &answer.headers["x-own"]),
            (&"2".parse().unwrap(), &"1".parse().unwrap())
        );
    }
    assert_eq!(ask(&server, "DELETE", TFJOBS).await.status, 500);
}

#[tokio::test]
async fn a_rule_that_looks_at_the_body_leaves_it_for_the_others() {
    let rules = "clients: {canary: {header: {X-Client: canary}}}\n\
        rules:\n\
        - {id: big, client: canary, match: {verb: create, resource: configmaps, body: {$.metadata.name: \"big-*\"}}, then: {status: 422}}\n";
    let own = files(&[("bodies.yaml", rules)]);
    let server = with_scenario(own.path().join("bodies.yaml").to_str().unwrap()).await;
    let maps = "/api/v1/namespaces/default/configmaps";
    let make = async |name: &str, client: &str| {
        let body =
            format!("{{\"metadata\": {{\"name\": \"{name}\"}}, \"data\": {{\"k\": \"v\"}}}}");
        let headers = [("content-type", "application/json"), ("x-client", client)];
        send(&server, "POST", maps, &headers, &body).await
    };
    let refused = make("big-1", "canary").await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert_eq!(refused.headers["x-standin-rule"], "bodies/big");
    let made = make("small", "canary").await;
    assert_eq!((made.status.as_u16(), made.at("/data/k")), (201, "v".into()), "{}", made.text());
    assert_eq!(make("big-1", "stable").await.status, 201);
}
