//! Tests of problems and their places.

use super::*;
use crate::document::Format;

#[test]
fn all_problems_are_collected_with_their_places() {
    let text = "path: 7\nmetod: GET\ndelay: soon\nrules:\n- {id: 1}\n";
    let source = Source { path: "s.yaml".into(), format: Format::Yaml, text: text.into() };
    let values = source.parse().unwrap();
    let decoder = Decoder::new(&source, 0);
    let keys = decoder.root(&values[0]).keys().unwrap();
    keys.get("path").unwrap().text();
    keys.get("delay").unwrap().duration();
    for rule in keys.get("rules").unwrap().items() {
        let rule = rule.keys().unwrap();
        rule.get("id").unwrap().text();
        rule.required("then");
        rule.finish();
    }
    assert!(keys.get("method").is_none());
    keys.finish();
    let lines: Vec<String> = decoder.finish().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "s.yaml:1:7: path: expected a text, found the number 7; write it in quotes, like \"7\"",
            "s.yaml:3:8: delay: expected a time with its unit, like 400ms, 30s or 1m30s, found the text \"soon\"",
            "s.yaml:5:8: rules[0].id: expected a text, found the number 1; write it in quotes, like \"1\"",
            "s.yaml:5:3: rules[0]: the key \"then\" is missing; add it",
            "s.yaml:2:1: metod: unknown key \"metod\"; did you mean \"method\"?",
        ]
    );
}
