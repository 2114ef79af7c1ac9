//! Connections before, between and instead of requests: byte by byte, over every protocol.

use std::time::Duration;

use serde_json::json;
use standin::RunningServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{End, PATIENCE, TFJOBS, eventually};
use crate::ways::{HTTP1, Served, WAYS, Way, read_answer, read_to_end};

/// A request that keeps its connection.
const GET: &[u8] = b"GET /x/a HTTP/1.1\r\nhost: x\r\n\r\n";

/// Phases that tests advance by the clock.
const PHASES: &str = "timeline: {start: ready, phases: [{name: up, for: 10s}, {name: down, for: 10s, listen: LISTEN}, {name: back, forever: true}]}\n";

fn phases(listen: &str) -> String {
    PHASES.replace("LISTEN", listen)
}

fn advance(server: &RunningServer) {
    server.world("default").unwrap().advance(Duration::from_secs(10));
}

async fn is_refused(server: &RunningServer) -> bool {
    match TcpStream::connect(server.address()).await {
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        Ok(_) => false,
    }
}

#[tokio::test]
async fn connections_are_refused_in_a_phase_and_the_state_is_kept() {
    for way in WAYS {
        let served = Served::with(way, &phases("refuse"), |builder| {
            builder.admin_listen("127.0.0.1:0".parse().unwrap())
        })
        .await;
        let server = &served.server;
        server.world("default").unwrap().freeze();
        let before = served.ask("GET", TFJOBS, &[], "").await.unwrap();
        let mut open = served.open().await.unwrap();
        advance(server);
        eventually("it is down", async || is_refused(server).await).await;
        let (_, end) = read_to_end(&mut open).await;
        assert!(matches!(end, End::Closed | End::Reset), "open connections are cut");
        // The admin API is reached on its own address, and only that.
        let admin = server.admin_url().unwrap();
        let (head, _) = plain(&admin, "GET", "/__admin/scenarios").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let (head, body) = plain(&admin, "GET", TFJOBS).await;
        assert!(
            head.starts_with("HTTP/1.1 404") && body.contains("/__admin alone"),
            "{head}{body}"
        );
        advance(server);
        eventually("it is back", async || !is_refused(server).await).await;
        let after = served.ask("GET", TFJOBS, &[], "").await.unwrap();
        assert_eq!((after.status.as_u16(), after.body), (200, before.body), "{way:?}");
    }
}

