//! Every shipped scenario, met by a client that does what its page asks of a good one: it copes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use standin::Grade;
use standin::internals::expand_scenarios;
use standin::{RunningServer, Server, WorldHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, PATIENCE, TFJOBS, try_send};

/// How long an answer may take; nothing that comes takes so long.
const DEADLINE: Duration = Duration::from_millis(2500);
/// How long a watch may be silent.
const SILENCE: Duration = Duration::from_millis(400);

/// A client that waits by moving the world's clock on.
struct Good {
    server: RunningServer,
    world: WorldHandle,
    token: Option<String>,
    /// Where its pauses are in their sequence: they are not all the same.
    drawn: u64,
}

impl Good {
    async fn under(scenario: &str) -> Self {
        let server = Server::builder().scenario(scenario).graded(true).start().await.unwrap();
        let world = server.world("default").unwrap();
        Self { server, world, token: None, drawn: 1 }
    }

    /// Longer each time, and never quite regular.
    fn pause(&mut self, attempt: u32) -> Duration {
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let part = 60 + (self.drawn >> 33) % 80;
        Duration::from_millis(100 << attempt.min(6)) * u32::try_from(part).unwrap() / 100
    }

    async fn fetch(&mut self) {
        let answer = try_send(&self.server, "POST", "/v3/auth/tokens", &[], "{}").await.unwrap();
        let token = answer.headers.get("x-subject-token").map(|value| value.to_str().unwrap());
        self.token = token.map(str::to_owned);
    }

    /// One request, with its deadline.
    async fn send(&self, method: &str, target: &str, body: &str) -> Result<Answer, String> {
        let bearer = format!("Bearer {}", self.token.as_deref().unwrap_or_default());
        let media = match method {
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let mut headers = vec![("content-type", media)];
        if self.token.is_some() {
            headers.push(("authorization", &bearer));
        }
        let answer = try_send(&self.server, method, target, &headers, body);
        tokio::time::timeout(DEADLINE, answer).await.unwrap_or_else(|_| Err("late".to_owned()))
    }

    /// A call until it is answered, for better or worse.
    async fn call(&mut self, method: &str, target: &str, body: &str) -> Answer {
        let mut lost = false;
        for attempt in 0..14 {
            let answer = self.send(method, target, body).await;
            let wait = match answer {
                Err(_) => {
                    lost = true;
                    None
                }
                Ok(answer) => match answer.status.as_u16() {
                    401 if attempt > 0 && self.token.is_none() => None,
                    401 => {
                        self.fetch().await;
                        continue;
                    }
                    403 if attempt < 5 => None,
                    // What was lost had happened.
                    409 if lost && method == "POST" => return answer,
                    409 if method != "POST" => None,
                    408 | 429 | 500..=599 => {
                        let after = answer.headers.get("retry-after");
                        after.map(|value| value.to_str().unwrap().parse().unwrap())
                    }
                    _ => return answer,
                },
            };
            let wait = wait.map_or_else(|| self.pause(attempt), Duration::from_secs);
            self.world.advance(wait);
        }
        panic!("{method} {target} never worked");
    }

    /// All pages of a list; from the beginning again when the chain is gone.
    async fn list(&mut self) -> (BTreeSet<String>, String) {
        'anew: for _ in 0..5 {
            let mut names = BTreeSet::new();
            let mut target = format!("{TFJOBS}?limit=10");
            loop {
                let page = self.call("GET", &target, "").await;
                if page.status == 410 {
                    continue 'anew;
                }
                assert_eq!(page.status, 200, "{}", page.text());
                for name in page.names() {
                    assert!(names.insert(name.clone()), "{name} came twice");
                }
                match page.at("/metadata/continue").as_str() {
                    None | Some("") => {
                        let revision = page.at("/metadata/resourceVersion");
                        return (names, revision.as_str().unwrap().to_owned());
                    }
                    Some(next) => target = format!("{TFJOBS}?limit=10&continue={next}"),
                }
            }
        }
        panic!("the chain never ended");
    }

