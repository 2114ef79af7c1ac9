//! The admin API of stubs, by the rules of WireMock's own tests of it (`AdminApiTest`, `StubImportAcceptanceTest`,
//! `StubMappingPersistenceAcceptanceTest`, `SavingMappingsAcceptanceTest`, `StubMetadataAcceptanceTest`). What is
//! expected is what WireMock 3.13.2 answers.

use std::path::Path;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{Answer, ask, files, post, send};

pub(crate) const ONE: &str = "00000001-0000-4000-8000-000000000000";
const TWO: &str = "00000002-0000-4000-8000-000000000000";
const THREE: &str = "00000003-0000-4000-8000-000000000000";
pub(crate) const MAPPINGS: &str = "/__admin/mappings";

/// A server with a root directory that has these mappings: name, content.
pub(crate) async fn with_files(mappings: &[(&str, Value)]) -> (RunningServer, TempDir) {
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

pub(crate) fn stub(id: Option<&str>, url: &str, body: &str) -> Value {
    let mut stub = json!({"request": {"url": url}, "response": {"body": body}});
    if let Some(id) = id {
        stub["id"] = id.into();
    }
    stub
}

pub(crate) async fn add(server: &RunningServer, stub: &Value) {
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

pub(crate) fn error(answer: &Answer) -> (u16, Value, Value) {
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
