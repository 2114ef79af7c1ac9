//! The admin API of settings, scenarios, near misses and the journal, by the rules of WireMock's own tests of it
//! (`AdminApiTest`, `ScenarioAcceptanceTest`, `NearMissesAcceptanceTest`, `ServeEventLogAcceptanceTest`).

use serde_json::{Value, json};
use standin::Server;

use crate::stub_admin::{MAPPINGS, ONE, add, error, stub, with_files};
use crate::support::{ask, bounds, eventually, files, post, send};

#[tokio::test]
async fn settings_are_replaced_and_extended_ones_added_to() {
    let (server, _files) = with_files(&[]).await;
    let settings = async || ask(&server, "GET", "/__admin/settings").await.at("/settings");
    assert_eq!(settings().await, json!({"proxyPassThrough": true}));
    let body = json!({"settings": {
        "delayDistribution": {"type": "uniform", "lower": 1, "upper": 2},
        "extended": {"one": 1, "two": {"name": "abc"}},
    }});
    assert_eq!(post(&server, "PUT", "/__admin/settings", &body).await.status, 200);
    let mut wanted = body["settings"].clone();
    wanted["proxyPassThrough"] = false.into();
    assert_eq!(settings().await, wanted);
    let more = json!({"extended": {"one": 11, "three": 3}});
    post(&server, "PATCH", "/__admin/settings/extended", &more).await;
    let extended = settings().await["extended"].clone();
    assert_eq!(extended, json!({"one": 11, "two": {"name": "abc"}, "three": 3}));
    post(&server, "POST", "/__admin/settings", &json!({"proxyPassThrough": "true"})).await;
    assert_eq!(settings().await, json!({"proxyPassThrough": true}));
    let answer = post(&server, "POST", "/__admin/settings", &json!({"nope": 1})).await;
    assert_eq!(error(&answer), (422, json!(10), json!("/nope")));
}

#[tokio::test]
async fn scenarios_are_moved_and_reset() {
    let (server, _files) = with_files(&[]).await;
    for (from, to) in [("Started", "two words"), ("two words", "3")] {
        let stub = json!({
            "scenarioName": "my scenario", "requiredScenarioState": from, "newScenarioState": to,
            "request": {"url": "/s"}, "response": {"body": from},
        });
        add(&server, &stub).await;
    }
    let state = async || ask(&server, "GET", "/__admin/scenarios").await.at("/scenarios/0/state");
    let put = async |name: &str, body: &str| {
        let path = format!("/__admin/scenarios/{name}/state");
        send(&server, "PUT", &path, &[], body).await
    };
    assert_eq!(ask(&server, "GET", "/s").await.text(), "Started");
    assert_eq!(state().await, "two words");
    assert_eq!(put("my%20scenario", "{\"state\": \"3\"}").await.status, 200);
    assert_eq!(state().await, "3");
    // Nothing, or an empty state, resets it.
    assert_eq!(put("my%20scenario", "").await.status, 200);
    assert_eq!(state().await, "Started");
    let unknown = put("my%20scenario", "{\"state\": \"no\"}").await;
    assert_eq!((unknown.status.as_u16(), unknown.at("/errors/0/code")), (422, json!(11)));
    let title = "Scenario my scenario does not support state no";
    assert_eq!(unknown.at("/errors/0/title"), title);
    for body in ["", "{\"state\": \"x\"}"] {
        let gone = put("i-dont-exist", body).await;
        assert_eq!(gone.status, 404);
        assert_eq!(gone.at("/errors/0/title"), "Scenario i-dont-exist does not exist");
    }
    ask(&server, "DELETE", MAPPINGS).await;
    assert_eq!(ask(&server, "GET", "/__admin/scenarios").await.json(), json!({"scenarios": []}));
}

