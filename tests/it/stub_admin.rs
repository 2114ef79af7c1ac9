//! The admin API of stubs, by the rules of WireMock's own tests of it (`AdminApiTest`, `StubImportAcceptanceTest`,
//! `StubMappingPersistenceAcceptanceTest`, `SavingMappingsAcceptanceTest`, `StubMetadataAcceptanceTest`). What is
//! expected is what WireMock 3.13.2 answers.

use std::path::Path;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{Answer, ask, bounds, files, post, send};

const ONE: &str = "00000001-0000-4000-8000-000000000000";
const TWO: &str = "00000002-0000-4000-8000-000000000000";
const THREE: &str = "00000003-0000-4000-8000-000000000000";
const MAPPINGS: &str = "/__admin/mappings";

/// A server with a root directory that has these mappings: name, content.
async fn with_files(mappings: &[(&str, Value)]) -> (RunningServer, TempDir) {
    let texts: Vec<(String, String)> =
        mappings.iter().map(|(name, of)| (format!("mappings/{name}"), of.to_string())).collect();
    let mut all: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    all.push(("__files/.keep", ""));
    let directory = files(&all);
    std::fs::create_dir_all(directory.path().join("mappings")).unwrap();
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    (server, directory)
}

fn stub(id: Option<&str>, url: &str, body: &str) -> Value {
    let mut stub = json!({"request": {"url": url}, "response": {"body": body}});
    if let Some(id) = id {
        stub["id"] = id.into();
    }
    stub
}

