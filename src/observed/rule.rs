//! The outcomes of one route → a rule: steps if the sequence is short, or else shares.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::latency::{delay, quantile};
use super::outcome::{Fault, written};

/// The most changes of the outcome that are written as steps.
const STEPS: usize = 12;
/// The fewest latencies for a separate rule.
const LATENCIES: usize = 3;
/// Watches that lasted longer were not broken: servers end them after minutes.
const LONGEST_WATCH: Duration = Duration::from_secs(120);

/// A request of a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) result: SeenResult<'a>,
    pub(super) took: Option<Duration>,
}

/// Its outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SeenResult<'a> {
    Passed,
    Fault(&'a Fault),
    WatchEnded { expired: bool },
}

impl<'a> Seen<'a> {
    pub(super) fn fault(&self) -> Option<&'a Fault> {
        match self.result {
            SeenResult::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

/// The words of a rule except `id` and `match`, and what it reproduces.
#[derive(Debug)]
pub(super) struct Made {
    /// In the order in which they are written.
    pub(super) words: Vec<(&'static str, Value)>,
    /// The description for a comment.
    pub(super) about: String,
}

/// Creates the rule of a route, or returns `None` if there is nothing to reproduce. `recovers` says
/// that requests of the route passed after a fault, here or later.
pub(super) fn rule(seen: &[Seen<'_>], recovers: bool) -> Option<Made> {
    let kinds = Kinds::of(seen);
    if !kinds.faults.is_empty() {
        return Some(of_faults(seen, &kinds, recovers));
    }
    let breaks: Vec<&Seen<'_>> =
        seen.iter().filter(|seen| matches!(seen.result, SeenResult::WatchEnded { .. })).collect();
    if !breaks.is_empty() {
        return of_watches(&breaks);
    }
    let latencies: Vec<Duration> = seen.iter().filter_map(|seen| seen.took).collect();
    let delay = delay(&latencies).filter(|_| latencies.len() >= LATENCIES)?;
    let about = format!("{} requests, {}", seen.len(), shown(&latencies));
    Some(Made { words: vec![("delay", delay)], about })
}

/// The outcomes by kind.
struct Kinds<'a> {
    /// By their kinds: faults, with the latency of each that is known.
    faults: BTreeMap<&'a str, (Vec<&'a Fault>, Vec<Duration>)>,
    /// The latencies of those that passed.
    passed: Vec<Duration>,
}

impl<'a> Kinds<'a> {
    fn of(seen: &[Seen<'a>]) -> Self {
        let mut kinds = Self { faults: BTreeMap::new(), passed: Vec::new() };
        for one in seen {
            match one.fault() {
                Some(fault) => {
                    let (faults, latencies) = kinds.faults.entry(&fault.kind).or_default();
                    faults.push(fault);
                    latencies.extend(one.took);
                }
                None => kinds.passed.extend(one.took),
            }
        }
        kinds
    }

    /// Returns the `then` of a kind: the most frequent one, with the delays of all.
    fn then(&self, kind: &str) -> Value {
        let Some((faults, latencies)) = self.faults.get(kind) else { return "pass".into() };
        let mut counts: HashMap<String, usize> = HashMap::new();
        for fault in faults {
            *counts.entry(fault.then.to_string()).or_default() += 1;
        }
        let most = faults.iter().rev().max_by_key(|fault| counts[&fault.then.to_string()]);
        let mut then = most.map_or_else(|| json!({}), |fault| fault.then.clone());
        if then.get("stall").is_none()
            && let Some(delay) = delay(latencies)
        {
            then["delay"] = delay;
        }
        then
    }

    /// Returns what happens to requests that pass.
    fn pass(&self) -> Value {
        let delay = delay(&self.passed).filter(|_| self.passed.len() >= LATENCIES);
        delay.map_or_else(|| "pass".into(), |delay| json!({ "delay": delay }))
    }
}

fn of_faults(seen: &[Seen<'_>], kinds: &Kinds<'_>, recovers: bool) -> Made {
    let total = seen.len();
    let failed: usize = kinds.faults.values().map(|(faults, _)| faults.len()).sum();
    let mut runs: Vec<(Option<&str>, usize)> = Vec::new();
    for one in seen {
        let kind = one.fault().map(|fault| fault.kind.as_str());
        match runs.last_mut() {
            Some((last, count)) if *last == kind => *count += 1,
            _ => runs.push((kind, 1)),
        }
    }
    let then = |kind: Option<&str>| kind.map_or_else(|| kinds.pass(), |kind| kinds.then(kind));
    let outcome = match runs.as_slice() {
        // It never passed, so it never passes here.
        [(kind, _)] => ("then", then(*kind)),
        runs if runs.len() <= STEPS => {
            let steps = runs.iter().enumerate().filter_map(|(index, (kind, times))| {
                let then = then(*kind);
                let is_last = index + 1 == runs.len();
                match (is_last, kind) {
                    // Requests pass after the last step.
                    (true, None) if then == "pass" => None,
                    (true, None) => Some(json!({"forever": true, "then": then})),
                    _ => Some(json!({"times": times, "then": then})),
                }
            });
            ("steps", Value::Array(steps.collect()))
        }
        _ => ("share", shares(kinds, total)),
    };
    let mut words = vec![outcome];
    let mut expect = Map::new();
    let waits = || kinds.faults.values().flat_map(|(faults, _)| faults).filter_map(|f| f.wait);
    if waits().next().is_some() {
        expect.insert("retry_after".to_owned(), "honoured".into());
    }
    if recovers {
        expect.insert("recovers".to_owned(), "required".into());
    }
    expect.insert("hammering".to_owned(), "never".into());
    words.push(("expect", expect.into()));
    let each: Vec<String> = kinds
        .faults
        .iter()
        .map(|(kind, (faults, latencies))| {
            let slow = delay(latencies).map(|_| format!(" ({})", shown(latencies)));
            format!("{} {kind}{}", faults.len(), slow.unwrap_or_default())
        })
        .collect();
    let passed = match total - failed {
        0 => "none passed".to_owned(),
        passed if delay(&kinds.passed).is_some() => {
            format!("{passed} passed ({})", shown(&kinds.passed))
        }
        passed => format!("{passed} passed"),
    };
    Made { words, about: format!("{total} requests: {}; {passed}", each.join(", ")) }
}

/// Returns the shares of each kind, in tenths of a percent; what is left passes.
fn shares(kinds: &Kinds<'_>, total: usize) -> Value {
    let mut shares = Vec::new();
    let mut given = 0;
    for (kind, (faults, _)) in &kinds.faults {
        // Rounded down, so that together they are not more than all.
        let share = (faults.len() * 1000 / total.max(1)).max(1);
        given += share;
        shares.push(json!({"p": percent(share), "then": kinds.then(kind)}));
    }
    let pass = kinds.pass();
    if pass != "pass" && given < 1000 {
        shares.push(json!({"p": percent(1000 - given), "then": pass}));
    }
    shares.into()
}

fn percent(tenths: usize) -> String {
    match tenths % 10 {
        0 => format!("{}%", tenths / 10),
        tenth => format!("{}.{tenth}%", tenths / 10),
    }
}

/// Returns the rule for watches that ended: the first ones end again after that time.
fn of_watches(breaks: &[&Seen<'_>]) -> Option<Made> {
    let mut words = Vec::new();
    let mut about = Vec::new();
    for (expired, then, what) in [
        (true, json!({"event": "expired"}), "ended with 410 Expired"),
        (false, json!({"cut": "clean"}), "ended"),
    ] {
        let of_kind =
            breaks.iter().filter(|seen| seen.result == SeenResult::WatchEnded { expired });
        let mut lasted: Vec<Duration> = of_kind
            .filter_map(|seen| seen.took)
            .filter(|took| expired || *took <= LONGEST_WATCH)
            .collect();
        if lasted.is_empty() {
            continue;
        }
        lasted.sort_unstable();
        let time = written(quantile(&lasted, 0.5));
        words.push(json!({"time": time, "times": lasted.len(), "then": then}));
        about.push(format!("{} watches {what} after {time} (median)", lasted.len()));
    }
    if words.is_empty() {
        return None;
    }
    let expect = json!({"watch": "resumes"});
    Some(Made { words: vec![("at", words.into()), ("expect", expect)], about: about.join(", ") })
}

/// Describes latencies briefly.
fn shown(latencies: &[Duration]) -> String {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let [half, most] = [0.5, 0.99].map(|share| written(quantile(&sorted, share)));
    format!("half within {half}, 99% within {most}")
}
