//! The engine as a whole, on a store without a server.

mod history;
mod lists;
mod robustness;
mod watches;

use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::testing::TestStore;
use super::*;
use crate::message::Body;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn store(history: usize) -> TestStore {
    let now = Timestamp::UNIX_EPOCH;
    let crd = serde_json::from_str(include_str!("../../../fixtures/crds/tfjobs.json")).unwrap();
    let crd = SeedObject::new(crd);
    let history = HistoryLimits { events: history, ..HistoryLimits::default() };
    let seed = Seed { crds: vec![crd], objects: Vec::new(), history, now };
    TestStore::new(seed.state().unwrap())
}

/// A request.
struct Sent<'a> {
    method: &'a Method,
    /// Path and query.
    target: &'a str,
    headers: HeaderMap,
    body: &'a [u8],
    now: Timestamp,
}

impl<'a> Sent<'a> {
    fn get(target: &'a str) -> Self {
        let (headers, now) = (HeaderMap::new(), Timestamp::UNIX_EPOCH);
        Self { method: &Method::GET, target, headers, body: b"", now }
    }

    /// The outcome; `None` for a target that cannot be decoded.
    fn to(&self, store: &TestStore, config: &Config) -> Option<Outcome> {
        let (path, query) =
            self.target.split_once('?').map_or((self.target, None), |(p, q)| (p, Some(q)));
        let query = Query::parse(query).ok()?;
        let info = RequestInfo::parse(self.method, path, &query).ok()?;
        let (auth, user) = (Auth::default(), User::default());
        let auth_cache = AuthCache::default();
        let request = ApiRequest {
            method: self.method,
            path,
            info: &info,
            query: &query,
            headers: &self.headers,
            body: self.body,
            now: self.now,
            nonce: 7,
            faults: &Faults::NONE,
            user: &user,
            auth: &auth,
            auth_cache: &auth_cache,
            conversions: &Conversions::default(),
            webhooks: &WebhookCache::default(),
            reviews: &Reviews::default(),
            listed: &Listed::default(),
            aggregation: &Aggregation::default(),
        };
        Some(store.answer(config, &request))
    }
}

/// Sends a request; the target is its path and query.
fn ask(
    store: &TestStore,
    method: &Method,
    target: &str,
    media: &str,
    body: &[u8],
) -> Option<Outcome> {
    let media = HeaderValue::from_str(media).ok()?;
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, media)]);
    Sent { method, headers, body, ..Sent::get(target) }.to(store, &Config::default())
}

/// The body of an answer that is not a stream.
fn bytes(plan: Plan) -> Vec<u8> {
    match plan.body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Pieces(pieces) => pieces.concat(),
        _ => Vec::new(),
    }
}

/// The status and body of an answer that is not a stream.
fn plain(outcome: Outcome) -> (u16, Value) {
    let Outcome::Plan(plan) = outcome else { panic!("a plan") };
    (plan.status.as_u16(), serde_json::from_slice(&bytes(plan)).unwrap_or_default())
}

fn call(store: &TestStore, method: &Method, target: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let body = if *method == Method::GET { "" } else { &body };
    plain(ask(store, method, target, "application/json", body.as_bytes()).expect("a good target"))
}
