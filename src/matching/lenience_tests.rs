//! Tests of stubs with values of the wrong kind: what `WireMock` accepts, and what it says of the rest. The
//! table is what its 3.13.2 answers to a POST of `/__admin/mappings`.

use serde_json::{Value, json};

use crate::document::Severity;

use super::testing::{answer, compile, request};

/// Returns the pointers and texts of the errors.
fn refusals(mapping: &Value) -> Vec<(String, String)> {
    let (_, problems) = compile(mapping);
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let said = |problem: &crate::document::Diagnostic| {
        let detail = problem.reported.detail.clone();
        (problem.reported.pointer.clone(), detail.unwrap_or_else(|| problem.message.clone()))
    };
    errors.map(said).collect()
}

#[test]
fn values_of_the_wrong_kind_are_accepted_where_wiremock_accepts_them() {
    let table = [
        json!({"request": {"headers": {"H": null}, "queryParameters": {"q": null}}}),
        json!({"request": {"cookies": {"c": null}, "bodyPatterns": [null]}}),
        json!({"request": {"multipartPatterns": [null, {"headers": {"H": null}, "bodyPatterns": [null]}]}}),
        json!({"response": {"status": 5}}),
        json!({"response": {"status": 1000}}),
        json!({"response": {"headers": "x", "additionalProxyRequestHeaders": []}}),
        json!({"response": {"transformers": [null, 5, true]}}),
        json!({"response": {"removeProxyRequestHeaders": [null, 5]}}),
        json!({"response": {"delayDistribution": {"type": "lognormal", "median": "", "sigma": ""}}}),
        json!({"response": {"chunkedDribbleDelay": {"numberOfChunks": "", "totalDuration": ""}}}),
        json!({"postServeActions": "x", "serveEventListeners": {"webhook": {}}}),
        json!({"postServeActions": [null], "serveEventListeners": [null]}),
        json!({"serveEventListeners": [{"name": "webhook", "parameters": {"method": [], "url": {}}}]}),
        json!({"serveEventListeners": [{"name": "webhook", "parameters": {"headers": {"A": 5}}}]}),
        json!({"serveEventListeners": [{"name": "webhook", "parameters": {"delay": {"type": "x"}}}]}),
        json!({"request": {"bodyPatterns": [{"equalToXml": "<a/>", "placeholderOpeningDelimiterRegex": []}]}}),
    ];
    for mapping in table {
        assert_eq!(refusals(&mapping), [], "{mapping}");
    }
}

#[test]
fn a_null_in_place_of_a_pattern_matches_nothing() {
    for pattern in [
        json!({"headers": {"H": null}}),
        json!({"bodyPatterns": [null]}),
        json!({"pathParameters": {"p": null}}),
    ] {
        let (stub, _) = compile(&json!({"request": pattern}));
        assert!(!stub.unwrap().matches(&request("GET", "/", &[], "")), "{pattern}");
    }
}

#[test]
fn a_status_that_is_none_is_sent_as_500() {
    for status in [5, 99, 1000] {
        let (stub, problems) = compile(&json!({"response": {"status": status}}));
        assert_eq!(problems.len(), 1, "{problems:?}");
        let plan = answer(&stub.unwrap(), &request("GET", "/", &[], ""));
        assert_eq!(plan.status.as_u16(), 500, "{status}");
    }
}

