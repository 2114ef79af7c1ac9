//! The schema and the parser agree on every example of the table, on random changes of each, and on
//! the types of values.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::examples_tests::{self, examples};
use super::schema::schema;
use super::shape::Looks;
use super::table;
use crate::document::{Diagnostic, Severity};

/// Returns the errors of a document: a schema knows no warnings.
fn load(document: &Value) -> Vec<Diagnostic> {
    let mut found = examples_tests::load(document);
    found.retain(|problem| problem.severity == Severity::Error);
    found
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

static EXAMPLES: LazyLock<Vec<Value>> = LazyLock::new(examples);

/// What the parser rejects and a schema cannot: what depends on other places of the file, or on
/// more than the form of a text.
const BEYOND: [&str; 20] = [
    // Limits of a build without some features.
    "this build cannot",
    "is called",
    "is taken",
    "add up to",
    "never reached",
    "min is longer than max",
    "a lognormal delay has",
    "percentiles must ascend",
    "before the one preceding it",
    "is not a glob",
    "is not a JSONPath",
    "has an entry already",
    "cannot be read",
    "lies outside",
    "there are no rules",
    "cannot be sent as a header value",
    "is not a header name",
    "cannot be zero",
    "is not a placeholder",
    "belongs to the framing",
];

#[test]
fn every_example_fits_the_schema() {
    for document in EXAMPLES.iter() {
        let wrong: Vec<String> =
            VALIDATOR.iter_errors(document).map(|why| why.to_string()).collect();
        assert!(wrong.is_empty(), "{document}: {wrong:?}");
    }
}

/// Values of many types.
fn value() -> impl Strategy<Value = Value> {
    let all = json!([
        "", "x", "/a", "pass", "here", "none", "text", "forever", "10s", "1m30s", "64KiB", "0", "30%", "0B/s",
        "1KiB/s", "now", "drop", "before_headers", "after_headers", "mid_line", "expired", "GET /", "bearer",
        "$.a", "job-{n}", "request", "p50", "list", 0, 1, 5, 410, 503, 700, -1, 1.5, true, false, [], ["x"],
        [{}], {}, {"bytes": 5}, {"x": "y"}, {"code": 0}, {"keep": 1}, {"drop": "5%"}, {"p50": "1s"},
    ]);
    let Value::Array(all) = all else { unreachable!() };
    prop::sample::select(all)
}

/// Returns a key: one of the table's, or another.
fn key() -> impl Strategy<Value = String> {
    let (shapes, _) = table::all();
    let mut keys: Vec<String> =
        shapes.iter().flat_map(|shape| shape.words).map(|word| word.key.to_owned()).collect();
    keys.push("no-such-word".to_owned());
    prop::sample::select(keys)
}

/// Changes the value at the n-th place of a document.
fn change(document: &mut Value, place: usize, how: u8, key: &str, new: &Value) {
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    pointers(value, &format!("{at}/{key}"), all);
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    pointers(value, &format!("{at}/{index}"), all);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let value = document.pointer_mut(&all[place % all.len()]).unwrap();
    match (how, value) {
        (0, Value::Object(map)) => drop(map.insert(key.to_owned(), new.clone())),
        (1, Value::Object(map)) => {
            if let Some(first) = map.keys().nth(place % map.len().max(1)).cloned() {
                map.remove(&first);
            }
        }
        (2, Value::Object(map)) => {
            if let Some(first) = map.keys().nth(place % map.len().max(1)).cloned() {
                let moved = map.remove(&first).unwrap_or_default();
                map.insert(key.to_owned(), moved);
            }
        }
        (_, value) => *value = new.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn the_schema_refuses_what_the_parser_refuses(
        example in 0..EXAMPLES.len(),
        changes in prop::collection::vec((any::<usize>(), 0..4_u8, key(), value()), 1..3),
    ) {
        let mut document = EXAMPLES[example].clone();
        for (place, how, key, new) in &changes {
            change(&mut document, *place, *how, key, new);
        }
        let problems = load(&document);
        let fits = VALIDATOR.is_valid(&document);
        let beyond = |what: &str| BEYOND.iter().any(|known| what.contains(known));
        if fits {
            let wrong: Vec<_> = problems.iter().filter(|problem| !beyond(&problem.message)).collect();
            prop_assert!(wrong.is_empty(), "the schema takes {document}: {wrong:?}");
        } else {
            prop_assert!(!problems.is_empty(), "the parser takes {document}: {:?}",
                VALIDATOR.iter_errors(&document).map(|why| why.to_string()).collect::<Vec<_>>());
        }
    }
}

/// The patterns of the schema take the texts that the parser takes.
#[test]
fn patterns_are_those_of_the_parser() {
    let (_, types) = table::all();
    let fits = |name: &str, text: &str| {
        let of = types.iter().find(|of| of.name == name).unwrap();
        let Looks::Schema(schema) = of.looks else { panic!("{name}") };
        jsonschema::validator_for(&serde_json::from_str(schema).unwrap())
            .unwrap()
            .is_valid(&json!(text))
    };
    let numbers =
        ["", "0", "1", "00", "100", "100.0", "100.5", "99.99", "1.", ".5", "1.5", ".", "1.0", "x"];
    let units = [
        "", "us", "ms", "s", "m", "h", "d", "B", "kB", "KB", "KiB", "GiB", "%", " %", " B", "/s",
        "B/s",
    ];
    for number in numbers {
        for unit in units {
            let text = format!("{number}{unit}");
            let document = |rule: Value| json!({"rules": [rule]});
            let takes = |rule: Value| load(&document(rule)).is_empty();
            let time = takes(json!({"delay": text}));
            assert_eq!(fits("time", &text), time, "time {text:?}");
            let share = takes(json!({"share": [{"p": text, "then": "pass"}]}));
            assert_eq!(fits("percentage", &text), share, "percentage {text:?}");
            // A pattern cannot express whether a fraction of a unit is a whole number of bytes.
            for (name, taken) in [
                ("size", takes(json!({"then": {"reset": {"bytes": text}}}))),
                ("rate", takes(json!({"then": {"slow": text}}))),
            ] {
                let fits = fits(name, &text);
                assert!(fits || !taken, "{name} {text:?}");
                assert!(number.contains('.') || fits == taken, "{name} {text:?}");
            }
        }
    }
    for number in
        ["p50", "p0", "p0.0", "p99.9", "p100", "p100.1", "p101", "p", "50", "p.5", "p1.", "q5"]
    {
        let parser = load(&json!({"rules": [{"delay": {number: "1s"}}]})).is_empty();
        assert_eq!(fits("percentile", number), parser, "{number}");
    }
    for name in ["job-{n}", "{n:04}", "{n:4}", "{n:018}", "{n:019}", "a", "{n}{n}", "{{n}", "{n:0}"]
    {
        let generate = json!({"generate": [{"resource": "a", "count": 1, "name": name}]});
        assert_eq!(fits("numbered name", name), load(&generate).is_empty(), "{name}");
    }
    for place in ["bearer", "header X-A", "header", "header  X ", "Bearer", "cookie a", "header ä"]
    {
        let token =
            json!({"rules": [{"then": "pass"}], "tokens": {"t": {"issue": "GET /", "in": place}}});
        assert_eq!(fits("token place", place), load(&token).is_empty(), "{place}");
    }
}
