//! Every word of `then` that acts on an answer or its connection, over every protocol, in a rule,
//! in a phase, and for a client. The tests of each kind check the bytes (`connections`, `damage`,
//! `deliveries`, `http2`, `wire`).

use std::time::{Duration, Instant};

use crate::support::Answer;
use crate::ways::{Served, WAYS, Way, body};

/// The expected outcome of a request.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// An answer with this status.
    Status(u16),
    /// The real answer, no earlier than after this many milliseconds.
    Late(u64),
    /// The real answer with this field.
    Has(&'static str),
    /// The real answer without it.
    Lacks(&'static str),
    /// An answer with another body.
    Changed,
    /// No answer, or an incomplete one.
    Broken,
    /// The one over HTTP/1.1, the other over HTTP/2.
    Either(&'static Outcome, &'static Outcome),
}

use Outcome::{Broken, Changed, Either, Has, Lacks, Late, Status};

const TRUE: Outcome = Status(200);

/// The words, with what they do to a POST of 200 bytes that is answered with 2,000.
const WORDS: &[(&str, Outcome)] = &[
    ("status: 503", Status(503)),
    ("{status: 429, retry_after: 1s}", Status(429)),
    ("reply: {status: 202, body: x}", Status(202)),
    ("headers: {X-New: a}", Has("x-new")),
    ("remove_headers: ETag", Lacks("etag")),
    ("delay: 20ms", Late(20)),
    ("stall: 20ms", Late(20)),
    ("slow: {chunk: 500B, every: 10ms}", Late(30)),
    ("withhold: 20ms", Late(20)),
    ("read: {chunk: 50B, every: 10ms}", Late(30)),
    ("slow_head: {chunk: 20B, every: 5ms}", Late(5)),
    ("informational: [103, 102]", TRUE),
    ("reset: before_headers", Broken),
    ("reset: after_headers", Broken),
    ("reset: {bytes: 100}", Broken),
    ("close: before_headers", Broken),
    ("close: after_headers", Broken),
    ("close: {bytes: 100}", Broken),
    ("cut: {bytes: 100}", Broken),
    ("cut: mid_line", Broken),
    ("garbage: before_headers", Broken),
    ("garbage: after_headers", Broken),
    ("malformed_chunk: after_headers", Broken),
    ("malformed_chunk: {bytes: 100}", Broken),
    ("rst_stream: CANCEL", Broken),
    ("rst_stream: {code: 7, at: {bytes: 100}}", Broken),
    ("goaway: {code: NO_ERROR}", Either(&Broken, &TRUE)),
    ("goaway: {last_stream: none}", Broken),
    ("corrupt: 1%", Changed),
    ("repeat: 10B", Changed),
    ("content_length: short", Either(&Changed, &Broken)),
    ("content_length: long", Broken),
    ("charset: mixed", Has("content-type")),
    ("gzip: checksum", Has("content-encoding")),
    ("pad_headers: 4KiB", Has("x-standin-padding-4")),
    ("idle: {close: 1ms}", TRUE),
    ("idle: {reset: next_request}", TRUE),
    ("crash: restart", Broken),
];

#[track_caller]
fn assert_outcome(
    word: &str,
    of: (Way, &str),
    got: &Result<Answer, String>,
    took: Duration,
    wanted: Outcome,
) {
    let told = format!("{word} {of:?}: {got:?}");
    match (wanted, got) {
        (Either(http1, http2), _) => {
            let wanted = if of.0.is_http2() { http2 } else { http1 };
            assert_outcome(word, of, got, took, *wanted);
        }
        (Broken, got) => assert!(got.is_err(), "{told}"),
        (_, Err(_)) => panic!("{told}"),
        (Status(status), Ok(got)) => {
            assert_eq!(got.status.as_u16(), status, "{told}");
            assert!(status != 200 || got.text() == body(), "{told}");
        }
        (Late(least), Ok(got)) => {
            assert_eq!((got.status.as_u16(), got.text()), (200, &*body()), "{told}");
            assert!(took >= Duration::from_millis(least), "{told}: {took:?}");
        }
        (Has(name), Ok(got)) => assert!(got.headers.contains_key(name), "{told}"),
        (Lacks(name), Ok(got)) => {
            assert!(!got.headers.contains_key(name) && got.text() == body(), "{told}");
        }
        (Changed, Ok(got)) => assert_ne!(&got.body[..], body().as_bytes(), "{told}"),
    }
}

/// The rules of all words, one for each path.
fn rules(indent: &str, also: &str) -> String {
    let rule = |(number, (word, _)): (usize, &(&str, Outcome))| {
        let word = word
            .trim_start_matches('{')
            .strip_suffix('}')
            .filter(|_| word.starts_with('{'))
            .unwrap_or(word);
        format!(
            "{indent}- {{id: w{number}, match: {{path: /x/w{number}}}{also}, then: {{{word}}}}}\n"
        )
    };
    WORDS.iter().enumerate().map(rule).collect()
}

#[tokio::test]
async fn every_word_acts_over_every_protocol_in_rules_phases_and_for_clients() {
    let client = "clients: {mine: {header: {X-Client: mine}}}\n";
    let places = [
        ("rule", format!("rules:\n{}", rules("", ""))),
        (
            "phase",
            format!(
                "timeline:\n  start: ready\n  phases:\n  - name: bad\n    forever: true\n    rules:\n{}",
                rules("    ", "")
            ),
        ),
        ("client", format!("{client}rules:\n{}", rules("", ", client: mine"))),
    ];
    for way in WAYS {
        for (place, rules) in &places {
            let served = Served::new(way, rules).await;
            for (number, (word, wanted)) in WORDS.iter().enumerate() {
                let path = format!("/x/w{number}");
                let began = Instant::now();
                let headers = [("x-client", "mine")];
                let got = served.ask("POST", &path, &headers, &"b".repeat(200)).await;
                assert_outcome(word, (way, place), &got, began.elapsed(), *wanted);
                if *place == "client" {
                    let other = served.ask("POST", &path, &[("x-client", "other")], "").await;
                    assert_outcome(word, (way, "another client"), &other, Duration::ZERO, TRUE);
                }
            }
            // After all of it the server still answers.
            let after = served.ask("GET", "/x/after", &[], "").await.unwrap();
            assert_eq!((after.status.as_u16(), after.text()), (200, &*body()), "{way:?} {place}");
        }
    }
}
