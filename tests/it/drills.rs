//! Drills: commands, their verdicts and reports. The expectations of rules are in [`expectations`].

mod expectations;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use standin::Verdict;
use standin::internals::drill::{self, DrillOptions, DrillResult, Outcome};

use crate::support::{MPIJOBS, TFJOBS, files};

/// A function for bash scripts that sends an HTTP request.
const ASK: &str = r#"
host="${STANDIN_URL#http://}"; prefix=""
case "$host" in */*) prefix="/${host#*/}"; host="${host%%/*}";; esac
ask() {
  exec 3<>"/dev/tcp/${host%:*}/${host#*:}"
  printf 'GET %s%s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n' "$prefix" "$1" >&3
  read -r _ status _ <&3
  cat <&3 >/dev/null
  exec 3>&-
}
"#;

async fn run(scenario: &str, script: &str, change: impl FnOnce(&mut DrillOptions)) -> DrillResult {
    let directory = files(&[("drill.yaml", scenario)]);
    let path = directory.path().join("drill.yaml");
    let mut options = options(&[path.to_str().unwrap()], script);
    change(&mut options);
    drill::drill(&options, |_| {}).await.unwrap().remove(0)
}

fn options(scenarios: &[&str], script: &str) -> DrillOptions {
    DrillOptions {
        scenarios: scenarios.iter().map(|name| (*name).to_owned()).collect(),
        fixtures: Vec::new(),
        command: ["bash", "-c", &format!("{ASK}{script}")].map(str::to_owned).to_vec(),
        jobs: 4,
        limit: Duration::from_secs(30),
        seed: None,
        prefix: false,
        #[cfg(feature = "tls")]
        tls: false,
    }
}

fn codes(result: &DrillResult) -> Vec<&'static str> {
    result.assessment.findings.iter().map(|finding| finding.code).collect()
}

#[tokio::test]
async fn a_drill_reports_whether_the_client_copes() {
    let rules = "
rules: [{id: busy, match: {verb: list}, steps: [{times: 1, then: {status: 503}}], expect: {max_requests: 2}}]
verdict: {unused_rules: fail, unmatched: fail}
";
    let list = format!("ask {TFJOBS}");
    for prefix in [false, true] {
        let shared = |options: &mut DrillOptions| options.prefix = prefix;
        let good = run(rules, &format!("{list}; {list}; [ \"$status\" = 200 ]"), shared).await;
        assert!(good.passed(), "{:?} {} {}", codes(&good), good.outcome, good.output);
        assert_eq!(good.assessment.requests, 2);
        let gives_up = run(rules, &format!("{list}; [ \"$status\" = 200 ]"), shared).await;
        assert_eq!((gives_up.passed(), &gives_up.outcome), (false, &Outcome::Exit(1)));
        assert_eq!(codes(&gives_up), ["gave-up"]);
        let again = format!("{list}; {list}; {list}");
        let asks_on = run(rules, &again, shared).await;
        assert_eq!(codes(&asks_on), ["too-many-requests"]);
        assert!(!asks_on.passed());
        let elsewhere = run(rules, "ask /nowhere", shared).await;
        assert_eq!(codes(&elsewhere), ["not-met", "unmatched"]);
        assert_eq!(elsewhere.verdict(), Verdict::Failed, "an unmatched request fails it");
    }
}

#[tokio::test]
async fn a_client_that_meets_no_fault_has_not_passed() {
    let rules = "
rules:
- {id: busy, match: {verb: list, resource: tfjobs.kubeflow.org}, steps: [{times: 1, then: pass}, {times: 2, then: {status: 503}}, {forever: true, then: pass}]}
- {id: second, match: {verb: list, resource: mpijobs.kubeflow.org}, at: [{page: 2, times: 1, then: {status: 410}}]}
- {id: marked, match: {verb: get, header: {X-Client: canary}}, then: {status: 500}}
";
    let silent = run(rules, "true", |_| {}).await;
    assert_eq!((silent.verdict(), codes(&silent)), (Verdict::NotMet, vec!["not-met"; 3]));
    let messages = |result: &DrillResult| -> Vec<String> {
        let findings = result.assessment.findings.iter();
        findings.filter(|finding| finding.code == "not-met").map(|f| f.message.clone()).collect()
    };
    let expected = "not met: no request matched {resource: tfjobs.kubeflow.org, verb: list}";
    assert_eq!(messages(&silent)[0], expected);
    // A failure takes precedence.
    assert_eq!(run(rules, "false", |_| {}).await.verdict(), Verdict::Failed);
    let script =
        format!("ask {TFJOBS}; ask {TFJOBS}; ask {MPIJOBS}?limit=1; ask {TFJOBS}/tfjob-test");
    let near = run(rules, &script, |_| {}).await;
    let [busy, second, marked] = messages(&near).try_into().unwrap();
    assert!(busy.starts_with("not met: its steps need 3 requests, and there were 2"), "{busy}");
    assert!(busy.contains(&format!("near miss: GET {MPIJOBS}: resource is")), "{busy}");
    assert!(second.starts_with("not met: page 2 of a list was not requested"), "{second}");
    assert!(marked.starts_with("not met: no request matched"), "{marked}");
    assert!(
        marked.contains(&format!("near miss: GET {TFJOBS}/tfjob-test: header x-client differed")),
        "{marked}"
    );
    // The client meets all of it and copes.
    let whole = "rules: [{match: {verb: list}, steps: [{times: 1, then: {status: 503}}]}]";
    let list = format!("ask {TFJOBS}; sleep 0.1; ask {TFJOBS}");
    let met = run(whole, &list, |_| {}).await;
    assert_eq!((met.verdict(), codes(&met)), (Verdict::Passed, vec![]));
    let ignored = format!("{rules}\nverdict: {{unused_rules: ignore}}");
    assert_eq!(run(&ignored, "true", |_| {}).await.verdict(), Verdict::Passed);
}

#[tokio::test]
async fn shares_gates_and_phases_are_met_when_they_took_effect() {
    let cases = [
        (
            "rules: [{match: {verb: list}, share: [{p: 100%, then: {status: 503}}]}]",
            Verdict::Passed,
        ),
        (
            "rules: [{match: {verb: list}, share: [{p: 0.001%, then: {status: 503}}]}]",
            Verdict::NotMet,
        ),
        (
            "tokens: {t: {issue: POST /t, in: bearer}}\nrules: [{match: {verb: list}, require: {token: t}}]",
            Verdict::Passed,
        ),
        (
            "tokens: {t: {issue: POST /t, in: bearer}}\nrules: [{match: {verb: get}, require: {token: t}}]",
            Verdict::NotMet,
        ),
        ("rules: [{match: {verb: list}, delay: 1ms}]", Verdict::Passed),
        ("rules: [{match: {verb: list}, then: pass, expect: {max_requests: 1}}]", Verdict::Passed),
        (
            "timeline: {phases: [{for: 1h, rules: []}, {name: late, for: 1h, rules: [{then: {status: 503}}]}]}\nrules: [{match: {verb: list}, delay: 1ms}]",
            Verdict::NotMet,
        ),
        (
            "timeline: {phases: [{name: now, for: 1h, rules: [{match: {verb: list}, then: {status: 503}}]}]}",
            Verdict::Passed,
        ),
    ];
    for (rules, expected) in cases {
        let result = run(rules, &format!("ask {TFJOBS}"), |_| {}).await;
        let findings = &result.assessment.findings;
        assert_eq!(result.verdict(), expected, "{rules}: {findings:?}");
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_started_stops_at_the_first_scenario() {
    let mut options = options(&["throttling", "network"], "");
    options.command = vec!["no-such-command".to_owned()];
    let drills = drill::drill(&options, |_| {}).await.unwrap();
    let [only] = drills.as_slice() else { panic!("{} drills", drills.len()) };
    assert_eq!((only.verdict(), codes(only)), (Verdict::Broken, vec!["broken"]));
    assert!(only.outcome.to_string().contains("no-such-command"));
    let junit = drill::junit(&drills, false).unwrap();
    assert!(junit.contains("errors=\"1\"") && junit.contains("<error"), "{junit}");
}

#[tokio::test]
async fn the_environment_of_a_command_is_correct() {
    let rules = "rules: [{match: {verb: list}, then: pass, expect: {max_requests: 9}}]";
    let script = "echo \"$STANDIN_WORLD|$STANDIN_SCENARIO|$(grep server: \"$KUBECONFIG\" | tr -d ' \"')|$STANDIN_URL\"";
    for prefix in [false, true] {
        let result = run(rules, script, |options| options.prefix = prefix).await;
        let parts: Vec<&str> = result.output.trim().split('|').collect();
        assert!(parts[1].ends_with("drill.yaml"), "{}", result.output);
        assert_eq!(parts[2], format!("server:{}", parts[3]), "{}", result.output);
        assert_eq!(parts[3].contains(&format!("/worlds/{}", parts[0])), prefix, "{parts:?}");
    }
}

#[tokio::test]
async fn commands_that_misbehave_are_ended_and_reported() {
    let rules = "rules: [{then: pass, expect: {max_requests: 9}}]";
    let short = |options: &mut DrillOptions| options.limit = Duration::from_millis(300);
    let hangs = run(rules, "sleep 600", short).await;
    assert_eq!(hangs.outcome, Outcome::TimedOut(Duration::from_millis(300)));
    let dies = run(rules, "kill -SEGV $$", |_| {}).await;
    assert!(matches!(dies.outcome, Outcome::Signal(11)), "{}", dies.outcome);
    let forks = run(rules, "sleep 600 & exit 0", |_| {}).await;
    assert_eq!((forks.verdict(), codes(&forks)), (Verdict::NotMet, vec!["not-met", "left-behind"]));
    let floods = run(rules, "exec cat /dev/zero", |_| {}).await;
    assert!(matches!(floods.outcome, Outcome::TooMuchOutput(_)), "{}", floods.outcome);
    let absent = |options: &mut DrillOptions| options.command = vec!["no-such-command".to_owned()];
    let missing = run(rules, "", absent).await;
    assert!(matches!(missing.outcome, Outcome::NotStarted(_)), "{}", missing.outcome);
    assert!([hangs, dies, floods, missing].iter().all(|result| !result.passed()));
}

#[tokio::test]
async fn drills_are_isolated_and_reported_in_order() {
    let names = ["throttling/burst", "network/garbage", "delete/half-done", "watch/expired"];
    for prefix in [false, true] {
        let mut options = options(&names, &format!("ask {TFJOBS}; echo \"$status\""));
        options.prefix = prefix;
        let drills = drill::drill(&options, |_| {}).await.unwrap();
        let got: Vec<(&str, &str)> =
            drills.iter().map(|drill| (drill.scenario.as_str(), drill.output.trim())).collect();
        assert_eq!(got[0], ("throttling/burst", "429"));
        assert_eq!(got[2], ("delete/half-done", "200"));
        assert_eq!(got[3], ("watch/expired", "200"));
        assert!(drills.iter().all(|drill| drill.assessment.requests == 1));
    }
}

#[tokio::test]
async fn reports_say_the_same() {
    let garbage =
        "rules: [{match: {verb: list}, steps: [{times: 1, then: {garbage: before_headers}}]}]";
    let one = files(&[("garbage.yaml", garbage)]);
    let garbage = one.path().join("garbage.yaml");
    let names = ["throttling/burst", garbage.to_str().unwrap()];
    let list = format!("ask {TFJOBS}; ask {TFJOBS}; true");
    let drills = drill::drill(&options(&names, &list), |_| {}).await.unwrap();
    let table = drill::table(&drills);
    let failed = table.lines().find(|line| line.starts_with("throttling/burst")).unwrap();
    assert!(failed.contains(" FAILED "), "{table}");
    assert!(table.contains("✗ ignored Retry-After once"), "{table}");
    let passed = table.lines().find(|line| line.contains("garbage.yaml")).unwrap();
    assert!(passed.contains(" passed "), "{table}");
    assert!(table.ends_with("1 of 2 passed, 1 FAILED\n"), "{table}");
    let json = drill::json(&drills);
    assert_eq!((json["passed"].as_u64(), json["failed"].as_u64()), (Some(1), Some(1)));
    let found = json["drills"][0]["findings"].as_array().unwrap();
    assert_eq!((&found[0]["code"], &found[1]["code"]), (&json!("not-met"), &json!("retry-after")));
    let junit = drill::junit(&drills, false).unwrap();
    assert!(junit.contains("tests=\"2\"") && junit.contains("failures=\"1\""), "{junit}");
    assert!(junit.contains("name=\"throttling/burst\""), "{junit}");
    let drawn = drill::timeline(&drills[0]);
    assert!(drawn.contains("│4") && drawn.contains(TFJOBS), "{drawn}");
    assert!(drill::timeline(&drills[1]).contains('×'));
}

#[tokio::test]
async fn bad_scenarios_are_all_reported_before_anything_runs() {
    let bad = files(&[("a.yaml", "rules: [{then: {status: 999}}]"), ("b.yaml", "rulse: []")]);
    let marker: PathBuf = bad.path().join("ran");
    let script = format!("touch {}", marker.display());
    let options = options(&[bad.path().to_str().unwrap(), "network/garbage"], &script);
    let error = drill::drill(&options, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("a.yaml:1:25") && error.contains("\"rulse\""), "{error}");
    assert!(!marker.exists());
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn drills_speak_tls_too() {
    let rules = "rules: [{match: {verb: list}, then: pass, expect: {max_requests: 9}}]";
    for prefix in [false, true] {
        // The file and the kubeconfig hold the same CA.
        let script = "case \"$STANDIN_URL\" in https://*) ;; *) exit 2;; esac; \
            grep -q 'BEGIN CERTIFICATE' \"$STANDIN_CA\" || exit 3; \
            grep -q \"$(base64 -w0 < \"$STANDIN_CA\")\" \"$KUBECONFIG\" || exit 4";
        let result = run(rules, script, |options| {
            options.prefix = prefix;
            options.tls = true;
        })
        .await;
        assert_eq!(result.outcome, Outcome::Exit(0), "{}", result.output);
    }
}
