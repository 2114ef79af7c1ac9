//! When a server says that it serves, who may control it, and what it writes about requests.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use standin::{Error, Server};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::{PATIENCE, ask, eventually, files, send};

fn standin() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A started server, and the URL in its first line.
async fn started(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().expect("it runs");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, out.read_line(&mut line)).await.expect("a line").expect("text");
    child.stdout = Some(out.into_inner());
    let url = line.split_whitespace().find(|word| word.contains("://"));
    (child, url.unwrap_or_else(|| panic!("no URL in {line:?}")).trim_matches('"').to_owned())
}

async fn kill(child: &Child, signal: &str) {
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.expect("kill").success());
}

async fn ended(child: &mut Child) -> Option<i32> {
    tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").expect("a status").code()
}

/// The head and the body of an answer, from any address.
async fn get(url: &str, fields: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.expect("a connection");
    let request =
        format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("in time").expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn the_ready_file_is_there_while_requests_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ready");
    std::fs::write(&file, "http://of-a-killed-server\n").unwrap();
    let mut command = standin();
    command.args(["serve", "--listen", "127.0.0.1:0", "--grace", "60", "--ready-file"]).arg(&file);
    let (mut child, url) = started(&mut command).await;
    eventually("the file is written", async || file.exists()).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{url}\n"));
    assert_eq!(status(&get(&format!("{url}/__admin/health"), "").await), "200");
    // Gone when the server begins to stop, not when it has: a request is in flight.
    let address = url.strip_prefix("http://").unwrap();
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
        .unwrap();
    kill(&child, "-TERM").await;
    eventually("the file is removed", async || !file.exists()).await;
    drop(slow);
    assert_eq!(ended(&mut child).await, Some(0));
    // One that cannot be written is an error that names it.
    let absent = directory.path().join("absent/ready");
    let mut command = standin();
    command.args(["serve", "--listen", "127.0.0.1:0", "--ready-file"]).arg(&absent);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("cannot write") && error.contains("absent/ready"), "{error}");
}

#[tokio::test]
async fn an_address_in_use_is_reported_before_files_are_read() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Server::builder().listen(address).fixtures("/absent").start().await.unwrap_err();
    assert!(matches!(error, Error::Listen { .. }), "{error}");
    // Until everything is loaded the address refuses connections, and one that fails gives it back.
    drop(taken);
    let error = Server::builder().listen(address).fixtures("/absent").start().await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error}");
    assert!(TcpStream::connect(address).is_err());
    Server::builder().listen(address).start().await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_socket_that_is_handed_over_keeps_early_clients_waiting() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut early = TcpStream::connect(address).unwrap();
    early.write_all(b"GET /version HTTP/1.0\r\n\r\n").unwrap();
    let held = socket.try_clone().unwrap();
    let phases = "timeline: {start: admin, phases: [{name: up, for: 1h}, {name: down, for: 1h, listen: refuse}, {name: back, forever: true}]}";
    let directory = files(&[("phases.yaml", phases)]);
    let builder = Server::builder().listener(socket).unwrap();
    let scenario = directory.path().join("phases.yaml");
    let server = builder.scenario(scenario.to_str().unwrap()).start().await.unwrap();
    assert_eq!(server.address(), address);
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut early, &mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{answer}");
    // A scenario refuses connections on it too, although another process holds the socket.
    let connects = async || tokio::net::TcpStream::connect(address).await.is_ok();
    ask(&server, "POST", "/__admin/scenarios/start").await;
    ask(&server, "POST", "/__admin/scenarios/step").await;
    eventually("it is down", async || !connects().await).await;
    drop(held);
    server.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn sockets_of_a_service_manager_are_used() {
    // The shell opens nothing: it passes its file descriptor 3 on, as a service manager does.
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let notified = directory.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&notified).unwrap();
    let mut command = Command::new("sh");
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve";
    command.args(["-c", script, env!("CARGO_BIN_EXE_standin")]);
    command.kill_on_drop(true).stdin(std::os::fd::OwnedFd::from(socket)).stdout(Stdio::piped());
    command.env("NOTIFY_SOCKET", &notified);
    let (mut child, url) = started(&mut command).await;
    assert_eq!(url, format!("http://{address}"));
    assert_eq!(status(&get(&format!("{url}/version"), "").await), "200");
    kill(&child, "-TERM").await;
    assert_eq!(ended(&mut child).await, Some(0));
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = || {
        let mut message = [0; 256];
        let length = manager.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    let (ready, stopping) = (next(), next());
    assert!(ready.contains("READY=1") && ready.contains(&url), "{ready}");
    assert!(stopping.contains("STOPPING=1"), "{stopping}");
}

