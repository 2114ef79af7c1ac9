//! Any combination of the words for connections loads or is rejected with diagnostics; nothing
//! panics.

use proptest::prelude::*;

use super::Served;
use super::testing::parse;

/// Valid and invalid values of `listen`.
fn listen() -> impl Strategy<Value = String> {
    let mode = prop::sample::select(vec![
        "refuse", "silent", "open", "refused", "5", "{}", "[refuse]", "~",
    ]);
    let connections = prop::sample::select(vec!["1", "2", "1000000", "0", "-1", "many", "1.5"]);
    let excess = prop::sample::select(vec!["wait", "close", "reset", "drop"]);
    let tls = prop::sample::select(vec!["wrong_name", "expired", "unknown_ca", "cut", "old"]);
    let object = (prop::option::of(connections), prop::option::of(excess), prop::option::of(tls));
    prop_oneof![
        mode.prop_map(str::to_owned),
        object.prop_map(|(connections, excess, tls)| {
            let keys = [("connections", connections), ("excess", excess), ("tls", tls)];
            let given =
                keys.iter().filter_map(|(key, value)| Some(format!("{key}: {}", (*value)?)));
            format!("{{{}}}", given.collect::<Vec<_>>().join(", "))
        }),
    ]
}

/// Returns what happens to a request: `idle`, `crash`, and other faults.
fn then() -> impl Strategy<Value = String> {
    let time = || {
        prop::sample::select(vec![
            "0s",
            "1ms",
            "300ms",
            "1h",
            "99999h",
            "soon",
            "5",
            "next_request",
            "-1s",
        ])
    };
    let idle = prop_oneof![
        time().prop_map(|time| format!("idle: {{close: {time}}}")),
        time().prop_map(|time| format!("idle: {{reset: {time}}}")),
        Just("idle: {close: 1s, reset: 1s}".to_owned()),
        Just("idle: {}".to_owned()),
        Just("idle: now".to_owned()),
    ];
    let kept = || prop::sample::select(vec!["kept", "lost", "maybe"]);
    let crash = prop_oneof![
        Just("crash: restart".to_owned()),
        Just("crash: {}".to_owned()),
        Just("crash: halt".to_owned()),
        (time(), kept(), kept()).prop_map(|(down, revisions, tokens)| {
            format!("crash: {{down: {down}, revisions: {revisions}, tokens: {tokens}}}")
        }),
    ];
    let other = prop::sample::select(vec![
        "status: 503",
        "reset: before_headers",
        "delay: 1ms",
        "slow: 1B/s",
    ]);
    (prop::option::of(idle), prop::option::of(crash), prop::option::of(other)).prop_map(
        |(idle, crash, other)| {
            let all = [idle, crash, other.map(str::to_owned)];
            format!("{{{}}}", all.into_iter().flatten().collect::<Vec<_>>().join(", "))
        },
    )
}

proptest! {
    #[test]
    fn any_combination_loads_or_is_refused(
        always in prop::option::of(listen()),
        phases in prop::collection::vec((prop::option::of(listen()), prop::option::of(then())), 0..4),
        steps in prop::collection::vec(then(), 1..3),
    ) {
        let mut text = String::new();
        if let Some(listen) = &always {
            text.push_str(&format!("listen: {listen}\n"));
        }
        if !phases.is_empty() {
            text.push_str("timeline:\n  phases:\n");
            for (listen, then) in &phases {
                text.push_str("  - for: 1s\n");
                if let Some(listen) = listen {
                    text.push_str(&format!("    listen: {listen}\n"));
                }
                if let Some(then) = then {
                    text.push_str(&format!("    rules: [{{then: {then}}}]\n"));
                }
            }
        }
        let steps = steps.iter().map(|then| format!("{{times: 1, then: {then}}}"));
        text.push_str(&format!("rules:\n- steps: [{}]\n", steps.collect::<Vec<_>>().join(", ")));
        match parse(&text) {
            Ok(set) => {
                let _ = set.lint(&Served { open: true, ..Served::default() });
                prop_assert!(!set.preview("w", 3).rows.is_empty());
            }
            Err(problems) => {
                for line in problems.lines() {
                    prop_assert!(line.starts_with("s.yaml:"), "{line}");
                    prop_assert!(line.contains("; ") , "says what to do: {line}");
                }
            }
        }
    }
}
