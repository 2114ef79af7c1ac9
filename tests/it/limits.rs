//! Limits on requests and header fields of real answers, over every protocol.

use standin::Server;

use crate::support::{TFJOBS, files, send};
use crate::ways::{Served, WAYS, body};

#[tokio::test]
async fn a_limit_is_announced_and_kept_over_every_protocol() {
    let rules = "
rules:
- id: quota
  match: {path: '/**'}
  limit: {requests: 2, window: 60s, per: header X-Tenant, headers: {X-Left: '{remaining}'}}
";
    for way in WAYS {
        let served = Served::new(way, rules).await;
        served.server.world("default").unwrap().freeze();
        for (path, answer) in [("/x/a", body().len()), (TFJOBS, 0)] {
            for (status, left) in [(200, "1"), (200, "0"), (429, "0")] {
                let tenant = ("x-tenant", path);
                let got = served.ask("GET", path, &[tenant], "").await.unwrap();
                assert_eq!(got.status, status, "{way:?} {path}");
                assert_eq!(got.headers["x-left"], left);
                assert_eq!(got.headers["ratelimit-policy"], "\"quota\";q=2;w=60");
                assert_eq!(got.headers["ratelimit"], format!("\"quota\";r={left};t=60").as_str());
                assert_eq!(got.headers["x-ratelimit-remaining"], left);
                let retry_after = got.headers.get("retry-after").map(http::HeaderValue::as_bytes);
                assert_eq!(retry_after, (status == 429).then_some(&b"60"[..]));
                if status == 200 && answer > 0 {
                    assert_eq!(got.body.len(), answer, "the true answer");
                }
                if status == 429 && answer == 0 {
                    assert_eq!(got.at("/details/retryAfterSeconds"), 60);
                }
            }
        }
        served.server.world("default").unwrap().advance(std::time::Duration::from_secs(60));
        let again = served.ask("GET", "/x/a", &[("x-tenant", "/x/a")], "").await.unwrap();
        assert_eq!(again.status, 200, "{way:?}");
    }
}

#[tokio::test]
async fn a_refused_client_gets_a_date_or_nothing() {
    for (how, starts) in [("date", Some("GMT")), ("none", None)] {
        let rules = format!(
            "rules: [{{limit: {{requests: 1, window: 60s, retry_after: {how}, else: {{reply: {{status: 429, body: slow}}}}}}}}]"
        );
        let served = Served::new(WAYS[0], &rules).await;
        served.ask("GET", "/x/a", &[], "").await.unwrap();
        let refused = served.ask("GET", "/x/a", &[], "").await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.text()), (429, "slow"));
        let told = refused.headers.get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(told.map(|told| told.ends_with("GMT")), starts.map(|_| true), "{told:?}");
    }
}

#[tokio::test]
async fn fields_of_real_answers_change_over_every_protocol() {
    let rules = "
rules:
- then:
    headers: {Warning: '299 - \"old\"', Content-Type: text/html}
    remove_headers: [ETag, Date, Content-Length]
";
    for way in WAYS {
        let served = Served::new(way, rules).await;
        for path in ["/x/a", TFJOBS] {
            let got = served.ask("GET", path, &[], "").await.unwrap();
            assert_eq!(got.status, 200);
            assert_eq!(got.headers["warning"], "299 - \"old\"", "{way:?} {path}");
            assert_eq!(got.headers["content-type"], "text/html");
            for name in ["etag", "date", "content-length"] {
                assert!(!got.headers.contains_key(name), "{way:?} {path} {name}");
            }
            assert!(got.body.len() > 20, "{way:?} {path}");
        }
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_use_everything_but_the_admin_api() {
    let stub = r#"{"request": {"url": "/a"}, "response": {"body": "hi"}}"#;
    let own = files(&[("a.json", stub)]);
    let server = Server::builder()
        .fixtures(own.path())
        .cors_allowed_origins(["^http://localhost:[0-9]+$"])
        .start()
        .await
        .unwrap();
    let origin = ("origin", "http://localhost:3000");
    let method = ("access-control-request-method", "DELETE");
    let preflight = send(&server, "OPTIONS", TFJOBS, &[origin, method], "").await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.headers["access-control-allow-methods"].to_str().unwrap().contains("DELETE"));
    for path in ["/a", TFJOBS, "/nothing"] {
        let got = send(&server, "GET", path, &[origin], "").await;
        assert_eq!(got.headers["access-control-allow-origin"], "http://localhost:3000", "{path}");
        let other = send(&server, "GET", path, &[("origin", "http://evil")], "").await;
        assert!(!other.headers.contains_key("access-control-allow-origin"), "{path}");
    }
    let admin = send(&server, "GET", "/__admin/mappings", &[origin], "").await;
    assert!(!admin.headers.contains_key("access-control-allow-origin"));
    let why = Server::builder().cors_allowed_origins(["("]).start().await.unwrap_err();
    assert!(why.to_string().contains("is not a regular expression"), "{why}");
}
