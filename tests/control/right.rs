//! The client that does everything right: it waits as long as it is asked to and longer each time, looks before it writes
//! again, lists again when its place is gone, fetches one token when one is refused, and reads bodies whole.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Answer, Broken, Server};
use crate::jobs::{JOBS, job, scenario};
use crate::watch::{Seen, watch};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_millis(3500);
/// How long a watch may be silent.
const SILENCE: Duration = Duration::from_millis(1500);
/// How often a call is tried.
const ATTEMPTS: u32 = 10;

struct Right {
    server: Server,
    /// Whether a refusal may pass: rights were given a moment ago.
    new_rights: bool,
    /// Where its pauses are in their sequence.
    drawn: u64,
}

pub(crate) fn run() -> ExitCode {
    let (theme, name) = scenario();
    let mut server = Server::of_drill(DEADLINE);
    if matches!(&*name, "few-connections" | "stale-connection") {
        server.keep_connection();
    }
    let mut right = Right { server, new_rights: theme == "auth", drawn: 1 };
    match &*theme {
        "status" => right.status(&name),
        "paging" => {
            let found = right.list().0.len();
            assert!(found >= 31, "{found} jobs");
        }
        "watch" => right.watch(name == "no-initial-end"),
        "control-plane" => {
            right.watch(false);
            right.cycles(2);
        }
        "brownout" => {
            for _ in 0..4 {
                right.cycles(1);
                // Into the phases that come later.
                right.server.wait(Duration::from_secs(1));
            }
        }
        "delete" => right.delete_all(),
        _ => right.cycles(4),
    }
    ExitCode::SUCCESS
}

impl Right {
    /// Longer each time, and never quite regular.
    fn pause(&mut self, attempt: u32) -> Duration {
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let part = u32::try_from(60 + (self.drawn >> 33) % 80).expect("a small number");
        Duration::from_millis(100 << attempt.min(6)) * part / 100
    }

    /// Another token; nothing where the server issues none.
    fn fetch(&mut self) -> bool {
        self.server.token = None;
        let Ok(answer) = self.server.send("POST", "/v3/auth/tokens", "{}") else { return false };
        self.server.token = answer.header("x-subject-token").map(str::to_owned);
        self.server.token.is_some()
    }

    /// A call until it is answered, for better or worse. Says whether an answer was lost before.
    fn call(&mut self, method: &str, target: &str, body: &str) -> (Answer, bool) {
        let mut lost = false;
        for attempt in 0..ATTEMPTS {
            let mut wait = None;
            match self.server.send(method, target, body) {
                Err(Broken::Nothing | Broken::Half(_)) => lost = true,
                Ok(answer) => match answer.status {
                    401 if self.fetch() => continue,
                    401 if attempt < 5 => {}
                    403 if self.new_rights && attempt < 7 => {}
                    // A patch without a revision may be made again.
                    409 if method == "PATCH" => {}
                    408 | 429 | 500..=599 => wait = answer.retry_after(),
                    _ => return (answer, lost),
                },
            }
            if lost && method == "POST" {
                // It may have happened: whoever creates looks first.
                return (Answer::default(), true);
            }
            let pause = wait.unwrap_or_else(|| self.pause(attempt));
            self.server.wait(pause);
        }
        panic!("{method} {target} never worked");
    }

    /// One call, and again only where the answer asks for it.
    fn status(&mut self, name: &str) {
        let expected: u16 =
            name.rsplit('-').next().and_then(|code| code.parse().ok()).expect("a code");
        for attempt in 0..4 {
            let answer = self.server.send("GET", JOBS, "").expect("an answer");
            assert_eq!(answer.status, expected);
            if !matches!(answer.status, 429 | 500..=599) {
                return;
            }
            let pause = answer.retry_after().unwrap_or_else(|| self.pause(attempt));
            self.server.wait(pause);
        }
    }

