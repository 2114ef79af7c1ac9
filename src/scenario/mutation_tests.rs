//! Shipped scenarios with one mistake each: a key that is misspelled, missing, or of another type. Every error names the
//! file, the line and the key, and says what to do.

use serde_json::{Value, json};

use super::language::file::{self, Offsets};
use super::language::load::shipped_files;
use crate::document::{Diagnostic, Format, Severity, Source};

/// Objects whose keys are data: any name is valid there.
const DATA: [&str; 8] =
    ["clients", "tokens", "header", "headers", "query", "body", "json", "labels"];

/// The replacement of a key or a value: it occurs on one line of the text only.
const MARK: &str = "zz9mark";

/// The path to a value: its keys and list indices.
type Way = Vec<String>;

/// Collects the paths to all values of a document.
fn ways(value: &Value, here: &Way, all: &mut Vec<Way>) {
    let inner = |step: String| here.iter().cloned().chain([step]).collect::<Way>();
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                all.push(inner(key.clone()));
                ways(value, &inner(key.clone()), all);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                ways(value, &inner(index.to_string()), all);
            }
        }
        _ => {}
    }
}

/// Returns the object around the value at the end of a way.
fn around<'v>(root: &'v mut Value, way: &Way) -> &'v mut serde_json::Map<String, Value> {
    let (_, before) = way.split_last().unwrap();
    let mut value = root;
    for step in before {
        value = match value {
            Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
            value => &mut value[step.as_str()],
        };
    }
    value.as_object_mut().unwrap()
}

/// Returns the problems of a document, and its text.
fn problems(name: &str, document: &Value) -> (Vec<Diagnostic>, String) {
    let text = serde_saphyr::to_string(document).unwrap();
    let source = Source { path: name.into(), format: Format::Yaml, text: text.clone() };
    (file::read(&source, "s", None, Offsets::default()).1, text)
}

/// Returns the line that contains the mark.
fn marked_line(text: &str) -> usize {
    1 + text.lines().position(|line| line.contains(MARK)).unwrap()
}

/// Returns each shipped scenario as a document, with the ways to its values.
fn scenarios() -> impl Iterator<Item = (String, Value, Vec<Way>)> {
    shipped_files().map(|(name, path, text)| {
        let source = Source { path, format: Format::Yaml, text: text.to_owned() };
        let document = source.parse().unwrap().remove(0);
        let mut all = Vec::new();
        ways(&document, &Way::new(), &mut all);
        (name, document, all)
    })
}

/// Returns whether the keys next to the last one are data.
fn is_data(way: &Way) -> bool {
    let inside = &way[..way.len() - 1];
    let data = |step: &String| DATA.contains(&step.as_str());
    // An entry of `clients` or `tokens` contains words.
    let named = ["clients", "tokens"];
    match inside.iter().position(data) {
        Some(at) if named.contains(&inside[at].as_str()) => {
            inside.len() == at + 1 || inside[at + 1..].iter().any(data)
        }
        found => found.is_some(),
    }
}

#[test]
fn a_misspelled_key_is_named_with_its_line_and_the_right_one() {
    let mut count = 0;
    for (name, document, ways) in scenarios() {
        for way in ways.iter().filter(|way| !is_data(way)) {
            let key = way.last().unwrap();
            let mut changed = document.clone();
            let object = around(&mut changed, way);
            let value = object.remove(key).unwrap();
            object.insert(format!("{key}{MARK}"), value);
            let (found, text) = problems(&name, &changed);
            let marked = format!("{key}{MARK}");
            let wrong = found.iter().find(|problem| problem.key.ends_with(&marked));
            let wrong = wrong.unwrap_or_else(|| panic!("{name} {way:?}: {found:?}"));
            assert_eq!(wrong.path.to_str(), Some(&*name));
            assert_eq!(wrong.place.map(|place| place.line), Some(marked_line(&text)), "{way:?}");
            assert!(!wrong.hint.is_empty(), "{wrong}");
            count += 1;
        }
        // With one letter too many the hint names the correct word.
        for way in ways.iter().filter(|way| !is_data(way)) {
            let key = way.last().unwrap();
            let mut changed = document.clone();
            let object = around(&mut changed, way);
            let value = object.remove(key).unwrap();
            object.insert(format!("{key}z"), value);
            let (found, _) = problems(&name, &changed);
            let is_named = |problem: &Diagnostic| {
                problem.key.ends_with(&format!("{key}z")) && problem.hint.contains(key.as_str())
            };
            // Very short words have several near ones.
            assert!(key.len() < 3 || found.iter().any(is_named), "{name} {way:?}: {found:?}");
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn a_missing_key_leaves_a_scenario_that_is_right_or_has_its_problem_named() {
    for (name, document, ways) in scenarios() {
        for way in &ways {
            let mut changed = document.clone();
            around(&mut changed, way).remove(way.last().unwrap());
            let (found, text) = problems(&name, &changed);
            for problem in &found {
                assert_eq!(problem.path.to_str(), Some(&*name));
                let line = problem.place.map_or(0, |place| place.line);
                assert!((1..=text.lines().count()).contains(&line), "{way:?}: {problem}");
                assert!(!problem.hint.is_empty(), "{way:?}: {problem}");
            }
        }
    }
}

#[test]
fn a_value_of_another_type_is_named_with_its_line_and_an_example() {
    let others =
        [json!({MARK: 1}), json!([MARK, MARK]), json!(MARK), json!(true), json!(-7), json!(null)];
    for (name, document, ways) in scenarios() {
        for way in ways.iter().filter(|way| !is_data(way)) {
            let mut changed = document.clone();
            let key = way.last().unwrap();
            let before = around(&mut changed, way)[key].clone();
            for other in &others {
                around(&mut changed, way).insert(key.clone(), other.clone());
                let (found, text) = problems(&name, &changed);
                let lines = text.lines().count();
                for problem in &found {
                    let line = problem.place.map_or(0, |place| place.line);
                    assert!((1..=lines).contains(&line), "{name} {way:?}: {problem}");
                    assert!(!problem.hint.is_empty(), "{name} {way:?} {other}: {problem}");
                }
                // An object with an unknown key is always invalid, except where names are data.
                if other.is_object() && !DATA.contains(&key.as_str()) {
                    let errors = found.iter().filter(|found| found.severity == Severity::Error);
                    let dotted = way.iter().filter(|step| step.parse::<usize>().is_err());
                    let named = |problem: &&Diagnostic| {
                        dotted.clone().all(|step| problem.key.contains(step.as_str()))
                    };
                    assert!(
                        errors.clone().any(|problem| named(&problem)),
                        "{name} {way:?} ({before}): {found:?}"
                    );
                }
            }
        }
    }
}
