//! What a client draws for each request tells nothing apart: ids of requests and of calls, nonces, the time.

use super::*;

#[test]
fn fields_that_are_drawn_for_a_request_tell_nothing_apart() {
    let book = Book::new();
    let uuid = || uuid::Uuid::new_v4().to_string();
    let fields = |attempt: &str| {
        let now = jiff::Timestamp::now().to_string();
        [
            ("idempotency-key", uuid()),
            ("x-request-id", uuid()),
            ("x-custom-trace", uuid()),
            ("x-ms-date", now),
            ("amz-sdk-request", format!("attempt={attempt}; max=3")),
            ("user-agent", format!("client/{attempt}")),
            ("x-tenant", "one".to_owned()),
        ]
    };
    for (attempt, answer) in [("1", "busy"), ("2", "done")] {
        let fields = fields(attempt);
        let headers: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = received(200, &[("vary", "x-request-id")], answer.as_bytes());
        book.record(&sent(Method::POST, "/pay", &headers, b"1"), answer);
    }
    let asked: Vec<Request> = ["5", "6"]
        .into_iter()
        .map(|attempt| {
            let fields = fields(attempt);
            let headers: Vec<_> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let mut request = request(Method::POST, "/pay", &headers, "");
            request.body = RequestBody::Bytes(Bytes::from_static(b"1"));
            request
        })
        .collect();
    assert_eq!(book.replay(&asked), ["busy", "done"]);
}

