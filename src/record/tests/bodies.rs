//! What tells the bodies of requests apart, and which form the bodies of answers have.

use super::*;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn post(headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Request {
    let mut request = request(Method::POST, "/b", headers, "");
    request.body = RequestBody::Bytes(body.into());
    request
}

/// Header fields and a body.
type Sample<'a> = (&'a [(&'static str, &'a str)], &'a [u8]);

/// Header fields, a body, and the key that its answer has in a mapping.
type Form<'a> = (&'a [(&'a str, &'a str)], &'a [u8], &'a str);

/// Records one request, and says which of others its recording answers.
fn answered<const N: usize>(
    headers: &[(&'static str, &str)],
    body: &[u8],
    others: [Sample<'_>; N],
) -> [bool; N] {
    let book = Book::new();
    book.record(&sent(Method::POST, "/b", headers, body), received(200, &[], b"ok"));
    others.map(|(headers, body)| {
        book.replay(&[post(headers, Bytes::copy_from_slice(body))]) == ["ok"]
    })
}

#[test]
fn forms_are_matched_by_field() {
    let others: [(&[_], &[u8]); 4] = [
        (&[FORM], b"scope=a.b&grant_type=password&client_secret=secret-2"),
        (&[FORM], b"scope=a.b&grant_type=password&client_secret=secret-3"),
        (&[FORM], b"scope=a.c&grant_type=password&client_secret=secret-2"),
        (&[FORM], b"scope=a.b&client_secret=secret-2"),
    ];
    let sent = b"grant_type=password&client_secret=secret-2&scope=a.b";
    assert_eq!(answered(&[FORM], sent, others), [true, false, false, false]);
    let target = "/oauth/token?access_token=secret-1";
    let mapping =
        mapping_of(&super::sent(Method::POST, target, &[FORM], sent), received(204, &[], b""));
    assert_eq!(
        mapping["request"]["formParameters"],
        json!({"grant_type": {"equalTo": "password"}, "client_secret": {"matches": ".*"}, "scope": {"equalTo": "a.b"}})
    );
    assert_eq!(mapping["request"]["queryParameters"], json!({"access_token": {"matches": ".*"}}));
    assert!(!mapping.to_string().contains("secret-"), "{mapping}");
}

fn multipart(boundary: &str, note: &str, file: &[u8]) -> Vec<u8> {
    let part = |head: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes()
    };
    let end = format!("\r\n--{boundary}--\r\n");
    let named = part("name=\"file\"; filename=\"a.bin\"");
    [&*part("name=\"note\""), note.as_bytes(), b"\r\n", &*named, file, end.as_bytes()].concat()
}

#[test]
fn parts_are_matched_behind_any_boundary() {
    let kind = |boundary: &str| format!("multipart/form-data; boundary={boundary}");
    let (one, two) = (kind("f7c07f43ee"), kind("537d19017f"));
    let of = |note, file: &[u8]| multipart("537d19017f", note, file);
    let (same, other_note, other_file) =
        (of("hi", b"\xff\x00"), of("bye", b"\xff\x00"), of("hi", b"\xff\x01"));
    let others: [(&[_], &[u8]); 3] = [
        (&[("content-type", &*two)], &same),
        (&[("content-type", &*two)], &other_note),
        (&[("content-type", &*two)], &other_file),
    ];
    let sent = multipart("f7c07f43ee", "hi", b"\xff\x00");
    assert_eq!(answered(&[("content-type", &one)], &sent, others), [true, false, false]);
}

#[test]
fn bytes_are_matched_by_themselves_or_by_their_digest() {
    let proto: &[_] = &[("content-type", "application/x-protobuf")];
    let large = |last: u8| [vec![0xff; 20_000], vec![last]].concat();
    let huge = |last: u8| [vec![0xff; 2 << 20], vec![last]].concat();
    for (sent, other) in [(vec![0xff, 1], vec![0xff, 2]), (large(1), large(2)), (huge(1), huge(2))]
    {
        assert_eq!(answered(proto, &sent, [(proto, &sent), (proto, &other)]), [true, false]);
    }
}

#[test]
fn json_is_matched_by_structure_and_graphql_by_operation() {
    let json: &[_] = &[("content-type", "application/json")];
    let others: [(&[_], &[u8]); 2] =
        [(json, b"{\"b\":[1,2],  \"a\":1}"), (json, b"{\"a\":1,\"b\":[2,1]}")];
    assert_eq!(answered(json, b"{\"a\": 1, \"b\": [1, 2]}", others), [true, false]);
    let query = |query: &str, x: u8| {
        json!({"operationName": "Q", "query": query, "variables": {"x": x}})
            .to_string()
            .into_bytes()
    };
    let (spaced, other, variable) = (
        query("query Q($x: Int) {\n  a(x: $x)\n}", 1),
        query("query Q($x: Int) { b(x: $x) }", 1),
        query("query Q($x: Int) { a(x: $x) }", 2),
    );
    let sent = query("query Q($x: Int) { a(x: $x) }", 1);
    assert_eq!(
        answered(json, &sent, [(json, &spaced), (json, &other), (json, &variable)]),
        [true, false, false]
    );
}

#[test]
fn an_empty_value_is_one_of_several() {
    let others: [(&[_], &[u8]); 4] = [
        (&[FORM], b"b=1&b=&c="),
        (&[FORM], b"c=&b=&b=1"),
        (&[FORM], b"b=1&b=2&c="),
        (&[FORM], b"b=1&c="),
    ];
    assert_eq!(answered(&[FORM], b"b=1&b=&c=", others), [true, true, false, false]);
}

#[test]
fn numbers_are_matched_with_all_their_digits() {
    let json: &[_] = &[("content-type", "application/json")];
    for (sent, other) in [
        ("123456789012345678901234567890", "123456789012345678901234567891"),
        ("0.12345678901234567891", "0.12345678901234567892"),
        ("9007199254740993", "9007199254740992"),
    ] {
        let body = |number: &str| format!("{{\"n\": [{number}]}}").into_bytes();
        let (sent, other) = (body(sent), body(other));
        assert_eq!(answered(json, &sent, [(json, &sent), (json, &other)]), [true, false]);
    }
}

#[test]
fn an_answer_has_the_form_that_gives_its_bytes_back() {
    let json: &[_] = &[("content-type", "application/json")];
    let table: [Form<'_>; 15] = [
        (json, b"{\"z\":1,\"a\":[1.10,\"\xc3\xa9\"]}", "jsonBody"),
        (json, b"{\"a\": 1}", "body"),
        (json, b"{\"a\":1,\"a\":2}", "body"),
        (json, b"[1e2]", "body"),
        (json, b"null", "body"),
        (json, b" {\"a\":1}", "body"),
        (json, b"{\"a\":1}\n", "body"),
        (json, b"\n[1]", "body"),
        (json, b"true\n", "body"),
        (json, b"12 ", "body"),
        (json, b"\t\"a\"", "body"),
        (json, b"{\"n\":1E400}", "body"),
        (json, b"\xef\xbb\xbf{}", "body"),
        (&[("content-type", "text/plain; charset=iso-8859-1")], b"caf\xe9", "base64Body"),
        (&[], b"text", "body"),
    ];
    for (headers, body, form) in table {
        let book = Book::new();
        book.record(&sent(Method::GET, "/b", &[], b""), received(200, headers, body));
        let (_, mapping) = book.mappings().remove(0);
        assert!(mapping["response"].get(form).is_some(), "{form}: {mapping}");
        let text = book.files.read(&book.mappings()[0].0).unwrap();
        let found = fixture_body(&text);
        assert_eq!(found, body, "{mapping}");
    }
    let spaced = format!("{{\"a\": \"{}\"}}", "x".repeat(100));
    let mapping =
        mapping_of(&sent(Method::GET, "/b", &[], b""), received(200, json, spaced.as_bytes()));
    assert_eq!(mapping["metadata"]["standin"]["readable"]["a"], "x".repeat(100));
}

/// The body that a fixture file answers.
fn fixture_body(file: &[u8]) -> Bytes {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("stub.json"), file).unwrap();
    let loaded = fixtures::load(&[folder.path().to_path_buf()]).unwrap();
    let set = StubSet::of_files(loaded.set.stubs);
    let request = Request::new(Method::GET, "/b");
    let stub = set.find(&Asked::new(&request)).expect("it answers");
    crate::matching::testing::answer(stub, &request).body.into_bytes().unwrap()
}

#[test]
fn header_fields_and_lengths_are_kept() {
    let latin = http::HeaderValue::from_bytes(b"caf\xe9").unwrap();
    let mut answer = received(
        200,
        &[("set-cookie", "theme=dark"), ("set-cookie", "lang=de"), ("content-length", "4")],
        b"body",
    );
    answer.headers.append("set-cookie", "lang=de".parse().unwrap());
    answer.headers.insert("x-name", latin.clone());
    answer.reason = Some(Bytes::from_static(b"Very Odd"));
    let book = Book::new();
    book.record(&sent(Method::GET, "/h", &[], b""), answer);
    book.record(
        &sent(Method::HEAD, "/h", &[], b""),
        received(200, &[("content-length", "1500")], b""),
    );
    let mut set = StubSet::default();
    for (_, mapping) in book.mappings() {
        set.add(Arc::new(crate::matching::testing::stub(&mapping)));
    }
    let plan = |method| {
        let request = Request::new(method, "/h");
        crate::matching::testing::answer(set.find(&Asked::new(&request)).unwrap(), &request)
    };
    let get = plan(Method::GET);
    assert_eq!(
        (&get.headers["x-name"], &get.headers["content-length"]),
        (&latin, &"4".parse().unwrap())
    );
    assert_eq!(get.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(get.delivery.effects().unwrap().reason.as_deref(), Some(&b"Very Odd"[..]));
    assert!(get.exact);
    assert_eq!(plan(Method::HEAD).headers["content-length"], "1500");
}

#[test]
fn trailers_are_kept() {
    let mut answer = received(200, &[("content-type", "application/grpc")], b"\0\0\0\0\x01x");
    answer.trailers = Some(request(Method::GET, "/", &[("grpc-status", "0")], "").headers);
    let mapping = mapping_of(&sent(Method::POST, "/s.S/M", &[], b"\0\0\0\0\0"), answer);
    let stub = crate::matching::testing::stub(&mapping);
    let request = Request::new(Method::POST, "/s.S/M");
    let plan = crate::matching::testing::answer(&stub, &request);
    let trailers = plan.delivery.effects().unwrap().trailers.as_ref().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
    assert_eq!(plan.body.into_bytes().unwrap(), &b"\0\0\0\0\x01x"[..]);
}
