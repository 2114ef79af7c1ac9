//! Texts as WireMock 3.13.2 writes them.

use serde_json::json;

use super::super::testing::{request, set};
use super::*;
use crate::matching::StubSet;
use crate::message::Request;
use crate::redact::Key;

/// Returns the text without its head and without redaction.
fn rows(stubs: &StubSet, request: &Request) -> String {
    let report = stubs.miss_report(request, &Redactor::off());
    let rows = report.split("---\n").nth(2).unwrap();
    rows[..rows.rfind('\n').unwrap()].to_owned()
}

#[test]
fn without_stubs_the_text_says_so() {
    let report = StubSet::default().miss_report(&request("GET", "/", &[], ""), &Redactor::off());
    assert_eq!(report, NO_STUBS);
}

#[test]
fn the_head_is_as_wide_as_the_client_says() {
    let stubs = set(&[json!({"name": "n", "request": {"url": "/b"}})]);
    let wide = [("x-wiremock-console-width", "41")];
    let report = stubs.miss_report(&request("GET", "/a", &wide, ""), &Redactor::off());
    let expected = "
        Request was not matched
        =======================

-----------------------------------------
| Closest stub      | Request           |
-----------------------------------------
                    |
n                   |
                    |
ANY                 | GET
/b                  | /a           <<<<< URL does not match
                    |
                    |
-----------------------------------------
";
    assert_eq!(report, expected, "{report}");
    for width in ["0", "-1", "x", "99999999999"] {
        let odd = [("x-wiremock-console-width", width)];
        let report = stubs.miss_report(&request("GET", "/a", &odd, ""), &Redactor::off());
        assert!(report.len() < 20_000 && report.contains("URL does not match"), "{width}");
    }
}

#[test]
fn every_kind_of_operator_has_its_line() {
    let pattern = json!({
        "method": "POST",
        "urlPattern": "/a?b",
        "headers": {
            "A": {"absent": true},
            "B": {"equalToJson": "{\"a\":[1,{\"b\":2}],\"c\":{}, \"d\":[]}"},
            "C": {"not": {"contains": "z"}},
            "E": {"and": [{"contains": "1"}, {"contains": "2"}]},
            "F": {"anything": "(always)"},
        },
        "queryParameters": {
            "q": {"absent": true},
            "r": {"includes": [{"equalTo": "1"}, {"contains": "2"}]},
        },
        "cookies": {"k": {"absent": true}, "l": {"contains": "x"}},
    });
    let stubs = set(&[json!({"request": pattern})]);
    let headers =
        [("a", "1"), ("c", "zz"), ("c", "zzz"), ("b", "{\"a\":1}"), ("cookie", "k=1; l=2;l=3")];
    let rows = rows(&stubs, &request("GET", "/b?q=1&q=2&r=5", &headers, ""));
    let expected = r#"
                                                           |
POST                                                       | GET                                                 <<<<< HTTP method does not match
[regex] /a?b                                               | /b?q=1&q=2&r=5                                      <<<<< URL does not match. When using a regex, "?" should be "\?"
                                                           |
A [absent] : (absent)                                      | A: 1                                                <<<<< Header does not match
B: {                                                       | B: {"a":1}                                          <<<<< Header does not match
  "a" : [ 1, {                                             |
    "b" : 2                                                |
  } ],                                                     |
  "c" : { },                                               |
  "d" : [ ]                                                |
}                                                          |
C [not] : z                                                | C: zz                                               <<<<< Header does not match
                                                           | C: zzz
E [and] : contains 1 AND contains 2                        |                                                     <<<<< Header is not present
F [anything] : (always)                                    |                                                     <<<<< Header is not present
                                                           |
Query: q [absent] (absent)                                 | q: 1                                                <<<<< Query does not match
                                                           | q: 2
Query: r including [equalTo 1 AND contains 2]              | r: 5                                                <<<<< Query does not match
                                                           |
Cookie: k [absent] null                                    | 1                                                   <<<<< Cookie does not match
Cookie: l [contains] x                                     | 2                                                   <<<<< Cookie does not match
                                                           |
                                                           |"#;
    assert_eq!(rows, expected.trim_start_matches('\n'), "\n{rows}");
}

#[test]
fn long_values_are_broken_at_blanks_or_at_the_limit() {
    let long = "0123456789".repeat(8);
    let stubs = set(&[json!({"request": {"url": "/a", "headers": {"X-Long": {"equalTo": long}}}})]);
    let rows = rows(&stubs, &request("GET", "/a", &[("x-long", &"9876543210".repeat(8))], ""));
    let expected = "\
X-Long:                                                    | X-Long:                                             <<<<< Header does not match
012345678901234567890123456789012345678901234567890123456  | 987654321098765432109876543210987654321098765432109876543
78901234567890123456789                                    | 21098765432109876543210
";
    assert!(rows.contains(expected), "{rows}");
}

#[test]
fn secrets_of_stub_and_client_are_pseudonyms() {
    let secret = "tok-4711-abcdef-0815";
    let stubs = set(&[json!({"request": {
        "url": "/a",
        "headers": {"Authorization": {"equalTo": format!("Bearer {secret}")}, "X": {"equalTo": "1"}},
        "cookies": {"session": {"equalTo": secret}},
    }})]);
    let headers = [("authorization", format!("Bearer {secret}"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let redactor = Redactor::new(Key::of(b"k"));
    let report = stubs
        .miss_report(&request("GET", &format!("/a?token={secret}"), &headers, secret), &redactor);
    assert!(!report.contains(secret), "{report}");
    // The same secret has the same pseudonym on both sides.
    let line = report.lines().find(|line| line.starts_with("Authorization")).unwrap();
    let (left, right) = line.split_once('|').unwrap();
    assert_eq!(left.trim(), right.trim(), "{line}");
}

#[test]
fn the_text_is_bounded() {
    let mappings: Vec<_> = (0..150)
        .map(|n| {
            let body = json!([{"equalTo": "x".repeat(100_000)}]);
            json!({"request": {"urlPath": format!("/things/{n}"), "bodyPatterns": body}})
        })
        .collect();
    let stubs = set(&mappings);
    let long = format!("/things/{}", "9".repeat(5000));
    let request = request("POST", &long, &[], &"y\n".repeat(50_000));
    let report = stubs.miss_report(&request, &Redactor::default());
    assert!(report.len() < 4 << 20, "{} bytes", report.len());
    assert!(report.contains("more bytes"));
}