async fn add(server: &RunningServer, stub: &Value) {
    let answer = post(server, "POST", MAPPINGS, stub).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The URLs of the stubs, in the order in which they are tried.
async fn urls(server: &RunningServer) -> Vec<String> {
    let list = ask(server, "GET", MAPPINGS).await.json();
    let url = |stub: &Value| stub["request"]["url"].as_str().unwrap_or("-").to_owned();
    list["mappings"].as_array().unwrap().iter().map(url).collect()
}

/// The names of the files of stubs.
fn saved(directory: &TempDir) -> Vec<String> {
    fn list(path: &Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(path).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                list(&entry.path(), names);
            } else {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    let mut names = Vec::new();
    list(&directory.path().join("mappings"), &mut names);
    names.sort();
    names
}

fn error(answer: &Answer) -> (u16, Value, Value) {
    let error = answer.at("/errors/0");
    (answer.status.as_u16(), error["code"].clone(), error["source"]["pointer"].clone())
}

#[tokio::test]
async fn lists_have_pages_and_their_total() {
    let (server, _files) = with_files(&[]).await;
    for number in 1..=20 {
        add(&server, &stub(None, &format!("/things/{number}"), "")).await;
    }
    let page = ask(&server, "GET", "/__admin/mappings?limit=4&offset=3").await.json();
    let shown: Vec<&Value> =
        page["mappings"].as_array().unwrap().iter().map(|stub| &stub["request"]["url"]).collect();
    assert_eq!(shown, ["/things/17", "/things/16", "/things/15", "/things/14"]);
    assert_eq!(page["meta"]["total"], 20);
    for (query, count) in [("limit=7", 7), ("limit=0", 0), ("offset=19", 1), ("offset=99", 0)] {
        let page = ask(&server, "GET", &format!("{MAPPINGS}?{query}")).await.json();
        assert_eq!(page["mappings"].as_array().map(Vec::len), Some(count), "{query}");
    }
    for query in ["limit=x", "limit=-1", "offset=x", "limit="] {
        let answer = ask(&server, "GET", &format!("{MAPPINGS}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn stubs_are_found_changed_and_removed_by_their_id() {
    let (server, _files) = with_files(&[]).await;
    add(&server, &stub(Some(ONE), "/a", "1")).await;
    let taken = post(&server, "POST", MAPPINGS, &stub(Some(ONE), "/b", "")).await;
    assert_eq!((taken.status.as_u16(), taken.at("/errors/0/code")), (422, json!(109)));
    let one = format!("{MAPPINGS}/{ONE}");
    assert_eq!(ask(&server, "GET", &one).await.at("/request/url"), "/a");
    // The id of the path counts, whatever the body says.
    let edited = post(&server, "PUT", &one, &stub(Some(TWO), "/c", "2")).await;
    assert_eq!((edited.status.as_u16(), edited.at("/id")), (200, json!(ONE)));
    assert_eq!(ask(&server, "GET", "/c").await.text(), "2");
    for (method, path, status) in [
        ("GET", format!("{MAPPINGS}/{TWO}"), 404),
        ("PUT", format!("{MAPPINGS}/{TWO}"), 404),
        ("DELETE", format!("{MAPPINGS}/{TWO}"), 404),
        ("GET", format!("{MAPPINGS}/not-a-uuid"), 400),
        ("PUT", format!("{MAPPINGS}/not-a-uuid"), 400),
        ("DELETE", format!("{MAPPINGS}/not-a-uuid"), 400),
    ] {
        let answer = post(&server, method, &path, &json!({})).await;
        assert_eq!(answer.status, status, "{method} {path}");
        if status == 400 {
            assert_eq!(answer.at("/errors/0/title"), "not-a-uuid is not a valid UUID");
        }
    }
    let removed = ask(&server, "DELETE", &one).await;
    assert_eq!((removed.status.as_u16(), removed.json()), (200, json!({})));
    assert_eq!(ask(&server, "GET", "/c").await.status, 404);
}

#[tokio::test]
async fn of_two_ids_the_last_counts_and_empty_ones_are_none() {
    let (server, _files) = with_files(&[]).await;
    for (text, id) in [
        (format!(r#"{{"id": "{ONE}", "uuid": "{TWO}"}}"#), Some(TWO)),
        (format!(r#"{{"uuid": "{TWO}", "id": "{ONE}"}}"#), Some(ONE)),
        (format!(r#"{{"id": null, "uuid": "{THREE}"}}"#), Some(THREE)),
        (format!(r#"{{"id": "{ONE}", "uuid": ""}}"#), None),
        (format!(r#"{{"id": "{ONE}", "uuid": null}}"#), None),
        (r#"{"id": ""}"#.to_owned(), None),
    ] {
        let answer = send(&server, "POST", MAPPINGS, &[], &text).await;
        assert_eq!(answer.status, 201, "{text}: {}", answer.text());
        let given = answer.json();
        assert_eq!(given["id"], given["uuid"]);
        match id {
            Some(id) => assert_eq!(given["id"], id, "{text}"),
            None => assert!(given["id"] != ONE && given["id"] != "", "{text}"),
        }
    }
    for text in [r#"{"id": "nope"}"#, r#"{"id": 7}"#] {
        let answer = send(&server, "POST", MAPPINGS, &[], text).await;
        assert_eq!(error(&answer), (422, json!(10), json!("/id")), "{text}");
    }
}

#[tokio::test]
async fn an_import_has_options() {
    let (server, _files) = with_files(&[]).await;
    let import = async |mappings: Value, options: Value| {
        let mut body = json!({"mappings": mappings, "meta": {"total": 2}});
        if !options.is_null() {
            body["importOptions"] = options;
        }
        let answer = post(&server, "POST", "/__admin/mappings/import", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    add(&server, &stub(Some(TWO), "/two", "original")).await;
    add(&server, &stub(None, "/three", "")).await;
    // The first of an import answers, and a stub that is there keeps its place.
    let both = json!([stub(None, "/one", "1"), stub(Some(TWO), "/two", "updated")]);
    import(both.clone(), json!({"duplicatePolicy": "IGNORE"})).await;
    assert_eq!(ask(&server, "GET", "/two").await.text(), "original");
    import(both, Value::Null).await;
    assert_eq!(ask(&server, "GET", "/two").await.text(), "updated");
    assert_eq!(urls(&server).await, ["/one", "/one", "/three", "/two"]);
    let kept = json!([stub(Some(TWO), "/two", "kept")]);
    let options = json!({"duplicatePolicy": "OVERWRITE", "deleteAllNotInImport": "true"});
    import(kept, options).await;
    assert_eq!(urls(&server).await, ["/two"]);
    assert_eq!(ask(&server, "GET", "/two").await.text(), "kept");
    for (body, pointer) in [
        (json!({"mappings": {}}), "/mappings"),
        (json!({"mappings": [{"request": {"urll": "/a"}}]}), "/mappings/0/request/urll"),
        (json!({"mapping": []}), "/mapping"),
        (json!({"mappings": [], "importOptions": {"x": 1}}), "/importOptions/x"),
        (
            json!({"mappings": [], "importOptions": {"duplicatePolicy": "NO"}}),
            "/importOptions/duplicatePolicy",
        ),
    ] {
        let answer = post(&server, "POST", "/__admin/mappings/import", &body).await;
        assert_eq!(error(&answer), (422, json!(10), json!(pointer)), "{body}");
    }
    assert_eq!(urls(&server).await, ["/two"], "nothing of a refused import is added");
}

#[tokio::test]
async fn stubs_are_found_and_removed_by_their_metadata() {
    let (server, _files) = with_files(&[]).await;
    for (id, metadata) in [
        (ONE, json!({"k": "v", "n": 5, "o": {"p": [1, 2]}})),
        (TWO, json!({})),
        (THREE, Value::Null),
    ] {
        let mut stub = stub(Some(id), &format!("/{id}"), "");
        stub["metadata"] = metadata;
        add(&server, &stub).await;
    }
    let find = "/__admin/mappings/find-by-metadata";
    for (pattern, ids) in [
        (json!({"matchesJsonPath": "$.k"}), vec![ONE]),
        (json!({"matchesJsonPath": {"expression": "$.n", "equalTo": "5"}}), vec![ONE]),
        (json!({"matchesJsonPath": {"expression": "$.o.p", "equalToJson": "[1,2]"}}), vec![ONE]),
        (json!({"equalToJson": "{}"}), vec![TWO]),
        (json!({"equalTo": "null"}), vec![THREE]),
        (json!({"not": {"matchesJsonPath": "$.k"}}), vec![THREE, TWO]),
    ] {
        let found = post(&server, "POST", find, &pattern).await.json();
        let found: Vec<&Value> =
            found["mappings"].as_array().unwrap().iter().map(|stub| &stub["id"]).collect();
        assert_eq!(found, ids, "{pattern}");
    }
    for (request, url) in
        [(ONE, "/none"), (TWO, "/none")].map(|(id, none)| (format!("/{id}"), none))
    {
        ask(&server, "GET", &request).await;
        ask(&server, "GET", url).await;
    }
    // Requests by the metadata of their stub; what nothing answered has none.
    let remove = "/__admin/requests/remove-by-metadata";
    let removed = post(&server, "POST", remove, &json!({"matchesJsonPath": "$.k"})).await.json();
    assert_eq!(removed["serveEvents"].as_array().map(Vec::len), Some(1));
    let removed = post(&server, "POST", remove, &json!({"equalTo": "null"})).await.json();
    assert_eq!(removed["serveEvents"].as_array().map(Vec::len), Some(2));
    let remove = "/__admin/mappings/remove-by-metadata";
    assert_eq!(post(&server, "POST", remove, &json!({"matchesJsonPath": "$.k"})).await.status, 200);
    assert_eq!(urls(&server).await.len(), 2);
    for path in [find, remove] {
        assert_eq!(send(&server, "POST", path, &[], "x").await.status, 422);
    }
}

#[tokio::test]
async fn persistent_stubs_have_files() {
    let (server, directory) = with_files(&[]).await;
    let persistent = |url: &str, body: &str| {
        let mut stub = stub(Some(ONE), url, body);
        stub["persistent"] = true.into();
        stub
    };
    add(&server, &persistent("/p", "1")).await;
    add(&server, &stub(Some(TWO), "/not", "")).await;
    let name = format!("any-p-{ONE}.json");
    assert_eq!(saved(&directory), [name.as_str()]);
    // An edit is saved to the same file; one that is not persistent leaves it.
    let one = format!("{MAPPINGS}/{ONE}");
    post(&server, "PUT", &one, &persistent("/p", "2")).await;
    post(&server, "PUT", &one, &stub(Some(ONE), "/p", "3")).await;
    assert_eq!(saved(&directory), [name.as_str()]);
    assert_eq!(ask(&server, "GET", "/p").await.text(), "3");
    ask(&server, "POST", "/__admin/mappings/reset").await;
    assert_eq!((ask(&server, "GET", "/p").await.text(), urls(&server).await.len()), ("2", 1));
    assert_eq!(ask(&server, "DELETE", &one).await.status, 200);
    assert!(saved(&directory).is_empty());
}

#[tokio::test]
async fn saving_makes_all_stubs_persistent() {
    let named = json!({"id": TWO, "name": "My Stub", "request": {"url": "/2"}});
    let edited = json!({"id": THREE, "request": {"url": "/file"}, "response": {"body": "a"}});
    let (server, directory) = with_files(&[("edit-me.json", edited)]).await;
    add(&server, &stub(Some(ONE), "/1", "one")).await;
    add(&server, &named).await;
    let path = format!("{MAPPINGS}/{THREE}");
    post(&server, "PUT", &path, &stub(None, "/file", "modified")).await;
    for _ in 0..2 {
        ask(&server, "POST", "/__admin/mappings/save").await;
        let names = saved(&directory);
        let of_one = format!("any-1-{ONE}.json");
        let of_two = format!("my-stub-{TWO}.json");
        assert_eq!(names, [of_one.as_str(), "edit-me.json", of_two.as_str()]);
        ask(&server, "POST", "/__admin/mappings/reset").await;
    }
    assert_eq!(ask(&server, "GET", "/file").await.text(), "modified");
    let list = ask(&server, "GET", MAPPINGS).await.json();
    let mappings = list["mappings"].as_array().unwrap();
    assert!(mappings.iter().all(|stub| stub["persistent"] == true), "{list}");
    // A file that is edited by hand meanwhile is read again, and written where it is.
    let by_hand = json!({"id": ONE, "persistent": true, "request": {"url": "/hand"}});
    let file = directory.path().join("mappings").join(format!("any-1-{ONE}.json"));
    std::fs::write(&file, by_hand.to_string()).unwrap();
    ask(&server, "POST", "/__admin/mappings/reset").await;
    assert_eq!(ask(&server, "GET", "/hand").await.status, 200);
    // The stub that is meant by its request alone keeps its file; by its id, the file goes.
    let remove = "/__admin/mappings/remove";
    post(&server, "POST", remove, &json!({"request": {"url": "/2"}})).await;
    post(&server, "POST", remove, &json!({"id": ONE, "request": {"url": "/other"}})).await;
    assert_eq!(saved(&directory), ["edit-me.json".to_owned(), format!("my-stub-{TWO}.json")]);
    assert_eq!(urls(&server).await, ["/file"]);
}

#[tokio::test]
async fn stubs_of_files_lose_them_only_when_they_are_persistent() {
    let (server, directory) = with_files(&[
        ("keep.json", json!({"id": ONE, "request": {"url": "/k"}})),
        ("sub/deep.json", json!({"id": TWO, "request": {"url": "/d"}, "persistent": true})),
    ])
    .await;
    for id in [ONE, TWO] {
        assert_eq!(ask(&server, "DELETE", &format!("{MAPPINGS}/{id}")).await.status, 200);
    }
    assert_eq!(saved(&directory), ["keep.json"]);
    ask(&server, "POST", "/__admin/mappings/reset").await;
    assert_eq!(urls(&server).await, ["/k"]);
    // Those that an import or the removal of unused stubs leaves out lose theirs in the same way.
    let mut stub = stub(Some(TWO), "/unused", "");
    stub["persistent"] = true.into();
    add(&server, &stub).await;
    assert_eq!(saved(&directory).len(), 2);
    ask(&server, "DELETE", "/__admin/mappings/unmatched").await;
    assert_eq!((saved(&directory), urls(&server).await.len()), (vec!["keep.json".to_owned()], 0));
}

#[tokio::test]
async fn what_is_recorded_is_removed_with_all_stubs() {
    let (backend, _backend_files) =
        with_files(&[("b.json", json!({"request": {"urlPath": "/b"}, "response": {"body": "b"}}))])
            .await;
    let (server, directory) = with_files(&[]).await;
    let spec = json!({"targetBaseUrl": backend.url()});
    post(&server, "POST", "/__admin/recordings/start", &spec).await;
    assert_eq!(ask(&server, "GET", "/b").await.text(), "b");
    assert_eq!(ask(&server, "POST", "/__admin/recordings/stop").await.status, 200);
    assert_eq!((saved(&directory).len(), urls(&server).await.len()), (1, 1));
    ask(&server, "DELETE", MAPPINGS).await;
    assert!(saved(&directory).is_empty());
    ask(&server, "POST", "/__admin/mappings/reset").await;
    assert!(urls(&server).await.is_empty());
}

#[tokio::test]
async fn unused_stubs_are_those_without_a_request_in_the_journal() {
    let (server, _files) = with_files(&[]).await;
    let unused = "/__admin/mappings/unmatched";
    assert_eq!(ask(&server, "GET", unused).await.at("/meta/total"), 0);
    add(&server, &stub(Some(ONE), "/one", "")).await;
    add(&server, &stub(Some(TWO), "/two", "")).await;
    ask(&server, "GET", "/one").await;
    let found = ask(&server, "GET", unused).await;
    assert_eq!((found.at("/meta/total"), found.at("/mappings/0/id")), (json!(1), json!(TWO)));
    assert_eq!(ask(&server, "DELETE", unused).await.status, 200);
    assert_eq!(urls(&server).await, ["/one"]);
    ask(&server, "DELETE", "/__admin/requests").await;
    assert_eq!(ask(&server, "GET", unused).await.at("/meta/total"), 1);
}

#[tokio::test]
async fn files_are_written_below_their_directory_and_nowhere_else() {
    let (server, directory) = with_files(&[]).await;
    let file = |name: &str| format!("/__admin/files/{name}");
    for (name, content) in [("a.txt", "AAA"), ("d/b.txt", "BBB"), ("a.txt", "CCC")] {
        assert_eq!(send(&server, "PUT", &file(name), &[], content).await.status, 200);
    }
    assert_eq!(ask(&server, "GET", &file("a.txt")).await.text(), "CCC");
    let list = ask(&server, "GET", "/__admin/files").await.json();
    assert!(list.as_array().unwrap().contains(&json!("d/b.txt")), "{list}");
    for name in ["../out.txt", "d/../../out.txt", "/etc/x", "d/../../mappings/x.json", ".."] {
        let answer = send(&server, "PUT", &file(name), &[], "evil").await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
        let answer = send(&server, "GET", &file(name), &[], "").await;
        assert_eq!(answer.status, 404, "{name}");
    }
    // An escaped character stays one of the name.
    send(&server, "PUT", &file("..%2fout.txt"), &[], "a name").await;
    assert!(directory.path().join("__files/..%2fout.txt").is_file());
    assert!(!directory.path().join("out.txt").exists() && saved(&directory).is_empty());
    for _ in 0..2 {
        assert_eq!(ask(&server, "DELETE", &file("d/b.txt")).await.status, 200);
    }
    assert_eq!(ask(&server, "GET", &file("d/b.txt")).await.status, 404);
}

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
    crate::support::eventually("the webhook", async || {
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
