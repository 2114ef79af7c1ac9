//! Exchanges → stub mappings: what is matched, and what is replayed.

use super::*;

#[test]
fn conditions_are_matched_and_choices_where_requests_differ_in_them() {
    let of = |fields: &[(&'static str, &str)], vary: &str| {
        let sent = sent(Method::GET, "/x", fields, b"");
        mapping_of(&sent, received(200, &[("vary", vary)], b""))["request"]["headers"].clone()
    };
    assert_eq!(
        of(&[("user-agent", "a"), ("accept", "*/*")], "Accept-Encoding, Origin"),
        Value::Null
    );
    assert_eq!(
        of(&[("range", "bytes=0-9"), ("if-none-match", "\"e\"")], ""),
        json!({"Range": {"equalTo": "bytes=0-9"}, "If-None-Match": {"equalTo": "\"e\""}})
    );
    let book = Book::new();
    let ask = |fields: &[(&'static str, &str)], answer: &str| {
        let headers = [("vary", "accept-language, x-region")];
        book.record(
            &sent(Method::GET, "/x", fields, b""),
            received(200, &headers, answer.as_bytes()),
        );
    };
    ask(&[("accept-language", "de")], "de");
    ask(&[("accept", "text/html"), ("x-region", "eu")], "eu");
    ask(&[("accept-language", "de"), ("x-region", "us")], "us");
    let headers: Vec<Value> = book
        .mappings()
        .into_iter()
        .map(|(_, mapping)| mapping["request"]["headers"].clone())
        .collect();
    assert!(headers.contains(&Value::Null), "the first is for all others: {headers:?}");
    assert!(headers.contains(&json!({
        "Accept": {"equalTo": "text/html"},
        "Accept-Language": {"absent": true},
        "X-Region": {"equalTo": "eu"},
    })));
    assert!(headers.contains(&json!({"X-Region": {"equalTo": "us"}})), "{headers:?}");
    let asked = |fields: &[(&'static str, &str)]| request(Method::GET, "/x", fields, "");
    let answers = book.replay(&[
        asked(&[("accept-language", "de")]),
        asked(&[("accept", "text/html"), ("x-region", "eu")]),
        asked(&[("accept-language", "de"), ("x-region", "us")]),
        asked(&[("accept", "application/json")]),
    ]);
    assert_eq!(answers, ["de", "eu", "us", "de"]);
}

#[test]
fn an_answer_to_a_condition_is_for_nobody_else() {
    let plain = || request(Method::GET, "/f", &[], "");
    let ranged = |range: &str| request(Method::GET, "/f", &[("range", range)], "");
    let fresh = |tag: &str| request(Method::GET, "/f", &[("if-none-match", tag)], "");
    let ask = |book: &Book, fields: &[(&'static str, &str)], status, answer: &str| {
        let sent = sent(Method::GET, "/f", fields, b"");
        book.record(&sent, received(status, &[("etag", "\"e\"")], answer.as_bytes()));
    };
    for first in ["plain", "ranged"] {
        let book = Book::new();
        if first == "plain" {
            ask(&book, &[], 200, "0123456789");
        }
        ask(&book, &[("range", "bytes=0-4")], 206, "01234");
        ask(&book, &[("if-none-match", "\"e\"")], 304, "");
        if first == "ranged" {
            ask(&book, &[], 200, "0123456789");
        }
        let answers = book.replay(&[
            ranged("bytes=0-4"),
            plain(),
            ranged("bytes=5-9"),
            fresh("\"e\""),
            fresh("\"old\""),
        ]);
        assert_eq!(answers, ["01234", "0123456789", "none", "", "0123456789"], "{first} first");
    }
    let book = Book::new();
    ask(&book, &[("if-none-match", "\"e\"")], 304, "");
    assert_eq!(book.replay(&[plain()]), ["none"], "there is no copy");
}

#[test]
fn another_operation_has_another_answer() {
    let book = Book::new();
    for action in ["urn:a", "urn:b"] {
        let sent = sent(Method::POST, "/s", &[("soapaction", action)], b"");
        book.record(&sent, received(200, &[], action.as_bytes()));
    }
    let asked = |fields: &[(&'static str, &str)]| request(Method::POST, "/s", fields, "");
    let of = |action| asked(&[("soapaction", action)]);
    let answers = book.replay(&[of("urn:b"), of("urn:a"), of("urn:c"), asked(&[])]);
    assert_eq!(answers, ["urn:b", "urn:a", "none", "none"]);
}

#[test]
fn a_request_that_asks_for_more_is_asked_first() {
    let book = Book::new();
    let targets = [
        "/l?n=10",
        "/l?n=10&page=2",
        "/l?page=2&n=10&page=3",
        "/l",
        "/l?flag",
        "/l?a=1&b=2&c=3&d=4&e=5&f=6",
    ];
    for target in targets {
        book.record(&sent(Method::GET, target, &[], b""), received(200, &[], target.as_bytes()));
    }
    let requests = targets.map(|target| Request::new(Method::GET, target));
    assert_eq!(book.replay(&requests), targets);
    assert_eq!(
        book.replay(&[Request::new(Method::GET, "/l?n=10&page=2&timeoutSeconds=7")]),
        [targets[1]]
    );
    assert_eq!(
        book.replay(&[Request::new(Method::GET, "/l?n=10&page=9")]),
        ["none"],
        "another page"
    );
    let reordered = ["/l?page=2&n=10", "/l?f=6&e=5&d=4&c=3&b=2&a=1"]
        .map(|target| Request::new(Method::GET, target));
    assert_eq!(book.replay(&reordered), ["/l?n=10&page=2", "/l?a=1&b=2&c=3&d=4&e=5&f=6"]);
}

#[test]
fn pauses_of_an_answer_are_replayed() {
    let of = |pause: u64, length: bool| {
        let sent = sent(Method::GET, "/rows", &[], b"");
        let length: &[_] = if length { &[("content-length", "9")] } else { &[] };
        let mut answer = received(200, length, b"");
        answer.body = arrived(&[(0, b"{}\n"), (pause, b"{}\n"), (2 * pause, b"{}\n")]);
        let mapping = mapping_of(&sent, answer);
        let chunks = &mapping["response"]["transformerParameters"]["chunks"];
        let pauses = chunks.as_array().map(|chunks| {
            chunks
                .iter()
                .map(|chunk| chunk["after"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        });
        pauses.map(|pauses| pauses.join(" "))
    };
    assert_eq!(of(98, false).as_deref(), Some("0ms 100ms 100ms"));
    assert_eq!(of(1, false).as_deref(), Some("0ms 0ms 0ms"), "chunks stay chunks");
    assert_eq!(of(98, true), None, "a slow network");
    assert_eq!(of(407, true).as_deref(), Some("0ms 400ms 400ms"));
}

#[test]
fn what_a_client_draws_anew_matches_again() {
    let book = Book::new();
    let json = [("content-type", "application/json")];
    let now = jiff::Timestamp::now();
    let body = |id: &str, op: &str, at: f64| {
        json!({"op": op, "requestId": id, "ts": at, "sent": now.to_string(), "n": 5}).to_string()
    };
    #[expect(clippy::cast_precision_loss, reason = "a time")]
    let at = now.as_second() as f64 + 0.5;
    let first = body("7ac9649f-11f8-4ac8-8c2e-20b852fe93c9", "create", at);
    let ms = now.as_millisecond();
    let target = format!("/stamped?_={ms}");
    book.record(&sent(Method::POST, &target, &json, first.as_bytes()), received(200, &[], b"ok"));
    let again = body("cdc43fb2-5541-4c53-9543-80764fede3ca", "create", at + 7.25);
    let other = body("cdc43fb2-5541-4c53-9543-80764fede3ca", "delete", at);
    let target = format!("/stamped?_={}", ms + 9_000);
    let requests = [again, other].map(|body| {
        let mut request = request(Method::POST, &target, &json, "");
        request.body = RequestBody::Bytes(body.into());
        request
    });
    assert_eq!(book.replay(&requests), ["ok", "none"]);
}
