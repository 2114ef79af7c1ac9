//! Tests of previews, explanations and the use of rules.

use super::testing::{client, request};
use super::*;
use crate::message::Asked;

#[test]
fn uses_are_counted_and_unused_rules_known() {
    let client = client(
        "
rules:
- {id: hit, match: {path: /a}, then: {status: 500}}
- {id: passes, match: {path: /a}, steps: [{times: 1, then: pass}, {times: 1, then: {status: 501}}]}
- {id: missed, match: {path: /b}, then: {status: 500}}
- {id: watches, match: {path: /a}, expect: {max_requests: 3}}
",
    );
    let _ = client.code("/a");
    let unused: Vec<&str> = client.set.unused(&client.state).collect();
    assert_eq!(unused, ["s/passes", "s/missed"]);
    let uses = |rule| {
        let uses = client.state.uses(rule);
        (uses.matched, uses.acted)
    };
    assert_eq!((uses("s/hit"), uses("s/passes"), uses("s/missed")), ((1, 1), (1, 0), (0, 0)));
}

#[test]
fn what_will_happen_is_what_happens() {
    let text = "
seed: 7
rules:
- {id: steps, match: {path: /steps}, steps: [{times: 2, then: pass}, {times: 3, then: {status: 500}}]}
- {id: share, match: {path: /share}, share: [{p: 30%, then: {status: 429}}, {p: 20%, then: {status: 503}}]}
- {id: wait, match: {path: /wait}, delay: {min: 100ms, max: 900ms}}
";
    let client = client(text);
    let preview = client.set.preview("default", 40).json;
    let rules = preview["rules"].as_array().unwrap();
    for n in 0..40_usize {
        let [_, shares, waits] = rules.as_slice() else { panic!() };
        let code = client.code("/share");
        let planned = shares["draws"][n]["then"].as_str().unwrap();
        let expected = match code {
            200 => "pass".to_owned(),
            code => format!("{{status: {code}}}"),
        };
        assert_eq!(planned, expected, "{n}");
        let delay = client.ask("GET", "/wait").effects.delay;
        let planned = waits["delaysMs"][n].as_f64().unwrap();
        assert!((planned - delay.as_secs_f64() * 1e3).abs() < 1e-6, "{n}");
    }
    let spans: Vec<String> = rules[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{}-{} {}", step["from"], step["to"], step["then"].as_str().unwrap()))
        .collect();
    assert_eq!(spans, ["1-2 pass", "3-5 {status: 500}", "6-null pass"]);
}

#[test]
fn explaining_names_the_key_that_does_not_hold() {
    let client = client(
        "
rules:
- {id: a, match: {method: DELETE, path: /x/**}, then: {status: 500}}
- {id: b, match: {path: /x/*}, then: {status: 503}}
",
    );
    let request = request("GET", "/x/y");
    let explained = client.set.explain(&Asked::new(&request), "default");
    assert_eq!(explained.rules.iter().map(|rule| rule.holds).collect::<Vec<_>>(), [false, true]);
    let wrong = explained.rules[0].compared.iter().find(|part| !part.holds).unwrap();
    assert_eq!((wrong.key.as_str(), wrong.wanted.as_str()), ("method", "DELETE"));
    assert_eq!(client.state.uses("s/b"), RuleUse::default(), "nothing is counted");
}
