//! Warnings about rules without effect: each kind with its code and its line.

use super::testing::parse;
use super::{Part, RequestShape, Served};

/// Returns a namespaced type, one without namespaces, and a plain path.
fn served() -> Served {
    let mut shapes = vec![RequestShape::of_path("/healthz")];
    let jobs = Part::Text("jobs.x".into());
    shapes.extend(RequestShape::of_collection("/apis/x/v1/jobs", &jobs, &Part::None));
    let namespaced = "/apis/x/v1/namespaces/*/jobs";
    shapes.extend(RequestShape::of_collection(namespaced, &jobs, &Part::Any));
    let nodes = Part::Text("nodes".into());
    shapes.extend(RequestShape::of_collection("/api/v1/nodes", &nodes, &Part::None));
    Served { resources: vec!["jobs.x".into(), "nodes".into()], shapes, open: false }
}

/// Code, line and text of each warning.
fn warnings(text: &str) -> Vec<(&'static str, usize, String)> {
    let found = parse(text).unwrap().lint(&served());
    let all = found.0.iter();
    all.map(|found| {
        let line = found.place.map_or(0, |place| place.line);
        (found.code, line, format!("{}; {}", found.message, found.hint))
    })
    .collect()
}

#[track_caller]
fn assert_warned(text: &str, expected: &[(&str, usize, &str)]) {
    let found = warnings(text);
    let all: Vec<(&str, usize)> = found.iter().map(|(code, line, _)| (*code, *line)).collect();
    let wanted: Vec<(&str, usize)> =
        expected.iter().map(|(code, line, _)| (*code, *line)).collect();
    assert_eq!(all, wanted, "{found:#?}");
    for ((_, _, text), (_, _, part)) in found.iter().zip(expected) {
        assert!(text.contains(part), "{text:?} has no {part:?}");
    }
}