#[test]
fn calls_of_json_rpc_are_the_same_with_any_id_and_answered_with_their_own() {
    let book = Book::new();
    let json = [("content-type", "application/json")];
    let call = |method: &str, id: Value| json!({"jsonrpc": "2.0", "method": method, "params": [1], "id": id});
    let record = |request: &Value, answer: &str| {
        // As a text: the JSON of a test has its keys sorted.
        let answer = received(200, &[("content-type", "text/plain")], answer.as_bytes());
        book.record(&sent(Method::POST, "/rpc", &json, request.to_string().as_bytes()), answer);
    };
    let random = "7ac9649f-11f8-4ac8-8c2e-20b852fe93c9";
    record(&call("sum", random.into()), &format!("{{\"id\": \"{random}\", \"result\":  3}}"));
    record(&call("sum", 4_711_171_789_u64.into()), r#"{"result":3.0,"id":4711171789}"#);
    let batch =
        json!([call("a", 1.into()), call("b", 2.into()), {"jsonrpc": "2.0", "method": "note"}]);
    record(&batch, r#"[{"id":2,"error":{"code":1}},{"id":1,"result":{"id":1}}]"#);
    let other = "00000000-11f8-4ac8-8c2e-20b852fe93c9";
    let asked = [
        call("sum", other.into()),
        call("sum", 5.into()),
        json!([call("a", 7.into()), call("b", 8.into()), {"jsonrpc": "2.0", "method": "note"}]),
        call("other", 1.into()),
    ];
    let asked = asked.map(|body| {
        let mut request = request(Method::POST, "/rpc", &json, "");
        request.body = RequestBody::Bytes(body.to_string().into());
        request
    });
    let expected = [
        format!("{{\"id\": \"{other}\", \"result\":  3}}"),
        r#"{"result":3.0,"id":5}"#.to_owned(),
        r#"[{"id":8,"error":{"code":1}},{"id":7,"result":{"id":1}}]"#.to_owned(),
        "none".to_owned(),
    ];
    assert_eq!(book.replay(&asked), expected);
    let text = format!("{:?}", book.mappings());
    assert!(!text.contains(random) && !text.contains("4711171789"), "{text}");
}

#[test]
fn json_lines_are_the_same_with_any_id_and_time() {
    let book = Book::new();
    let kind = [("content-type", "application/x-ndjson")];
    let lines = |level: &str| {
        let (id, now) = (uuid::Uuid::new_v4(), jiff::Timestamp::now());
        format!(
            "{{\"create\":{{}}}}\n{{\"traceId\":\"{id}\",\"at\": \"{now}\",\"level\":\"{level}\"}}\n"
        )
    };
    for level in ["info", "warn"] {
        let answer = received(200, &[], level.as_bytes());
        book.record(&sent(Method::POST, "/_bulk", &kind, lines(level).as_bytes()), answer);
    }
    let asked = ["warn", "info", "error"].map(|level| {
        let mut request = request(Method::POST, "/_bulk", &kind, "");
        request.body = RequestBody::Bytes(lines(level).into());
        request
    });
    assert_eq!(book.replay(&asked), ["warn", "info", "none"]);
}

#[test]
fn messages_of_soap_are_the_same_with_any_id_and_time() {
    let book = Book::new();
    let xml = [("content-type", "application/soap+xml")];
    let message = |number: &str| {
        let (id, now) = (uuid::Uuid::new_v4(), jiff::Timestamp::now());
        format!(
            "<s:Envelope><s:Header><a:MessageID>urn:uuid:{id}</a:MessageID><u:Created>{now}</u:Created>\
             </s:Header><s:Body><m:Get><m:number>{number}</m:number></m:Get></s:Body></s:Envelope>"
        )
    };
    for number in ["1", "2"] {
        let answer = received(200, &[], number.as_bytes());
        book.record(&sent(Method::POST, "/soap", &xml, message(number).as_bytes()), answer);
    }
    let asked = ["2", "1", "3"].map(|number| {
        let mut request = request(Method::POST, "/soap", &xml, "");
        request.body = RequestBody::Bytes(message(number).into());
        request
    });
    assert_eq!(book.replay(&asked), ["2", "1", "none"]);
}

/// What a request is answered at a replay: its header field, and its body.
fn replayed(book: &Book, request: &Request, field: &str) -> (String, String) {
    let (set, states) = (book.stubs(), crate::matching::ScenarioStates::default());
    let stub = set.select(&Asked::new(request), &states).unwrap();
    let plan = crate::matching::testing::answer(stub, request);
    let field = plan.headers.get(field).map(|value| value.to_str().unwrap().to_owned());
    let length = plan.headers.get("content-length").map(|value| value.to_str().unwrap().to_owned());
    let body = plan.body.into_bytes().unwrap_or_default();
    assert!(length.is_none_or(|length| length == body.len().to_string()));
    (field.unwrap_or_default(), String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn what_an_answer_repeats_of_a_drawn_value_is_that_of_its_request() {
    let (book, state) = (Book::new(), "q7Rk/2pVx9LmZ4tB+8w=");
    let escaped = "q7Rk%2F2pVx9LmZ4tB%2B8w%3D";
    let back = format!("https://app.test/cb?code=5&state={escaped}");
    let page = format!("<a href=\"/x?state={escaped}\">{state}</a>");
    let length = page.len().to_string();
    let fields = [("location", &*back), ("content-length", &*length)];
    let target = format!("/authorize?client=a&state={escaped}");
    book.record(&sent(Method::GET, &target, &[], b""), received(302, &fields, page.as_bytes()));
    let asked = request(Method::GET, "/authorize?state=Zx81kfQm3Tn0pL2%2Bvv&client=a", &[], "");
    assert_eq!(
        replayed(&book, &asked, "location"),
        (
            "https://app.test/cb?code=5&state=Zx81kfQm3Tn0pL2%2Bvv".to_owned(),
            "<a href=\"/x?state=Zx81kfQm3Tn0pL2%2Bvv\">Zx81kfQm3Tn0pL2+vv</a>".to_owned()
        )
    );

    let json = [("content-type", "application/json"), ("x-correlation-id", "8f14e45fceea167a5a36")];
    let body = br#"{"input": {"clientMutationId": "7ac9649f-11f8-4ac8-8c2e-20b852fe93c9"}}"#;
    let answer =
        br#"{"data": {"id": 1, "clientMutationId": "7ac9649f-11f8-4ac8-8c2e-20b852fe93c9"}}"#;
    let fields = [("x-correlation-id", "8f14e45fceea167a5a36")];
    book.record(&sent(Method::POST, "/graphql", &json, body), received(200, &fields, answer));
    let json = [("content-type", "application/json"), ("x-correlation-id", "1be7c1a2d3f4e5061728")];
    let mut asked = request(Method::POST, "/graphql", &json, "");
    let body = r#"{"input":{"clientMutationId":"00000000-11f8-4ac8-8c2e-20b852fe93c9"}}"#;
    asked.body = RequestBody::Bytes(Bytes::from_static(body.as_bytes()));
    assert_eq!(
        replayed(&book, &asked, "x-correlation-id"),
        (
            "1be7c1a2d3f4e5061728".to_owned(),
            r#"{"data": {"id": 1, "clientMutationId": "00000000-11f8-4ac8-8c2e-20b852fe93c9"}}"#
                .to_owned()
        )
    );
}

#[test]
fn what_an_answer_does_not_repeat_is_no_transformer() {
    let book = Book::new();
    let target = "/authorize?state=q7Rk2pVx9LmZ4tB8w";
    book.record(&sent(Method::GET, target, &[], b""), received(200, &[], b"q7Rk2pVx and no more"));
    assert!(book.mappings()[0].1["response"].get("transformers").is_none());
}

#[test]
fn a_span_of_time_that_ends_now_is_the_same_later() {
    let book = Book::new();
    let now = jiff::Timestamp::now().as_second();
    let start = |seconds: i64| {
        let start = now - seconds;
        if start % 3600 == 0 { start + 1 } else { start }
    };
    let target = |query: &str, back: i64, by: i64| {
        format!("/query?q={query}&start={}.5&end={}.5&step=15", start(back) + by, now + by)
    };
    for query in ["up", "down"] {
        let answer = received(200, &[], query.as_bytes());
        book.record(&sent(Method::GET, &target(query, 3_000, 0), &[], b""), answer);
    }
    let asked = ["down", "up", "other"]
        .map(|query| request(Method::GET, &target(query, 3_000, 7), &[], ""));
    assert_eq!(book.replay(&asked), ["down", "up", "none"]);
}

#[test]
fn texts_callbacks_and_names_with_the_time_match_later() {
    let book = Book::new();
    let now = jiff::Timestamp::now().as_second();
    let line = |host: &str, by: i64| format!("cpu,host={host} value=0.5 {}000000000\n", now + by);
    let text = |body: String| {
        let mut request = request(Method::POST, "/write", &[], "");
        request.body = RequestBody::Bytes(body.into());
        request
    };
    for host in ["a", "b"] {
        let answer = received(200, &[], host.as_bytes());
        book.record(&sent(Method::POST, "/write", &[], line(host, 0).as_bytes()), answer);
    }
    let callback = |number: &str, by: i64| format!("jQuery{number}_{}123", now + by);
    let target = |callback: &str| format!("/jsonp?callback={callback}&_={now}123");
    let first = callback("36104711223344556677", 0);
    let answer = format!("{first}({{}});");
    book.record(
        &sent(Method::GET, &target(&first), &[], b""),
        received(200, &[], answer.as_bytes()),
    );
    let name = |by: i64| format!("/send/m{}123.0", now + by);
    book.record(&sent(Method::PUT, &name(0), &[], b"{}"), received(200, &[], b"sent"));
    book.record(&sent(Method::GET, &name(0), &[], b""), received(200, &[], b"read"));
    let second = callback("36109988776655443322", 5);
    let mut put = request(Method::PUT, &name(5), &[], "");
    put.body = RequestBody::Bytes(Bytes::from_static(b"{}"));
    let asked = [
        text(line("b", 9)),
        text(line("a", 9)),
        text(line("c", 9)),
        request(Method::GET, &target(&second), &[], ""),
        put,
        request(Method::GET, &name(5), &[], ""),
        request(Method::GET, &name(0), &[], ""),
    ];
    let jsonp = format!("{second}({{}});");
    assert_eq!(book.replay(&asked), ["b", "a", "none", &*jsonp, "sent", "none", "read"]);
}
