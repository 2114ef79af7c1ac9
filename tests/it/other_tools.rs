//! Files as other tools really write them: browsers, Playwright, and all versions of vcrpy and its relatives.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{ask, files, send};

/// Imports a file, and serves what it became.
async fn imported(input: &TempDir, name: &str) -> (RunningServer, TempDir) {
    let out = TempDir::new().unwrap();
    let to = out.path().join("recorded");
    let run = |path: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.arg("import").arg(path).arg("--strict").arg("--to").arg(&to).output().unwrap()
    };
    let output = run(&input.path().join(name));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {text}");
    let server = Server::builder().fixtures(&to).start().await.unwrap();
    (server, out)
}

/// The mapping of the only stub whose name contains this.
fn mapping(out: &TempDir, name: &str) -> Value {
    let found = std::fs::read_dir(out.path().join("recorded")).unwrap().flatten().find(|entry| {
        let (file, path) = (entry.file_name(), entry.path());
        file.to_string_lossy().contains(name) && path.extension().is_some_and(|it| it == "json")
    });
    let text = std::fs::read(found.expect("a mapping").path()).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn har(entries: &Value) -> String {
    json!({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": entries}})
        .to_string()
}

#[tokio::test]
async fn an_archive_of_a_browser_keeps_charsets_waits_cookies_and_attached_bodies() {
    let entries = json!([
        {"startedDateTime": "2026-01-01T00:00:00.000+01:00", "time": 900.0,
            "timings": {"blocked": -1, "send": 0.1, "wait": 812.4, "receive": 3},
            "request": {"method": "GET", "url": "https://h/latin", "headers": [], "cookies": []},
            "response": {"status": 200, "statusText": "Fine",
                "headers": [{"name": "content-type", "value": "text/html; charset=windows-1252"}],
                "content": {"size": 7, "mimeType": "text/html", "text": "5 \u{20ac} caf\u{e9}"}}},
        // Some tools have cookies without their header fields.
        {"startedDateTime": "2026-01-01T00:00:01.000Z", "timings": {"wait": 10},
            "request": {"method": "POST", "url": "https://h/form", "headers": [],
                "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "",
                    "params": [{"name": "a b", "value": "1&2"}]}},
            "response": {"status": 200, "statusText": "", "headers": [],
                "cookies": [{"name": "theme", "value": "dark", "path": "/", "httpOnly": true}],
                "content": {"size": 2, "mimeType": "text/plain", "text": "ok"}}},
        // Playwright attaches bodies as files.
        {"startedDateTime": "2026-01-01T00:00:02.000Z",
            "request": {"method": "GET", "url": "https://h/logo", "headers": []},
            "response": {"status": 200, "headers": [], "content": {"size": 3, "mimeType": "image/png", "_file": "f1.png"}}},
    ]);
    let input = files(&[("a.har", &har(&entries))]);
    std::fs::write(input.path().join("f1.png"), b"\x89P\xff").unwrap();
    let (server, out) = imported(&input, "a.har").await;
    let latin = ask(&server, "GET", "/latin").await;
    assert_eq!(&latin.body[..], b"5 \x80 caf\xe9");
    let response = &mapping(&out, "get-latin")["response"];
    assert_eq!(response["fixedDelayMilliseconds"], 800);
    assert_eq!(response["statusMessage"], "Fine");
    let media = [("content-type", "application/x-www-form-urlencoded")];
    let form = send(&server, "POST", "/form", &media, "a+b=1%262").await;
    // Its value is a pseudonym.
    let cookie = form.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("theme=") && cookie.ends_with("; Path=/; HttpOnly"), "{cookie}");
    assert_eq!(&ask(&server, "GET", "/logo").await.body[..], b"\x89P\xff");
    server.shutdown().await;
}

/// The exchange that each of these cassettes has: a POST of `x=5` to `/form`, answered with the bytes 0 and 255.
async fn plays(cassette: &str, name: &str) {
    let input = files(&[(name, cassette)]);
    let (server, _out) = imported(&input, name).await;
    let media = [("content-type", "application/x-www-form-urlencoded")];
    let answer = send(&server, "POST", "/form", &media, "x=5").await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (201, &b"\0\xff"[..]), "{cassette}");
    let values: Vec<_> = answer.headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"], "{cassette}");
    assert_eq!(send(&server, "POST", "/form", &media, "x=6").await.status, 404, "{cassette}");
    server.shutdown().await;
}

