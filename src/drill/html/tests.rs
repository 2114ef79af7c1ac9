//! Tests of pages with synthetic drills: hostile texts, many requests, no requests.

use std::time::Duration;

use jiff::Timestamp;

use crate::drill::result::{DrillResult, Outcome};
use crate::grade::{Assessment, SeenRequest};

use super::html;

/// Returns a request, with its times in milliseconds.
pub(super) fn request(method: &str, path: &str, from: u64, to: u64, status: u16) -> SeenRequest {
    SeenRequest {
        began: Duration::from_millis(from),
        answered: Duration::from_millis(to),
        ended: Some(Duration::from_millis(to)),
        method: method.to_owned(),
        path: path.to_owned(),
        status,
        fault: None,
        lost: false,
        result: format!("was answered with {status}"),
        retry_after: None,
        rule: None,
        call: 0,
        attempt: 1,
    }
}

fn drill(scenario: &str, message: &str, timeline: Vec<SeenRequest>) -> DrillResult {
    let mut assessment = Assessment::broken(message);
    assessment.requests = timeline.len() as u64;
    assessment.timeline = timeline;
    DrillResult {
        scenario: scenario.to_owned(),
        description: scenario.to_owned(),
        outcome: Outcome::NotServed(message.to_owned()),
        took: Duration::from_millis(10),
        assessment,
        output: message.to_owned(),
    }
}

fn page(drills: &[DrillResult]) -> String {
    html(drills, Timestamp::UNIX_EPOCH)
}

#[test]
fn texts_from_outside_are_no_markup() {
    let hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}\u{2066}\0";
    let mut bad = request(hostile, hostile, 0, 1, 200);
    (bad.rule, bad.fault) = (Some(hostile.to_owned()), Some(hostile.to_owned()));
    bad.result = hostile.to_owned();
    let page = page(&[drill(hostile, hostile, vec![bad])]);
    for part in ["<script", "<img", "\u{202e}", "\u{2066}", "\0", "onerror=alert(1)>"] {
        assert!(!page.contains(part), "{part:?}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("\\u{202e}"));
}

#[test]
fn the_page_asks_for_nothing() {
    let page = page(&[drill("s", "m", vec![request("GET", "/", 0, 1, 200)])]);
    assert!(page.contains("default-src 'none'"));
    for part in ["http://", "https://", "<script", "<link", "@import", " style=", "src="] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn pages_have_a_bound() {
    let long = "/".to_owned() + &"x".repeat(299);
    let timeline = |count: u64| -> Vec<SeenRequest> {
        (0..count).map(|n| request("GET", &format!("{long}{n}"), n, n + 1, 200)).collect()
    };
    let one = page(&[drill("s", "m", timeline(1000))]);
    assert!(one.len() < 600_000, "{}", one.len());
    assert!(one.contains("The first 400 of 1,000 requests"));
    let many: Vec<DrillResult> = (0..100).map(|_| drill("s", "m", timeline(100))).collect();
    let many = page(&many);
    assert!(many.len() < 6_000_000, "{}", many.len());
}

#[test]
fn a_drill_without_requests_has_no_drawing() {
    let page = page(&[drill("s", "the reason", Vec::new())]);
    assert!(page.contains("the reason") && !page.contains("Timeline"));
    assert!(super::tests::page(&[]).contains("0 of 0 drills passed"));
}