#[test]
fn rules_that_others_answer_are_named() {
    assert_warned(
        "
rules:
- {id: all, match: {resource: jobs.x}, then: {status: 500}}
- {id: some, match: {resource: jobs.x, verb: list}, then: {status: 503}}
- {id: also, match: {resource: jobs.x}, delay: 1s}
- {id: faulty, match: {resource: jobs.x}, then: {reset: before_headers}}
",
        &[("shadowed-rule", 4, "s/all answers all")],
    );
    assert_warned(
        "
rules:
- {id: below, match: {path: /apis/**}, steps: [{times: 1, then: {status: 500}}, {forever: true, then: {status: 503}}]}
- {id: one, match: {path: /apis/x/v1/jobs}, then: {status: 503}}
- {id: other, match: {path: \"/apis/x/*/jobs\"}, share: [{p: 10%, then: {status: 503}}]}
- {id: health, match: {path: /healthz}, then: {status: 503}}
",
        &[("shadowed-rule", 4, "below"), ("shadowed-rule", 5, "below")],
    );
    assert_warned(
        "
rules:
- {id: cut, match: {verb: \"{get,list}\"}, share: [{p: 40%, then: {close: before_headers}}, {p: 60%, then: {reset: before_headers}}]}
- {id: late, match: {verb: list}, then: {reset: after_headers}}
- {id: most, match: {verb: watch}, share: [{p: 99%, then: {status: 500}}]}
- {id: rest, match: {verb: watch}, then: {status: 503}}
",
        &[("shadowed-rule", 4, "cut")],
    );
    assert_warned(
        "
rules:
- {id: a, match: {verb: list, query: {limit: \"*\"}}, then: {status: 500}}
- {id: b, match: {verb: list, query: {limit: \"5\"}}, then: {status: 503}}
- {id: c, match: {verb: list}, then: {status: 503}}
",
        &[("shadowed-rule", 4, "s/a answers")],
    );
}

#[test]
fn rules_about_nothing_that_is_served_have_the_nearest_right_form() {
    assert_warned(
        "
rules:
- {match: {resource: jbos.x}, delay: 1s}
- {match: {resource: job}, delay: 1s}
- {match: {path: /nowhere/**}, delay: 1s}
- {match: {path: /apis/*}, delay: 1s}
- {match: {path: /healthz/}, delay: 1s}
- {match: {path: \"/apis/x/v1/jobs?limit=5\"}, delay: 1s}
- {match: {verb: read}, delay: 1s}
- {match: {method: LIST}, delay: 1s}
- {match: {method: [GET, LIST]}, delay: 1s}
",
        &[
            ("matches-nothing", 3, "did you mean \"jobs.x\"?"),
            ("matches-nothing", 4, "did you mean \"jobs.x\"?"),
            ("matches-nothing", 5, "check the path"),
            ("matches-nothing", 6, "write /apis/**"),
            ("matches-nothing", 7, "leave the slash at the end out: /healthz"),
            ("matches-nothing", 8, "write path: /apis/x/v1/jobs and query: {limit: 5}"),
            ("matches-nothing", 9, "there are get, list"),
            ("matches-nothing", 10, "write verb: list"),
            ("matches-nothing", 11, "write verb: list"),
        ],
    );
}

#[test]
fn keys_that_contradict_each_other_are_named() {
    assert_warned(
        "
rules:
- {match: {verb: list, method: POST}, delay: 1s}
- {match: {verb: create, name: a}, delay: 1s}
- {match: {verb: list, subresource: status}, delay: 1s}
- {match: {resource: nodes, namespace: a}, delay: 1s}
- {match: {path: /api/v1/nodes, resource: jobs.x}, delay: 1s}
- {match: {path: /apis/x/v1/namespaces/a/jobs, namespace: b}, delay: 1s}
- {match: {path: /apis/x/v1/namespaces/a/jobs/j, name: k}, delay: 1s}
- {match: {path: /healthz, verb: get}, delay: 1s}
",
        &[
            ("contradictory-match", 3, "the verb has GET"),
            ("contradictory-match", 4, "$.metadata.name"),
            ("contradictory-match", 5, "verb: list and subresource: status"),
            ("contradictory-match", 6, "has no namespaces"),
            ("contradictory-match", 7, "path: /api/v1/nodes and resource: jobs.x"),
            ("contradictory-match", 8, "namespace: b"),
            ("contradictory-match", 9, "name: k"),
            ("contradictory-match", 10, "path: /healthz and verb: get"),
        ],
    );
    // Keys that hold for some request cause no warning.
    assert_warned(
        "
rules:
- {match: {verb: list, name: a, resource: jobs.x}, delay: 1s}
- {match: {verb: \"{get,list}\", method: GET, namespace: \"*\"}, delay: 1s}
- {match: {method: [PUT, PATCH], subresource: status, name: a}, delay: 1s}
- {match: {path: /apis/x/v1/namespaces/a/jobs/j, name: j, namespace: a}, delay: 1s}
- {match: {path: \"/{healthz,livez}\"}, delay: 1s}
",
        &[],
    );
}

#[test]
fn words_without_effect_on_their_requests_are_named() {
    assert_warned(
        "
rules:
- {match: {verb: get}, page_size: 5}
- {match: {verb: list}, then: {expired: status}}
- {match: {verb: delete}, then: {fail_after: 2}}
- {match: {verb: get}, then: {withhold: 1s, stall: 1s}}
- {match: {verb: watch}, at: [{page: 2, then: {status: 500}}]}
- {match: {verb: list}, at: [{event: 2, then: {stall: 1s}}]}
- {match: {verb: watch}, at: [{event: 3, then: {reset: here}}, {event: 5, then: {stall: 1s}}]}
- {match: {verb: watch}, at: [{event: 3, times: 1, then: {reset: here}}, {event: 5, then: {stall: 1s}}]}
- {match: {verb: list}, expect: {min_requests: 5, max_requests: 2}}
",
        &[
            ("no-effect", 3, "page_size has no effect with verb: get; it is for requests of list"),
            ("no-effect", 4, "expired"),
            ("no-effect", 5, "fail_after"),
            ("no-effect", 6, "withhold"),
            ("no-effect", 7, "at: page"),
            ("no-effect", 8, "at: event"),
            ("unreachable-place", 9, "event 5 is never reached"),
            ("contradictory-expect", 11, "at least 5 requests and at most 2"),
        ],
    );
}

#[test]
fn phases_after_the_end_are_reported() {
    assert_warned(
        "
timeline: {ttl: 30s, phases: [{name: a, for: 30s}, {name: b, for: 1s}]}
rules: [{match: {verb: list}, delay: 1s}]
",
        &[("unreachable-phase", 0, "the phase \"b\" begins after 30s")],
    );
}

#[test]
fn other_paths_may_be_those_of_a_backend() {
    let set = parse(
        "rules:\n- {match: {path: /nowhere/**}, delay: 1s}\n- {match: {verb: list, namespace: a}, delay: 1s}\n",
    );
    let found = set.unwrap().lint(&Served { open: true, ..served() });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn names_that_no_rule_refers_to_are_named() {
    assert_warned(
        "
clients:
  used: {header: {X-A: a}}
  unused: {header: {X-A: b}}
tokens:
  iam: {issue: POST /t, in: bearer}
  gone: {issue: POST /u, in: bearer}
rules:
- {client: used, match: {verb: list}, delay: 1s}
- {match: {verb: get}, steps: [{times: 1, then: {revoke: gone}}]}
",
        &[
            ("unused-client", 4, "like client: unused"),
            ("unused-token", 6, "like require: {token: iam}"),
        ],
    );
}
