//! Tests of the shipped scenarios.

use std::time::Duration;

use http::HeaderMap;

use super::testing::{Client, JOBS, code, page, shipped_client};
use super::*;
use crate::message::FaultPoint;

#[test]
fn every_shipped_status_answers_the_documented_endpoints_and_nothing_else() {
    for status in [400, 401, 403, 404, 405, 406, 409, 410, 415, 422, 429, 500, 503, 504] {
        let client = shipped_client(&format!("status-{status}"));
        for resource in
            ["kubeflow.org/v1/tfjobs", "kubeflow.org/v1/mpijobs", "batch.volcano.sh/v1alpha1/jobs"]
        {
            let decision = client.ask("DELETE", &format!("/apis/{resource}"));
            assert_eq!(code(&decision), status, "{resource}");
            let Some(Answer::Status(answer)) = decision.answer else { panic!("{resource}") };
            assert_eq!(answer.retry_after.is_some(), matches!(status, 429 | 503), "{status}");
        }
        assert_eq!(client.code("/api"), 200);
        assert_eq!(client.code("/api/v1/pods"), 200);
    }
}

#[test]
fn every_shipped_scenario_loads_and_says_what_it_is() {
    let all = shipped();
    assert!(all.len() >= 14 + 25, "{} scenarios", all.len());
    for (name, description) in all {
        let loaded = load(std::slice::from_ref(&name), 7).unwrap();
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
        assert!(description.ends_with('.') && !loaded.set.is_empty(), "{name}: {description}");
    }
}

#[test]
fn a_token_opens_the_gate_until_it_is_used_up_or_too_old() {
    let mut client = shipped_client("token-refresh");
    let list = JOBS;
    let with = |client: &Client, name: &'static str, value: &str| {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
        code(&client.ask_with("GET", list, &headers))
    };
    let fetch = |client: &Client| match client.ask("POST", "/v3/auth/tokens").answer {
        Some(Answer::IssueToken(issued)) => issued,
        other => panic!("{other:?}"),
    };
    assert_eq!(client.code(list), 401);
    assert_eq!(with(&client, "x-auth-token", "made-up"), 401);
    let first = fetch(&client);
    assert_eq!(first.expires_in, Duration::from_secs(60));
    assert_eq!(with(&client, "authorization", &format!("Bearer {}", first.token)), 200);
    for _ in 0..99 {
        assert_eq!(with(&client, "x-auth-token", &first.token), 200);
    }
    assert_eq!(with(&client, "x-auth-token", &first.token), 401, "100 uses");
    let second = fetch(&client);
    assert_ne!(first.token, second.token);
    client.now = Duration::from_secs(59);
    assert_eq!(with(&client, "x-auth-token", &second.token), 200);
    client.now = Duration::from_secs(60);
    assert_eq!(with(&client, "x-auth-token", &second.token), 401, "60 s");
    client.state.reset(client.now);
    assert_eq!(fetch(&client).token, first.token, "a reset begins the same run again");
}

#[test]
fn steps_count_and_a_reset_is_a_fault() {
    let client = shipped_client("flaky-delete");
    let outcomes: Vec<_> = (0..5)
        .map(|_| client.ask("DELETE", JOBS))
        .map(|decision| (code(&decision), decision.effects.fault.map(|fault| fault.at)))
        .collect();
    let reset = Some(FaultPoint::BeforeHeaders);
    assert_eq!(outcomes, [(500, None), (500, None), (200, reset), (200, None), (200, None)]);
    assert_eq!(code(&client.ask("DELETE", &format!("{JOBS}/a"))), 200);
}

#[test]
fn pages_are_short_and_the_third_expires_once() {
    let client = shipped_client("continue-expired");
    let first = || client.ask("GET", &format!("{JOBS}?limit=500"));
    assert_eq!((code(&first()), first().page_size), (200, Some(10)));
    let third = client.ask("GET", &page(JOBS, 3));
    let Some(Answer::Status(status)) = &third.answer else { panic!("{third:?}") };
    assert_eq!((status.code.as_u16(), status.continue_token), (410, Some(ContinueToken::Fresh)));
    assert_eq!(third.by.unwrap().rule.as_ref(), "continue-expired/expired");
    assert_eq!(client.code(&page(JOBS, 3)), 200, "once");
    let whole = client.ask("GET", JOBS);
    assert_eq!(whole.page_size, None, "who asks for no pages gets none");
    let made = client.set.generated();
    assert_eq!((made.len(), made[0].count, made[0].name(7)), (3, 50, "chain-0007".to_owned()));
}

#[test]
fn shares_are_drawn_by_the_seed() {
    let run = |seed| {
        let client = Client::new(load(&["throttled".into()], 7).unwrap().set.with_seed(seed));
        (0..1000).map(|_| client.code("/apis/x")).collect::<Vec<_>>()
    };
    assert_eq!(run(42), run(42));
    assert_ne!(run(42), run(43));
    let refused = run(42).iter().filter(|code| **code == 429).count();
    assert!(refused.abs_diff(300) < 75, "{refused} of 1000 at 30%");
}

#[test]
fn unknown_names_suggest_the_nearest() {
    let error = load(&["thortled".into()], 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "thortled: there is no such file, and no shipped scenario of this name; did you mean \"throttling/throttled\"?"
    );
}
