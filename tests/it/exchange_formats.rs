//! Files of other tools become recordings, and recordings become files of other tools.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{ask, files, send};

fn standin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_standin")).args(arguments).output().unwrap()
}

/// Runs a command that has to succeed, and returns its standard error.
fn run(arguments: &[&str]) -> String {
    let output = standin(arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

async fn replay(directory: &Path) -> RunningServer {
    Server::builder().fixtures(directory).start().await.unwrap()
}

fn entry(method: &str, url: &str, began: &str, response: &Value) -> Value {
    json!({"startedDateTime": began, "request": {"method": method, "url": url,
        "headers": [{"name": ":authority", "value": "api"}, {"name": "Authorization", "value": "Bearer secret-token-1"}]},
        "response": response})
}

fn text(text: &str) -> Value {
    json!({"status": 200, "headers": [{"name": "Content-Type", "value": "text/plain"}],
        "content": {"size": text.len(), "mimeType": "text/plain", "text": text}})
}

#[tokio::test]
async fn a_har_becomes_a_recording_in_the_order_of_its_times() {
    let mut cookies = text("first");
    cookies["headers"] = json!([{"name": "Set-Cookie", "value": "theme=dark; Path=/\nlang=en"},
        {"name": "Content-Encoding", "value": "gzip"}, {"name": "Content-Type", "value": "text/plain"}]);
    let binary = json!({"status": 200, "headers": [{"name": "content-encoding", "value": "br"}],
        "content": {"size": 3, "mimeType": "image/png", "encoding": "base64", "text": "/wD+"}});
    let cut = json!({"status": 200, "headers": [], "content": {"size": 9, "mimeType": "a/b"}});
    let mut socket = entry("GET", "https://api/ws", "2026-01-01T00:00:09Z", &text(""));
    socket["_webSocketMessages"] = json!([{"type": "send", "data": "x"}]);
    let at = |second: u8| format!("2026-01-01T00:00:0{second}Z");
    let har = json!({"log": {"version": "1.2", "entries": [
        entry("GET", "https://api/poll?a=1", &at(2), &text("second")),
        entry("GET", "https://api/poll?a=1", &at(1), &cookies),
        entry("GET", "https://api/image#top", &at(3), &binary),
        entry("GET", "https://api/cut", &at(4), &cut),
        entry("GET", "data:text/plain,x", &at(5), &text("x")),
        entry("GET", "https://api/blocked", &at(6), &json!({"status": 0, "headers": [], "content": {}})),
        socket,
    ]}});
    let input = files(&[("in.har", &har.to_string())]);
    let out = TempDir::new().unwrap();
    let to = out.path().join("recorded");
    let file = input.path().join("in.har");
    let notes = run(&["import", file.to_str().unwrap(), "--to", to.to_str().unwrap()]);
    for why in ["lacks the body of 9 bytes", "data: URLs", "0 is not a status", "WebSocket"] {
        assert!(notes.contains(why), "{why}: {notes}");
    }
    let again = standin(&["import", file.to_str().unwrap(), "--to", to.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "it does not write over a recording");

    let server = replay(&to).await;
    let asked = async |path: &str| {
        send(&server, "GET", path, &[("authorization", "Bearer secret-token-1")], "").await
    };
    let first = asked("/poll?a=1").await;
    assert_eq!(first.text(), "first");
    let cookies: Vec<_> = first.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(!first.headers.contains_key("content-encoding"));
    assert_eq!(asked("/poll?a=1").await.text(), "second");
    assert_eq!(&asked("/image").await.body[..], [0xff, 0, 0xfe]);
    assert_eq!(asked("/cut").await.status, 404);
    server.shutdown().await;
    let all = std::fs::read_dir(&to).unwrap().flatten().filter(|entry| entry.path().is_file());
    for entry in all {
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
        assert!(!text.contains("secret-token-1"), "{}", entry.path().display());
    }
}

#[tokio::test]
async fn cassettes_become_recordings_for_every_notation_of_bodies() {
    // As PyYAML writes it; the first body has the bytes 0 and 255.
    let yaml = r"interactions:
- request: {body: null, headers: {Accept: ['*/*']}, method: GET, uri: 'http://h/bytes'}
  response:
    body:
      string: !!binary |
        AP8=
    headers: {X-A: ['1', '2']}
    status: {code: 200, message: OK}
- request:
    body: 'a=1'
    headers: {Content-Type: [application/x-www-form-urlencoded]}
    method: POST
    uri: 'http://h/form'
  response:
    body: {string: made}
    headers: {}
    status: {code: 201, message: Created}
version: 1
";
    let ruby = json!({"http_interactions": [{"request": {"method": "get", "uri": "http://h/ruby", "body": {"encoding": "UTF-8", "string": ""}, "headers": {}},
        "response": {"status": {"code": 202, "message": "Accepted"}, "headers": {"X-A": "1"}, "body": {"encoding": "ASCII-8BIT", "base64_string": "/w==\n"}}}], "recorded_with": "VCR 6"});
    let input = files(&[("c.yaml", yaml), ("r.json", &ruby.to_string())]);
    let out = TempDir::new().unwrap();
    for name in ["c.yaml", "r.json"] {
        let file = input.path().join(name);
        let to = out.path().join(name);
        run(&["import", file.to_str().unwrap(), "--to", to.to_str().unwrap()]);
    }
    let server = replay(&out.path().join("c.yaml")).await;
    let bytes = ask(&server, "GET", "/bytes").await;
    assert_eq!(&bytes.body[..], [0, 0xff]);
    assert_eq!(bytes.headers.get_all("x-a").iter().count(), 2);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(send(&server, "POST", "/form", &form, "a=1").await.status, 201);
    assert_eq!(send(&server, "POST", "/form", &form, "a=2").await.status, 404);
    server.shutdown().await;
    let server = replay(&out.path().join("r.json")).await;
    assert_eq!(&ask(&server, "GET", "/ruby").await.body[..], [0xff]);
    server.shutdown().await;
}

#[tokio::test]
async fn an_audit_log_gives_the_exchanges_whose_bodies_it_has() {
    let event = |level: &str, verb: &str, uri: &str, more: Value| {
        let mut event = json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": level, "stage": "ResponseComplete",
            "requestURI": uri, "verb": verb, "responseStatus": {"code": 200}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event.to_string()
    };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
    let none = json!({});
    let missing = json!({"responseStatus": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound", "metadata": {}}});
    let log = [
        event(
            "RequestResponse",
            "get",
            "/api/v1/namespaces/d/pods/a",
            json!({"responseObject": pod}),
        ),
        event("RequestResponse", "get", "/api/v1/namespaces/d/pods/b", missing),
        event(
            "RequestResponse",
            "create",
            "/api/v1/namespaces/d/pods",
            json!({"requestObject": pod, "responseObject": pod, "responseStatus": {"code": 201}}),
        ),
        event("Metadata", "list", "/api/v1/pods", none.clone()),
        event("RequestResponse", "watch", "/api/v1/pods?watch=true", none.clone()),
        event("RequestResponse", "get", "/x", json!({"stage": "RequestReceived"})),
        "not json".to_owned(),
    ];
    let input = files(&[("audit.log", &(log.join("\n") + "\n"))]);
    let out = TempDir::new().unwrap();
    let (file, to) = (input.path().join("audit.log"), out.path().join("r"));
    let notes = run(&["import", file.to_str().unwrap(), "--to", to.to_str().unwrap()]);
    for (line, why) in [(4, "the level \"Metadata\""), (5, "events of a watch"), (7, "not JSON")] {
        assert!(
            notes
                .lines()
                .any(|note| note.contains(&format!("audit.log:{line}:")) && note.contains(why)),
            "{why}: {notes}"
        );
    }
    let server = replay(&to).await;
    assert_eq!(ask(&server, "GET", "/api/v1/namespaces/d/pods/a").await.json(), pod);
    let missing = ask(&server, "GET", "/api/v1/namespaces/d/pods/b").await;
    assert_eq!((missing.status.as_u16(), missing.at("/reason")), (404, json!("NotFound")));
    let json = [("content-type", "application/json")];
    let made = send(&server, "POST", "/api/v1/namespaces/d/pods", &json, &pod.to_string()).await;
    assert_eq!(made.status, 201);
    server.shutdown().await;
}

#[tokio::test]
async fn a_recording_is_exported_as_a_har_and_imported_again() {
    let stubs = files(&[
        ("1.json", &json!({"scenarioName": "s", "requiredScenarioState": "Started", "newScenarioState": "2",
            "request": {"method": "GET", "urlPath": "/poll", "queryParameters": {"q": {"equalTo": "x y"}}}, "response": {"jsonBody": {"n": 1}}}).to_string()),
        ("2.json", &json!({"scenarioName": "s", "requiredScenarioState": "2",
            "request": {"method": "GET", "urlPath": "/poll", "queryParameters": {"q": {"equalTo": "x y"}}}, "response": {"jsonBody": {"n": 2}}}).to_string()),
        ("3.json", &json!({"request": {"method": "POST", "url": "/b", "bodyPatterns": [{"equalToJson": {"a": [1]}}]},
            "response": {"status": 201, "bodyFileName": "b.bin", "headers": {"X-A": ["1", "2"]}}}).to_string()),
        ("5.json", &json!({"request": {"method": "POST", "url": "/f", "formParameters": {"a": {"equalTo": "x y"}}},
            "response": {"fixedDelayMilliseconds": 1, "statusMessage": "Fine", "headers": {"Set-Cookie": "s=1; Path=/; Secure"}}}).to_string()),
        ("4.json", &json!({"request": {"method": "GET", "urlPattern": "/any.*"}, "response": {}}).to_string()),
        ("__files/b.bin", "binary"),
    ]);
    let out = TempDir::new().unwrap();
    let har = out.path().join("out.har");
    let (from, to) = (stubs.path().to_str().unwrap(), har.to_str().unwrap());
    let notes = run(&["export", from, "--to", "har", "--out", to, "--base-url", "https://h:8443/"]);
    assert!(notes.contains("its URL is a pattern"), "{notes}");
    let archive: Value = serde_json::from_slice(&std::fs::read(&har).unwrap()).unwrap();
    let entries = archive["log"]["entries"].as_array().unwrap();
    let urls: Vec<&str> =
        entries.iter().map(|entry| entry["request"]["url"].as_str().unwrap()).collect();
    assert_eq!(
        urls,
        [
            "https://h:8443/poll?q=x%20y",
            "https://h:8443/poll?q=x%20y",
            "https://h:8443/b",
            "https://h:8443/f"
        ]
    );
    let form = &entries[3];
    assert_eq!(form["request"]["postData"]["text"], "a=x%20y");
    assert_eq!(
        (&form["timings"]["wait"], &form["response"]["statusText"]),
        (&json!(1), &json!("Fine"))
    );
    let cookie = json!({"name": "s", "value": "1", "path": "/", "secure": true});
    assert_eq!(form["response"]["cookies"], json!([cookie]));
    assert_eq!(standin(&["export", from, "--to", "har", "--strict"]).status.code(), Some(1));

    let back = out.path().join("back");
    run(&["import", to, "--to", back.to_str().unwrap()]);
    let server = replay(&back).await;
    for n in [1, 2, 2] {
        assert_eq!(ask(&server, "GET", "/poll?q=x+y").await.json(), json!({"n": n}));
    }
    let json = [("content-type", "application/json")];
    let made = send(&server, "POST", "/b", &json, "{\"a\":[1]}").await;
    assert_eq!((made.status.as_u16(), made.text()), (201, "binary"));
    assert_eq!(made.headers.get_all("x-a").iter().count(), 2);
    server.shutdown().await;
}

#[tokio::test]
async fn stubs_are_exported_as_a_root_directory_of_wiremock() {
    let chunks =
        json!({"chunks": [{"after": "100ms", "body": "a\n"}, {"after": "200ms", "body": "b\n"}]});
    let stubs = files(&[
        ("deep/1.json", &json!({"request": {"method": "GET", "url": "/s"}, "response": {"body": "a\nb\n", "headers": {"x": "y"},
            "transformers": ["standin-stream"], "transformerParameters": chunks}}).to_string()),
        ("2.yaml", "request: {method: GET, url: /y}\nresponse: {jsonBody: {b: 1, a: 2}}\n---\nrequest: {method: GET, url: /z}\nresponse: {bodyFileName: f/z.txt}\n"),
        ("__files/f/z.txt", "zett"),
        ("known.json", &json!({"request": {"method": "GET", "url": "/me"}, "response": {"body": "you"}, "metadata": {"standin": {"credentials":
            {"key": "k", "values": [{"in": "header", "name": "authorization", "pseudonym": "Bearer x", "tag": "t"}]}}}}).to_string()),
        ("unknown.json", &json!({"request": {"method": "GET", "url": "/me"}, "response": {"body": "who"}}).to_string()),
        ("links.json", &json!({"request": {"method": "GET", "url": "/l"}, "response": {"body": "see http://backend:1/x", "headers": {"Location": "http://backend:1/y"},
            "transformers": ["standin-links"], "transformerParameters": {"links": {"http://backend:1": ""}}}}).to_string()),
    ]);
    let out = TempDir::new().unwrap();
    let to = out.path().join("wm");
    run(&[
        "export",
        stubs.path().to_str().unwrap(),
        "--to",
        "wiremock",
        "--out",
        to.to_str().unwrap(),
    ]);
    let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap();
    let stream: Value = serde_json::from_str(&read("mappings/1.json")).unwrap();
    assert_eq!(stream["response"]["body"], "a\nb\n");
    assert_eq!(
        stream["response"]["chunkedDribbleDelay"],
        json!({"numberOfChunks": 2, "totalDuration": 300})
    );
    assert!(stream["response"].get("transformers").is_none());
    assert_eq!(read("__files/f/z.txt"), "zett");
    let links: Value =
        serde_json::from_slice(&std::fs::read(to.join("mappings/links.json")).unwrap()).unwrap();
    assert_eq!(links["response"]["body"], "see {{request.baseUrl}}/x");
    assert_eq!(links["response"]["headers"]["location"], "{{request.baseUrl}}/y");
    assert_eq!(links["response"]["transformers"], json!(["response-template"]));
    let known: Value = serde_json::from_str(&read("mappings/known.json")).unwrap();
    assert_eq!(known["request"]["headers"], json!({"authorization": {"matches": ".+"}}));
    assert!(to.join("mappings/2.json").exists() && to.join("mappings/2-2.json").exists());
    // It is read back as any root directory is.
    let copy = out.path().join("copy");
    run(&["import", to.to_str().unwrap(), "--to", copy.to_str().unwrap()]);
    let server = replay(&copy).await;
    for (path, body) in [("/s", "a\nb\n"), ("/z", "zett"), ("/y", "{\"b\":1,\"a\":2}")] {
        assert_eq!(ask(&server, "GET", path).await.text(), body, "{path}");
    }
    server.shutdown().await;
}
