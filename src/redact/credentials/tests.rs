//! Tests of the credentials of requests.

use super::*;

fn recorded(headers: &[(&str, &str)], query: &str, body: &str) -> Vec<(RequestPart, String)> {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()));
    let redactor = Redactor::new(Key::of(b"k"));
    let found = redactor.credentials(&headers.collect(), &format!("/x?{query}"), body.as_bytes());
    let values = found.map(|found| found.values).unwrap_or_default();
    values.into_iter().map(|found| (found.part, found.name)).collect()
}

/// Header fields, query and body of a request, and its credentials.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a [(RequestPart, &'a str)]);

#[test]
fn what_says_who_asks_is_found_and_what_a_client_draws_is_not() {
    use RequestPart::{Cookie, Form, Header, Json, Query};
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let table: [Case<'_>; 15] = [
        (&[("authorization", "Bearer A")], "", "", &[(Header, "authorization")]),
        (&[("authorization", "Basic dTpw")], "", "", &[(Header, "authorization")]),
        (
            &[("authorization", "Digest username=\"user-1\", response=\"0f\"")],
            "",
            "",
            &[(Header, "authorization")],
        ),
        (&[("authorization", "Negotiate YIIabcdefgh")], "", "", &[]),
        (&[("x-auth-token", "t0")], "", "", &[(Header, "x-auth-token")]),
        (&[("x-csrf-token", "abcdefgh"), ("x-request-id", "abcdefgh")], "", "", &[]),
        (&[("cookie", "sid=1; xsrf=2; lang=de")], "", "", &[(Cookie, "sid"), (Cookie, "lang")]),
        (&[], "access_token=abcdef&page_token=abcdef", "", &[(Query, "access_token")]),
        (&[], "code=abcdef&code_verifier=abcdef&sig=abcdef", "", &[]),
        (&form, "", "client_secret=abcdef&nonce=abcdef", &[(Form, "client_secret")]),
        (&[], "", r#"{"auth": {"password": "p1"}}"#, &[(Json, "/auth/password")]),
        (&[], "", r#"{"a/b": [{"token": "abcdef"}]}"#, &[(Json, "/a~1b/0/token")]),
        (&[], "", r#"{"client_assertion": "abcdef", "name": "n"}"#, &[]),
        (&[], "", r#"{"apiVersion": "v1", "kind": "Pod", "token": "abcdef"}"#, &[]),
        (&[], "", "no JSON: token=abcdef", &[]),
    ];
    for (headers, query, body, expected) in table {
        let expected: Vec<_> =
            expected.iter().map(|(part, name)| (*part, (*name).to_owned())).collect();
        assert_eq!(recorded(headers, query, body), expected, "{headers:?} {query} {body}");
    }
}

#[test]
fn a_value_and_its_pseudonym_are_recognized() {
    let redactor = Redactor::new(Key::of(b"k"));
    let of = |value: &str| {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        redactor.credentials(&headers, "/x", b"").unwrap().values.remove(0)
    };
    let recorded = of("Bearer first-token");
    let key = Key::of(b"k");
    let is = |value: &str| recorded.is(value, Some(&key));
    assert_eq!(is("Bearer first-token"), Likeness::Same);
    assert_eq!(is(&recorded.pseudonym), Likeness::Same);
    assert_eq!(is("Bearer second-token"), Likeness::Other);
    let without_key = recorded.is("Bearer second-token", None);
    assert_eq!(without_key, Likeness::Same, "without a key any value matches");
    for (own, other) in ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| (a, b))) {
        let recorded = of(&own.to_string());
        let same = recorded.is(&other.to_string(), Some(&key)) == Likeness::Same;
        assert_eq!(same, own == other, "{own} {other}");
    }
}

#[test]
fn what_is_made_for_one_request_is_compared_by_what_stays() {
    let redactor = Redactor::new(Key::of(b"k"));
    let key = Key::of(b"k");
    let of = |value: &str| {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        redactor.credentials(&headers, "/x", b"").unwrap().values.remove(0)
    };
    let token = |subject: &str, at: u32| {
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{subject}","iat":{at}}}"#));
        format!("Bearer eyJhbGciOiJSUzI1NiJ9.{claims}.c2ln{at}")
    };
    for (recorded, same, other) in [
        (
            "AWS4-HMAC-SHA256 Credential=AKIAFIRST00/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=00".to_owned(),
            "AWS4-HMAC-SHA256 Credential=AKIAFIRST00/20270202/r/s3/aws4_request, SignedHeaders=host, Signature=11".to_owned(),
            "AWS4-HMAC-SHA256 Credential=AKIASECOND0/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=00".to_owned(),
        ),
        (
            "SDK-HMAC-SHA256 Access=FIRST000, SignedHeaders=host, Signature=00".to_owned(),
            "SDK-HMAC-SHA256 Access=FIRST000, SignedHeaders=host, Signature=11".to_owned(),
            "SDK-HMAC-SHA256 Access=SECOND00, SignedHeaders=host, Signature=00".to_owned(),
        ),
        ("OBS FIRST000:c2ln".to_owned(), "OBS FIRST000:b3Ro".to_owned(), "OBS SECOND00:c2ln".to_owned()),
        (
            "Digest username=\"first-1\", nonce=\"a\", response=\"00\"".to_owned(),
            "Digest username=\"first-1\", nonce=\"b\", response=\"11\"".to_owned(),
            "Digest username=\"second-1\", nonce=\"a\", response=\"00\"".to_owned(),
        ),
        (token("first", 1), token("first", 2), token("second", 1)),
    ] {
        let credential = of(&recorded);
        assert_eq!(credential.is(&same, Some(&key)), Likeness::Same, "{same}");
        assert_eq!(credential.is(&other, Some(&key)), Likeness::Other, "{other}");
    }
}

#[test]
fn what_looks_like_a_token_tells_requests_apart() {
    let redactor = Redactor::new(Key::of(b"k"));
    let (one, two) = (
        "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgVE2upms",
        "9QwErTyUiOpAsDfGhJkLzXcVbNm1234567890aBcDeFg",
    );
    let found = |target: &str, body: &str| {
        let found = redactor.credentials(&HeaderMap::new(), target, body.as_bytes());
        found.map(|found| found.values).unwrap_or_default()
    };
    for (target, body, part, name) in [
        (format!("/files/{one}/parts"), String::new(), RequestPart::Path, "1"),
        (format!("/files?of={one}"), String::new(), RequestPart::Query, "of"),
        ("/files".to_owned(), format!(r#"{{"of":"{one}"}}"#), RequestPart::Json, "/of"),
    ] {
        let values = found(&target, &body);
        let [value] = values.as_slice() else { panic!("{target} {body}: {values:?}") };
        assert_eq!((value.part, &*value.name), (part, name));
        let key = Key::of(b"k");
        assert_eq!(value.is(one, Some(&key)), Likeness::Same);
        assert_eq!(value.is(&value.pseudonym, Some(&key)), Likeness::Same);
        assert_eq!(value.is(two, Some(&key)), Likeness::Other);
        assert!(!value.pseudonym.contains(one));
    }
    assert_eq!(found(&format!("/files?state={one}&fileId={one}"), ""), []);
}
