//! Wake-ups, and concurrent writes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::backend::{Backend, Memory};
use super::published::Published;
use super::{Contended, Store, TRIES};
use crate::k8s::{
    self, ApiRequest, Committed, Conflict, GroupResource, HistoryLimits, Outcome, PendingAnswer,
    Resolved, Revision, Seed, State, StoreChange,
};
use crate::message::{Body, Plan, Query, RequestInfo};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn state() -> State {
    let (crds, objects) = (Vec::new(), Vec::new());
    let seed =
        Seed { crds, objects, history: HistoryLimits::default(), now: Timestamp::UNIX_EPOCH };
    seed.state().unwrap()
}

/// A request to write, and what is decided on it.
#[derive(Clone)]
struct Write {
    method: Method,
    path: String,
    body: Value,
}

impl Write {
    fn new(method: Method, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), body }
    }

    fn map(name: &str) -> Self {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        Self::new(Method::POST, MAPS, body)
    }

    fn decide<B: Backend>(
        &self,
        store: &Store<B>,
        state: &Arc<State>,
    ) -> (Option<StoreChange>, Result<Outcome, PendingAnswer>) {
        let query = Query::default();
        let info = RequestInfo::parse(&self.method, &self.path, &query).unwrap();
        let mut headers = HeaderMap::new();
        if self.method == Method::PATCH {
            let media = HeaderValue::from_static("application/json-patch+json");
            headers.insert("content-type", media);
        }
        let (auth, user) = (k8s::Auth::default(), k8s::User::default());
        let auth_cache = k8s::AuthCache::default();
        let body = if self.body.is_null() { String::new() } else { self.body.to_string() };
        let request = ApiRequest {
            method: &self.method,
            path: &self.path,
            info: &info,
            query: &query,
            headers: &headers,
            body: body.as_bytes(),
            now: Timestamp::UNIX_EPOCH,
            nonce: 7,
            faults: &k8s::Faults::NONE,
            user: &user,
            auth: &auth,
            auth_cache: &auth_cache,
            conversions: &k8s::Conversions::default(),
            webhooks: &k8s::WebhookCache::default(),
            reviews: &k8s::Reviews::default(),
            listed: &k8s::Listed::default(),
            aggregation: &k8s::Aggregation::default(),
        };
        match k8s::answer(&k8s::Config::default(), state, store.pinned(), &request) {
            Resolved::Outcome(outcome) => (None, Ok(outcome)),
            Resolved::Change(change, reply) => (Some(change), Err(reply)),
        }
    }

    /// Carries the request out; `meanwhile` runs after each decision, before it is committed.
    fn send<B: Backend>(
        &self,
        store: &Store<B>,
        mut meanwhile: impl FnMut(),
    ) -> Result<(u16, Value), Contended> {
        let (decided, committed) = store.write(|state| {
            let decided = self.decide(store, state);
            meanwhile();
            decided
        })?;
        Ok(match decided {
            Ok(Outcome::Plan(plan)) => read(plan),
            Ok(outcome) => panic!("no answer of a write: {outcome:?}"),
            Err(reply) => read(reply.plan(&committed)),
        })
    }
}

fn read(plan: Plan) -> (u16, Value) {
    let bytes = match plan.body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Pieces(pieces) => pieces.concat(),
        _ => Vec::new(),
    };
    (plan.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default())
}

fn get(state: &State, resource: &str, path: &str) -> bool {
    let resource = GroupResource::new("", resource);
    let collection = state.snapshot.collection(&resource);
    let name = path.rsplit('/').next().unwrap_or_default();
    collection.is_some_and(|all| all.range("", "").any(|object| *object.meta.name == *name))
}

#[test]
fn a_write_wakes_only_the_receivers_of_its_resource() {
    let store = Store::new(state());
    let [maps, secrets] =
        ["configmaps", "secrets"].map(|name| Arc::new(GroupResource::new("", name)));
    let [mut of_maps, mut of_secrets] =
        [&maps, &secrets].map(|resource| store.subscribe_to(resource));
    let mut of_all = store.subscribe();
    for receiver in [&mut of_maps, &mut of_secrets, &mut of_all] {
        receiver.mark_unchanged();
    }
    assert_eq!(Write::map("a").send(&store, || ()).unwrap().0, 201);
    assert!(of_maps.has_changed().unwrap() && of_all.has_changed().unwrap());
    assert!(!of_secrets.has_changed().unwrap());
    assert!(store.is_watched());
    store.wake();
    assert!(of_secrets.has_changed().unwrap());
    drop((of_maps, of_secrets));
    assert!(!store.is_watched());
}