#[tokio::test]
async fn it_stops_when_its_standard_input_ends() {
    let mut command = standin();
    command.args(["serve", "--listen", "127.0.0.1:0", "--exit-with-stdin"]).stdin(Stdio::piped());
    let (mut child, url) = started(&mut command).await;
    assert_eq!(status(&get(&format!("{url}/version"), "").await), "200");
    drop(child.stdin.take());
    assert_eq!(ended(&mut child).await, Some(0));
}

/// The lines of a server after its start, with one request.
async fn lines(format: &str) -> (String, Vec<String>) {
    let mut command = standin();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", format]);
    let (mut child, url) = started(&mut command).await;
    let fields = "user-agent: a \"b\"\\\r\nreferer: http://r/?token=s3cret-s3cret-s3cret\r\n";
    get(&format!("{url}/api/v1/namespaces/default?token=s3cret-s3cret-s3cret"), fields).await;
    kill(&child, "-TERM").await;
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).await.unwrap();
    assert_eq!(ended(&mut child).await, Some(0));
    assert!(!text.contains("s3cret-s3cret"), "{text}");
    (url, text.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn lines_have_the_form_that_is_asked_for() {
    let (_, text) = lines("text").await;
    assert_eq!(text.len(), 1, "{text:?}");
    assert!(text[0].contains("ms GET /api/v1/namespaces/default?token="), "{text:?}");
    assert!(text[0].ends_with(" kubernetes get namespaces"), "{text:?}");

    let (_, json) = lines("json").await;
    let line: Value = serde_json::from_str(&json[0]).unwrap();
    assert_eq!((line["method"].as_str(), line["status"].as_u64()), (Some("GET"), Some(200)));
    assert_eq!((&line["verb"], &line["resource"]), (&"get".into(), &"namespaces".into()));
    assert_eq!(line["userAgent"], "a \"b\"\\");
    assert!(line["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{line}");
    assert!(line["target"].as_str().unwrap().starts_with("/api/v1/namespaces/default?token="));
    assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");

    let (_, access) = lines("access").await;
    let pattern = r#"^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /api/v1/namespaces/default\?token=\S+ HTTP/1\.1" 200 \d+ "http://r/\?token=\S+" "a \\"b\\"\\\\"$"#;
    assert!(regex::Regex::new(pattern).unwrap().is_match(&access[0]), "{access:?}");
}

#[tokio::test]
async fn the_admin_api_asks_for_its_token() {
    let server = Server::builder().admin_token("s3cret").graded(true).start().await.unwrap();
    for path in ["/__admin", "/__admin/mappings", "/worlds/a/__admin/clock", "/__admin/metrics"] {
        let refused = ask(&server, "GET", path).await;
        assert_eq!(refused.status, 401, "{path}");
        assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        assert!(refused.text().contains("--admin-token"), "{}", refused.text());
        let headers = [("authorization", "Bearer s3cret")];
        assert_eq!(send(&server, "GET", path, &headers, "").await.status, 200, "{path}");
        let headers = [("authorization", "Bearer s3cre")];
        assert_eq!(send(&server, "GET", path, &headers, "").await.status, 401, "{path}");
    }
    assert_eq!(ask(&server, "GET", "/__admin/health").await.status, 200);
    assert_eq!(ask(&server, "GET", "/version").await.status, 200, "the API asks for none");
    // The commands send it.
    let directory = files(&[("token", "s3cret\n")]);
    let file = directory.path().join("token");
    let verdict = async |options: &[&str], variable: Option<&str>| {
        let mut command = standin();
        command.args(["verdict", &server.url()]).args(options);
        command.envs(variable.map(|token| ("STANDIN_ADMIN_TOKEN", token)));
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, error) = verdict(&[], None).await;
    assert!(code == Some(5) && error.contains("needs the token"), "{code:?} {error}");
    assert_eq!(verdict(&[], Some("s3cret")).await.0, Some(4), "NOT MET: nobody asked");
    let file = ["--admin-token-file", file.to_str().unwrap()];
    assert_eq!(verdict(&file, None).await.0, Some(4));
    let (code, error) = verdict(&["--admin-token", "a b"], None).await;
    assert!(code == Some(2) && error.contains("--admin-token: the token must be"), "{error}");
    let mut healthcheck = standin();
    healthcheck.args(["healthcheck", &server.url()]);
    assert_eq!(healthcheck.output().await.unwrap().status.code(), Some(0));
}

#[tokio::test]
async fn an_address_of_the_admin_api_has_it_alone() {
    let builder = Server::builder().admin_listen("127.0.0.1:0".parse().unwrap());
    let server = builder.start().await.unwrap();
    let admin = server.admin_url().unwrap();
    for (path, here, there) in [
        ("/version", "200", "404"),
        ("/__admin/worlds", "404", "200"),
        ("/worlds/a/__admin/clock", "404", "200"),
        ("/__admin/health", "200", "200"),
    ] {
        assert_eq!(ask(&server, "GET", path).await.status.as_str(), here, "{path}");
        assert_eq!(status(&get(&format!("{admin}{path}"), "").await), there, "{path}");
    }
    let kubeconfig = get(&format!("{admin}/__admin/worlds/b/kubeconfig"), "").await;
    let url = format!("http://localhost:{}/worlds/b", server.address().port());
    assert!(kubeconfig.contains(&url.replace("localhost", "127.0.0.1")), "{kubeconfig}");
}

#[tokio::test]
async fn a_world_is_made_with_its_scenarios() {
    let server = Server::builder().graded(true).start().await.unwrap();
    let put = async |body: &str| send(&server, "PUT", "/__admin/worlds/a", &[], body).await;
    let wrong = put(r#"{"scenarios": ["no-such"]}"#).await;
    assert_eq!(wrong.status, 404, "{}", wrong.text());
    assert_eq!(ask(&server, "GET", "/__admin/worlds/a").await.status, 404, "nothing was made");
    let made = put(r#"{"scenarios": ["throttled"], "seed": 7}"#).await;
    assert_eq!((made.status.as_u16(), made.at("/name")), (200, "a".into()), "{}", made.text());
    let shown = ask(&server, "GET", "/worlds/a/__admin/standin/scenarios").await;
    assert!(shown.text().contains("throttled"), "{}", shown.text());
    let default = ask(&server, "GET", "/__admin/standin/scenarios").await;
    assert!(!default.text().contains("throttled"), "{}", default.text());
    assert_eq!(put("").await.status, 200);
    let kubeconfig = ask(&server, "GET", "/__admin/worlds/a/kubeconfig").await;
    assert!(kubeconfig.text().contains(&format!("{}/worlds/a", server.url())));
    let own = ask(&server, "GET", "/worlds/a/__admin/kubeconfig").await;
    assert_eq!(own.text(), kubeconfig.text());
    let accepts = [("accept", "text/plain")];
    let verdict = send(&server, "GET", "/worlds/a/__admin/verdict", &accepts, "").await;
    assert!(verdict.text().starts_with("NOT MET after 0 requests\n"), "{}", verdict.text());
}

#[tokio::test]
async fn commands_say_which_variable_is_wrong() {
    let run = async |args: &[&str], name: &str, value: &str| {
        let output = standin().args(args).env(name, value).output().await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (args, name, value) in [
        (&["healthcheck"][..], "STANDIN_LISTEN", "ftp://x"),
        (&["drill", "--", "true"], "STANDIN_TIMEOUT", "soon"),
        (&["drill", "--", "true"], "STANDIN_PREFIX", "maybe"),
        (&["plan", "throttled"], "STANDIN_REQUESTS", "many"),
        (&["scenario", "from", "x"], "STANDIN_FORCE", "perhaps"),
        (&["doctor"], "STANDIN_LISTEN", "nowhere"),
        (&["serve"], "STANDIN_LOG_FORMAT", "xml"),
        (&["snapshot", "--upstream", "http://x"], "STANDIN_UPSTREAM_INSECURE", "x"),
    ] {
        let (code, error) = run(args, name, value).await;
        assert_eq!(code, Some(2), "{args:?} {error}");
        assert!(error.contains(name), "{args:?} {name}: {error}");
    }
    let (code, error) = run(&["plan", "throttled", "-n", "x"], "STANDIN_REQUESTS", "3").await;
    assert!(code == Some(2) && !error.contains("STANDIN_REQUESTS"), "{error}");
}

#[tokio::test]
async fn a_healthcheck_without_a_server_is_one_line() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = standin().args(["healthcheck", &free]).output().await.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn the_command_line_describes_itself() {
    let run = async |args: &[&str]| {
        let output = standin().args(args).output().await.unwrap();
        assert!(output.status.success(), "{args:?} {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(run(&["-V"]).await, format!("standin {version}\n"));
    let long = run(&["--version"]).await;
    assert!(long.starts_with(&format!("standin {version} (commit ")), "{long}");
    assert!(long.contains(std::env::consts::ARCH), "the target: {long}");
    for (shell, word) in [
        ("bash", "complete -F _standin"),
        ("zsh", "#compdef standin"),
        ("fish", "complete -c standin"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let text = run(&["completions", shell]).await;
        assert!(text.contains(word) && text.contains("ready-file"), "{shell}");
    }
    let directory = tempfile::tempdir().unwrap();
    run(&["man", "--to", directory.path().to_str().unwrap()]).await;
    for page in ["standin.1", "standin-serve.1", "standin-drill.1"] {
        let text = std::fs::read_to_string(directory.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}: {text}");
    }
    let serve = std::fs::read_to_string(directory.path().join("standin-serve.1")).unwrap();
    assert!(serve.contains("STANDIN_READY_FILE"), "the variables are in it");
}

#[tokio::test]
async fn a_new_project_is_valid_and_serves() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("project");
    let run = async |args: &[&str], at: &Path| {
        let output = standin().args(args).current_dir(at).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, out, error) = run(&["init", "project"], directory.path()).await;
    assert_eq!(code, Some(0), "{error}");
    assert!(out.contains("standin check project"), "{out}");
    for args in [&["check", "."][..], &["check", "fixtures", "scenarios"]] {
        let (code, out, error) = run(args, &root).await;
        assert_eq!((code, &*error), (Some(0), ""), "{out}");
        assert!(out.starts_with("valid (stubs: 2, objects: 1"), "{out}");
    }
    let (code, _, error) = run(&["init"], &root).await;
    assert!(code == Some(1) && error.contains("compose.yaml"), "{error}");
    let mut command = standin();
    command.args(["serve", "--listen", "127.0.0.1:0", "--fixtures", "fixtures"]).current_dir(&root);
    let (mut child, url) = started(&mut command).await;
    assert!(get(&format!("{url}/hello"), "").await.contains("hello"));
    kill(&child, "-TERM").await;
    assert_eq!(ended(&mut child).await, Some(0));
}

#[tokio::test]
async fn the_doctor_finds_what_keeps_a_server_from_running() {
    let run = async |args: &[&str]| {
        let output = standin().arg("doctor").args(args).output().await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let directory = files(&[("a.yaml", "")]);
    let path = directory.path().to_str().unwrap();
    let (code, out) = run(&["--listen", "127.0.0.1:0", "--fixtures", path]).await;
    assert_eq!(code, Some(0), "{out}");
    for what in ["address", "fixtures", "file changes", "open files", "temporary files", "clock"] {
        assert!(out.contains(what), "{what}: {out}");
    }
    assert!(!out.contains('\u{1b}'), "no colours where nobody sees them");
    let taken = Server::builder().start().await.unwrap();
    let (code, out) = run(&["--listen", &taken.address().to_string()]).await;
    assert!(code == Some(1) && out.contains("by a server that is healthy"), "{out}");
    let (code, out) = run(&["--listen", "127.0.0.1:0", "--fixtures", "/absent"]).await;
    assert!(code == Some(1) && out.contains("/absent"), "{out}");
}
