//! `standin verdict`: what a running server found out about its clients.

use std::str::FromStr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::document::duration;
use crate::drill::{DrillResult, Outcome};
use crate::error::EXIT_BROKEN;
use crate::grade::Assessment;

use super::args::Verdict;
use super::ask::{Answer, Server};
use super::error::CommandError;
use super::reports::report;

/// How long to wait before a condition is looked at again.
const POLL: Duration = Duration::from_millis(200);

/// What to wait for before the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// Requests came, and none for this time.
    Idle(Duration),
    /// So many requests came.
    Requests(u64),
    /// A scenario has reached this phase.
    Phase(String),
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usable = || {
            format!("--wait-for {text:?}: use \"idle 5s\", \"requests 10\" or \"phase recovered\"")
        };
        let (word, value) = text.trim().split_once(char::is_whitespace).ok_or_else(usable)?;
        let value = value.trim();
        match word {
            "idle" => duration(value).map(Self::Idle).ok_or_else(usable),
            "requests" => value.parse().map(Self::Requests).map_err(|_| usable()),
            "phase" => Ok(Self::Phase(value.to_owned())),
            _ => Err(usable()),
        }
    }
}

impl Condition {
    /// Whether it holds.
    fn holds(&self, verdict: &Value) -> Result<bool, CommandError> {
        Ok(match self {
            Self::Idle(time) => {
                verdict["idleSeconds"].as_f64().is_some_and(|idle| idle >= time.as_secs_f64())
            }
            Self::Requests(count) => {
                verdict["requests"].as_u64().is_some_and(|requests| requests >= *count)
            }
            Self::Phase(name) => {
                let phases = verdict["phases"].as_array().map_or(&[][..], Vec::as_slice);
                let Some(phase) = phases.iter().find(|phase| phase["name"] == **name) else {
                    let names: Vec<&str> =
                        phases.iter().filter_map(|phase| phase["name"].as_str()).collect();
                    let known = match names.as_slice() {
                        [] => "the scenarios have no phases".to_owned(),
                        names => format!("there are {}", names.join(", ")),
                    };
                    let why = format!("no phase is called {name:?}; {known}");
                    return Err(CommandError::Usage(why));
                };
                phase["reached"] == true
            }
        })
    }
}

pub(super) fn verdict(args: Verdict) -> Result<(), CommandError> {
    let Verdict { mut wait_for, mut server, timeout, admin, reports } = args;
    let token = admin.read().map_err(CommandError::Usage)?;
    // `--wait-for "idle 5s" URL`: the condition is one word, and the URL looks like its value.
    if let [condition, url] = wait_for.as_slice()
        && server.is_none()
        && condition.trim().contains(char::is_whitespace)
    {
        server = Some(url.clone());
        wait_for.truncate(1);
    }
    let server = server
        .ok_or_else(|| CommandError::Usage("name the server: HOST:PORT or its URL".to_owned()))?;
    let condition: Option<Condition> = match wait_for.as_slice() {
        [] => None,
        words => Some(words.join(" ").parse().map_err(CommandError::Usage)?),
    };
    let began = Instant::now();
    let mut waited = true;
    let found = loop {
        let late = began.elapsed() >= timeout;
        match (ask(&server, token.as_deref()), &condition) {
            (Ok(found), None) => break found,
            (Ok(found), Some(condition)) => {
                waited = condition.holds(&found)?;
                if waited || late {
                    break found;
                }
            }
            // A server that is not there yet may come.
            (Err(Unanswered::Absent(_)), Some(_)) if !late => {}
            (Err(Unanswered::Absent(why) | Unanswered::Unusable(why)), _) => {
                eprintln!("{why}");
                return Err(CommandError::Reported(EXIT_BROKEN));
            }
        }
        std::thread::sleep(POLL);
    };
    let assessment = Assessment::from_json(&found).ok_or_else(|| {
        CommandError::Failed(format!("{server} gave a verdict of another version of standin"))
    })?;
    let drill = DrillResult {
        scenario: named(&found),
        description: String::new(),
        outcome: Outcome::Elsewhere,
        took: took(&assessment),
        assessment,
        output: String::new(),
    };
    let reported = report(&[drill], &reports);
    if !waited {
        let seconds = timeout.as_secs_f64();
        let why = format!("--wait-for {}: not so within {seconds} s", wait_for.join(" "));
        return reported.and(Err(CommandError::Failed(why)));
    }
    reported
}