/// A request over plain HTTP/1.1; head and body of its answer.
async fn plain(url: &str, method: &str, path: &str) -> (String, String) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (head, body) = read_answer(&mut stream).await;
    (head, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn a_phase_begins_with_the_admin_api_too() {
    let served = Served::with(
        Way::Http1,
        "timeline: {start: admin, phases: [{name: down, for: 60s, listen: refuse}, {name: back, forever: true}]}",
        |builder| builder.admin_listen("127.0.0.1:0".parse().unwrap()),
    )
    .await;
    let (server, admin) = (&served.server, served.server.admin_url().unwrap());
    assert!(!is_refused(server).await);
    plain(&admin, "POST", "/__admin/scenarios/start").await;
    eventually("it is down", async || is_refused(server).await).await;
    plain(&admin, "POST", "/__admin/scenarios/step").await;
    eventually("it is back", async || !is_refused(server).await).await;
}

#[tokio::test]
async fn a_silent_server_accepts_and_says_nothing() {
    for way in WAYS {
        let served = Served::new(way, &phases("silent")).await;
        let server = &served.server;
        server.world("default").unwrap().freeze();
        advance(server);
        // The phase has begun once a connection gets no answer: the bytes wait on it.
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(GET).await.unwrap();
        let nothing = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
        assert!(nothing.is_err(), "{way:?}: {nothing:?}");
        advance(server);
        let (got, _) = read_to_end(&mut stream).await;
        assert!(got.is_empty(), "{way:?}: it ends without an answer");
        assert!(served.ask("GET", "/x/a", &[], "").await.is_ok());
    }
}

#[tokio::test]
async fn connections_beyond_a_bound_wait_or_are_turned_away() {
    for (excess, turned_away) in
        [("wait", None), ("close", Some(End::Closed)), ("reset", Some(End::Reset))]
    {
        let rules = format!("listen: {{connections: 1, excess: {excess}}}\n");
        let served = Served::new(Way::Http1, &rules).await;
        let mut first = served.open().await.unwrap();
        first.write_all(GET).await.unwrap();
        assert!(read_answer(&mut first).await.0.starts_with("HTTP/1.1 200"));
        let mut second = served.open().await.unwrap();
        let _ = second.write_all(GET).await;
        if let Some(end) = turned_away {
            let (got, ended) = read_to_end(&mut second).await;
            // What a client has sent meanwhile makes a close a reset.
            assert!(got.is_empty() && (ended == end || ended == End::Reset), "{excess}: {ended:?}");
        } else {
            let waits = tokio::time::timeout(Duration::from_millis(100), second.read_u8()).await;
            assert!(waits.is_err());
            drop(first);
            assert!(read_answer(&mut second).await.0.starts_with("HTTP/1.1 200"));
        }
    }
}

#[tokio::test]
async fn handshakes_fail_as_a_phase_has_it() {
    for (fault, why) in [
        ("wrong_name", "NotValidForName"),
        ("expired", "Expired"),
        ("unknown_ca", "UnknownIssuer"),
        ("cut", "handshake eof"),
    ] {
        for way in [Way::Http1Tls, Way::Http2Tls] {
            let served = Served::new(way, &format!("listen: {{tls: {fault}}}\n")).await;
            let error = served.open().await.err().expect("no handshake");
            assert!(format!("{error:?}").contains(why), "{fault}: {error:?}");
        }
        let plain = Served::new(Way::Http1, &format!("listen: {{tls: {fault}}}\n")).await;
        assert!(plain.ask("GET", "/x/a", &[], "").await.is_ok(), "plain HTTP has no handshake");
    }
}

#[tokio::test]
async fn idle_connections_end_after_a_time() {
    for (how, expected) in [("close", End::Closed), ("reset", End::Reset)] {
        let rules =
            format!("rules: [{{match: {{path: '/x/a'}}, then: {{idle: {{{how}: 150ms}}}}}}]");
        for way in HTTP1 {
            let served = Served::new(way, &rules).await;
            let mut stream = served.open().await.unwrap();
            for _ in 0..2 {
                // The last answer counts, and the time after it.
                stream.write_all(GET).await.unwrap();
                assert!(read_answer(&mut stream).await.0.starts_with("HTTP/1.1 200"));
            }
            let (got, end) = read_to_end(&mut stream).await;
            assert_eq!((got, end), (Vec::new(), expected), "{way:?} {how}");
            let mut other = served.open().await.unwrap();
            other.write_all(GET).await.unwrap();
            read_answer(&mut other).await;
            other.write_all(b"GET /x/b HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            read_answer(&mut other).await;
            let open = tokio::time::timeout(Duration::from_millis(400), other.read_u8()).await;
            assert!(open.is_err(), "another answer keeps the connection: {open:?}");
        }
        for way in [Way::Http2, Way::Http2Tls] {
            let served = Served::new(way, &rules).await;
            let (answered, end) = http2_then_idle(&served, 1).await;
            assert_eq!((answered, end.as_str()), (1, "ended"), "{way:?} {how}");
        }
    }
}

#[tokio::test]
async fn the_next_request_finds_its_connection_ended() {
    for (how, expected) in [("close", End::Closed), ("reset", End::Reset)] {
        let rules = format!("rules: [{{then: {{idle: {{{how}: next_request}}}}}}]");
        for way in HTTP1 {
            let served = Served::new(way, &rules).await;
            let mut stream = served.open().await.unwrap();
            stream.write_all(GET).await.unwrap();
            assert!(read_answer(&mut stream).await.0.starts_with("HTTP/1.1 200"));
            let open = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
            assert!(open.is_err(), "it stays open: {open:?}");
            let _ = stream.write_all(GET).await;
            let (got, end) = read_to_end(&mut stream).await;
            assert_eq!((got, end), (Vec::new(), expected), "{way:?} {how}");
            assert!(served.ask("GET", "/x/a", &[], "").await.is_ok());
        }
        for way in [Way::Http2, Way::Http2Tls] {
            let served = Served::new(way, &rules).await;
            let (answered, end) = http2_then_idle(&served, 2).await;
            assert_eq!((answered, end.as_str()), (1, "ended"), "{way:?} {how}");
        }
    }
}

/// Sends this many requests on one HTTP/2 connection, and waits for its end; returns how many were
/// answered.
async fn http2_then_idle(served: &Served, requests: usize) -> (usize, String) {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let stream = TokioIo::new(served.open().await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let ended = tokio::spawn(connection);
    let mut answered = 0;
    for _ in 0..requests {
        let request = http::Request::get("http://localhost/x/a");
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        if let Ok(answer) = sender.send_request(request).await {
            assert!(answer.into_body().collect().await.is_ok());
            answered += 1;
        }
    }
    let ended = tokio::time::timeout(PATIENCE, ended).await;
    (answered, if ended.is_ok() { "ended".to_owned() } else { "open".to_owned() })
}

#[tokio::test]
async fn a_crash_cuts_everything_and_loses_what_a_restart_loses() {
    let rules = "
tokens: {t: {issue: POST /token, in: bearer}}
rules:
- {match: {path: /crash/kept}, then: {crash: {tokens: kept}}}
- {match: {path: /crash/lost}, then: {crash: {revisions: lost, down: 10s}}}
- {match: {path: /x/secret}, require: {token: t}}
";
    for way in WAYS {
        let served = Served::with(way, rules, |builder| {
            builder.admin_listen("127.0.0.1:0".parse().unwrap())
        })
        .await;
        let server = &served.server;
        let world = server.world("default").unwrap();
        world.freeze();
        let token = served.ask("POST", "/token", &[], "").await.unwrap();
        let token = format!("Bearer {}", token.headers["x-subject-token"].to_str().unwrap());
        let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "new"},
            "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}}});
        let headers = [("content-type", "application/json")];
        let created = served.ask("POST", TFJOBS, &headers, &job.to_string()).await.unwrap();
        assert_eq!(created.status, 201, "{}", created.text());
        let mut open = served.open().await.unwrap();
        assert!(served.ask("GET", "/crash/kept", &[], "").await.is_err(), "{way:?}");
        read_to_end(&mut open).await;
        let secret = |token: String| {
            let served = &served;
            async move {
                let headers = [("authorization", token.as_str())];
                served.ask("GET", "/x/secret", &headers, "").await.unwrap().status.as_u16()
            }
        };
        assert_eq!(secret(token.clone()).await, 200, "tokens are kept");
        let name = format!("{TFJOBS}/new");
        assert_eq!(served.ask("GET", &name, &[], "").await.unwrap().status, 200);
        assert!(served.ask("GET", "/crash/lost", &[], "").await.is_err());
        eventually("it is down", async || is_refused(server).await).await;
        advance(server);
        eventually("it is back", async || !is_refused(server).await).await;
        assert_eq!(secret(token).await, 401, "tokens are lost");
        assert_eq!(served.ask("GET", &name, &[], "").await.unwrap().status, 404);
        let again = served.ask("POST", TFJOBS, &headers, &job.to_string()).await.unwrap();
        let revision = |answer: &crate::support::Answer| answer.at("/metadata/resourceVersion");
        assert_eq!(revision(&again), revision(&created), "revisions begin anew");
    }
}