    /// All pages of a list; from the beginning again when the chain is gone.
    fn list(&mut self) -> (BTreeSet<String>, String) {
        'anew: for _ in 0..5 {
            let mut names = BTreeSet::new();
            let mut target = format!("{JOBS}?limit=10");
            loop {
                let (page, _) = self.call("GET", &target, "");
                if page.status == 410 {
                    let pause = self.pause(0);
                    self.server.wait(pause);
                    continue 'anew;
                }
                assert_eq!(page.status, 200, "{}", page.text());
                let page = page.json();
                for item in page["items"].as_array().expect("items") {
                    let name = item["metadata"]["name"].as_str().expect("a name");
                    assert!(names.insert(name.to_owned()), "{name} came twice");
                }
                match page["metadata"]["continue"].as_str() {
                    None | Some("") => {
                        let revision = page["metadata"]["resourceVersion"].as_str();
                        return (names, revision.expect("a revision").to_owned());
                    }
                    Some(next) => target = format!("{JOBS}?limit=10&continue={next}"),
                }
            }
        }
        panic!("the chain never ended");
    }

    /// Creates a job, and looks before it does so again; returns it as it is then.
    fn create(&mut self, name: &str) -> Value {
        let mut name = name.to_owned();
        for attempt in 0..ATTEMPTS {
            let (answer, lost) = self.call("POST", JOBS, &job(&json!({"name": name})).to_string());
            if answer.status == 201 {
                return answer.json();
            }
            let refused = answer.status == 403 && answer.text().contains("exceeded quota");
            if !lost && answer.status == 403 && !refused {
                // Nothing can be made here, and the program says so.
                return Value::Null;
            }
            let (there, _) = self.call("GET", &format!("{JOBS}/{name}"), "");
            if there.status == 200 {
                return there.json();
            }
            if answer.status == 409 {
                // The name is another's.
                name.push_str("-b");
            }
            let pause = self.pause(attempt);
            self.server.wait(pause);
        }
        panic!("{name} was never made");
    }

    /// Changes a job; after a conflict what is read then.
    fn update(&mut self, mut job: Value) {
        let name = job["metadata"]["name"].as_str().expect("a name").to_owned();
        let path = format!("{JOBS}/{name}");
        for attempt in 0..ATTEMPTS {
            job["metadata"]["labels"] = json!({"seen": "yes"});
            let (answer, _) = self.call("PUT", &path, &job.to_string());
            if answer.status == 200 {
                return;
            }
            assert_eq!(answer.status, 409, "{}", answer.text());
            let pause = self.pause(attempt);
            self.server.wait(pause);
            job = self.call("GET", &path, "").0.json();
        }
        panic!("{name} was never changed");
    }

    /// The life of a job, some times.
    fn cycles(&mut self, times: usize) {
        for n in 0..times {
            let _ = self.list();
            let job = self.create(&format!("good-{n}"));
            let Some(name) = job["metadata"]["name"].as_str().map(str::to_owned) else { return };
            // A replica may not know it yet: what was written is known from its answer.
            let _ = self.call("GET", &format!("{JOBS}/{name}"), "");
            self.update(job);
            let (deleted, _) = self.call("DELETE", &format!("{JOBS}/{name}"), "");
            assert!(matches!(deleted.status, 200 | 202 | 404), "{}", deleted.text());
        }
    }

    /// Keeps up with jobs that are made meanwhile, and marks each of them once.
    fn watch(&mut self, streaming: bool) {
        if streaming {
            let query = "&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
            let _ = watch(&self.server, query, SILENCE, "initial-events-end");
        }
        let (mut known, mut revision) = self.list();
        let wanted = ["w-1", "w-2", "w-3"];
        for name in wanted {
            let _ = self.create(name);
        }
        let mut marked = BTreeSet::new();
        for round in 0..8 {
            let query = format!("&allowWatchBookmarks=true&resourceVersion={revision}");
            let seen = watch(&self.server, &query, SILENCE, "");
            take_over(&seen, &mut known, &mut revision);
            for name in wanted {
                if known.contains(name) && marked.insert(name) {
                    let patch = json!({"metadata": {"labels": {"marked": "yes"}}}).to_string();
                    let _ = self.call("PATCH", &format!("{JOBS}/{name}"), &patch);
                }
            }
            let pause = seen.retry_after.unwrap_or_else(|| self.pause(round));
            self.server.wait(pause);
            if seen.is_gone() {
                (known, revision) = self.list();
            }
            if round >= 2 && wanted.iter().all(|name| known.contains(*name)) {
                break;
            }
        }
        // What a watch does not say, a list does.
        (known, _) = self.list();
        assert!(wanted.iter().all(|name| known.contains(*name)), "{known:?}");
    }

    /// Deletes all jobs, and waits until they are gone.
    fn delete_all(&mut self) {
        for _ in 0..ATTEMPTS {
            let (answer, _) = self.call("DELETE", JOBS, "");
            assert_eq!(answer.status, 200, "{}", answer.text());
            for _ in 0..5 {
                if self.list().0.is_empty() {
                    return;
                }
                self.server.wait(Duration::from_secs(1));
            }
        }
        panic!("they never went");
    }
}

/// Takes over what a watch says; never back to an older revision.
fn take_over(seen: &Seen, known: &mut BTreeSet<String>, revision: &mut String) {
    for event in seen.events.iter().filter(|event| event["type"] != "ERROR") {
        let metadata = &event["object"]["metadata"];
        let number = |text: &str| text.parse::<u64>().ok();
        if let Some(new) = metadata["resourceVersion"].as_str()
            && number(new) > number(revision)
        {
            new.clone_into(revision);
        }
        if let Some(name) = metadata["name"].as_str() {
            if event["type"] == "DELETED" {
                known.remove(name);
            } else {
                known.insert(name.to_owned());
            }
        }
    }
}