#[test]
fn a_deleted_collection_is_one_change_that_wakes_once() {
    let store = Store::new(state());
    for n in 0..20 {
        Write::map(&format!("m{n}")).send(&store, || ()).unwrap();
    }
    let before = store.state().revision.0;
    let mut decided = 0;
    let all = Write::new(Method::DELETE, MAPS, Value::Null);
    let (status, list) = all.send(&store, || decided += 1).unwrap();
    assert_eq!((status, list["items"].as_array().unwrap().len(), decided), (200, 20, 1));
    assert_eq!(store.state().revision.0 - before, 20, "each object has a revision of its own");
}

#[test]
fn writes_to_other_objects_cause_no_second_decision() {
    let store = Store::new(state());
    let mut decided = 0;
    let (status, made) = Write::map("mine")
        .send(&store, || {
            decided += 1;
            Write::map(&format!("theirs-{decided}")).send(&store, || ()).unwrap();
        })
        .unwrap();
    assert_eq!((status, decided), (201, 1));
    let state = store.state();
    // The answer has the assigned revision, not the expected one.
    assert_eq!(made["metadata"]["resourceVersion"], state.revision.to_string());
}

#[test]
fn a_conflicting_change_is_decided_again_on_the_newer_state() {
    let store = Store::new(state());
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n"}, "data": {"n": ""}});
    Write::new(Method::POST, MAPS, body).send(&store, || ()).unwrap();
    let path = format!("{MAPS}/n");
    let add = |text: &str| {
        let patch = json!([{"op": "add", "path": format!("/data/{text}"), "value": "1"}]);
        Write::new(Method::PATCH, &path, patch)
    };
    // Each attempt but the last conflicts: other writers cannot disturb the last one.
    let mut decided = 0;
    let (status, patched) = add("mine")
        .send(&store, || {
            decided += 1;
            if decided <= TRIES {
                add(&format!("theirs-{decided}")).send(&store, || ()).unwrap();
            }
        })
        .unwrap();
    assert_eq!((status, decided), (200, TRIES + 1));
    assert_eq!(patched["data"].as_object().unwrap().len(), TRIES + 2, "{patched}");
    // A request with an old revision is refused.
    let mut stale = patched.clone();
    stale["data"]["late"] = "1".into();
    let (status, _) = Write::new(Method::PUT, &path, stale)
        .send(&store, || drop(add("first").send(&store, || ()).unwrap()))
        .unwrap();
    assert_eq!(status, 409);
    // The second creation of a name is refused.
    let mut first = true;
    let (status, _) = Write::map("twin")
        .send(&store, || {
            if std::mem::take(&mut first) {
                Write::map("twin").send(&store, || ()).unwrap();
            }
        })
        .unwrap();
    assert_eq!(status, 409);
}

#[test]
fn deleting_a_namespace_deletes_objects_created_meanwhile() {
    let store = Store::new(state());
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short"}});
    Write::new(Method::POST, "/api/v1/namespaces", body).send(&store, || ()).unwrap();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}});
    let create = Write::new(Method::POST, "/api/v1/namespaces/short/configmaps", map);
    let delete = Write::new(Method::DELETE, "/api/v1/namespaces/short", Value::Null);
    let mut created = 0;
    delete
        .send(&store, || {
            if created == 0 {
                created = create.send(&store, || ()).unwrap().0;
            }
        })
        .unwrap();
    let state = store.state();
    assert_eq!(created, 201);
    assert!(!get(&state, "namespaces", "short") && !get(&state, "configmaps", "late"));
    // An object for a namespace that is deleted meanwhile is refused.
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short"}});
    Write::new(Method::POST, "/api/v1/namespaces", body).send(&store, || ()).unwrap();
    let (status, _) = create.send(&store, || drop(delete.send(&store, || ()).unwrap())).unwrap();
    assert_eq!(status, 404);
}

