//! What servers that share a store in etcd have in common besides objects. Each test has an etcd of its own, where the
//! machine has the program. `tests/etcd/shared` asks the same of the program, and more.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use standin::RunningServer;

use crate::store::Etcd;
use crate::support::{ask, post, send};

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
