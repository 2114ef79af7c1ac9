//! Everything at once for a while: worlds, writes, watches, faults, reloads, broken clients and a recorder.
//! Memory and descriptors stay flat, and every answer is one.
//!
//! Six seconds with all other tests; `STANDIN_SOAK_SECONDS=120 cargo test --release --test soak` for longer.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// A program under load; it ends with this.
struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_standin"))
            .args(args)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("a line");
        let address = line.split("http://").last().and_then(|rest| rest.split(' ').next());
        Self { address: address.expect("an address").to_owned(), child }
    }

    /// Resident memory in MiB, and open descriptors.
    fn size(&self) -> (usize, usize) {
        let process = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{process}/status")).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
        let kib: usize =
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
        (kib / 1024, fs::read_dir(format!("{process}/fd")).expect("its descriptors").count())
    }

    /// SIGTERM; says whether it ended well.
    fn end(&mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().expect("kill").success());
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came back for one request on a connection of its own; empty where the connection broke.
fn ask(address: &str, method: &str, target: &str, body: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = Vec::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// What all clients share.
struct Load<'a> {
    server: &'a str,
    recorder: &'a str,
    fixtures: &'a Path,
    over: AtomicBool,
    asked: AtomicUsize,
}

impl Load<'_> {
    /// Does something again and again, with a number that grows.
    fn repeat(&self, mut act: impl FnMut(usize)) {
        for n in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            act(n);
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn expect(&self, wanted: &[u16], method: &str, target: &str, body: &str) {
        let answer = ask(self.server, method, target, body);
        assert!(wanted.contains(&status(&answer)), "{method} {target}: {answer}");
    }

    fn writes(&self) {
        self.repeat(|n| {
            let world = format!("/worlds/w{}", n % 50);
            let text = "x".repeat(n % 7 * 4_000);
            let map = format!(
                "{{\"metadata\": {{\"name\": \"m{}\"}}, \"data\": {{\"k\": \"{text}\"}}}}",
                n % 20
            );
            self.expect(&[201, 409], "POST", &format!("{world}{MAPS}"), &map);
            let one = format!("{world}{MAPS}/m{}", n % 20);
            self.expect(&[200, 404], "PATCH", &one, &format!("{{\"data\": {{\"n\": \"{n}\"}}}}"));
            if n % 3 == 0 {
                self.expect(&[200, 404], "DELETE", &one, "");
            }
            self.expect(&[200], "GET", &format!("{world}{MAPS}?limit=5"), "");
            if n % 200 == 199 {
                self.expect(&[200, 404], "DELETE", &format!("/__admin/worlds/w{}", n % 50), "");
            }
        });
    }

    fn watches(&self) {
        self.repeat(|n| {
            let target = format!("/worlds/w{}{MAPS}?watch=1&timeoutSeconds=1", n % 50);
            self.expect(&[200], "GET", &target, "");
        });
    }

    fn faults(&self) {
        self.repeat(|n| {
            let name = ["reset", "garbage", "empty", "close"][n % 4];
            ask(self.server, "GET", &format!("/{name}"), "");
            self.expect(&[404], "GET", &format!("/nothing/{n}?token=t{n}"), "");
            self.expect(&[200], "GET", "/__admin/requests?limit=20", "");
        });
    }

    fn reloads(&self) {
        self.repeat(|n| {
            let stub = format!("{{\"request\": {{\"url\": \"/n\"}}, \"response\": {{\"body\": \"{n}\"}}}}");
            fs::write(self.fixtures.join("n.json"), stub).expect("written");
            let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: f, namespace: default}}\ndata: {{n: \"{n}\"}}\n");
            fs::write(self.fixtures.join("f.yaml"), map).expect("written");
            self.expect(&[200], "POST", "/__admin/reload", "");
            thread::sleep(Duration::from_millis(100));
        });
    }

    /// Clients that go away: in the head, in the body, before the answer.
    fn broken(&self) {
        self.repeat(|n| {
            let Ok(mut stream) = TcpStream::connect(self.server) else { return };
            let piece = [
                "GET / HT",
                "POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\nxxx",
                "GET /api/v1/configmaps?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n",
                "GET /api/v1/configmaps HTTP/1.1\r\n\r\n",
            ][n % 4];
            let _ = stream.write_all(piece.as_bytes());
            thread::sleep(Duration::from_millis(5));
        });
    }

    fn recordings(&self) {
        self.repeat(|n| {
            let target = format!("/big?n={}&access_token=secret{n}", n % 100);
            let answer = ask(self.recorder, "GET", &target, "");
            assert_eq!(status(&answer), 200, "{answer}");
        });
    }
}

