//! The program from the command line: its output and its exit.

use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{PATIENCE, files, server};

fn standin() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

pub(crate) async fn run(args: &[&str]) -> (i32, String, String) {
    let output = standin().args(args).output();
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, output).await.expect("it ends").expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// A server as a process: its first line, and the address in it.
async fn serve(args: &[&str]) -> (Child, String, String) {
    let mut child = standin()
        .args(args)
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    tokio::time::timeout(PATIENCE, out.read_line(&mut line)).await.expect("a line").expect("text");
    let address = line.rsplit("http://").next().and_then(|rest| rest.split(' ').next());
    let address = address.unwrap_or_else(|| panic!("no address in {line:?}")).to_owned();
    child.stdout = Some(out.into_inner());
    (child, line, address)
}

/// Sends a signal, and returns the exit code and the output since.
async fn end(mut child: Child, signal: &str) -> (Option<i32>, String) {
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.expect("kill").success());
    let status =
        tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").expect("a status");
    let mut rest = String::new();
    let _ = child.stdout.take().expect("its output").read_to_string(&mut rest).await;
    (status.code(), rest)
}

#[cfg(feature = "etcd")]
#[tokio::test]
async fn a_server_that_waits_for_its_store_ends_at_a_signal() {
    let mut child = standin()
        .args(["serve", "--listen", "127.0.0.1:0", "--store", "etcd://127.0.0.1:1/test"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut line = String::new();
    let mut errors = BufReader::new(child.stderr.take().expect("its errors"));
    let read = tokio::time::timeout(PATIENCE, errors.read_line(&mut line)).await;
    read.expect("a line").expect("text");
    assert!(line.contains("waiting for etcd at 127.0.0.1:1"), "{line}");
    assert_eq!(end(child, "-TERM").await, (Some(0), String::new()));
    let mut rest = String::new();
    errors.read_to_string(&mut rest).await.expect("text");
    assert!(!rest.contains("--grace"), "{rest}");
}

#[tokio::test]
async fn serve_says_where_it_is_and_stops_at_a_signal() {
    let (child, line, address) = serve(&["serve", "-v"]).await;
    assert!(line.starts_with("standin serving on http://127.0.0.1:"), "{line}");
    assert!(line.contains("objects: "), "{line}");
    let (code, out, _) = run(&["healthcheck", &address]).await;
    assert_eq!((code, out.as_str()), (0, "healthy\n"));
    let (code, lines) = end(child, "-TERM").await;
    assert_eq!(code, Some(0));
    // The time of day and the duration come first.
    assert!(lines.ends_with(" GET /__admin/health → 200 admin\n"), "{lines}");
    assert_eq!(lines.lines().count(), 1, "{lines}");
    let (code, _, error) = run(&["healthcheck", &address]).await;
    assert_eq!(code, 1);
    assert!(
        error.contains("does not answer") && error.contains("is the server running"),
        "{error}"
    );

    let (child, line, _) = serve(&["serve", "--scenario", "throttled", "--seed", "7"]).await;
    assert!(line.contains("scenario rules: 1, seed: 7"), "{line}");
    assert_eq!(end(child, "-INT").await.0, Some(0));
}

#[tokio::test]
async fn an_open_watch_does_not_keep_it_from_stopping() {
    let (child, _, address) = serve(&["serve"]).await;
    let mut watch = tokio::net::TcpStream::connect(&address).await.expect("a connection");
    let request = "GET /apis/kubeflow.org/v1/tfjobs?watch=true HTTP/1.1\r\nhost: x\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut watch, request.as_bytes()).await.expect("sent");
    let mut byte = [0];
    watch.read_exact(&mut byte).await.expect("an answer");
    assert_eq!(end(child, "-TERM").await.0, Some(0));
    let (rest, _) = crate::support::read_all(&mut watch).await;
    assert!(rest.ends_with("0\r\n\r\n"), "the stream ends as streams do: {rest}");
}

#[tokio::test]
async fn output_that_nobody_reads_stops_nothing() {
    let (child, _, address) = serve(&["serve", "-v"]).await;
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
    // More than a pipe and the queue hold.
    let request = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(1_000));
    for _ in 0..3_000 {
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
        let mut head = [0; 1];
        let answered = tokio::time::timeout(PATIENCE, stream.read_exact(&mut head)).await;
        answered.expect("an answer in time").expect("an answer");
        let mut rest = [0; 4096];
        while stream.try_read(&mut rest).is_ok_and(|read| read == rest.len()) {}
    }
    let id = child.id().expect("it runs").to_string();
    let kill = Command::new("kill").args(["-TERM", &id]).status();
    assert!(kill.await.expect("kill").success());
    let mut child = child;
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends");
    assert_eq!(ended.expect("a status").code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let (child, _, address) = serve(&["serve", "--grace", "60"]).await;
    let mut slow = tokio::net::TcpStream::connect(&address).await.expect("a connection");
    let request = b"POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut slow, request).await.expect("sent");
    // The server asks for the body: the request is in flight.
    let mut asked = [0; 25];
    tokio::io::AsyncReadExt::read_exact(&mut slow, &mut asked).await.expect("100");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    let id = child.id().expect("it runs").to_string();
    let first = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
    assert!(first.success());
    // Requests in flight have 0.7 s to finish: the second signal comes before.
    let refused = async || tokio::net::TcpStream::connect(&address).await.is_err();
    crate::support::eventually("it accepts no more connections", refused).await;
    assert_eq!(end(child, "-TERM").await.0, Some(1));
}

#[tokio::test]
async fn bounds_are_set_and_shown() {
    let bound = ["--bound", "history-bytes=1MiB", "--bound", "body-timeout=5s"];
    let (child, _, address) = serve(&[&["serve"][..], &bound].concat()).await;
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
    let request =
        format!("GET /__admin/bounds HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
    let (text, _) = crate::support::read_all(&mut stream).await;
    let body: serde_json::Value =
        serde_json::from_str(text.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    let row = |name: &str| {
        let all = body["bounds"].as_array().expect("rows").iter();
        all.clone().find(|row| row["name"] == name).expect(name)["value"].clone()
    };
    assert_eq!((row("history-bytes"), row("body-timeout")), (1_048_576.into(), 5.0.into()));
    assert_eq!(body["held"]["worlds"], 0);
    assert_eq!(end(child, "-TERM").await.0, Some(0));
    let (code, _, error) = run(&["serve", "--bound", "histroy=1"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("\"histroy\" is not a bound; the bounds are header-bytes, "), "{error}");
}

#[tokio::test]
async fn check_reports_every_problem_with_its_place() {
    let directory = files(&[
        ("bad.json", "{\"request\": {\"metod\": \"GET\"}}"),
        ("good.yaml", "request: {urlPath: /a}\nresponse: {body: a}\n"),
        ("drill.yaml", "rules:\n- then: {status: 42}\n"),
    ]);
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let (bad, good, drill) = (path("bad.json"), path("good.yaml"), path("drill.yaml"));
    let (code, out, error) = run(&["check", &bad, &good, &drill]).await;
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(
        error.contains(&format!(
            "{bad}:1:14: request.metod: unknown key \"metod\"; did you mean \"method\"?"
        )),
        "{error}"
    );
    assert!(error.contains(&format!("{drill}:2:")), "{error}");
    let (code, out, _) = run(&["check", &good]).await;
    assert_eq!(
        (code, out.as_str()),
        (0, "valid (stubs: 1, objects: 0, resource types: 0, scenario rules: 0)\n")
    );
    let (code, out, _) = run(&["check"]).await;
    assert_eq!(
        (code, out.as_str()),
        (0, "valid (stubs: 0, objects: 3, resource types: 3, scenario rules: 0)\n")
    );
    let (code, _, error) = run(&["check", "no/such/file.yaml"]).await;
    assert_eq!(
        (code, error.as_str()),
        (3, "no/such/file.yaml: there is no such file or directory\n")
    );
}

#[tokio::test]
async fn what_cannot_be_done_is_reported() {
    let (code, _, error) =
        run(&["serve", "--fixtures", "no/such/dir", "--listen", "127.0.0.1:0"]).await;
    assert_eq!((code, error.as_str()), (3, "no/such/dir: there is no such file or directory\n"));
    let (code, _, error) =
        run(&["serve", "--listen", "127.0.0.1:0", "--scenario", "throtled"]).await;
    assert_eq!(code, 3);
    assert!(error.contains("did you mean \"throttling/throttled\"?"), "{error}");
    let (code, _, error) = run(&["serve", "--lisen", "127.0.0.1:0"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("--listen"), "{error}");
    let directory = files(&[]);
    let to = directory.path().join("recorded");
    let to_text = to.to_str().unwrap();
    let (code, _, error) =
        run(&["record", "--upstream", "ftp://x", "--to", to_text, "--listen", "127.0.0.1:0"]).await;
    assert_eq!(code, 2);
    assert!(!to.exists(), "a wrong URL leaves no folder behind");
    assert!(error.contains("only http, https, h2c and unix are supported"), "{error}");
    let (child, _, address) = serve(&["serve"]).await;
    let (code, _, error) = run(&["serve", "--listen", &address]).await;
    assert_eq!(code, 1);
    assert!(error.contains("cannot listen on") && error.contains("or 0 for a free one"), "{error}");
    drop(child);
}

#[tokio::test]
async fn a_recording_made_by_the_program_replays() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let to = directory.path().join("recorded").to_string_lossy().into_owned();
    let (backend, _, address) = serve(&["serve"]).await;
    let upstream = format!("http://{address}");
    let (recorder, line, proxy) = serve(&["record", "--upstream", &upstream, "--to", &to]).await;
    assert!(
        line.starts_with(&format!("standin recording {upstream} to {to} on http://")),
        "{line}"
    );
    let (code, _, _) = run(&["healthcheck", &proxy]).await;
    assert_eq!(code, 0);
    let get = |address: String| async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let request =
            "GET /apis/kubeflow.org/v1/tfjobs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.expect("sent");
        crate::support::read_all(&mut stream).await.0
    };
    assert!(get(proxy).await.contains("tfjob-test"));
    assert_eq!(end(recorder, "-TERM").await.0, Some(0));
    assert_eq!(end(backend, "-TERM").await.0, Some(0));
    let (replay, line, address) = serve(&["serve", "--fixtures", &to]).await;
    assert!(line.contains("stubs: 1,"), "{line}");
    let answer = get(address).await;
    assert!(answer.contains("tfjob-test") && answer.contains("matched-stub-id"), "{answer}");
    drop(replay);
}

#[tokio::test]
async fn help_teaches() {
    let (code, out, _) = run(&["--help"]).await;
    assert_eq!(code, 0);
    for part in
        ["serve", "record", "check", "healthcheck", "kubeconfig", "Examples:", "Exit codes:"]
    {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let (_, out, _) = run(&["serve", "--help"]).await;
    for part in
        ["--fixtures", "--scenario", "--listen", "127.0.0.1:8080", "--delete-collection-answer"]
    {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let (_, out, _) = run(&["scenarios"]).await;
    assert!(out.lines().count() >= 39 && out.contains("throttling/throttled "), "{out}");
    let (_, out, _) = run(&["kubeconfig", "127.0.0.1:1234"]).await;
    assert!(out.contains("server: http://127.0.0.1:1234"), "{out}");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_kubeconfig_holds_ca_token_and_world() {
    let own = files(&[]);
    let ca_out = own.path().join("ca.pem");
    let ca_out = ca_out.to_str().unwrap();
    let (child, line, _) =
        serve(&["serve", "--tls", "--tls-name", "standin.test", "--ca-out", ca_out]).await;
    let url = line.split(' ').find(|word| word.starts_with("https://")).unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let (code, out, err) = run(&["healthcheck", &url]).await;
    assert_eq!((code, out.as_str()), (0, "healthy\n"), "{err}");
    // The protocol of a bare address is detected.
    let address = url.trim_start_matches("https://");
    let (code, out, err) = run(&["healthcheck", address]).await;
    assert_eq!((code, out.as_str()), (0, "healthy\n"), "{err}");
    let (_, out, _) = run(&["kubeconfig", address]).await;
    assert!(out.contains(&format!("server: {url}\n")), "{out}");
    let (code, out, err) = run(&["kubeconfig", &url, "--token", "secret", "--world", "w1"]).await;
    assert_eq!(code, 0, "{err}");
    let ca = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        std::fs::read(ca_out).unwrap(),
    );
    for part in [
        &format!("server: {url}/worlds/w1"),
        "token: secret",
        &format!("certificate-authority-data: {ca}"),
    ] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    // kube-rs reads it, trusts the CA, and finds itself in the world.
    let config = kube::config::Kubeconfig::from_yaml(&out).unwrap();
    assert_eq!(config.current_context.as_deref(), Some("standin"));
    let (code, _, err) = run(&["kubeconfig", &url, "--world", "no name"]).await;
    assert!(code == 2 && err.contains("is not the name of a world"), "{code} {err}");
    let (code, _, err) = run(&["serve", "--client-ca", ca_out]).await;
    assert!(code == 2 && err.contains("need --tls"), "{code} {err}");
    let (code, _, err) = run(&["serve", "--cert", ca_out]).await;
    assert!(code == 2 && err.contains("--key"), "{code} {err}");
    end(child, "-TERM").await;
}

#[tokio::test]
async fn options_come_from_the_environment_too() {
    let with = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = standin();
        command.args(args).envs(variables.iter().copied());
        async move {
            let Output { status, stdout, stderr } =
                tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap();
            let text = [stdout, stderr].concat();
            (status.code().unwrap(), String::from_utf8(text).unwrap())
        }
    };
    for (variable, value, why) in [
        ("STANDIN_LISTEN", "127.0.0.1:no", "is not a port"),
        ("STANDIN_TLS", "perhaps", "not a boolean"),
        ("STANDIN_SEED", "-1", "invalid"),
        ("STANDIN_CERT", "chain.pem", "--key"),
    ] {
        let (code, text) = with(&[(variable, value)], &["serve"]).await;
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(why), "{text}");
        let named = format!("The value is that of the environment variable {variable}.");
        assert!(text.contains(&named), "{text}");
    }
    // Also where a value turns out to be wrong later.
    for (variable, value) in [
        ("STANDIN_FIXTURES", "/no/such/fixtures"),
        ("STANDIN_SCENARIO", "throttled\nno-such-scenario"),
        ("STANDIN_UPSTREAM", "ftp://backend"),
        ("STANDIN_WORLD_PREFIX", "worlds"),
        ("STANDIN_CORS_ALLOWED_ORIGINS", "("),
    ] {
        let (code, text) =
            with(&[(variable, value), ("STANDIN_MAX_WORLDS", "2")], &["serve"]).await;
        assert!([2, 3].contains(&code), "{code} {text}");
        let named = format!("The value is that of the environment variable {variable}.");
        assert!(text.contains(&named), "{text}");
    }
    // The command line comes first, and its mistakes are its own.
    let (_, text) = with(&[("STANDIN_SEED", "1")], &["serve", "--seed", "x"]).await;
    assert!(text.contains("--seed") && !text.contains("environment variable"), "{text}");
    // Each line is a value.
    let scenarios = ("STANDIN_SCENARIO", "throttled\nno-such-scenario");
    let (code, text) = with(&[scenarios, ("STANDIN_LISTEN", "127.0.0.1:0")], &["serve"]).await;
    assert_ne!(code, 0);
    assert!(text.contains("no-such-scenario") && !text.contains("throttled:"), "{text}");
    // A health check asks where the server listens.
    let server = server().await;
    let address = server.address().to_string();
    let port = format!(":{}", server.address().port());
    for listen in [&address, &port] {
        let (code, text) = with(&[("STANDIN_LISTEN", listen)], &["healthcheck"]).await;
        assert_eq!((code, &*text), (0, "healthy\n"), "{listen}");
    }
    server.shutdown().await;
}