#[test]
fn the_rest_is_refused_in_its_words() {
    let body = |pattern: Value| json!({"request": {"bodyPatterns": [pattern]}});
    let at = "/request/bodyPatterns/0";
    let table = [
        (body(json!({"matchesJsonPath": ""})), at, "json can not be null or empty"),
        (
            body(json!({"matchesJsonPath": {"expression": 5, "equalTo": "x"}})),
            at,
            "'matchesJsonPath' expected value cannot be null",
        ),
        (
            body(json!({"matchesXPath": {"expression": null, "equalTo": "x"}})),
            at,
            "'matchesXPath' expected value cannot be null",
        ),
        (body(json!({"equalToXml": 5})), at, "'equalToXml' expected value cannot be null"),
        (
            body(json!({"equalToXml": "x"})),
            at,
            "Content is not allowed in prolog.; line 1; column 1",
        ),
        (
            body(json!({"equalToXml": "\n x"})),
            at,
            "Content is not allowed in prolog.; line 2; column 2",
        ),
        (body(json!({"equalToXml": ""})), at, "Premature end of file.; line 1; column 1"),
        (body(json!({"equalToXml": "<a/>", "exemptedComparisons": [5]})), "", "Name is null"),
        (
            body(json!({"matchesJsonSchema": {}, "schemaVersion": 5})),
            at,
            "schemaVersion must be one of [ \"V4\", \"V6\", \"V7\", \"V201909\", \"V202012\" ]",
        ),
        (body(json!({"and": [null]})), at, "Must be constructed with at least two matchers"),
        (json!({"response": {"headers": {"A": []}}}), "/response/headers", "No value for A"),
        (
            json!({"response": {"delayDistribution": {"type": "lognormal", "median": 1, "sigma": 1, "maxValue": -1}}}),
            "/response/delayDistribution",
            "The max value (-1.0) has to be greater than or equal to the median (1.0). Sigma: 1.0",
        ),
        (
            json!({"request": {"headers": {"H": {"before": "now", "actualFormat": "str"}}}}),
            "/request/headers/H",
            "Unknown pattern letter: t",
        ),
    ];
    for (mapping, pointer, detail) in table {
        let found = refusals(&mapping);
        assert_eq!(found.len(), 1, "{mapping}: {found:?}");
        assert_eq!(found[0].1, detail, "{mapping}");
        assert!(found[0].0.starts_with(pointer), "{mapping}: {}", found[0].0);
    }
}

#[test]
fn problems_are_reported_where_wiremock_reports_them() {
    let table = [
        (json!({"request": {"urlPath": []}}), "/request/urlPath"),
        (json!({"request": {"urlPathPattern": "("}}), "/request"),
        (json!({"persistent": 1.5}), "/persistent"),
        (json!({"response": {"headers": {"A": 5}}}), "/response/headers"),
        (json!({"response": {"body": "x", "base64Body": []}}), "/response/base64Body"),
        (json!({"response": {"body": "x", "bodyFileName": {}}}), "/response/bodyFileName"),
        (json!({"response": {"transformerParameters": "x"}}), "/response/transformerParameters"),
        (json!({"postServeActions": {"x": 1}}), "/postServeActions"),
        (
            json!({"response": {"chunkedDribbleDelay": {"numberOfChunks": 12_345_678_901_i64}}}),
            "/response/chunkedDribbleDelay/numberOfChunks",
        ),
        (
            json!({"request": {"headers": {"H": {"before": "now", "expectedOffsetUnit": null}}}}),
            "/request/headers/H",
        ),
        (
            json!({"request": {"bodyPatterns": [{"equalToXml": "<a/>", "namespaceAwareness": null}]}}),
            "/request/bodyPatterns/0",
        ),
    ];
    for (mapping, pointer) in table {
        let found = refusals(&mapping);
        assert_eq!(found.len(), 1, "{mapping}: {found:?}");
        assert_eq!(found[0].0, pointer, "{mapping}");
    }
}

#[test]
fn json_paths_are_refused_in_jayways_words() {
    let table = [
        (
            "$.a.k k",
            "Use bracket notion ['my prop'] if your property contains blank characters. position: 4",
        ),
        (" $", "Could not parse token starting at position 2"),
        ("$ .a", "Illegal character at position 1 expected '.' or '['"),
        ("$a", "Illegal character at position 1 expected '.' or '['"),
        ("$...a", "Character '.' on position 3 is not valid."),
        ("$.a[?]", "Not enough predicates supplied for filter [?] at position 3"),
        ("$.a[?()]", "Failed to parse filter: [?()], error on position: 3, char: )"),
        ("$.a[?(]", "Could not parse token starting at position 3. Expected ?, ', 0-9, * "),
        ("$.a.b[1.0]", "Could not parse token starting at position 5. Expected ?, ', 0-9, * "),
    ];
    for (path, detail) in table {
        let found = refusals(&json!({"request": {"bodyPatterns": [{"matchesJsonPath": path}]}}));
        assert_eq!(found.len(), 1, "{path}: {found:?}");
        assert_eq!(found[0].1, detail, "{path}");
    }
}