/// The scenarios, and the world where it is not the default one.
fn named(found: &Value) -> String {
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    let scenario = text("scenario");
    let scenario = if scenario.is_empty() { "no scenario".to_owned() } else { scenario };
    match &*text("world") {
        "" | crate::message::DEFAULT_WORLD => scenario,
        world => format!("{scenario} (world {world})"),
    }
}

/// From the first request to the end of the last answer.
fn took(assessment: &Assessment) -> Duration {
    let seen = &assessment.timeline;
    let first = seen.iter().map(|request| request.began).min().unwrap_or_default();
    let last = seen.iter().map(|request| request.ended.unwrap_or(request.began)).max();
    last.unwrap_or_default().saturating_sub(first)
}

/// Why there is no verdict.
enum Unanswered {
    /// No server answers.
    Absent(CommandError),
    /// What answers has none.
    Unusable(CommandError),
}

/// Asks a server, or a world of it, for its verdict.
fn ask(server: &str, token: Option<&str>) -> Result<Value, Unanswered> {
    let after_scheme = server.split_once("://").map_or(server, |(_, rest)| rest);
    let path = after_scheme.split_once('/').map_or("", |(_, path)| path).trim_end_matches('/');
    let world = if path.is_empty() { String::new() } else { format!("/{path}") };
    let path = format!("{world}/__admin/verdict");
    let (server, answer) = Server::ask(server, &path, token).map_err(Unanswered::Absent)?;
    let Answer { status, body } = answer;
    let json: Option<Value> = serde_json::from_str(&body).ok();
    match (status, json) {
        (200, Some(json)) => Ok(json),
        (_, json) => {
            let error = json.as_ref().and_then(|json| {
                json["errors"][0]["title"].as_str().or_else(|| json["error"].as_str())
            });
            let why = error.map_or_else(|| format!("status {status}"), str::to_owned);
            let why = format!("{server} has no verdict: {why}");
            Err(Unanswered::Unusable(CommandError::Failed(why)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_parsed() {
        for (text, expected) in [
            ("idle 5s", Condition::Idle(Duration::from_secs(5))),
            ("requests 3", Condition::Requests(3)),
            (" phase  brown out ", Condition::Phase("brown out".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        for wrong in ["", "idle", "idle 5", "requests x", "nothing 3"] {
            let error = Condition::from_str(wrong).unwrap_err();
            assert!(error.contains("idle 5s"), "{error}");
        }
    }

    #[test]
    fn conditions_hold_by_what_the_server_says() {
        let verdict = json!({
            "idleSeconds": 4.5, "requests": 3,
            "phases": [{"name": "healthy", "reached": true}, {"name": "recovered", "reached": false}],
        });
        let holds = |text: &str| {
            text.parse::<Condition>().unwrap().holds(&verdict).map_err(|error| error.to_string())
        };
        assert_eq!(holds("idle 4s"), Ok(true));
        assert_eq!(holds("idle 5s"), Ok(false));
        assert_eq!(holds("requests 3"), Ok(true));
        assert_eq!(holds("requests 4"), Ok(false));
        assert_eq!(holds("phase healthy"), Ok(true));
        assert_eq!(holds("phase recovered"), Ok(false));
        let error = holds("phase other").unwrap_err();
        assert!(error.contains("healthy, recovered"), "{error}");
        // Nothing came yet.
        let silent = json!({"idleSeconds": null, "requests": 0, "phases": []});
        assert!(!"idle 1ms".parse::<Condition>().unwrap().holds(&silent).unwrap());
    }
}