#[tokio::test]
async fn cassettes_of_every_version_play() {
    // vcrpy today, with a body of Python's bytes; and with that of a file object, and an iterator.
    for body in [
        "!!binary |\n      eD01",
        "!!python/object/new:_io.BytesIO\n      state: !!python/tuple\n      - !!binary |\n        eD01\n      - 0\n      - null",
        "!!python/object/apply:builtins.iter\n    - - !!binary |\n        eD01",
    ] {
        let cassette = format!(
            "interactions:\n- request:\n    body: {body}\n    headers: {{Content-Type: [application/x-www-form-urlencoded]}}\n    method: POST\n    uri: http://h/form\n  \
             response:\n    body: {{string: !!binary \"AP8=\"}}\n    headers: {{X-A: ['1', '2']}}\n    status: {{code: 201, message: Created}}\nversion: 1\n"
        );
        plays(&cassette, "c.yaml").await;
    }
    // Its first versions: a list, with the parts of the URL, and header fields as lines.
    plays(
        r#"- request: !!python/object:vcr.request.Request
    body: !!python/unicode "x=5"
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [content-type, application/x-www-form-urlencoded]
    host: h
    method: POST
    path: /form
    port: 80
    protocol: http
  response:
    body:
      string: !!binary |
        AP8=
    headers: [!!python/unicode "x-a: 1\r\n", "x-a: 2\r\n"]
    status: {code: 201, message: Created}
"#,
        "old.yaml",
    )
    .await;
    let fields = json!({"content-type": "application/x-www-form-urlencoded"});
    let request = json!({"protocol": "http", "host": "h", "port": 80, "path": "/form", "method": "POST", "body": "x=5", "headers": fields});
    let response = json!({"status": {"code": 201, "message": "Created"}, "headers": ["x-a: 1\r\n", "x-a: 2\r\n"], "body": {"base64_string": "AP8=\n"}});
    plays(&json!([{"request": request, "response": response}]).to_string(), "old.json").await;
    // Ruby's VCR.
    plays(
        "---\nhttp_interactions:\n- request:\n    method: post\n    uri: http://h/form\n    body:\n      encoding: US-ASCII\n      string: x=5\n    headers:\n      Content-Type:\n      - application/x-www-form-urlencoded\n  \
         response:\n    status:\n      code: 201\n      message: Created\n    headers:\n      X-A:\n      - '1'\n      - '2'\n    body:\n      encoding: ASCII-8BIT\n      string: !binary |-\n        AP8=\n  recorded_at: Fri, 02 Jan 2026 00:00:00 GMT\nrecorded_with: VCR 6.1.0\n",
        "ruby.yml",
    )
    .await;
    // go-vcr.
    plays(
        "---\nversion: 2\ninteractions:\n    - id: 0\n      request:\n        proto: HTTP/1.1\n        host: h\n        body: x=5\n        form: {x: ['5']}\n        headers: {Content-Type: [application/x-www-form-urlencoded]}\n        url: http://h/form\n        method: POST\n      \
         response:\n        proto: HTTP/2.0\n        body: !!binary AP8=\n        headers: {X-A: ['1', '2']}\n        status: 201 Created\n        code: 201\n        duration: 12.5ms\n",
        "go.yaml",
    )
    .await;
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn a_compressed_body_of_a_cassette_is_played_plain() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"{\"plain\": true}").unwrap();
    let body = base64(&gzip.finish().unwrap());
    let cassette = format!(
        "interactions:\n- request: {{body: null, headers: {{}}, method: GET, uri: 'http://h/z'}}\n  response:\n    body:\n      string: !!binary |\n        {body}\n    \
         headers: {{Content-Encoding: [gzip], Content-Type: [application/json]}}\n    status: {{code: 200, message: OK}}\nversion: 1\n"
    );
    let input = files(&[("z.yaml", &cassette)]);
    let (server, out) = imported(&input, "z.yaml").await;
    let answer = ask(&server, "GET", "/z").await;
    assert_eq!(answer.text(), "{\"plain\": true}");
    assert!(!answer.headers.contains_key("content-encoding"));
    assert!(mapping(&out, "get-z")["response"]["headers"].get("content-encoding").is_none());
    server.shutdown().await;
}

#[tokio::test]
async fn a_simulation_brings_its_body_files_and_delays() {
    let exact = |value: &str| json!([{"matcher": "exact", "value": value}]);
    let pair = |path: &str, response: &Value| json!({"request": {"method": exact("GET"), "destination": exact("h"), "path": exact(path)}, "response": response});
    let simulation = json!({"data": {"pairs": [
            pair("/file", &json!({"status": 200, "bodyFile": "bodies/f.txt"})),
            pair("/slow", &json!({"status": 200, "body": "s"})),
            pair("/own", &json!({"status": 200, "body": "o", "fixedDelay": 5})),
        ], "globalActions": {"delays": [{"urlPattern": "h/(slow|own)", "httpMethod": "GET", "delay": 7}]}},
        "meta": {"schemaVersion": "v5.2"}});
    let input = files(&[("sim.json", &simulation.to_string()), ("bodies/f.txt", "file body")]);
    let (server, out) = imported(&input, "sim.json").await;
    assert_eq!(ask(&server, "GET", "/file").await.text(), "file body");
    server.shutdown().await;
    let mappings = out.path().join("recorded/mappings");
    let delays: Vec<Value> = ["pair-0-get-file", "pair-1-get-slow", "pair-2-get-own"]
        .iter()
        .map(|name| {
            let text = std::fs::read(mappings.join(format!("{name}.json"))).unwrap();
            let mapping: Value = serde_json::from_slice(&text).unwrap();
            mapping["response"]["fixedDelayMilliseconds"].clone()
        })
        .collect();
    assert_eq!(delays, [json!(null), json!(7), json!(5)]);
}

#[cfg(feature = "gzip")]
fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
