//! Any conversation that was recorded comes back the same.

use proptest::prelude::*;

use super::*;

/// A request of a conversation: method, target, fields, body, by their places in the pools.
#[derive(Debug, Clone)]
struct Asking {
    method: usize,
    target: usize,
    fields: [usize; 5],
    body: usize,
}

const TARGETS: [&str; 7] =
    ["/a", "/a?x=1", "/a?x=1&y=2", "/a?y=2&x=1&x=3", "/a?x=2", "/b", "/b?flag"];

/// The values of fields; none for the first.
const FIELDS: [(&str, [&str; 2]); 5] = [
    ("accept", ["text/html", "application/json"]),
    ("accept-language", ["de", "en"]),
    ("range", ["bytes=0-4", "bytes=5-9"]),
    ("if-none-match", ["\"one\"", "\"two\""]),
    ("authorization", ["Bearer ann-token-1", "Bearer bob-token-1"]),
];

const BODIES: [(&str, &[u8]); 6] = [
    ("", b""),
    ("application/json", b"{\"a\":[1,2]}"),
    ("application/json", b"{\"a\":[2,1]}"),
    ("application/x-www-form-urlencoded", b"a=1&b=2"),
    ("application/x-www-form-urlencoded", b"a=1"),
    ("application/octet-stream", b"\xff\x00\x01"),
];

const ANSWERS: [(u16, &str, &[u8]); 8] = [
    (200, "application/json", b"{\"z\":1,\"a\":1.10}"),
    (200, "application/json", b"{\"z\": 1e2}"),
    (200, "application/json", b"null"),
    (200, "text/plain", b"text"),
    (206, "application/octet-stream", b"\xff\xfe"),
    (304, "", b""),
    (404, "text/plain", b"none"),
    (201, "", b""),
];

fn any_request() -> impl Strategy<Value = Asking> {
    let field = || prop_oneof![3 => Just(0_usize), 1 => 1..3_usize];
    let fields = [field(), field(), field(), field(), field()];
    (0..2_usize, 0..TARGETS.len(), fields, 0..BODIES.len())
        .prop_map(|(method, target, fields, body)| Asking { method, target, fields, body })
}

impl Asking {
    fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let fields = FIELDS.iter().zip(self.fields).filter(|(_, at)| *at > 0);
        let mut headers: Vec<_> =
            fields.map(|((name, values), at)| (*name, values[at - 1])).collect();
        let kind = self.content().0;
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        headers
    }

    fn method(&self) -> Method {
        [Method::GET, Method::POST][self.method].clone()
    }

    fn content(&self) -> (&'static str, &'static [u8]) {
        if self.method == 0 { BODIES[0] } else { BODIES[self.body] }
    }

    fn sent(&self) -> SentRequest {
        sent(self.method(), TARGETS[self.target], &self.headers(), self.content().1)
    }

    fn request(&self) -> Request {
        let mut request = request(self.method(), TARGETS[self.target], &self.headers(), "");
        request.body = RequestBody::Bytes(Bytes::from_static(self.content().1));
        request
    }
}

/// A request and its answer: status, type and body.
type Turn<'a> = (&'a Asking, (u16, &'a str, &'a [u8]));

proptest! {
    // A case loads a folder.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_conversation_comes_back_the_same(
        requests in proptest::collection::vec(any_request(), 1..6),
        talk in proptest::collection::vec((0..6_usize, 0..ANSWERS.len()), 1..24),
    ) {
        let book = Book::new();
        let talk: Vec<Turn<'_>> = talk
            .iter()
            .map(|(request, answer)| (&requests[request % requests.len()], ANSWERS[*answer]))
            .collect();
        for (request, (status, kind, body)) in &talk {
            let kind: &[_] = if kind.is_empty() { &[] } else { &[("content-type", *kind)] };
            book.record(&request.sent(), received(*status, kind, body));
        }
        let folder = TempDir::new().unwrap();
        for (name, content) in &*book.files.0.lock().unwrap() {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let loaded = fixtures::load(&[folder.path().to_path_buf()]).unwrap();
        let set = StubSet::of_files(loaded.set.stubs);
        let set = with_key(&set, &crate::redact::Key::of(b"k"));
        let states = crate::matching::ScenarioStates::default();
        for (at, (request, (status, kind, body))) in talk.iter().enumerate() {
            let asked = request.request();
            let stub = set.select(&Asked::new(&asked), &states);
            prop_assert!(stub.is_some(), "{at}: nothing answers {request:?}");
            let plan = crate::matching::testing::answer(stub.unwrap(), &asked);
            prop_assert_eq!(plan.status.as_u16(), *status, "{}: {:?}", at, request);
            let found = plan.headers.get("content-type").map(|kind| kind.to_str().unwrap());
            prop_assert_eq!(found.unwrap_or_default(), *kind);
            prop_assert_eq!(&plan.body.into_bytes().unwrap()[..], *body, "{}: {:?}", at, request);
        }
    }
}

/// The stubs with the key of their recording.
pub(super) fn with_key(set: &StubSet, key: &crate::redact::Key) -> StubSet {
    let mut keyed = StubSet::default();
    for stub in set.stubs() {
        let text = stub.mapping_text();
        let stub = crate::matching::testing::stub(&serde_json::from_str(&text).unwrap());
        let stub = stub.with_mapping(text.into()).with_recording_key(key.clone());
        keyed.add(Arc::new(stub));
    }
    keyed
}
