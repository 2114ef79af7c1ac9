//! Observations → the text of a scenario.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use serde_json::{Map, Value};

use super::outcome::written;
use super::phases::{Phase, phases};
use super::route::{Route, routes};
use super::rule::{Made, Seen, SeenResult, rule};
use super::{Observation, Observed, Outcome, Reproduction};

/// The most rules of a phase; the routes with the most faults come first.
const RULES: usize = 40;
/// The number of routes with the same fault from which one rule matches all requests.
const ALIKE: usize = 2;

/// A request with its route and its time since the first one.
struct Placed<'a> {
    at: Option<Duration>,
    route: usize,
    seen: Seen<'a>,
}

/// Writes the scenario of observations.
pub(super) fn scenario(observed: &Observed, from: &str) -> Reproduction {
    let observations = &observed.observations;
    let (all_routes, placed) = place(observations);
    let faults = placed.iter().filter(|one| one.seen.fault().is_some()).count();
    let phases = divide(&placed);
    let mut writer = Writer { ids: HashSet::new(), rules: 0, text: String::new() };
    let parts: Vec<(Option<&Phase>, String)> = if phases.is_empty() {
        vec![(None, writer.part(&all_routes, &placed, None, ""))]
    } else {
        phases
            .iter()
            .map(|phase| (Some(phase), writer.part(&all_routes, &placed, Some(phase), "    ")))
            .collect()
    };
    let kept = writer.kept(&observed.rules);
    let requests = observations.len();
    let mut text = format!(
        "# Made by `standin scenario from {}`: {requests} requests, {faults} of them with a fault.\n\
         # Check it with `standin check FILE`, preview it with `standin plan FILE`. Widen a `match`, and add what a good\n\
         # client does (`expect`), before you drill one with it.\n\
         description: {}\nseed: 1\n",
        comment(from),
        flow(&Value::from(format!("The faults of {from}, as they were observed.")))
    );
    let always: String = parts
        .iter()
        .filter(|(phase, _)| phase.is_none())
        .map(|(_, rules)| rules.as_str())
        .chain([kept.as_str()])
        .collect();
    if !phases.is_empty() {
        text.push_str("timeline:\n  start: first_request\n  phases:\n");
        for (phase, rules) in parts.iter().filter_map(|(phase, rules)| Some(((*phase)?, rules))) {
            let length = match phase.to {
                Some(to) => format!("for: {}", written(rounded(to.saturating_sub(phase.from)))),
                None => "forever: true".to_owned(),
            };
            text.push_str(&format!("  - name: {}\n    {length}\n", phase.name));
            if !rules.is_empty() {
                text.push_str(&format!("    rules:\n{rules}"));
            }
        }
    }
    if !always.is_empty() {
        text.push_str(&format!("rules:\n{always}"));
    }
    Reproduction { text, requests, faults, rules: writer.rules, phases: phases.len() }
}

/// Gives each request its route and time, and decides what is a fault.
fn place(observations: &[Observation]) -> (Vec<Route>, Vec<Placed<'_>>) {
    let succeeded: HashSet<(&str, &str)> = observations
        .iter()
        .filter(|one| one.outcome == Outcome::Passed)
        .map(|one| (&*one.method, &*one.target))
        .collect();
    let first = observations.iter().filter_map(|one| one.at).min();
    let mut known: HashMap<Route, usize> = HashMap::new();
    let mut all: Vec<Route> = Vec::new();
    let mut placed = Vec::new();
    for (observation, route) in observations.iter().zip(routes(observations)) {
        let index = *known.entry(route.clone()).or_insert_with(|| {
            all.push(route);
            all.len() - 1
        });
        let result = match &observation.outcome {
            Outcome::Passed => SeenResult::Passed,
            Outcome::Fault(fault) => SeenResult::Fault(fault),
            Outcome::Refused(fault) => {
                let call = (&*observation.method, &*observation.target);
                if succeeded.contains(&call) {
                    SeenResult::Fault(fault)
                } else {
                    SeenResult::Passed
                }
            }
            Outcome::WatchEnded { expired } => SeenResult::WatchEnded { expired: *expired },
            Outcome::Unknown => continue,
        };
        let at = observation.at.zip(first).map(|(at, first)| at.saturating_sub(first));
        placed.push(Placed { at, route: index, seen: Seen { result, took: observation.took } });
    }
    (all, placed)
}

