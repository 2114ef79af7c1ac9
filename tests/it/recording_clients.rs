//! A recording recognizes its clients by pseudonyms of their credentials.

use std::path::Path;

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;

use crate::support::{Answer, files, send};

/// A backend that knows two clients, and gives the second one a new token.
const BACKEND: &str = r#"{"mappings": [
    {"priority": 9, "request": {"urlPath": "/me"}, "response": {"status": 401, "body": "who?"}},
    {"request": {"urlPath": "/me", "headers": {"Authorization": {"equalTo": "Bearer ann-token-1"}}},
     "response": {"body": "ann"}},
    {"request": {"urlPath": "/me", "headers": {"Authorization": {"equalTo": "Bearer bob-token-1"}}},
     "response": {"status": 401, "body": "expired"}},
    {"request": {"urlPath": "/me", "headers": {"Authorization": {"equalTo": "Bearer bob-token-2"}}},
     "response": {"body": "bob"}},
    {"request": {"urlPath": "/token", "bodyPatterns": [{"contains": "bob-refresh-1"}]},
     "response": {"jsonBody": {"access_token": "bob-token-2"}}},
    {"request": {"urlPath": "/page", "cookies": {"sid": {"equalTo": "ann-session"}}},
     "response": {"body": "ann's page"}},
    {"request": {"urlPath": "/page", "queryParameters": {"api_key": {"equalTo": "bob-key-1"}}},
     "response": {"body": "bob's page"}}
]}"#;

const ANN: (&str, &str) = ("authorization", "Bearer ann-token-1");
const BOB: (&str, &str) = ("authorization", "Bearer bob-token-1");

async fn me(server: &RunningServer, headers: &[(&str, &str)]) -> (u16, String) {
    seen(&send(server, "GET", "/me", headers, "").await)
}

fn seen(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn refresh(server: &RunningServer) -> String {
    let json = [("content-type", "application/json")];
    let body = r#"{"grant_type": "refresh_token", "refresh_token": "bob-refresh-1"}"#;
    let answer = send(server, "POST", "/token", &json, body).await;
    answer.json()["access_token"].as_str().unwrap_or_default().to_owned()
}

async fn replay(directory: &Path) -> RunningServer {
    Server::builder().fixtures(directory).start().await.unwrap()
}

/// Records the conversation of both clients.
async fn record(directory: &Path) {
    let stubs = files(&[("stubs.json", BACKEND)]);
    let backend = Server::builder().fixtures(stubs.path()).start().await.unwrap();
    let proxy = Server::builder()
        .nothing_loaded()
        .upstream(backend.url(), UpstreamOptions::default())
        .record(directory)
        .start()
        .await
        .unwrap();
    assert_eq!(me(&proxy, &[]).await, (401, "who?".to_owned()));
    assert_eq!(me(&proxy, &[ANN]).await, (200, "ann".to_owned()));
    assert_eq!(me(&proxy, &[BOB]).await, (401, "expired".to_owned()));
    let bearer = format!("Bearer {}", refresh(&proxy).await);
    assert_eq!(me(&proxy, &[("authorization", &bearer)]).await, (200, "bob".to_owned()));
    send(&proxy, "GET", "/page", &[("cookie", "sid=ann-session")], "").await;
    send(&proxy, "GET", "/page?api_key=bob-key-1", &[], "").await;
    proxy.shutdown().await;
    backend.shutdown().await;
}

#[tokio::test]
async fn clients_are_distinguished_by_the_key_of_the_recording() {
    let directory = TempDir::new().unwrap();
    record(directory.path()).await;
    let server = replay(directory.path()).await;
    assert_eq!(me(&server, &[ANN]).await, (200, "ann".to_owned()));
    assert_eq!(me(&server, &[BOB]).await, (401, "expired".to_owned()));
    assert_eq!(me(&server, &[]).await, (401, "who?".to_owned()), "without credentials");
    let other = [("authorization", "Bearer carol-token-1")];
    assert_eq!(me(&server, &other).await, (401, "who?".to_owned()), "as one without");

    // The answer has the pseudonym of the new token, and the client sends that.
    let token = refresh(&server).await;
    assert_ne!(token, "bob-token-2");
    let bearer = format!("Bearer {token}");
    assert_eq!(me(&server, &[("authorization", &bearer)]).await, (200, "bob".to_owned()));

    let page = async |target: &str, cookie: &str| {
        seen(&send(&server, "GET", target, &[("cookie", cookie)], "").await)
    };
    assert_eq!(page("/page", "sid=ann-session").await, (200, "ann's page".to_owned()));
    assert_eq!(page("/page?api_key=bob-key-1", "a=b").await, (200, "bob's page".to_owned()));
    let (status, text) = page("/page?api_key=carol-key-1", "a=b").await;
    assert_eq!(status, 404);
    assert!(text.contains("recorded from a client with other credentials"), "{text}");
    assert!(!text.contains("carol-key-1"), "{text}");
    let journal = send(&server, "GET", "/__admin/requests", &[], "").await.text().to_owned();
    for secret in ["ann-token", "bob-token-1", "carol", "bob-refresh", "ann-session", "bob-key"] {
        assert!(!journal.contains(secret), "{secret}: {journal}");
    }
}

#[tokio::test]
async fn a_recording_without_its_key_answers_all_clients() {
    let directory = TempDir::new().unwrap();
    record(directory.path()).await;
    std::fs::remove_file(directory.path().join(".standin-redact-key")).unwrap();
    let server = replay(directory.path()).await;
    let other = [("authorization", "Bearer carol-token-1")];
    let (_, text) = me(&server, &other).await;
    assert!(["ann", "bob", "expired"].contains(&&*text), "{text}");
    assert_eq!(me(&server, &[]).await, (401, "who?".to_owned()), "one without credentials");
    let (status, text) = seen(&send(&server, "GET", "/page?api_key=any-key", &[], "").await);
    assert_eq!((status, &*text), (200, "bob's page"));
}

#[tokio::test]
async fn the_key_may_be_given_to_the_program() {
    let directory = TempDir::new().unwrap();
    record(directory.path()).await;
    let key = directory.path().join(".standin-redact-key");
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let builder = Server::builder().fixtures(directory.path()).redact_key(text.trim());
    let server = builder.start().await.unwrap();
    assert_eq!(me(&server, &[ANN]).await, (200, "ann".to_owned()));
    assert_eq!(me(&server, &[BOB]).await, (401, "expired".to_owned()));
}
