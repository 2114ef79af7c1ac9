//! Which requests are the same: each recorded exchange replays its own answer, in any order of requests.

use proptest::prelude::*;

use super::*;
use crate::redact::Key;

const FORM: &str = "application/x-www-form-urlencoded";

/// A request as a test describes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Wanted {
    method: &'static str,
    path: &'static str,
    query: Vec<(&'static str, &'static str)>,
    headers: Vec<(&'static str, &'static str)>,
    body: Sent,
}

/// A body, and its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Sent {
    None,
    Bytes(&'static str, &'static [u8]),
    Form(Vec<(&'static str, &'static str)>),
    Parts(Vec<(&'static str, &'static str)>),
}

impl Wanted {
    fn target(&self) -> String {
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if pairs.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.path, pairs.join("&"))
    }

    fn body(&self, boundary: &str) -> (Option<String>, Vec<u8>) {
        match &self.body {
            Sent::None => (None, Vec::new()),
            Sent::Bytes(kind, bytes) => (Some((*kind).to_owned()), bytes.to_vec()),
            Sent::Form(fields) => {
                let pairs: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                (Some(FORM.to_owned()), pairs.join("&").into_bytes())
            }
            Sent::Parts(parts) => {
                let part = |(name, text): &(&str, &str)| {
                    format!(
                        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
                    )
                };
                let text: String = parts.iter().map(part).collect();
                let kind = format!("multipart/form-data; boundary={boundary}");
                (Some(kind), format!("{text}--{boundary}--\r\n").into_bytes())
            }
        }
    }

    fn recorded(&self) -> SentRequest {
        let (kind, body) = self.body("first");
        let kind = kind.as_deref().map(|kind| ("content-type", kind));
        let headers: Vec<_> = self.headers.iter().copied().chain(kind).collect();
        sent(self.method.parse().unwrap(), &self.target(), &headers, &body)
    }

    fn replayed(&self) -> Request {
        let (kind, body) = self.body("second");
        let kind = kind.as_deref().map(|kind| ("content-type", kind));
        let headers: Vec<_> = self.headers.iter().copied().chain(kind).collect();
        let mut request = request(self.method.parse().unwrap(), &self.target(), &headers, "");
        if !body.is_empty() {
            request.body = RequestBody::Bytes(body.into());
        }
        request
    }

    /// The same request without what tells nothing: the order of names.
    fn canonical(&self) -> Self {
        let by_name = |pairs: &[(&'static str, &'static str)]| {
            let mut pairs = pairs.to_vec();
            pairs.sort_by_key(|(name, _)| *name);
            pairs
        };
        let body = match &self.body {
            Sent::Form(fields) => Sent::Form(by_name(fields)),
            Sent::Bytes(FORM, b"a=1") => Sent::Form(vec![("a", "1")]),
            other => other.clone(),
        };
        Self { query: by_name(&self.query), body, ..self.clone() }
    }
}

fn pairs(most: usize) -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let pair = (prop_oneof![Just("a"), Just("b")], prop_oneof![Just("1"), Just("2")]);
    proptest::collection::vec(pair, 0..=most)
}

fn any_body() -> impl Strategy<Value = Sent> {
    prop_oneof![
        3 => Just(Sent::None),
        2 => (
            prop_oneof![
                Just("text/plain"),
                Just("application/json"),
                Just(FORM),
            ],
            prop_oneof![
                Just(&b"{\"a\": 1}"[..]),
                Just(&b"{\"a\": 2}"[..]),
                Just(&b"{\"a\": 1, \"b\": 2}"[..]),
                Just(&b"a=1"[..]),
                Just(&b"[1, 2]"[..]),
                Just(&b"\xff\x00"[..]),
            ],
        )
            .prop_map(|(kind, bytes)| Sent::Bytes(kind, bytes)),
        1 => pairs(3).prop_map(|fields| if fields.is_empty() { Sent::None } else { Sent::Form(fields) }),
        1 => pairs(3).prop_map(|parts| if parts.is_empty() { Sent::None } else { Sent::Parts(parts) }),
    ]
}

fn any_headers() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let option = proptest::option::weighted::<BoxedStrategy<(&'static str, &'static str)>>;
    let of = |name: &'static str, values: [&'static str; 2]| {
        prop_oneof![Just((name, values[0])), Just((name, values[1]))].boxed()
    };
    (
        option(0.4, of("authorization", ["Bearer a", "Bearer b"])),
        option(0.3, of("x-api-key", ["k", "longer-key-1"])),
        option(0.3, of("cookie", ["sid=1", "sid=1; token=2"])),
        option(0.3, of("accept", ["text/csv", "text/html"])),
        option(0.2, of("range", ["bytes=0-1", "bytes=2-3"])),
        option(0.2, of("if-match", ["\"1\"", "\"2\""])),
        option(0.3, of("x-tenant", ["one", "two"])),
        option(0.3, of("x-mode", ["fast", "safe"])),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            [a, b, c, d, e, f, g, h].into_iter().flatten().collect()
        })
}

fn any_request() -> impl Strategy<Value = Wanted> {
    let method = prop_oneof![3 => Just("GET"), 3 => Just("POST"), 1 => Just("HEAD")];
    let path = prop_oneof![4 => Just("/a"), 1 => Just("/a/b")];
    (method, path, pairs(3), any_headers(), any_body()).prop_map(
        |(method, path, query, headers, body)| Wanted { method, path, query, headers, body },
    )
}