/// Returns the phases, where all times are known.
fn divide(placed: &[Placed<'_>]) -> Vec<Phase> {
    let times: Option<Vec<(Duration, bool)>> =
        placed.iter().map(|one| Some((one.at?, one.seen.fault().is_some()))).collect();
    times.map(|times| phases(&times)).unwrap_or_default()
}

fn is_in(phase: Option<&Phase>, at: Option<Duration>) -> bool {
    let (Some(phase), Some(at)) = (phase, at) else { return true };
    at >= phase.from && phase.to.is_none_or(|to| at < to)
}

/// Rounds long times to a tenth of a second.
fn rounded(time: Duration) -> Duration {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(if milliseconds > 2000 {
        milliseconds.saturating_add(50) / 100 * 100
    } else {
        milliseconds
    })
}

struct Writer {
    ids: HashSet<String>,
    rules: usize,
    /// Reused for each rule.
    text: String,
}

impl Writer {
    /// Returns the rules of a phase, or of all the time.
    fn part(
        &mut self,
        routes: &[Route],
        placed: &[Placed<'_>],
        phase: Option<&Phase>,
        indent: &str,
    ) -> String {
        let mut groups: Vec<(usize, Vec<Seen<'_>>)> = Vec::new();
        let mut places: HashMap<usize, usize> = HashMap::new();
        for one in placed.iter().filter(|one| is_in(phase, one.at)) {
            let place = *places.entry(one.route).or_insert_with(|| {
                groups.push((one.route, Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(one.seen);
        }
        let recovered = recoveries(placed, routes.len());
        if let Some(made) = alike(&groups, &recovered, phase) {
            self.add(indent, "all requests", &Value::Null, made);
            return std::mem::take(&mut self.text);
        }
        let faults = |seen: &[Seen<'_>]| seen.iter().filter(|seen| seen.fault().is_some()).count();
        groups.sort_by_cached_key(|(_, seen)| std::cmp::Reverse(faults(seen)));
        let mut written = 0;
        let mut left_out = 0;
        for (route, seen) in &groups {
            let Some(made) = rule(seen, recovered[*route]) else { continue };
            if written == RULES {
                left_out += 1;
                continue;
            }
            written += 1;
            let route = &routes[*route];
            self.add(indent, &route.name(), &route.matching(), made);
        }
        if left_out > 0 {
            self.text.push_str(&format!("{indent}# {left_out} more routes are left out.\n"));
        }
        std::mem::take(&mut self.text)
    }

    fn add(&mut self, indent: &str, name: &str, matching: &Value, made: Made) {
        let id = self.id(name);
        self.rules += 1;
        self.text.push_str(&format!(
            "{indent}# {}: {}.\n{indent}- id: {id}\n",
            comment(name),
            comment(&made.about)
        ));
        if !matching.is_null() {
            self.text.push_str(&format!("{indent}  match: {}\n", flow(matching)));
        }
        for (word, value) in made.words {
            match &value {
                Value::Array(items) if items.len() > 1 => {
                    self.text.push_str(&format!("{indent}  {word}:\n"));
                    for item in items {
                        self.text.push_str(&format!("{indent}  - {}\n", flow(item)));
                    }
                }
                value => self.text.push_str(&format!("{indent}  {word}: {}\n", flow(value))),
            }
        }
    }

    /// Writes the rules that a recording already contains.
    fn kept(&mut self, rules: &[(String, Value)]) -> String {
        for (about, rule) in rules.iter().take(super::MAX_OBSERVATIONS) {
            let words = ["steps", "then", "share", "at"];
            let words = words.into_iter().filter_map(|word| Some((word, rule.get(word)?.clone())));
            let made = Made { words: words.collect(), about: about.clone() };
            let matching = &rule["match"];
            let name = ["method", "path"].map(|key| matching[key].as_str().unwrap_or_default());
            self.add("", &name.join(" "), matching, made);
        }
        std::mem::take(&mut self.text)
    }

    /// Returns an id that no rule has yet.
    fn id(&mut self, name: &str) -> String {
        let letter = |letter: char| {
            if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }
        };
        let words: String = name.chars().map(letter).collect();
        let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
        let mut base: String = words.join("-").chars().take(60).collect();
        if base.is_empty() {
            "rule".clone_into(&mut base);
        }
        let mut id = base.clone();
        let mut number = 1;
        while !self.ids.insert(id.clone()) {
            number += 1;
            id = format!("{base}-{number}");
        }
        id
    }
}

/// Returns for each route whether a request passed after one with a fault.
fn recoveries(placed: &[Placed<'_>], routes: usize) -> Vec<bool> {
    let (mut failed, mut recovered) = (vec![false; routes], vec![false; routes]);
    for Placed { route, seen, .. } in placed {
        if seen.fault().is_some() {
            failed[*route] = true;
        } else if failed[*route] {
            recovered[*route] = true;
        }
    }
    recovered
}

/// Returns one rule for all requests, if those of every route fail in the same way.
fn alike(
    groups: &[(usize, Vec<Seen<'_>>)],
    recovered: &[bool],
    phase: Option<&Phase>,
) -> Option<Made> {
    if groups.len() < ALIKE || !phase.is_some_and(|phase| phase.is_outage) {
        return None;
    }
    let all: Vec<Seen<'_>> = groups.iter().flat_map(|(_, seen)| seen.iter().copied()).collect();
    let kinds: BTreeSet<Option<&str>> =
        all.iter().map(|seen| seen.fault().map(|fault| fault.kind.as_str())).collect();
    let is_one = kinds.len() == 1 && !kinds.contains(&None);
    is_one.then(|| rule(&all, recovered.contains(&true)))?
}

/// Returns a text for a comment: on one line, without what changes the order of letters.
fn comment(text: &str) -> String {
    text.chars().take(300).map(|letter| if is_hidden(letter) { ' ' } else { letter }).collect()
}

/// Returns whether a character ends a line, shows nothing, or changes the order of others.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns a value as YAML on one line, which is read as the same value.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries = in_order(map).into_iter();
            let entries = entries.map(|(key, value)| format!("{}: {}", text(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::String(string) => text(string),
        value => value.to_string(),
    }
}

/// Returns the entries of a map in the order in which people write them.
fn in_order(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    const FIRST: [&str; 13] = [
        "p", "page", "event", "bytes", "time", "times", "forever", "method", "verb", "then",
        "status", "reason", "headers",
    ];
    let mut entries: Vec<_> = map.iter().collect();
    let percentile =
        |key: &str| key.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
    entries.sort_by(|(one, _), (other, _)| {
        let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
        let numbers = percentile(one).zip(percentile(other));
        let by_number = numbers.map(|(one, other)| one.total_cmp(&other));
        by_number.unwrap_or_else(|| place(one).cmp(&place(other)))
    });
    entries
}

/// Returns a text, in quotes where YAML would read it as something else.
fn text(text: &str) -> String {
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
            && !matches!(
                &*text.to_ascii_lowercase(),
                "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
            )
    };
    let is_quantity = ["ms", "s", "%"].iter().any(|unit| {
        text.strip_suffix(unit).is_some_and(|number| {
            number.starts_with(|first: char| first.is_ascii_digit())
                && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
    });
    if is_word(text) || is_quantity { text.to_owned() } else { quoted(text) }
}

/// Returns a text in double quotes: the escapes of JSON are those of YAML too.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for letter in Value::from(text).to_string().chars() {
        if is_hidden(letter) {
            out.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}
