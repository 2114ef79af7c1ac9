//! Links in answers of a backend refer to the recorder, and to the server that replays the
//! recording.

use std::net::SocketAddr;
use std::path::Path;

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;

use crate::plain_backend::{self, Reply};
use crate::support::{Answer, ask, send};

/// A backend that names itself, as `http://HOST`, where `{me}` stands.
async fn backend(answers: &'static [(&'static str, &'static str, &'static str)]) -> SocketAddr {
    plain_backend::start(move |asked| {
        let host = asked.head.lines().find_map(|line| line.strip_prefix("host: "));
        let me = format!("http://{}", host.unwrap_or_default());
        let found = answers.iter().find(|(target, ..)| *target == asked.target);
        let (_, fields, body) = found.unwrap_or(&("", "content-type: text/plain\r\n", "?"));
        let fields = fields.replace("{me}", &me);
        Reply { status: "200 OK", fields, body: body.replace("{me}", &me).into() }
    })
    .await
}

async fn recorder(backends: &[String], to: &Path, rewrites: bool) -> RunningServer {
    let mut builder = Server::builder().nothing_loaded().rewrite_links(rewrites).record(to);
    for url in backends {
        builder = builder.upstream(url, UpstreamOptions::default());
    }
    builder.start().await.unwrap()
}

fn field<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// What the client of a server sees of each answer, with the server's own URL as `{server}`.
async fn seen(server: &RunningServer, base: &str, targets: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for target in targets {
        let answer = ask(server, "GET", &format!("{base}{target}")).await;
        let length = answer
            .headers
            .get("content-length")
            .map(|value| value.to_str().unwrap().parse::<usize>().unwrap());
        assert!(length.is_none_or(|length| length == answer.body.len()), "{target}");
        let names = ["location", "link", "www-authenticate", "set-cookie", "etag"];
        let fields = names.map(|name| field(&answer, name));
        let text = format!("{} {}", fields.join("|"), answer.text());
        all.push(text.replace(&format!("{}{base}", server.url()), "{server}"));
    }
    all
}