#[tokio::test]
async fn near_misses_are_asked_for_by_requests_and_patterns() {
    let (server, _files) = with_files(&[]).await;
    add(&server, &json!({"request": {"method": "POST", "url": "/things"}})).await;
    ask(&server, "GET", "/thing").await;
    let request = json!({"method": "GET", "url": "/thing"});
    let near = post(&server, "POST", "/__admin/near-misses/request", &request).await;
    assert_eq!(near.at("/nearMisses/0/request/url"), "/thing");
    assert_eq!(near.at("/nearMisses/0/stubMapping/request/url"), "/things");
    let pattern = json!({"method": "GET", "url": "/thin"});
    let near = post(&server, "POST", "/__admin/near-misses/request-pattern", &pattern).await;
    assert_eq!(near.at("/nearMisses/0/request/url"), "/thing");
    assert_eq!(near.at("/nearMisses/0/requestPattern/url"), "/thin");
    let near = ask(&server, "GET", "/__admin/requests/unmatched/near-misses").await;
    assert!(near.at("/nearMisses/0/matchResult/distance").as_f64().unwrap() > 0.0);
    for path in ["request", "request-pattern"] {
        for body in ["", "x", "[]"] {
            let path = format!("/__admin/near-misses/{path}");
            assert_eq!(
                send(&server, "POST", &path, &[], body).await.status,
                422,
                "{path} {body:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_404_names_the_state_of_a_scenario() {
    let (server, _files) = with_files(&[]).await;
    for (state, next) in [("Started", "second"), ("third", "Started")] {
        let stub = json!({
            "scenarioName": "s", "requiredScenarioState": state, "newScenarioState": next,
            "request": {"method": "GET", "url": "/s"},
        });
        add(&server, &stub).await;
    }
    assert_eq!(ask(&server, "GET", "/s").await.status, 200);
    let miss = ask(&server, "GET", "/s").await;
    assert_eq!(miss.status, 404);
    assert!(miss.text().contains("[Scenario 's' state: second]"), "{}", miss.text());
}

#[tokio::test]
async fn requests_are_listed_found_and_forgotten() {
    let (server, _files) = with_files(&[]).await;
    add(&server, &stub(Some(ONE), "/m", "")).await;
    for path in ["/m", "/n", "/m", "/o"] {
        ask(&server, "GET", path).await;
    }
    let list = async |query: &str| {
        let answer = ask(&server, "GET", &format!("/__admin/requests?{query}")).await.json();
        let url = |event: &Value| event["request"]["url"].as_str().unwrap().to_owned();
        let urls: Vec<String> = answer["requests"].as_array().unwrap().iter().map(url).collect();
        (urls, answer["meta"]["total"].clone())
    };
    assert_eq!(list("limit=2").await, (vec!["/o".to_owned(), "/m".to_owned()], json!(4)));
    assert_eq!(list("unmatched=true").await.0, ["/o", "/n"]);
    assert_eq!(list(&format!("matchingStub={ONE}")).await.0, ["/m", "/m"]);
    assert_eq!(list("since=2199-01-01T00:00:00Z").await.0, [""; 0]);
    for (query, code, title) in [
        ("matchingStub=x", 15, "Query parameter matchingStub value 'x' is not a valid UUID"),
        ("matchingStub=", 15, "Query parameter matchingStub value '' is not a valid UUID"),
        ("since=foo", 10, "foo is not a valid ISO8601 date"),
    ] {
        let answer = ask(&server, "GET", &format!("/__admin/requests?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.at("/errors/0/code")), (400, json!(code)));
        assert_eq!(answer.at("/errors/0/title"), title);
    }
    let newest = ask(&server, "GET", "/__admin/requests?limit=1").await.at("/requests/0/id");
    let path = format!("/__admin/requests/{}", newest.as_str().unwrap());
    assert_eq!(ask(&server, "GET", &path).await.at("/request/url"), "/o");
    assert_eq!(ask(&server, "DELETE", &path).await.status, 200);
    assert_eq!(ask(&server, "GET", &path).await.status, 404);
    assert_eq!(ask(&server, "GET", "/__admin/requests/x").await.status, 400);
}

#[tokio::test]
async fn a_request_has_the_same_id_in_templates_webhooks_and_the_journal() {
    let (server, _files) = with_files(&[]).await;
    let stub = json!({
        "request": {"url": "/t"},
        "response": {"body": "{{request.id}}", "transformers": ["response-template"]},
        "serveEventListeners": [{"name": "webhook", "parameters": {
            "method": "POST", "url": format!("{}/hook", server.url()), "body": "{{originalRequest.id}}",
        }}],
    });
    add(&server, &stub).await;
    let id = ask(&server, "GET", "/t").await.text().to_owned();
    let event = ask(&server, "GET", &format!("/__admin/requests/{id}")).await;
    assert_eq!((event.status.as_u16(), event.at("/request/url")), (200, json!("/t")));
    eventually("the webhook", async || {
        let found = json!({"url": "/hook", "bodyPatterns": [{"equalTo": id}]});
        post(&server, "POST", "/__admin/requests/count", &found).await.at("/count") == 1
    })
    .await;
}

#[tokio::test]
async fn a_template_that_fails_leaves_its_error_in_the_journal() {
    let (server, _files) = with_files(&[]).await;
    let body = "{{date 'x' format=1}}";
    let stub = json!({
        "request": {"url": "/t"},
        "response": {"body": body, "transformers": ["response-template"]},
    });
    add(&server, &stub).await;
    let answer = ask(&server, "GET", "/t").await;
    assert_eq!(answer.status, 500);
    let event = ask(&server, "GET", "/__admin/requests").await.at("/requests/0/subEvents/0");
    assert_eq!(event["type"], "ERROR");
    assert_eq!(event["data"]["message"], answer.text());
}

#[tokio::test]
async fn without_a_journal_what_needs_it_fails_as_in_wiremock() {
    let directory = files(&[("mappings/a.json", "{\"request\": {\"url\": \"/a\"}}")]);
    let off = bounds(|bounds| bounds.journal.entries = 0);
    let server = Server::builder().fixtures(directory.path()).bounds(off).start().await.unwrap();
    assert_eq!(ask(&server, "GET", "/a").await.status, 200);
    for (method, path) in [
        ("GET", "requests"),
        ("GET", "requests/00000001-0000-4000-8000-000000000000"),
        ("POST", "requests/remove"),
        ("POST", "requests/remove-by-metadata"),
        ("GET", "requests/unmatched/near-misses"),
        ("POST", "near-misses/request-pattern"),
        ("GET", "mappings/unmatched"),
        ("POST", "recordings/snapshot"),
    ] {
        let answer = post(&server, method, &format!("/__admin/{path}"), &json!({})).await;
        assert_eq!(answer.status, 500, "{method} {path}");
        let title = answer.at("/errors/0/title");
        assert!(title.as_str().unwrap().starts_with("The request journal is disabled"), "{title}");
    }
    let disabled = async |method: &str, path: &str| {
        let answer = post(&server, method, &format!("/__admin/{path}"), &json!({})).await;
        (answer.status.as_u16(), answer.at("/requestJournalDisabled"), answer.at("/count"))
    };
    assert_eq!(disabled("POST", "requests/count").await, (200, json!(true), json!(-1)));
    assert_eq!(disabled("POST", "requests/find").await.1, true);
    assert_eq!(disabled("GET", "requests/unmatched").await.1, true);
    assert_eq!(ask(&server, "DELETE", "/__admin/requests").await.status, 200);
}
