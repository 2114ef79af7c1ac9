//! Whatever a client and a backend say to each other: the folder loads, and replays the same.

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

/// Bytes that a field value may have on the wire (RFC 9110, section 5.5).
fn field_value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![8 => 0x20_u8..0x7f, 1 => Just(b'\t'), 2 => 0x80_u8..=0xff];
    proptest::collection::vec(byte, 0..40).prop_map(|value| value.trim_ascii().to_vec())
}

/// Names of fields, some of which mean something.
fn field_name() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 7] =
        ["content-type", "set-cookie", "etag", "x-a", "location", "vary", "authorization"];
    prop_oneof![2 => "x-[a-z0-9]{1,8}", 1 => proptest::sample::select(&KNOWN[..]).prop_map(str::to_owned)]
}

fn fields() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    proptest::collection::vec((field_name(), field_value()), 0..6)
}

/// A path with a query, as a client may send it.
fn target() -> impl Strategy<Value = String> {
    ("(/[!-\"$->@-~]{0,12}){1,4}", proptest::option::of("[!-\"$-~]{0,30}")).prop_filter_map(
        "it is a target",
        |(path, query)| {
            let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
            let parsed = http::uri::PathAndQuery::try_from(target.as_str()).ok()?;
            (parsed.as_str() == target).then_some(target)
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let text = |pattern: &'static str| pattern.prop_map(String::into_bytes);
    let json = (any::<f64>(), "\\PC{0,12}", any::<i64>()).prop_map(|(number, text, whole)| {
        json!({"n": number, "t": text, "list": [whole, null, {}], text: []}).to_string().into()
    });
    prop_oneof![
        Just(Vec::new()),
        proptest::collection::vec(any::<u8>(), 0..300),
        text("\\PC{0,200}"),
        text("[\\[\\]{}\":,a-z0-9{} \n]{0,60}"),
        text("([a-z]{1,5}=[!-~]{0,9}&){0,4}"),
        json,
    ]
}

prop_compose! {
    fn exchange()(
        method in prop_oneof![3 => Just("GET".to_owned()), 2 => Just("POST".to_owned()), 1 => "[A-Z]{1,9}"],
        target in target(),
        asked in fields(),
        sent in body(),
        status in prop_oneof![4 => 200_u16..600, 1 => 600_u16..1000],
        reason in proptest::option::of(field_value()),
        said in fields(),
        received in body(),
    ) -> Exchange {
        Exchange { method, target, asked, sent, status, reason, said, received }
    }
}

#[derive(Debug, Clone)]
struct Exchange {
    method: String,
    target: String,
    asked: Vec<(String, Vec<u8>)>,
    sent: Vec<u8>,
    status: u16,
    reason: Option<Vec<u8>>,
    said: Vec<(String, Vec<u8>)>,
    received: Vec<u8>,
}

fn headers(fields: &[(String, Vec<u8>)]) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

impl Exchange {
    fn method(&self) -> Method {
        Method::from_bytes(self.method.as_bytes()).unwrap()
    }

    fn sent(&self) -> SentRequest {
        let sent = sent(self.method(), &self.target, &[], &self.sent);
        SentRequest { headers: headers(&self.asked), ..sent }
    }

    /// Whether the status allows a body.
    fn has_body(&self) -> bool {
        self.method != "HEAD" && ![204, 205, 304].contains(&self.status)
    }

    fn received(&self) -> ReceivedAnswer {
        let body: &[u8] = if self.has_body() { &self.received } else { b"" };
        let answer = received(self.status, &[], body);
        let reason = self.reason.clone().map(Bytes::from);
        ReceivedAnswer { headers: headers(&self.said), reason, ..answer }
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.method(), &self.target);
        request.headers = headers(&self.asked);
        request.body = RequestBody::Bytes(self.sent.clone().into());
        request
    }
}

proptest! {
    // A case loads a folder.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_the_recorder_writes_loads_and_answers(exchanges in proptest::collection::vec(exchange(), 1..5)) {
        let book = Book::new();
        for exchange in &exchanges {
            book.record(&exchange.sent(), exchange.received());
        }
        let folder = TempDir::new().unwrap();
        for (name, content) in &*book.files.0.lock().unwrap() {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let loaded = fixtures::load(&[folder.path().to_path_buf()]);
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(problems) => return Err(TestCaseError::fail(format!("it does not load: {problems}"))),
        };
        let set = StubSet::of_files(loaded.set.stubs);
        let set = round_trip::with_key(&set, &book.key);
        let states = crate::matching::ScenarioStates::default();
        for exchange in &exchanges {
            let asked = exchange.request();
            let stub = set.select(&Asked::new(&asked), &states);
            prop_assert!(stub.is_some(), "nothing answers {:?}", exchange);
            let plan = crate::matching::testing::answer(stub.unwrap(), &asked);
            prop_assert_eq!(plan.status.as_u16(), exchange.status, "{:?}", exchange);
            if exchange.has_body() {
                let body = plan.body.into_bytes().unwrap_or_default();
                prop_assert_eq!(body.len(), exchange.received.len(), "{:?}", exchange);
            }
        }
    }
}