#[tokio::test]
async fn links_lead_to_the_recorder_and_then_to_the_replay() {
    const JSON: &str = "content-type: application/json\r\n";
    let address = backend(&[
        ("/list", JSON, r#"{"next":"{me}/list?page=2","_links":{"self":{"href":"{me}/list"}}}"#),
        ("/moved", "location: {me}/list\r\nlink: <{me}/list?page=2>; rel=\"next\"\r\n", ""),
        (
            "/page",
            "content-type: text/html\r\netag: \"e1\"\r\n",
            "<a href='{me}/list'>a</a> http://other.test/",
        ),
        ("/token", "www-authenticate: Bearer realm=\"{me}/auth\",service=\"s\"\r\n", "no"),
        ("/cookie", "set-cookie: a=; Domain=localhost; Path=/\r\n", "ok"),
        (
            "/digest",
            "content-type: application/json\r\ncontent-md5: x\r\n",
            r#"{"next":"{me}/list"}"#,
        ),
        ("/binary", "content-type: application/octet-stream\r\n", "{me}"),
    ])
    .await;
    let directory = TempDir::new().unwrap();
    let targets = ["/list", "/moved", "/page", "/token", "/cookie"];
    let live = recorder(&[format!("http://{address}")], directory.path(), true).await;
    let before = seen(&live, "", &targets).await;
    assert!(before[0].contains(r#"{"next":"{server}/list?page=2""#), "{before:?}");
    assert!(before[1].contains("{server}/list|<{server}/list?page=2>"), "{before:?}");
    assert!(
        before[2].contains("\"e1\" <a href='{server}/list'>")
            && before[2].ends_with("http://other.test/")
    );
    assert!(before[4].contains("a=; Path=/"), "{before:?}");
    assert!(before[3].contains("realm=\"{server}/auth\""), "{before:?}");
    for target in ["/digest", "/binary"] {
        let answer = ask(&live, "GET", target).await;
        assert!(answer.text().contains(&address.to_string()), "{target} stays: {}", answer.text());
    }
    live.shutdown().await;

    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_ne!(replay.address(), address);
    assert_eq!(seen(&replay, "", &targets).await, before);
    // Below the path of a world, and behind a proxy with TLS.
    let world = seen(&replay, "/worlds/w", &targets).await;
    assert_eq!(world[..2], before[..2]);
    let forwarded = [("x-forwarded-proto", "https"), ("x-forwarded-host", "api.test")];
    let answer = send(&replay, "GET", "/moved", &forwarded, "").await;
    assert_eq!(field(&answer, "location"), "https://api.test/list");
    replay.shutdown().await;
}

#[tokio::test]
async fn links_stay_where_they_are_to_be_kept() {
    let address = backend(&[("/moved", "location: {me}/list\r\n", "")]).await;
    let directory = TempDir::new().unwrap();
    let live = recorder(&[format!("http://{address}")], directory.path(), false).await;
    let expected = format!("http://{address}/list");
    assert_eq!(field(&ask(&live, "GET", "/moved").await, "location"), expected);
    live.shutdown().await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_eq!(field(&ask(&replay, "GET", "/moved").await, "location"), expected);
    replay.shutdown().await;
}

#[tokio::test]
async fn a_backend_on_several_hosts_is_one_server() {
    let auth = plain_backend::start(|asked| {
        let fields = "content-type: application/json\r\nlocation: /login\r\n".to_owned();
        let body = format!(r#"{{"next":"{}/2","path":"/x"}}"#, asked.target);
        Reply { status: "302 Found", fields, body: body.into() }
    })
    .await;
    let api = plain_backend::start(move |asked| {
        let body = format!(r#"{{"path":"{}","sign_in":"http:\/\/{auth}\/token"}}"#, asked.target);
        Reply::ok("application/json", body)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let backends = [format!("http://{api}/v1"), format!("auth=http://{auth}")];
    let live = recorder(&backends, directory.path(), true).await;
    let targets = ["/x?y=1", "/auth/token", "/authors"];
    let before = seen(&live, "", &targets).await;
    let sign_in = live.url().replace('/', r"\/") + r"\/auth\/token";
    let answer = ask(&live, "GET", "/x?y=1").await;
    assert_eq!(answer.text(), format!(r#"{{"path":"/x?y=1","sign_in":"{sign_in}"}}"#));
    assert_eq!(before[1], r#"/auth/login|||| {"next":"/auth/token/2","path":"/x"}"#);
    assert!(before[2].contains("/authors"), "{before:?}");
    live.shutdown().await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_eq!(seen(&replay, "", &targets[1..2]).await, before[1..2]);
    let answer = ask(&replay, "GET", "/x?y=1").await;
    assert!(answer.text().contains(&replay.url().replace('/', r"\/")), "{}", answer.text());
    replay.shutdown().await;
}

/// Text with a link now and then, so that some are behind each megabyte.
fn long_page(length: usize) -> Vec<u8> {
    let mut text = String::with_capacity(length + 100);
    let mut number = 0_u32;
    while text.len() < length {
        number += 1;
        let word = number.wrapping_mul(2_654_435_761);
        if number.is_multiple_of(20_000) {
            text.push_str(&format!("<a href='{{me}}/page/{number}'>"));
        }
        text.push_str(&format!("row {word:x} of the page\n"));
    }
    text.push_str("<a href='{me}/last'>");
    text.into_bytes()
}

/// A page of 9 MiB goes to a file beside the recording, and through the recorder and the replay as it arrives.
#[cfg(feature = "gzip")]
#[tokio::test]
async fn links_behind_the_first_megabyte_lead_to_the_client_too() {
    use std::io::{Read as _, Write as _};

    let address = plain_backend::start(|asked| {
        let host = asked.head.lines().find_map(|line| line.strip_prefix("host: "));
        let me = format!("http://{}", host.unwrap_or_default());
        let page = |length| String::from_utf8(long_page(length)).unwrap().replace("{me}", &me);
        if asked.target == "/packed" {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(page(6 << 20).as_bytes()).unwrap();
            let fields = "content-type: text/html\r\ncontent-encoding: gzip\r\n".to_owned();
            return Reply { status: "200 OK", fields, body: encoder.finish().unwrap() };
        }
        Reply::ok("text/html", page(9 << 20))
    })
    .await;
    let plain = |answer: &Answer| {
        if answer.headers.get("content-encoding").is_none() {
            return answer.text().to_owned();
        }
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
        text
    };
    let directory = TempDir::new().unwrap();
    let live = recorder(&[format!("http://{address}")], directory.path(), true).await;
    for (target, length) in [("/page", 9 << 20), ("/packed", 6 << 20)] {
        let expected = String::from_utf8(long_page(length)).unwrap().replace("{me}", &live.url());
        assert!(plain(&ask(&live, "GET", target).await) == expected, "{target} while recording");
    }
    live.shutdown().await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    for (target, length) in [("/page", 9 << 20), ("/packed", 6 << 20)] {
        let expected = String::from_utf8(long_page(length)).unwrap().replace("{me}", &replay.url());
        assert!(plain(&ask(&replay, "GET", target).await) == expected, "{target} at replay");
    }
    replay.shutdown().await;
}
