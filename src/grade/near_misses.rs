//! Near misses of a rule: requests of which a few keys of its `match` differed.

use std::collections::BTreeSet;

use crate::message::{Asked, Request};
use crate::scenario::{Compared, ScenarioSet};

use super::Record;

/// How many near misses of a rule are shown.
const SHOWN: usize = 3;
/// How many different requests are compared with a rule.
const COMPARED: usize = 2000;

/// Returns the near misses of a rule, each as one line.
pub(super) fn near_misses(rules: &ScenarioSet, rule: &str, records: &[Record]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut misses: Vec<(usize, String)> = Vec::new();
    for record in records {
        let call = (&*record.method, &*record.path, record.query.as_deref());
        if seen.len() >= COMPARED || !seen.insert(call) {
            continue;
        }
        let Some((differing, why)) = differing(rules, rule, record) else { continue };
        let line = format!("near miss: {} {}: {why}", record.method, record.path);
        if !misses.iter().any(|(_, known)| *known == line) {
            misses.push((differing, line));
        }
    }
    // A stable sort: equal ones keep the order of the requests.
    misses.sort_by_key(|(differing, _)| *differing);
    let least = misses.first().map_or(0, |(differing, _)| *differing);
    let near = misses.into_iter().filter(|(differing, _)| *differing == least);
    near.take(SHOWN).map(|(_, line)| line).collect()
}

/// Returns how many keys of a rule differ from a request, and which, or `None` if the request
/// matched.
fn differing(rules: &ScenarioSet, rule: &str, record: &Record) -> Option<(usize, String)> {
    let target = match &record.query {
        Some(query) => format!("{}?{query}", record.path),
        None => record.path.clone(),
    };
    let method = record.method.parse().ok()?;
    // A target that is not a URI matched nothing.
    target.parse::<http::Uri>().ok()?;
    let request = Request::new(method, &target);
    let compared = rules.compare(rule, &Asked::new(&request));
    // Header fields and bodies are not stored: the remaining reason for a mismatch is one of them.
    let (unknown, known): (Vec<Compared>, Vec<Compared>) =
        compared.into_iter().partition(|part| part.key.contains("header ") || part.key == "body");
    let differing: Vec<String> = known.iter().filter(|part| !part.holds).map(shown).collect();
    if !differing.is_empty() {
        return Some((differing.len(), differing.join("; ")));
    }
    let keys: Vec<String> = unknown.into_iter().map(|part| part.key).collect();
    if record.matched.iter().any(|id| **id == *rule) {
        let by_another = record.acted.as_deref() != Some(rule);
        let refused = record.is_refused() && by_another;
        return refused.then(|| (0, "it was refused for its token, before the rule".to_owned()));
    }
    if let Some((last, others)) = keys.split_last() {
        let keys = if others.is_empty() {
            last.clone()
        } else {
            format!("{} or {last}", others.join(", "))
        };
        return Some((1, format!("{keys} differed")));
    }
    None
}

fn shown(part: &Compared) -> String {
    let Compared { key, wanted, found, .. } = part;
    match found {
        Some(found) => format!("{key} is {found:?}, and the rule wants {wanted:?}"),
        None => format!("it has no {key}, and the rule wants {wanted:?}"),
    }
}
