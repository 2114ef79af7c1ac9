//! Stub mappings over the wire, and what a miss says.

use serde_json::json;
use standin::Server;

use crate::support::{End, TFJOBS, ask, files, raw, send};

const STUBS: &str = r#"{"mappings": [
  {"id": "00000000-0000-0000-0000-000000000001", "name": "hello",
   "request": {"method": "GET", "urlPath": "/hello", "queryParameters": {"who": {"equalTo": "you"}}},
   "response": {"status": 200, "headers": {"Content-Type": "text/plain", "X-A": ["1", "2"]}, "body": "hello you"}},
  {"request": {"method": "POST", "urlPathTemplate": "/things/{id}", "headers": {"X-Kind": {"matches": "[a-z]+"}},
               "bodyPatterns": [{"equalToJson": {"a": 1}}]},
   "response": {"status": 201, "jsonBody": {"made": true}}},
  {"request": {"urlPattern": "/old.*"}, "response": {"bodyFileName": "old/page.html", "fixedDelayMilliseconds": 1}},
  {"request": {"urlPath": "/binary"}, "response": {"base64Body": "AP8="}},
  {"request": {"urlPath": "/broken"}, "response": {"fault": "CONNECTION_RESET_BY_PEER"}},
  {"priority": 1, "request": {"urlPath": "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs/special"},
   "response": {"status": 200, "jsonBody": {"kind": "Special"}}}
]}"#;

#[tokio::test]
async fn stubs_answer_before_objects_and_misses_are_explained() {
    let directory = files(&[
        ("stubs.json", STUBS),
        ("__files/old/page.html", "<p>old</p>"),
        ("jobs.json", include_str!("documented/page-002.json")),
    ]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let hello = ask(&server, "GET", "/hello?who=you").await;
    assert_eq!((hello.status.as_u16(), hello.text()), (200, "hello you"));
    assert_eq!(hello.headers["matched-stub-id"], "00000000-0000-0000-0000-000000000001");
    assert_eq!(hello.headers.get_all("x-a").iter().count(), 2);
    let made = send(&server, "POST", "/things/7", &[("x-kind", "k")], "{\"a\": 1.0}").await;
    assert_eq!((made.status.as_u16(), made.json()), (201, json!({"made": true})));
    assert_eq!(ask(&server, "PUT", "/older?x").await.text(), "<p>old</p>");
    assert_eq!(ask(&server, "GET", "/binary").await.body[..], [0, 255]);
    assert_eq!(
        ask(&server, "GET", &format!("{TFJOBS}/special")).await.json(),
        json!({"kind": "Special"})
    );
    assert_eq!(ask(&server, "GET", &format!("{TFJOBS}/tfjob-test")).await.at("/kind"), "TFJob");
    let (got, end) = raw(server.address(), b"GET /broken HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!((got.as_str(), end), ("", End::Reset));

    let miss = send(&server, "POST", "/things/7", &[("x-kind", "K1")], "{\"a\": 2}").await;
    assert_eq!(miss.status, 404);
    let text = miss.text();
    for part in [
        "Request was not matched",
        "[path template] /things/",
        "| /things/7\n",
        ": K1 ",
        "<<<<< Header does not match",
        "<<<<< Body does not match",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    // A Kubernetes path keeps the shape its clients read.
    let missing = ask(&server, "GET", &format!("{TFJOBS}/none")).await;
    assert_eq!((missing.status.as_u16(), missing.at("/reason")), (404, json!("NotFound")));
    assert_eq!(server.journal().count(|exchange| exchange.origin.label() == "unmatched"), 1);
}

#[tokio::test]
async fn the_admin_api_shows_what_is_loaded_and_asked() {
    let directory = files(&[("stubs.json", STUBS), ("__files/old/page.html", "")]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let _ =
        send(&server, "GET", "/hello?who=you", &[("authorization", "Bearer secret-1")], "").await;
    assert_eq!(ask(&server, "GET", "/__admin/health").await.at("/status"), "healthy");
    assert_eq!(ask(&server, "GET", "/__admin/standin").await.at("/stubs"), 6);
    let mappings = ask(&server, "GET", "/__admin/mappings").await;
    assert_eq!(mappings.at("/meta/total"), 6);
    assert_eq!(mappings.at("/mappings/0/priority"), 1, "in the order in which they are tried");
    let requests = ask(&server, "GET", "/__admin/requests?limit=1000").await;
    assert!(!requests.text().contains("secret-1"), "{}", requests.text());
    assert!(requests.text().contains("/hello?who=you"), "{}", requests.text());
    assert_eq!(ask(&server, "DELETE", "/__admin/requests").await.status, 200);
    assert_eq!(ask(&server, "PUT", "/__admin/health").await.status, 405);
    assert_eq!(ask(&server, "GET", "/__admin/nothing").await.status, 404);
    let compact =
        send(&server, "POST", "/__admin/store/compact", &[], "{\"revision\": \"x\"}").await;
    assert_eq!(compact.status, 400);
}
