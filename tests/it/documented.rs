//! The documented endpoints: their examples, their parameters, and the objects behind them.

use serde_json::{Value, json};
use standin::DeleteAnswer;
use standin::Server;

use crate::support::{COLLECTIONS, MPIJOBS, TFJOBS, VCJOBS, ask, files, post, send, server};

/// The example answer of a page.
fn page(number: &str) -> Value {
    let text = match number {
        "000" => include_str!("documented/page-000.json"),
        "001" => include_str!("documented/page-001.json"),
        "002" => include_str!("documented/page-002.json"),
        "003" => include_str!("documented/page-003.json"),
        _ => include_str!("documented/page-004.json"),
    };
    serde_json::from_str(text).expect("JSON")
}

/// The list's own metadata is the server's: its revision grows, and newer servers have no selfLink.
fn items(mut list: Value) -> Value {
    list.as_object_mut().expect("a list").remove("metadata");
    list
}

#[tokio::test]
async fn the_examples_are_what_is_answered() {
    for (number, method, path) in crate::support::ENDPOINTS {
        let server = server().await;
        let answer = ask(&server, method, path).await;
        assert_eq!(answer.status, 200, "page {number}");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(items(answer.json()), items(page(number)), "page {number}");
        assert_eq!(answer.at("/metadata/continue"), "");
        if method == "DELETE" {
            assert_eq!(ask(&server, "GET", path).await.at("/items"), json!([]), "page {number}");
        }
    }
    // Page 004 shows the job of page 001 with less detail: served from its own file.
    let example = files(&[("jobs.json", include_str!("documented/page-004.json"))]);
    let server = Server::builder().fixtures(example.path()).start().await.unwrap();
    assert_eq!(items(ask(&server, "DELETE", VCJOBS).await.json()), items(page("004")));
}

#[tokio::test]
async fn delete_collection_can_answer_the_status_of_the_table() {
    let builder = Server::builder().delete_collection_answer(DeleteAnswer::Status);
    let server = builder.start().await.unwrap();
    let answer = ask(&server, "DELETE", VCJOBS).await;
    assert_eq!(answer.at("/kind"), "Status");
    assert_eq!(answer.at("/status"), "Success");
    assert_eq!(ask(&server, "GET", VCJOBS).await.at("/items"), json!([]));
}

#[tokio::test]
async fn jobs_are_created_read_replaced_and_deleted() {
    let server = server().await;
    for collection in COLLECTIONS {
        let example = ask(&server, "GET", collection).await.at("/items/0");
        let mut job = json!({
            "apiVersion": example["apiVersion"], "kind": example["kind"],
            "metadata": {"name": "mine", "labels": {"team": "a"}}, "spec": example["spec"],
        });
        let created = post(&server, "POST", collection, &job).await;
        assert_eq!(created.status, 201, "{}", created.text());
        assert!(
            created.at("/metadata/uid").is_string()
                && created.at("/metadata/creationTimestamp").is_string()
        );
        assert_eq!(created.at("/metadata/generation"), 1);
        let again = post(&server, "POST", collection, &job).await;
        assert_eq!((again.status.as_u16(), again.at("/reason")), (409, json!("AlreadyExists")));

        let one = format!("{collection}/mine");
        assert_eq!(ask(&server, "GET", &one).await.json(), created.json());
        job["metadata"]["resourceVersion"] = created.at("/metadata/resourceVersion");
        job["metadata"]["labels"]["team"] = json!("b");
        let replaced = post(&server, "PUT", &one, &job).await;
        assert_eq!(
            (replaced.status.as_u16(), replaced.at("/metadata/labels/team")),
            (200, json!("b"))
        );
        let stale = post(&server, "PUT", &one, &job).await;
        assert_eq!((stale.status.as_u16(), stale.at("/reason")), (409, json!("Conflict")));

        assert_eq!(ask(&server, "GET", collection).await.names().len(), 2);
        let deleted = ask(&server, "DELETE", &one).await;
        assert_eq!((deleted.status.as_u16(), deleted.at("/status")), (200, json!("Success")));
        let gone = ask(&server, "GET", &one).await;
        assert_eq!((gone.status.as_u16(), gone.at("/reason")), (404, json!("NotFound")));
        assert_eq!(ask(&server, "DELETE", &one).await.status, 404);
    }
}

/// Ten jobs: `job-0` to `job-9`, every other one labelled `parity=even`.
async fn ten_jobs(server: &standin::RunningServer) {
    let spec = ask(server, "GET", TFJOBS).await.at("/items/0/spec");
    assert_eq!(ask(server, "DELETE", TFJOBS).await.status, 200);
    for n in 0..10 {
        let parity = if n % 2 == 0 { "even" } else { "odd" };
        let job = json!({
            "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "spec": spec,
            "metadata": {"name": format!("job-{n}"), "labels": {"parity": parity}},
        });
        assert_eq!(post(server, "POST", TFJOBS, &job).await.status, 201);
    }
}

