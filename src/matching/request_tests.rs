//! Tests of request patterns against `WireMock`'s behaviour.

use serde_json::{Value, json};

use super::testing::{compile, request};
use crate::message::Request;

/// Returns whether a request pattern, which may have warnings, matches.
fn matches(pattern: &Value, request: &Request) -> bool {
    let (stub, _) = compile(&json!({"request": pattern}));
    stub.unwrap_or_else(|| panic!("{pattern}")).matches(request)
}

#[test]
fn endpoints_and_methods_are_compared_as_they_come_in() {
    let mut base = request("purge", "/a?", &[("Host", "A.test:99")], "");
    base.peer = Some("[::ffff:10.0.0.7]:5".parse().unwrap());
    let table = [
        (json!({"method": "PURGE"}), true),
        (json!({"method": "purge"}), false),
        (json!({"method": ""}), false),
        (json!({"url": "/a"}), true),
        (json!({"url": "/a?"}), false),
        (json!({"scheme": "http"}), true),
        (json!({"scheme": "https"}), false),
        (json!({"host": {"equalTo": "A.test"}}), true),
        (json!({"host": {"equalTo": "a.test"}}), false),
        (json!({"port": "99"}), true),
        (json!({"port": 99.9}), true),
        (json!({"port": -1}), false),
        (json!({"port": ""}), true),
        (json!({"clientIp": {"equalTo": "10.0.0.7"}}), true),
        (json!({"customMatcher": {"name": "own"}}), false),
        (json!({"headers": {"no header": {"absent": true}}}), true),
        (json!({"headers": {"no header": {"contains": "x"}}}), false),
        (json!({"pathParameters": {"a": {"equalTo": "1"}}}), true),
        (json!({"urlPathTemplate": "/{b}", "pathParameters": {"a": {"equalTo": "1"}}}), false),
        (json!({"urlPathTemplate": "/{b}", "pathParameters": {"a": {"absent": true}}}), true),
    ];
    for (pattern, verdict) in table {
        assert_eq!(matches(&pattern, &base), verdict, "{pattern}");
    }
    base.tls = true;
    base.headers.insert("host", "a.test".parse().unwrap());
    base.headers.insert("x-forwarded-for", "1.2.3.4, 5.6.7.8".parse().unwrap());
    let pattern =
        json!({"scheme": "https", "port": 443, "clientIp": {"equalTo": "1.2.3.4, 5.6.7.8"}});
    assert!(matches(&pattern, &base));
}

#[test]
fn cookies_and_credentials_are_compared_whole() {
    let with = |name: &str, value: &str| request("GET", "/", &[(name, value)], "");
    let auth = json!({"basicAuthCredentials": {"username": "u", "password": "p"}});
    let table = [
        (&auth, with("Authorization", "basic dTpw"), true),
        (&auth, with("Authorization", "Basic  dTpw"), false),
        (&auth, with("Authorization", "Bas"), false),
        (&json!({"cookies": {"a": {"doesNotMatch": "1"}}}), with("Cookie", "b=1"), false),
        (&json!({"cookies": {"a": {"absent": true}}}), with("Cookie", "b=1"), true),
        (&json!({"cookies": {"a": {"not": {"equalTo": "1"}}}}), with("Cookie", "b=1"), false),
        (&json!({"cookies": {"a": {"equalTo": "x y"}}}), with("Cookie", "b; a=\"x y\""), true),
        (&json!({"cookies": {"a": {"equalTo": "1"}}}), with("Cookie", "b=2;a = 1 "), true),
        (&json!({"cookies": {"a": {"absent": true}}}), with("Cookie", "a=x\"y; a=1,2"), true),
        (&json!({"basicAuth": {"username": "u"}}), with("Authorization", "Basic dTpudWxs"), true),
    ];
    for (pattern, request, verdict) in table {
        assert_eq!(matches(pattern, &request), verdict, "{pattern} on {request:?}");
    }
}

#[test]
fn forms_are_read_by_their_content_type() {
    let form = |kind: &str, body: &str| request("POST", "/", &[("Content-Type", kind)], body);
    let kind = "application/x-www-form-urlencoded;charset=UTF-8";
    let two =
        json!({"formParameters": {"a": {"hasExactly": [{"equalTo": "1 2"}, {"equalTo": "é"}]}}});
    let none = json!({"formParameters": {"a": {"absent": true}}});
    let table = [
        (&two, form(kind, "a=1+2&b=3&a=%C3%A9"), true),
        (&two, form(kind, "a=1+2"), false),
        (&two, form("text/plain", "a=1+2&a=%C3%A9"), false),
        (&none, form(kind, "b=1"), true),
        (&none, form("text/plain", "a=1"), true),
    ];
    for (pattern, request, verdict) in table {
        assert_eq!(matches(pattern, &request), verdict, "{pattern} on {request:?}");
    }
}

#[test]
fn multipart_patterns_ask_for_one_part_or_for_all() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nX-Part: 1\r\n\r\nx1\r\n\
                --b\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\n\r\n--b--\r\n";
    let of = |kind: &str| request("POST", "/", &[("Content-Type", kind)], body);
    let form = "multipart/form-data; boundary=b";
    let one = |pattern: Value| json!({"multipartPatterns": [pattern]});
    let table = [
        (one(json!({"bodyPatterns": [{"contains": "x"}]})), form, true),
        (one(json!({"bodyPatterns": [{"equalTo": ""}]})), form, true),
        (one(json!({"matchingType": "ALL", "bodyPatterns": [{"contains": "x"}]})), form, false),
        (one(json!({"matchingType": "ANY", "headers": {"x-part": {"equalTo": "1"}}})), form, true),
        (one(json!({"headers": {"x-part": {"equalTo": "2"}}})), form, false),
        (one(json!({"name": "none", "fileName": "none"})), form, true),
        (one(json!({"fileName": "none", "headers": {}})), form, false),
        (one(json!({"fileName": "a.txt", "headers": {}})), form, true),
        (one(json!({})), "text/plain; boundary=b", false),
        (one(json!({})), "multipart/form-data", false),
    ];
    for (pattern, kind, verdict) in table {
        assert_eq!(matches(&pattern, &of(kind)), verdict, "{pattern} on {kind}");
    }
}