#[test]
fn memory_and_descriptors_stay_flat() {
    let seconds = std::env::var("STANDIN_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let whole = Duration::from_secs(seconds.unwrap_or(6));
    let fixtures = tempfile::tempdir().expect("a directory");
    let recorded = tempfile::tempdir().expect("a directory");
    for (name, fault) in [
        ("reset", "CONNECTION_RESET_BY_PEER"),
        ("garbage", "RANDOM_DATA_THEN_CLOSE"),
        ("empty", "EMPTY_RESPONSE"),
        ("close", "MALFORMED_RESPONSE_CHUNK"),
    ] {
        let stub = format!(
            "{{\"request\": {{\"url\": \"/{name}\"}}, \"response\": {{\"fault\": \"{fault}\"}}}}"
        );
        fs::write(fixtures.path().join(format!("{name}.json")), stub).expect("written");
    }
    let big = format!(
        "{{\"request\": {{\"urlPath\": \"/big\"}}, \"response\": {{\"body\": \"{}\"}}}}",
        "y".repeat(20_000)
    );
    fs::write(fixtures.path().join("big.json"), big).expect("written");

    let directory = fixtures.path().to_string_lossy().into_owned();
    let bounds = ["--bound", "history-bytes=256KiB", "--bound", "journal-bytes=4MiB"];
    let mut server =
        Program::start(&[&["serve", "-v", "--fixtures", &*directory][..], &bounds].concat());
    let upstream = format!("http://{}", server.address);
    let to = recorded.path().to_string_lossy().into_owned();
    let mut recorder = Program::start(&[
        "record",
        "--upstream",
        &upstream,
        "--to",
        &to,
        "--bound",
        "recorder-bytes=1MiB",
    ]);
    let before = [server.size(), recorder.size()];
    let (address, through) = (server.address.clone(), recorder.address.clone());
    let load = Load {
        server: &address,
        recorder: &through,
        fixtures: fixtures.path(),
        over: AtomicBool::new(false),
        asked: AtomicUsize::new(0),
    };
    let middle = thread::scope(|scope| {
        let load = &load;
        for act in [
            Load::writes,
            Load::watches,
            Load::faults,
            Load::reloads,
            Load::broken,
            Load::recordings,
        ] {
            scope.spawn(move || act(load));
        }
        let begun = Instant::now();
        thread::sleep(whole * 2 / 5);
        let middle = [server.size(), recorder.size()];
        thread::sleep(whole.saturating_sub(begun.elapsed()));
        load.over.store(true, Ordering::Relaxed);
        middle
    });
    // What clients left behind ends by itself.
    thread::sleep(Duration::from_secs(2));
    let after = [server.size(), recorder.size()];
    println!(
        "{} requests in {whole:?}; MiB and descriptors of server and recorder: before {before:?}, at two fifths {middle:?}, after {after:?}",
        load.asked.load(Ordering::Relaxed)
    );
    for (at, name) in ["server", "recorder"].into_iter().enumerate() {
        let ((_, open), (then, _), (now, left)) = (before[at], middle[at], after[at]);
        assert!(
            now <= then + then / 2 + 24,
            "the {name}'s memory grows: {then} MiB, then {now} MiB"
        );
        assert!(left <= open + 8, "the {name} had {open} descriptors, and has {left}");
    }
    assert!(recorder.end(), "the recorder ends well");
    assert!(server.end(), "the server ends well");
    let checked =
        Command::new(env!("CARGO_BIN_EXE_standin")).args(["check", &to]).output().expect("it runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
