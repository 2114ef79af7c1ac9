//! Fewer and smaller requests that still differ.

use serde_json::Value;

use crate::compare::Difference;
use crate::play::Pair;
use crate::step::Step;

/// The most rounds that one difference is tried with.
const MOST_TRIES: usize = 150;

/// The smallest steps that were found with a difference of the same kind.
pub(crate) async fn smallest(
    pair: &Pair,
    mut steps: Vec<Step>,
    mut difference: Difference,
) -> Result<(Vec<Step>, Difference), String> {
    let mut tries = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&steps) {
            tries += 1;
            if tries > MOST_TRIES {
                return Ok((steps, difference));
            }
            let found = pair.play(&candidate).await?.difference;
            if let Some(found) = found.filter(|found| found.kind == difference.kind) {
                smaller = Some((candidate, found));
                break;
            }
        }
        match smaller {
            Some((candidate, found)) => (steps, difference) = (candidate, found),
            None => return Ok((steps, difference)),
        }
    }
}

/// Steps with one thing less, the largest first.
fn candidates(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    for at in (0..steps.len()).rev() {
        let mut fewer = steps.to_vec();
        fewer.remove(at);
        if !fewer.is_empty() {
            found.push(fewer);
        }
    }
    for (at, step) in steps.iter().enumerate() {
        for simpler in simpler(step) {
            let mut changed = steps.to_vec();
            changed[at] = simpler;
            found.push(changed);
        }
    }
    found
}

fn simpler(step: &Step) -> Vec<Step> {
    let mut found = Vec::new();
    for at in 0..step.query.len() {
        let mut less = step.clone();
        less.query.remove(at);
        found.push(less);
    }
    for at in 0..step.headers.len() {
        let mut less = step.clone();
        less.headers.remove(at);
        found.push(less);
    }
    if let Some(body) = &step.body
        && let Ok(value) = serde_json::from_str::<Value>(body)
        && value.to_string().len() == body.len()
    {
        found.extend(parts(&value).into_iter().map(|value| step.clone().body(value)));
    }
    found
}

/// The value without one of its parts.
fn parts(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            for key in map.keys() {
                let mut less = map.clone();
                less.remove(key);
                found.push(Value::Object(less));
            }
            for (key, inner) in map {
                for inner in parts(inner) {
                    let mut changed = map.clone();
                    changed.insert(key.clone(), inner);
                    found.push(Value::Object(changed));
                }
            }
        }
        Value::Array(items) => {
            for at in 0..items.len() {
                let mut less = items.clone();
                less.remove(at);
                found.push(Value::Array(less));
            }
            for (at, inner) in items.iter().enumerate() {
                for inner in parts(inner) {
                    let mut changed = items.clone();
                    changed[at] = inner;
                    found.push(Value::Array(changed));
                }
            }
        }
        _ => {}
    }
    found
}
