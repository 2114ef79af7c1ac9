//! Requests that came several times (`C/recording/ScenarioProcessor.java`).

use std::collections::HashMap;

use super::mapping::Made;
use super::names;

/// Each answer is given once, in the order in which they came, and the last one again and again. The mappings come
/// newest first.
pub(super) fn as_scenarios(mappings: &mut [Made]) {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (at, made) in mappings.iter().enumerate() {
        let group = *known.entry(made.request.to_string()).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(at);
    }
    groups.retain(|group| group.len() > 1);
    for (number, group) in groups.into_iter().enumerate() {
        let path = names::of_scenario(&mappings[group[0]].path);
        let name = format!("scenario-{}-{path}", number + 1);
        let count = group.len();
        for (step, at) in group.into_iter().rev().enumerate() {
            let state = |step: usize| format!("{name}-{}", step + 1);
            let made = &mut mappings[at];
            made.set("scenarioName", name.clone());
            let required = if step == 0 { "Started".to_owned() } else { state(step) };
            made.set("requiredScenarioState", required);
            if step + 1 < count {
                made.set("newScenarioState", state(step + 1));
            }
        }
    }
}

/// Only the newest answer to each request stays. The mappings come newest first.
pub(super) fn newest_only(mappings: &mut Vec<Made>) {
    let mut known = std::collections::HashSet::new();
    mappings.retain(|made| known.insert(made.request.to_string()));
}