/// Records requests, each with an answer of its own, and asks for them in another order.
fn check(requests: &[Wanted], key: Key) -> Result<(), TestCaseError> {
    let mut seen = std::collections::BTreeSet::new();
    let requests: Vec<&Wanted> =
        requests.iter().filter(|request| seen.insert(request.canonical())).collect();
    let book = Book::with_key(key);
    for (number, request) in requests.iter().enumerate() {
        let answer = received(200, &[], format!("answer {number}").as_bytes());
        book.record(&request.recorded(), answer);
    }
    let set = book.stubs();
    for (number, request) in requests.iter().enumerate().rev() {
        let replayed = request.replayed();
        let states = crate::matching::ScenarioStates::default();
        let stub = set.select(&Asked::new(&replayed), &states);
        let body = stub.map(|stub| {
            let plan = crate::matching::testing::answer(stub, &replayed);
            plan.body.into_bytes().unwrap_or_default()
        });
        let expected = Bytes::from(format!("answer {number}"));
        prop_assert_eq!(body, Some(expected), "{:?}\nof {:#?}", request, book.mappings());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn each_exchange_replays_its_own_answer_in_any_order(
        requests in proptest::collection::vec(any_request(), 1..8),
        key in any::<[u8; 4]>(),
    ) {
        check(&requests, Key::of(&key))?;
    }

    #[test]
    fn requests_that_differ_in_lists_and_types_replay_their_own_answers(
        bodies in proptest::collection::vec(any_body(), 2..8),
        queries in proptest::collection::vec(pairs(3), 2..8),
    ) {
        let of_bodies = bodies.into_iter().map(|body| (Vec::new(), body));
        let of_queries = queries.into_iter().map(|query| (query, Sent::None));
        let requests: Vec<Wanted> = of_bodies
            .chain(of_queries)
            .map(|(query, body)| Wanted { method: "POST", path: "/a", query, headers: Vec::new(), body })
            .collect();
        check(&requests, Key::of(b"k"))?;
    }
}

/// A header field, and its value with a secret.
type Place = (&'static str, fn(&str) -> String);

#[test]
fn clients_are_told_apart_however_short_their_secrets_are() {
    let alphabet = ['A', 'B', 'z', '7', '-'];
    for key in 0..6_u8 {
        for length in 1..=8 {
            let secrets: Vec<String> =
                alphabet.iter().map(|c| c.to_string().repeat(length)).collect();
            let basic = |secret: &str| {
                use base64::Engine as _;
                let pair = format!("user:{secret}");
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            };
            let places: [Place; 4] = [
                ("authorization", |secret| format!("Bearer {secret}")),
                ("x-api-key", str::to_owned),
                ("cookie", |secret| format!("session={secret}")),
                ("x-auth-token", str::to_owned),
            ];
            let book = Book::with_key(Key::of(&[key]));
            let mut asked = Vec::new();
            for (at, secret) in secrets.iter().enumerate() {
                let mut add = |path: &str, headers: &[(&'static str, &str)]| {
                    let answer = format!("client number {at}");
                    let recorded = received(200, &[], answer.as_bytes());
                    book.record(&sent(Method::GET, path, headers, b""), recorded);
                    asked.push((request(Method::GET, path, headers, ""), answer));
                };
                for (name, value) in places {
                    add(&format!("/{name}"), &[(name, &value(secret))]);
                }
                add("/basic", &[("authorization", &basic(secret))]);
                add(&format!("/query?api_key={secret}"), &[]);
            }
            let (requests, expected): (Vec<Request>, Vec<String>) = asked.into_iter().rev().unzip();
            assert_eq!(book.replay(&requests), expected, "key {key}, {length} characters");
        }
    }
}

#[test]
fn a_short_token_that_a_recorded_sign_in_gave_is_used_in_place_of_none() {
    for key in 0..20_u8 {
        let book = Book::with_key(Key::of(&[key]));
        let json = [("content-type", "application/json")];
        book.record(&sent(Method::GET, "/me", &[], b""), received(401, &[], b"who?"));
        let token = br#"{"access_token": "ab1"}"#;
        book.record(&sent(Method::POST, "/token", &[], b""), received(200, &json, token));
        let bearer = [("authorization", "Bearer ab1")];
        book.record(&sent(Method::GET, "/me", &bearer, b""), received(200, &[], b"me"));
        let issued = book.replay(&[request(Method::POST, "/token", &[], "")]).remove(0);
        let issued: Value = serde_json::from_str(&issued).unwrap();
        let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
        let asked = [
            request(Method::GET, "/me", &[], ""),
            request(Method::GET, "/me", &[("authorization", &bearer)], ""),
            request(Method::GET, "/me", &[("authorization", "Bearer ab1")], ""),
        ];
        assert_eq!(book.replay(&asked), ["who?", "me", "me"], "key {key}");
    }
}

#[test]
fn a_head_is_answered_with_the_head_of_a_recorded_get_and_not_the_other_way_round() {
    let book = Book::new();
    for answer in ["one", "two"] {
        book.record(&sent(Method::GET, "/get", &[], b""), received(200, &[], answer.as_bytes()));
    }
    book.record(&sent(Method::HEAD, "/head", &[], b""), received(200, &[], b""));
    let asked = [
        (Method::HEAD, "/get", "one"),
        (Method::GET, "/get", "one"),
        (Method::HEAD, "/get", "two"),
        (Method::GET, "/get", "two"),
        (Method::GET, "/head", "none"),
        (Method::POST, "/get", "none"),
    ];
    let requests: Vec<Request> =
        asked.iter().map(|(method, path, _)| Request::new(method.clone(), path)).collect();
    // The transport leaves the body of an answer to HEAD out.
    assert_eq!(book.replay(&requests), asked.map(|(_, _, answer)| answer));
}