    async fn create(&mut self, name: &str) {
        let body = json!({
            "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": name},
            "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}},
        });
        let answer = self.call("POST", TFJOBS, &body.to_string()).await;
        assert!(matches!(answer.status.as_u16(), 201 | 409), "{}", answer.text());
    }

    /// Creates, changes and deletes a job.
    async fn cycle(&mut self) {
        self.create("good").await;
        let path = format!("{TFJOBS}/good");
        let patch = json!({"metadata": {"labels": {"a": "b"}}}).to_string();
        let patched = self.call("PATCH", &path, &patch).await;
        assert_eq!(patched.status, 200, "{}", patched.text());
        let _ = self.call("GET", &path, "").await;
        let deleted = self.call("DELETE", &path, "").await;
        assert!(matches!(deleted.status.as_u16(), 200 | 404), "{}", deleted.text());
    }

    /// Watches until three jobs that are created meanwhile have been seen.
    async fn watch(&mut self) {
        // First as a streaming list, which need not come to its end.
        let streaming = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
        let (_, _) = self.events(streaming, 1, "initial-events-end").await;
        let (mut known, mut revision) = self.list().await;
        for name in ["w-1", "w-2", "w-3"] {
            self.create(name).await;
        }
        let wanted = ["w-1", "w-2", "w-3"];
        for attempt in 0..12 {
            let all = |known: &BTreeSet<String>| wanted.iter().all(|name| known.contains(*name));
            if attempt > 0 && all(&known) {
                return;
            }
            let query = format!("watch=true&allowWatchBookmarks=true&resourceVersion={revision}");
            let (events, ended) = self.events(&query, 3, "").await;
            for event in &events {
                let object = &event["object"];
                if let Some(newer) = object["metadata"]["resourceVersion"].as_str() {
                    // Never back to an older one.
                    let (new, old): (u64, u64) =
                        (newer.parse().unwrap(), revision.parse().unwrap());
                    revision = new.max(old).to_string();
                }
                known.extend(object["metadata"]["name"].as_str().map(str::to_owned));
            }
            let gone = ended == 410 || events.iter().any(|event| event["type"] == "ERROR");
            if gone || !all(&known) {
                let pause = self.pause(attempt);
                self.world.advance(pause);
                // What a watch does not tell, a list does.
                (known, revision) = self.list().await;
            }
        }
        panic!(
            "the jobs were never seen: {known:?} at {revision}, {:?}",
            self.world.unused_rules()
        );
    }

    /// The events of one watch until there are enough, one has a text, or it is silent; and its status.
    async fn events(&self, query: &str, enough: usize, text: &str) -> (Vec<Value>, u16) {
        let mut stream = TcpStream::connect(self.server.address()).await.unwrap();
        let request = format!("GET {TFJOBS}?{query} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = tokio::time::timeout(SILENCE, stream.read(&mut buffer)).await;
            match read {
                Ok(Ok(read)) if read > 0 => all.extend_from_slice(&buffer[..read]),
                _ => break,
            }
            let so_far = String::from_utf8_lossy(&all);
            if text.is_empty() && events(&so_far).len() >= enough
                || !text.is_empty() && so_far.contains(text)
            {
                break;
            }
        }
        let told = String::from_utf8_lossy(&all);
        let status = told.get(9..12).and_then(|code| code.parse().ok()).unwrap_or_default();
        (events(&told), status)
    }

    /// Deletes all jobs, and waits until they are gone.
    async fn delete(&mut self) {
        for attempt in 0..10 {
            let answer = self.call("DELETE", TFJOBS, "").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            for _ in 0..50 {
                if self.list().await.0.is_empty() {
                    return;
                }
                self.world.advance(Duration::from_secs(1));
            }
            assert!(attempt < 9, "they never went");
        }
    }
}

/// The whole events in what came of a watch.
fn events(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| line.starts_with("{\"type\""));
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What a client does under a scenario of a theme.
async fn drill(scenario: &str) -> Good {
    let mut good = Good::under(scenario).await;
    match scenario.split('/').next().unwrap() {
        "status" => {
            let code: u16 = scenario.rsplit('-').next().unwrap().parse().unwrap();
            let answer = good.send("GET", TFJOBS, "").await.unwrap();
            assert_eq!(answer.status.as_u16(), code);
        }
        "paging" => {
            let (names, _) = good.list().await;
            assert!(names.len() >= 31, "{} jobs", names.len());
        }
        "watch" => good.watch().await,
        "delete" => good.delete().await,
        "control-plane" => {
            good.watch().await;
            good.cycle().await;
        }
        "brownout" => {
            for _ in 0..4 {
                good.list().await;
                good.cycle().await;
                // Into the phases that come later.
                good.world.advance(Duration::from_secs(1));
            }
        }
        _ => {
            for _ in 0..3 {
                good.list().await;
                good.cycle().await;
            }
        }
    }
    good
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_client_copes_with_every_shipped_scenario() {
    let entries = expand_scenarios(&[]).unwrap();
    assert!(entries.len() >= 25 + 14, "{} scenarios", entries.len());
    let running = entries.into_iter().map(|entry| {
        tokio::spawn(async move {
            let name = entry.name;
            let good = tokio::time::timeout(PATIENCE * 2, drill(&name));
            let good = good.await.unwrap_or_else(|_| panic!("{name} takes too long"));
            let unused = good.world.unused_rules();
            assert!(unused.is_empty(), "{name}: never met {unused:?}");
            let failing: Vec<String> = good
                .world
                .findings()
                .into_iter()
                .filter(|finding| finding.grade == Grade::Fail)
                .map(|finding| finding.message)
                .collect();
            assert!(failing.is_empty(), "{name}: {failing:#?}");
        })
    });
    let running: Vec<_> = running.collect();
    let mut failed = 0;
    for task in running {
        failed += usize::from(task.await.is_err());
    }
    assert_eq!(failed, 0, "scenarios that a good client does not cope with; see above");
}
