//! Exchanges → stub mappings: what is matched, and what is replayed.

use super::*;

#[test]
fn what_an_answer_depends_on_is_matched() {
    let of = |fields: &[(&'static str, &str)], vary: &str| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, value.parse().unwrap());
        }
        let sent = crate::record::exchange::SentRequest {
            method: Method::GET,
            target: "/x".to_owned(),
            headers,
            body: crate::record::exchange::BodyCopy::default(),
            links: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(http::header::VARY, vary.parse().unwrap());
        let body = crate::record::exchange::Arrivals::default();
        let end = crate::record::exchange::End::Whole;
        let answer =
            crate::record::exchange::ReceivedAnswer { status: StatusCode::OK, headers, body, end };
        let mapping = mapping::of(&sent, answer, &crate::redact::Redactor::default()).mapping;
        mapping["request"]["headers"].clone()
    };
    assert_eq!(of(&[("user-agent", "a")], "Accept-Encoding, Origin"), Value::Null);
    assert_eq!(
        of(&[("range", "bytes=0-9"), ("if-none-match", "\"e\"")], ""),
        json!({"Range": {"equalTo": "bytes=0-9"}, "If-None-Match": {"equalTo": "\"e\""}})
    );
    assert_eq!(
        of(&[("accept-language", "de")], "accept-language, Accept"),
        json!({"Accept-Language": {"equalTo": "de"}, "Accept": {"absent": true}})
    );
    assert_eq!(
        of(&[("authorization", "Bearer abc123xyz")], "Authorization"),
        json!({"Authorization": {"matches": "Bearer .+"}})
    );
}

#[test]
fn pauses_of_an_answer_are_replayed() {
    let of = |pause: u64, length: bool| {
        let sent = crate::record::exchange::SentRequest {
            method: Method::GET,
            target: "/rows".to_owned(),
            headers: HeaderMap::new(),
            body: crate::record::exchange::BodyCopy::default(),
            links: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, "application/x-ndjson".parse().unwrap());
        if length {
            headers.insert(http::header::CONTENT_LENGTH, 12.into());
        }
        let mut body = crate::record::exchange::Arrivals::default();
        for n in 0..3 {
            body.push(std::time::Duration::from_millis(n * pause), b"{}\n");
        }
        let end = crate::record::exchange::End::Whole;
        let answer =
            crate::record::exchange::ReceivedAnswer { status: StatusCode::OK, headers, body, end };
        let mapping = mapping::of(&sent, answer, &crate::redact::Redactor::default()).mapping;
        mapping["response"]["transformerParameters"]["chunks"].as_array().map(Vec::len)
    };
    assert_eq!(of(100, false), Some(3));
    assert_eq!(of(1, false), None);
    assert_eq!(of(100, true), None, "a slow network");
}

#[test]
fn parts_of_a_form_match_behind_any_boundary() {
    let sent = |boundary: &str, password: &str| {
        let media = format!("multipart/form-data; boundary={boundary}").parse().unwrap();
        let sent = crate::record::exchange::SentRequest {
            method: Method::POST,
            target: "/upload".to_owned(),
            headers: HeaderMap::from_iter([(http::header::CONTENT_TYPE, media)]),
            body: crate::record::exchange::BodyCopy::default(),
            links: None,
        };
        let part = |name: &str, value: &str| {
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
        };
        let body =
            format!("{}{}--{boundary}--\r\n", part("note", "hello"), part("password", password));
        sent.body.push(body.as_bytes());
        (sent, body)
    };
    let answer = crate::record::exchange::ReceivedAnswer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: crate::record::exchange::Arrivals::default(),
        end: crate::record::exchange::End::Whole,
    };
    let redactor = crate::redact::Redactor::default();
    let mapping = mapping::of(&sent("f7c07f43ee", "secret-1").0, answer, &redactor).mapping;
    let pattern = mapping["request"]["bodyPatterns"][0]["matches"].as_str().unwrap();
    let pattern = regex::Regex::new(&format!("^(?s:{pattern})$")).unwrap();
    assert!(pattern.is_match(&sent("537d19017f", "secret-2").1));
    assert!(!pattern.is_match(&sent("537d19017f", "secret-2").1.replace("hello", "bye")));
}

#[test]
fn forms_keep_all_but_their_secrets() {
    let sent = crate::record::exchange::SentRequest {
        method: Method::POST,
        target: "/oauth/token?access_token=secret-1".to_owned(),
        headers: HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        )]),
        body: crate::record::exchange::BodyCopy::default(),
        links: None,
    };
    sent.body.push(b"grant_type=password&client_secret=secret-2&scope=a.b");
    let answer = crate::record::exchange::ReceivedAnswer {
        status: StatusCode::NO_CONTENT,
        headers: HeaderMap::new(),
        body: crate::record::exchange::Arrivals::default(),
        end: crate::record::exchange::End::Whole,
    };
    let mapping = mapping::of(&sent, answer, &crate::redact::Redactor::default()).mapping;
    assert_eq!(
        mapping["request"]["bodyPatterns"],
        json!([{"matches": r"grant_type=password&client_secret=[^&]*&scope=a\.b"}])
    );
    assert_eq!(mapping["request"]["queryParameters"], json!({"access_token": {"matches": ".*"}}));
    assert!(!mapping.to_string().contains("secret-"), "{mapping}");
}