#[test]
fn concurrent_removals_of_the_last_objects_remove_the_namespace() {
    let store = Store::new(state());
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short"}});
    Write::new(Method::POST, "/api/v1/namespaces", body).send(&store, || ()).unwrap();
    let maps = "/api/v1/namespaces/short/configmaps";
    for name in ["a", "b"] {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "finalizers": ["x/y"]},
        });
        Write::new(Method::POST, maps, map).send(&store, || ()).unwrap();
    }
    let (status, _) = Write::new(Method::DELETE, "/api/v1/namespaces/short", Value::Null)
        .send(&store, || ())
        .unwrap();
    assert_eq!(status, 200);
    assert!(get(&store.state(), "namespaces", "short"));
    let release = |name: &str| {
        let patch = json!([{"op": "remove", "path": "/metadata/finalizers"}]);
        Write::new(Method::PATCH, format!("{maps}/{name}"), patch)
    };
    // Each is decided while the other object exists.
    let (status, _) =
        release("a").send(&store, || drop(release("b").send(&store, || ()).unwrap())).unwrap();
    assert_eq!(status, 200);
    let state = store.state();
    assert!(!get(&state, "configmaps", "a") && !get(&state, "configmaps", "b"));
    assert!(!get(&state, "namespaces", "short"));
}

#[test]
fn concurrent_writes_of_many_threads_all_apply() {
    const THREADS: usize = 8;
    const EACH: usize = 25;
    let store = Store::new(state());
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n"}, "data": {"n": ""}});
    Write::new(Method::POST, MAPS, body).send(&store, || ()).unwrap();
    let before = store.state().revision.0;
    let start = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, start) = (&store, &start);
            scope.spawn(move || {
                start.wait();
                for n in 0..EACH {
                    let path = format!("/data/{thread}-{n}");
                    let patch = json!([{"op": "add", "path": path, "value": "1"}]);
                    let write = Write::new(Method::PATCH, format!("{MAPS}/n"), patch);
                    assert_eq!(write.send(store, || ()).unwrap().0, 200);
                }
            });
        }
    });
    let state = store.state();
    let maps = state.snapshot.collection(&GroupResource::new("", "configmaps")).unwrap();
    let object = maps.range("default", "n").next().unwrap().value("", "");
    assert_eq!(object["data"].as_object().unwrap().len(), THREADS * EACH + 1);
    assert_eq!(state.revision.0 - before, (THREADS * EACH) as u64);
    let revisions: Vec<u64> =
        state.history.after(Revision(before)).map(|event| event.revision.0).collect();
    assert_eq!(revisions, (before + 1..=state.revision.0).collect::<Vec<_>>());
}

/// A backend that refuses the first changes, as one that other servers write to.
#[derive(Debug)]
struct Shared {
    memory: Memory,
    refusals: AtomicUsize,
}

impl Backend for Shared {
    fn commit(&self, change: StoreChange, published: &Published) -> Result<Committed, Conflict> {
        let left = |left: usize| left.checked_sub(1);
        if self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok() {
            return Err(Conflict);
        }
        self.memory.commit(change, published)
    }

    fn restart(&self, state: State, published: &Published) {
        self.memory.restart(state, published);
    }
}

#[test]
fn a_restart_forgets_the_past() {
    let store = Store::new(state());
    let first = store.state();
    Write::map("a").send(&store, || ()).unwrap();
    assert_ne!(store.state().revision, first.revision);
    store.restart(State::clone(&first));
    assert_eq!(store.state().revision, first.revision);
    Write::map("a").send(&store, || ()).unwrap();
    assert_eq!(store.state().revision, first.revision.next(), "revisions begin anew");
}

#[test]
fn attempts_are_bounded_for_every_backend() {
    for (refusals, holds) in [(0, true), (TRIES, true), (TRIES + 1, false), (usize::MAX, false)] {
        let backend = Shared { memory: Memory::default(), refusals: refusals.into() };
        let store = Store::with_backend(backend, state());
        let before = store.state();
        let mut decided = 0;
        let answer = Write::map("a").send(&store, || decided += 1);
        assert_eq!(decided, TRIES.min(refusals) + 1);
        if holds {
            assert_eq!(answer.unwrap().0, 201);
            assert_eq!(store.state().revision, before.revision.next());
        } else {
            assert_eq!(answer.unwrap_err(), Contended);
            assert!(Arc::ptr_eq(&before, &store.state()), "the state is unchanged");
        }
    }
}
