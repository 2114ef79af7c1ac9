//! What servers that share a store in etcd have in common besides objects. Each test has an etcd of its own, where the
//! machine has the program. `tests/etcd/shared` asks the same of the program, and more.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use standin::{RunningServer, Server};

use crate::store::Etcd;
use crate::support::{ask, eventually, post, send};

const MAPPINGS: &str = "/__admin/mappings";

fn stub(url: &str, body: &str) -> Value {
    json!({"request": {"url": url}, "response": {"body": body}})
}

async fn add(server: &RunningServer, stub: &Value) {
    let added = post(server, "POST", MAPPINGS, stub).await;
    assert_eq!(added.status, 201, "{}", added.text());
}

async fn body(server: &RunningServer, path: &str) -> String {
    ask(server, "GET", path).await.text().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn stubs_settings_and_clocks_are_those_of_all() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = tokio::join!(etcd.server(), etcd.server());
    for n in 0..20 {
        let (writer, reader) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        add(writer, &stub("/newest", &n.to_string())).await;
        assert_eq!(body(reader, "/newest").await, n.to_string());
        let frozen = if n % 4 < 2 { "freeze" } else { "release" };
        assert_eq!(ask(writer, "POST", &format!("/__admin/clock/{frozen}")).await.status, 200);
        let clock = ask(reader, "GET", "/__admin/clock").await;
        assert_eq!(clock.at("/frozen"), frozen == "freeze");
        let delay = json!({"fixedDelay": n});
        assert_eq!(post(writer, "POST", "/__admin/settings", &delay).await.status, 200);
        let settings = ask(reader, "GET", "/__admin/settings").await;
        assert_eq!(settings.at("/settings/fixedDelay"), n);
    }
    // One that starts later has all, in the same order.
    let third = etcd.server().await;
    let ids = async |server| {
        let list = ask(server, "GET", MAPPINGS).await.json();
        let mappings = list["mappings"].as_array().cloned().unwrap_or_default();
        mappings.iter().map(|mapping| mapping["id"].clone()).collect::<Vec<_>>()
    };
    let known = ids(&one).await;
    assert_eq!((known.len(), ids(&other).await, ids(&third).await), (20, known.clone(), known));
    assert_eq!(ask(&third, "POST", "/__admin/reset").await.status, 200);
    for server in [&one, &other, &third] {
        assert_eq!(ids(server).await, [Value::Null; 0]);
        assert_eq!(ask(server, "GET", "/__admin/clock").await.at("/frozen"), false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_count_together() {
    const RULES: &str = "
seed: 42
rules:
- {match: {path: /steps}, steps: [{times: 15, then: {status: 500}}]}
- {match: {path: /drawn}, share: [{p: 30%, then: {status: 503}}]}
- {match: {path: /own}, local: true, steps: [{times: 2, then: {status: 500}}]}
";
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = tokio::join!(etcd.server(), etcd.server());
    assert_eq!(send(&one, "PUT", "/__admin/scenarios/s", &[], RULES).await.status, 200);
    let asking = async |server, path, count| {
        let mut codes = Vec::new();
        for _ in 0..count {
            codes.push(ask(server, "GET", path).await.status.as_u16());
        }
        codes
    };
    // At once.
    let (a, b, c, d) = tokio::join!(
        asking(&one, "/steps", 10),
        asking(&other, "/steps", 10),
        asking(&one, "/steps", 10),
        asking(&other, "/steps", 10)
    );
    let failed = [a, b, c, d].concat().into_iter().filter(|code| *code == 500).count();
    assert_eq!(failed, 15);
    // In turn, as one server alone.
    let mut together = Vec::new();
    for n in 0..40 {
        let server = if n % 2 == 0 { &one } else { &other };
        together.extend(asking(server, "/drawn", 1).await);
    }
    let reset = ask(&other, "POST", "/__admin/standin/scenarios/reset").await;
    assert_eq!(reset.status, 200);
    assert_eq!(asking(&one, "/drawn", 40).await, together);
    for server in [&one, &other] {
        assert_eq!(asking(server, "/own", 4).await, [500, 500, 404, 404]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transition_is_taken_once() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = tokio::join!(etcd.server(), etcd.server());
    for n in 0..40 {
        let at = if n == 0 { "Started".to_owned() } else { n.to_string() };
        let mut step = stub("/step", &n.to_string());
        step["scenarioName"] = "a / b".into();
        step["requiredScenarioState"] = at.into();
        step["newScenarioState"] = (n + 1).to_string().into();
        add(&one, &step).await;
    }
    let asking = async |server| {
        let mut seen = Vec::new();
        for _ in 0..10 {
            seen.push(body(server, "/step").await);
        }
        seen
    };
    let (a, b, c, d) = tokio::join!(asking(&one), asking(&other), asking(&one), asking(&other));
    let seen = [a, b, c, d].concat();
    let each: BTreeSet<String> = (0..40).map(|n: u32| n.to_string()).collect();
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (40, each));
}

/// What a list of the journal has, by URL.
fn urls(list: &Value, name: &str) -> Vec<String> {
    let entries = list[name].as_array().expect("a list");
    let url = |entry: &Value| {
        let request = entry.get("request").unwrap_or(entry);
        request["url"].as_str().expect("a URL").to_owned()
    };
    entries.iter().map(url).collect()
}

/// The same without their order: two servers may have been asked within a millisecond.
fn sorted(list: &Value, name: &str) -> Vec<String> {
    let mut urls = urls(list, name);
    urls.sort();
    urls
}

fn journal(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("/journal/{n}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journals_of_all_are_asked() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = tokio::join!(etcd.server(), etcd.server());
    eventually("the servers know each other", async || {
        let list = ask(&one, "GET", "/__admin/requests").await;
        ask(&other, "GET", "/nobody").await;
        list.at("/meta/total").as_u64().is_some_and(|total| total > 0)
    })
    .await;
    assert_eq!(ask(&one, "DELETE", "/__admin/requests").await.status, 200);
    let mut last = String::new();
    for n in 0..6 {
        last = format!("/journal/{n}");
        ask(if n % 2 == 0 { &one } else { &other }, "GET", &last).await;
    }
    add(&one, &stub("/used", "1")).await;
    add(&one, &stub("/unused", "2")).await;
    ask(&other, "GET", "/used").await;
    for server in [&one, &other] {
        let all = ask(server, "GET", "/__admin/requests?unmatched=true").await.json();
        assert_eq!((sorted(&all, "requests"), &all["meta"]["total"]), (journal(6), &json!(6)));
        let entries = all["requests"].as_array().expect("a list");
        let time = |entry: &Value| entry["request"]["loggedDate"].as_u64().expect("a time");
        assert!(entries.iter().map(time).is_sorted_by(|newer, older| newer >= older), "{all}");
        assert_eq!(all["unanswered"], Value::Null);
        let limited = ask(server, "GET", "/__admin/requests?limit=2").await.json();
        assert_eq!(urls(&limited, "requests"), ["/used", &*last]);
        let local = ask(server, "GET", "/__admin/requests?replica=local&unmatched=true").await;
        assert_eq!(local.at("/meta/total"), 3);
        let pattern = json!({"urlPattern": "/journal/[0-3]"});
        let count = post(server, "POST", "/__admin/requests/count", &pattern).await;
        assert_eq!(count.at("/count"), 4);
        let found = post(server, "POST", "/__admin/requests/find", &pattern).await.json();
        assert_eq!(sorted(&found, "requests"), journal(4));
        let near = post(server, "POST", "/__admin/near-misses/request-pattern", &pattern).await;
        assert_eq!(urls(&near.json(), "nearMisses").len(), 3);
        for entry in entries {
            let path = format!("/__admin/requests/{}", entry["id"].as_str().expect("an id"));
            assert_eq!(ask(server, "GET", &path).await.json(), *entry);
        }
        let unmatched = ask(server, "GET", "/__admin/mappings/unmatched").await;
        assert_eq!(unmatched.at("/meta/total"), 1, "{}", unmatched.text());
        assert_eq!(unmatched.at("/mappings/0/request/url"), "/unused");
    }
    let removed = post(&one, "POST", "/__admin/requests/remove", &json!({"url": last})).await;
    assert_eq!(urls(&removed.json(), "serveEvents"), [&*last]);
    assert_eq!(ask(&other, "GET", "/__admin/requests").await.at("/meta/total"), 6);
    // A removal of stubs looks at the requests of all.
    assert_eq!(ask(&one, "DELETE", "/__admin/mappings/unmatched").await.status, 200);
    assert_eq!(body(&one, "/used").await, "1");
    assert_eq!(ask(&other, "POST", "/__admin/reset").await.status, 200);
    assert_eq!(ask(&one, "GET", "/__admin/requests?replica=local").await.at("/meta/total"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_named() {
    let Some(etcd) = Etcd::start() else { return };
    let secured = async |token: &str| {
        let builder = Server::builder().store(&etcd.address, false).admin_token(token);
        builder.start().await.expect("it starts")
    };
    let (one, same, strange) = (secured("t").await, secured("t").await, secured("x").await);
    for server in [&one, &same, &strange] {
        ask(server, "GET", "/asked").await;
    }
    let bearer = [("authorization", "Bearer t")];
    let gone = Server::builder().store(&etcd.address, false).advertise("http://127.0.0.1:9");
    let gone = gone.start().await.expect("it starts");
    let (unknown, closed) = (strange.url(), "http://127.0.0.1:9".to_owned());
    eventually("each server is known", async || {
        let list = send(&one, "GET", "/__admin/requests", &bearer, "").await;
        assert_eq!(list.status, 200);
        let list = list.json();
        let named = list["unanswered"].as_array().cloned().unwrap_or_default();
        let names = |url: &str| {
            named.iter().any(|line| line.as_str().is_some_and(|line| line.starts_with(url)))
        };
        list["meta"]["total"] == 2 && named.len() == 2 && names(&unknown) && names(&closed)
    })
    .await;
    // What is removed by what all have asked needs all.
    let removal = send(&one, "DELETE", "/__admin/mappings/unmatched", &bearer, "").await;
    assert_eq!(removal.status, 504);
    assert!(removal.text().contains(&closed), "{}", removal.text());
    assert_eq!(ask(&one, "GET", "/__admin/requests").await.status, 401);
    drop(gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_on_what_clients_did_at_all() {
    const RULES: &str = "
rules:
- match: {path: /steps}
  steps: [{times: 2, then: {status: 503, retry_after: 60s}}]
  expect: {retry_after: honoured}
- {match: {path: /own}, local: true, steps: [{times: 3, then: {status: 500}}]}
";
    let Some(etcd) = Etcd::start() else { return };
    let graded = async || {
        let builder = Server::builder().store(&etcd.address, false).graded(true);
        builder.start().await.expect("it starts")
    };
    let (one, other) = (graded().await, graded().await);
    assert_eq!(send(&one, "PUT", "/__admin/scenarios/s", &[], RULES).await.status, 200);
    let verdict = async |server| ask(server, "GET", "/__admin/verdict").await.json();
    eventually("the servers know each other", async || {
        ask(&other, "GET", "/before").await;
        verdict(&one).await["requests"].as_u64().is_some_and(|requests| requests > 0)
    })
    .await;
    assert_eq!(ask(&one, "POST", "/__admin/reset").await.status, 200);
    assert_eq!(send(&one, "PUT", "/__admin/scenarios/s", &[], RULES).await.status, 200);
    for server in [&one, &other] {
        assert_eq!(verdict(server).await["verdict"], "not_met");
    }
    // Each server has seen a part of what the rules need; together it is all.
    ask(&one, "GET", "/own").await;
    ask(&other, "GET", "/own").await;
    ask(&other, "GET", "/own").await;
    assert_eq!(ask(&one, "GET", "/steps").await.status, 503);
    for server in [&one, &other] {
        let verdict = verdict(server).await;
        let unmet: Vec<&Value> = verdict["findings"].as_array().expect("a list").iter().collect();
        let unmet: Vec<_> = unmet.into_iter().filter(|one| one["code"] == "not-met").collect();
        assert_eq!(unmet.len(), 1, "{verdict}");
        let message = unmet[0]["message"].as_str().expect("a message");
        assert!(message.contains("its steps need 2 requests, and there were 1"), "{message}");
        assert_eq!(verdict["requests"], 4);
    }
    // The wait that one asked for is not kept at the other.
    assert_eq!(ask(&other, "GET", "/steps").await.status, 503);
    for server in [&one, &other] {
        let answer = verdict(server).await;
        assert_eq!(answer["verdict"], "failed", "{answer}");
        let timeline = answer["timeline"].as_array().expect("a list");
        let paths: Vec<_> = timeline.iter().map(|one| one["path"].clone()).collect();
        assert_eq!((paths.len(), &paths[3], &paths[4]), (5, &json!("/steps"), &json!("/steps")));
        let findings = ask(server, "GET", "/__admin/findings").await.json();
        assert_eq!(findings["requests"], 5);
        let codes: Vec<_> = findings["findings"].as_array().expect("a list").iter().collect();
        assert!(codes.iter().any(|finding| finding["code"] == "retry-after"), "{findings}");
    }
    // One that does not tell may have seen anything.
    let gone = Server::builder().store(&etcd.address, false).advertise("http://127.0.0.1:9");
    let gone = gone.start().await.expect("it starts");
    eventually("nobody knows", async || verdict(&one).await["verdict"] == "broken").await;
    let answer = verdict(&one).await;
    assert!(answer["unanswered"].to_string().contains("127.0.0.1:9"), "{answer}");
    let text = send(&one, "GET", "/__admin/verdict", &[("accept", "text/plain")], "").await;
    assert!(text.text().contains("127.0.0.1:9"), "{}", text.text());
    drop(gone);
}