#[tokio::test]
async fn selectors_limit_and_pretty_do_what_the_pages_say() {
    let server = server().await;
    ten_jobs(&server).await;
    let even = ask(&server, "GET", &format!("{TFJOBS}?labelSelector=parity%3Deven")).await;
    assert_eq!(even.names(), ["job-0", "job-2", "job-4", "job-6", "job-8"]);
    let not = ask(
        &server,
        "GET",
        &format!("{TFJOBS}?labelSelector=parity+notin+(even)&fieldSelector=metadata.name!%3Djob-1"),
    )
    .await;
    assert_eq!(not.names(), ["job-3", "job-5", "job-7", "job-9"]);
    let first = ask(&server, "GET", &format!("{TFJOBS}?limit=4")).await;
    assert_eq!(first.names(), ["job-0", "job-1", "job-2", "job-3"]);
    assert_eq!(first.at("/metadata/remainingItemCount"), 6);
    let selected =
        ask(&server, "GET", &format!("{TFJOBS}?limit=2&labelSelector=parity%3Deven")).await;
    assert_eq!(selected.at("/metadata/remainingItemCount"), Value::Null, "unknown with a selector");
    let pretty = ask(&server, "GET", &format!("{TFJOBS}/job-1?pretty=true")).await;
    assert!(pretty.text().starts_with("{\n  \"apiVersion\""), "{}", pretty.text());

    // The same parameters choose what a delete deletes.
    let deleted = ask(
        &server,
        "DELETE",
        &format!("{TFJOBS}?labelSelector=parity%3Deven&fieldSelector=metadata.name!%3Djob-0"),
    )
    .await;
    assert_eq!(deleted.names(), ["job-2", "job-4", "job-6", "job-8"]);
    let left = ask(&server, "GET", TFJOBS).await;
    assert_eq!(left.names(), ["job-0", "job-1", "job-3", "job-5", "job-7", "job-9"]);
    let limited = ask(&server, "DELETE", &format!("{TFJOBS}?limit=2")).await;
    assert_eq!(limited.names(), ["job-0", "job-1"]);
    assert_ne!(limited.at("/metadata/continue"), "");
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["job-3", "job-5", "job-7", "job-9"]);
    for (query, why) in [
        ("labelSelector=%3D%3D", "found '==', expected: !, identifier, or 'end of string'"),
        ("fieldSelector=spec.x%3D1", "field label not supported"),
        (
            "resourceVersionMatch=Exact",
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        ("limit=abc", "invalid syntax"),
        ("continue=broken", "continue key is not valid"),
    ] {
        let refused = ask(&server, "GET", &format!("{TFJOBS}?{query}")).await;
        assert!(refused.status.is_client_error(), "{query}: {}", refused.status);
        assert!(
            refused.at("/message").as_str().is_some_and(|text| text.contains(why)),
            "{query}: {}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn a_chain_reads_one_snapshot_despite_concurrent_writes() {
    let server = server().await;
    ten_jobs(&server).await;
    let mut page = ask(&server, "GET", &format!("{TFJOBS}?limit=3")).await;
    let revision = page.at("/metadata/resourceVersion");
    let mut names = page.names();
    let mut labels = Vec::new();
    for round in 0.. {
        // Between the pages: one is made, one changed, one deleted.
        let new = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": format!("job-9{round}")}, "spec": page.at("/items/0/spec")});
        assert_eq!(post(&server, "POST", TFJOBS, &new).await.status, 201);
        let patch = r#"{"metadata":{"labels":{"parity":"changed"}}}"#;
        let headers = [("content-type", "application/merge-patch+json")];
        assert_eq!(
            send(&server, "PATCH", &format!("{TFJOBS}/job-8"), &headers, patch).await.status,
            200
        );
        let _ = ask(&server, "DELETE", &format!("{TFJOBS}/job-{}", 4 + round)).await;
        let token = page.at("/metadata/continue").as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
        page = ask(&server, "GET", &format!("{TFJOBS}?limit=3&continue={token}")).await;
        assert_eq!(page.at("/metadata/resourceVersion"), revision, "one snapshot");
        names.extend(page.names());
        let items = page.json()["items"].as_array().unwrap().clone();
        labels.extend(items.iter().map(|item| item["metadata"]["labels"]["parity"].clone()));
    }
    let expected: Vec<String> = (0..10).map(|n| format!("job-{n}")).collect();
    assert_eq!(names, expected);
    assert!(!labels.contains(&json!("changed")), "{labels:?}");
}

#[tokio::test]
async fn an_expired_token_gives_410_with_one_that_continues_inconsistently() {
    let server = server().await;
    ten_jobs(&server).await;
    let first = ask(&server, "GET", &format!("{TFJOBS}?limit=4")).await;
    assert_eq!(ask(&server, "DELETE", &format!("{TFJOBS}/job-7")).await.status, 200);
    let now: u64 = ask(&server, "GET", TFJOBS)
        .await
        .at("/metadata/resourceVersion")
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    server.compact(now);
    let token = first.at("/metadata/continue").as_str().unwrap().to_owned();
    let gone = ask(&server, "GET", &format!("{TFJOBS}?limit=4&continue={token}")).await;
    assert_eq!((gone.status.as_u16(), gone.at("/reason")), (410, json!("Expired")));
    let fresh = gone.at("/metadata/continue").as_str().expect("a token that goes on").to_owned();
    let rest = ask(&server, "GET", &format!("{TFJOBS}?limit=10&continue={fresh}")).await;
    assert_eq!(
        rest.names(),
        ["job-4", "job-5", "job-6", "job-8", "job-9"],
        "the latest state, from there"
    );
}

#[tokio::test]
async fn unknown_resources_paths_and_methods_are_refused_as_upstream_does() {
    let server = server().await;
    let unknown = ask(&server, "GET", "/apis/kubeflow.org/v1/namespaces/kube-test/nothings").await;
    assert_eq!((unknown.status.as_u16(), unknown.text()), (404, "404 page not found\n"));
    let elsewhere = ask(&server, "GET", "/nothing/here").await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.text()), (404, "404 page not found\n"));
    let missing = ask(&server, "GET", &format!("{MPIJOBS}/none")).await;
    assert_eq!(missing.at("/details/kind"), "mpijobs");
    let config_map = "/api/v1/namespaces/kube-test/configmaps/none";
    let method = post(&server, "POST", config_map, &json!({})).await;
    assert_eq!((method.status.as_u16(), method.at("/reason")), (405, json!("MethodNotAllowed")));
    // A defined type's objects are made at a name, too.
    let empty = post(&server, "POST", &format!("{MPIJOBS}/mpi-test"), &json!({})).await;
    assert_eq!((empty.status.as_u16(), empty.at("/reason")), (400, json!("BadRequest")));
    let media = send(&server, "POST", MPIJOBS, &[("content-type", "text/csv")], "a,b").await;
    assert_eq!((media.status.as_u16(), media.at("/reason")), (415, json!("UnsupportedMediaType")));
    let accept = send(&server, "GET", MPIJOBS, &[("accept", "image/png")], "").await;
    assert_eq!((accept.status.as_u16(), accept.at("/reason")), (406, json!("NotAcceptable")));
    let invalid = json!({"apiVersion": "kubeflow.org/v1alpha2", "kind": "MPIJob", "metadata": {"name": "Not_A_Name"}, "spec": {}});
    let invalid = post(&server, "POST", MPIJOBS, &invalid).await;
    assert_eq!((invalid.status.as_u16(), invalid.at("/reason")), (422, json!("Invalid")));
}

