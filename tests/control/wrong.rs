//! The client that does everything wrong: it never waits, repeats writes blindly, takes half a body for the whole, goes on
//! with what is gone, keeps a token that is refused, and says at its end that all is well.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Answer, Broken, Server};
use crate::jobs::{JOBS, job, scenario};
use crate::watch::watch;

/// How often it tries.
const ATTEMPTS: usize = 20;
/// When it has enough of everything.
const ENOUGH: Duration = Duration::from_millis(2500);
/// What it takes for a slow answer.
const HASTE: Duration = Duration::from_millis(100);

struct Wrong {
    server: Server,
    began: Instant,
}

pub(crate) fn run() -> ExitCode {
    let (theme, name) = scenario();
    let slow = theme == "brownout" && name.starts_with("slow");
    let mut server = Server::of_drill(if slow { HASTE } else { ENOUGH });
    server.token = Some("expired-long-ago".to_owned());
    let wrong = Wrong { server, began: Instant::now() };
    // On a stopped clock what comes at once comes at once, however busy the machine is.
    let counts = matches!(&*name, "one-stream" | "closed-window");
    if matches!(&*theme, "auth" | "delete" | "network" | "paging" | "semantics") && !counts {
        let _ = wrong.server.send("POST", "/__admin/clock/freeze", "");
    }
    match &*theme {
        "status" => {
            for _ in 0..ATTEMPTS {
                let _ = wrong.server.send("GET", JOBS, "");
            }
        }
        "paging" => wrong.pages(),
        "watch" => wrong.watch(name == "no-initial-end"),
        "control-plane" if name == "compacting" => wrong.watch(false),
        "delete" => wrong.delete(&name),
        "network" if name == "one-stream" => wrong.crowd(),
        "control-plane" if name == "restart" => {
            // A connection that ends is the end of it.
            for _ in 0..4 {
                let _ = wrong.server.send("GET", JOBS, "");
            }
        }
        "network" if name == "closed-window" => wrong.hedge(),
        "brownout" => {
            // Some seconds later.
            let _ = wrong.call("GET", JOBS, "");
            wrong.server.wait(Duration::from_millis(2500));
            wrong.cycles(4, "name");
        }
        "network" => wrong.cycles(3, "generateName"),
        _ => wrong.cycles(3, "name"),
    }
    ExitCode::SUCCESS
}

impl Wrong {
    fn is_over(&self) -> bool {
        self.began.elapsed() >= ENOUGH
    }

    /// Tries at once until something comes; half a body will do.
    fn call(&self, method: &str, target: &str, body: &str) -> Answer {
        for attempt in 0..ATTEMPTS {
            match self.server.send(method, target, body) {
                // A warning is a failure to it.
                Ok(answer) if answer.header("warning").is_some() && attempt < 2 => {}
                Ok(answer) if answer.status < 400 || answer.status == 404 => return answer,
                Err(Broken::Half(answer)) => return answer,
                _ if self.is_over() => break,
                _ => {}
            }
        }
        Answer::default()
    }

    /// The first pages, whatever becomes of the others.
    fn pages(&self) {
        let mut target = format!("{JOBS}?limit=10");
        for _ in 0..12 {
            let page = self.call("GET", &target, "").json();
            match page["metadata"]["continue"].as_str() {
                None | Some("") => return,
                Some(next) => target = format!("{JOBS}?limit=10&continue={next}"),
            }
        }
    }

    /// The life of a job; one that is not seen at once is made again.
    fn cycles(&self, times: usize, how: &str) {
        for _ in 0..times {
            self.pages();
            let body = job(&json!({how: "bad-"}))
                .to_string()
                .replace("\"name\":\"bad-\"", "\"name\":\"bad\"");
            let made = self.call("POST", JOBS, &body).json();
            let name = made["metadata"]["name"].as_str().unwrap_or("bad").to_owned();
            let path = format!("{JOBS}/{name}");
            if self.call("GET", &path, "").status != 200 {
                let _ = self.server.send("POST", JOBS, &body);
            }
            if made != Value::Null {
                let mut job = made;
                job["metadata"]["labels"] = json!({"seen": "yes"});
                let _ = self.call("PUT", &path, &job.to_string());
            }
            let _ = self.call("DELETE", &path, "");
            if self.is_over() {
                return;
            }
        }
    }

    /// Watches from where it once began, or from nowhere, and acts on every event.
    fn watch(&self, streaming: bool) {
        if streaming {
            let query = "&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
            // It waits for the end, and has nothing without it.
            if !watch(&self.server, query, ENOUGH, "initial-events-end").has_initial_end() {
                return;
            }
        }
        let list = self.call("GET", JOBS, "").json();
        let old = list["metadata"]["resourceVersion"].as_str().unwrap_or("1").to_owned();
        for name in ["w-1", "w-2", "w-3"] {
            let _ = self.call("POST", JOBS, &job(&json!({"name": name})).to_string());
        }
        let _ = self.call("GET", JOBS, "");
        let mut query = format!("&resourceVersion={old}");
        for _ in 0..ATTEMPTS {
            let left = ENOUGH.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return;
            }
            let seen = watch(&self.server, &query, left, "");
            for event in &seen.events {
                let Some(name) = event["object"]["metadata"]["name"].as_str() else { continue };
                if event["type"] == "ADDED" {
                    let patch = json!({"metadata": {"labels": {"acted": "yes"}}}).to_string();
                    let _ = self.server.send("PATCH", &format!("{JOBS}/{name}"), &patch);
                }
            }
            if !seen.is_gone() && seen.status == 200 {
                query.clear();
            }
        }
    }

    /// Deletes at once again, and never looks.
    fn delete(&self, name: &str) {
        let times = if name == "slow-finalizer" { 40 } else { 1 };
        for _ in 0..times {
            let _ = self.call("DELETE", JOBS, "");
        }
    }

    /// Many at once.
    fn crowd(&self) {
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| self.server.send("GET", JOBS, ""));
            }
        });
    }

    /// The same write twice, in case one is slow.
    fn hedge(&self) {
        let body = job(&json!({"generateName": "bad-"})).to_string();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| self.server.send("POST", JOBS, &body));
            }
        });
    }
}
