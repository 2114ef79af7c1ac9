//! Tests of the XML operators against results recorded from `WireMock`'s own classes.

use serde_json::Value;

use super::super::operator::{StringPattern, Subject};
use super::super::testing::with_node;

/// Patterns with values, and whether they match.
const RECORDED: &str = include_str!("recorded.json");

#[test]
fn documents_and_paths_match_as_in_wiremock() {
    let cases: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
    assert!(cases.len() > 200);
    let mut wrong = Vec::new();
    for case in &cases {
        let (pattern, _) = with_node(&case["pattern"], StringPattern::compile);
        let matches = pattern.map(|pattern| pattern.matches(&Subject::new(case["value"].as_str())));
        if matches != case["match"].as_bool() {
            wrong.push(format!("{case}\n   here: {matches:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