#[tokio::test]
async fn large_answers_are_gzipped_on_request() {
    let server = crate::support::with_scenario("continue-chain").await;
    // Beyond the scenario's short pages: one object that is large by itself.
    let large = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large"}, "data": {"x": "y".repeat(200_000)}});
    let path = "/api/v1/namespaces/default/configmaps";
    assert_eq!(post(&server, "POST", path, &large).await.status, 201);
    let gzip = [("accept-encoding", "deflate, gzip")];
    let zipped = send(&server, "GET", &format!("{path}/large"), &gzip, "").await;
    assert_eq!(
        (&zipped.headers["content-encoding"], &zipped.headers["vary"]),
        (&"gzip".parse().unwrap(), &"Accept-Encoding".parse().unwrap())
    );
    assert!(zipped.body.len() < 10_000, "{} bytes", zipped.body.len());
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*zipped.body), &mut plain)
        .unwrap();
    assert_eq!(plain, ask(&server, "GET", &format!("{path}/large")).await.body);
    let small = send(&server, "GET", MPIJOBS, &gzip, "").await;
    assert!(!small.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn writers_that_race_lose_no_update() {
    let server = server().await;
    let counter = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "counter"}, "data": {"n": "0"}});
    let path = "/api/v1/namespaces/default/configmaps";
    assert_eq!(post(&server, "POST", path, &counter).await.status, 201);
    let one = format!("{path}/counter");
    let writer = async || {
        for _ in 0..20 {
            loop {
                let mut object = ask(&server, "GET", &one).await.json();
                let n: u32 = object["data"]["n"].as_str().unwrap().parse().unwrap();
                object["data"]["n"] = (n + 1).to_string().into();
                match post(&server, "PUT", &one, &object).await.status.as_u16() {
                    200 => break,
                    status => assert_eq!(status, 409),
                }
            }
        }
    };
    futures_util::future::join_all((0..4).map(|_| writer())).await;
    assert_eq!(ask(&server, "GET", &one).await.at("/data/n"), "80");
}
