//! The texts of misses, and their bounds.

use serde_json::{Value, json};

use super::StubSet;
use super::testing::{request, set};
use crate::redact::Redactor;

#[test]
fn a_miss_tells_the_nearest_part_by_part() {
    let stubs = set(&[
        json!({"id": "00000000-0000-0000-0000-000000000001", "name": "create a job", "request": {
            "method": "POST", "urlPath": "/jobs", "headers": {"X-Trace": {"matches": "[0-9]+"}},
            "bodyPatterns": [{"equalToJson": {"name": "a", "parts": [1, 2]}}],
        }}),
        json!({"id": "00000000-0000-0000-0000-000000000002", "request": {"url": "/far/away/from/here"}}),
    ]);
    let request =
        request("POST", "/jobs?x=1", &[("x-trace", "abc\t")], r#"{"name": "b", "parts": [1, 2]}"#);
    let report = stubs.nearest(&request, &Redactor::default()).to_string();
    let expected = r#"No stub answers POST /jobs?x=1 (2 stubs loaded). The nearest, and what differs:

1. "create a job" (00000000-0000-0000-0000-000000000001) in t.json
   ok    method          POST
   ok    urlPath         /jobs
   FAIL  header x-trace  expected: [matches] [0-9]+
                         actual:   abc\t
   FAIL  body            expected: [equalToJson] {"name":"a","parts":[1,2]}
                         actual:   {"name": "b", "parts": [1, 2]}
         --- expected
         +++ actual
         @@ -1,5 +1,5 @@
          {
         -  "name": "a",
         +  "name": "b",
            "parts": [
              1,
              2

2. 00000000-0000-0000-0000-000000000002 in t.json
   ok    method  POST
   FAIL  url     expected: /far/away/from/here
                 actual:   /jobs?x=1
"#;
    assert_eq!(report, expected, "\n{report}");
    let json = stubs.nearest(&request, &Redactor::default()).to_json();
    assert_eq!(json["nearest"][0]["parts"][2]["matched"], false);
    assert!(json["nearest"][0]["diff"].as_str().unwrap().contains("+  \"name\": \"b\""));
    assert!(
        StubSet::default()
            .nearest(&request, &Redactor::default())
            .to_string()
            .ends_with("there are no stubs.\n")
    );
}

#[test]
fn a_miss_is_bounded_in_stubs_and_in_size() {
    let mappings: Vec<Value> = (0..500)
        .map(|n| json!({"request": {"urlPath": format!("/things/{n}"), "bodyPatterns": [{"equalTo": "x".repeat(5000)}]}}))
        .collect();
    let stubs = set(&mappings);
    let long = format!("/things/{}", "9".repeat(5000));
    let report = stubs
        .nearest(&request("POST", &long, &[], &"y\n".repeat(50_000)), &Redactor::default())
        .to_string();
    assert!(report.len() < 20_000, "{} bytes", report.len());
    assert!(report.contains("(500 stubs loaded)"), "{report}");
}
