//! The engine as a whole: any order of writes, lists, chains, watches and compactions against a model,
//! and input that nobody would send.

use std::collections::BTreeMap;

use base64::Engine as _;
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::store::StoreChange;
use super::testing::TestStore;
use super::*;
use crate::message::Body;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn store(history: usize) -> TestStore {
    let now = Timestamp::UNIX_EPOCH;
    let crd = serde_json::from_str(include_str!("../../fixtures/crds/tfjobs.json")).unwrap();
    let crd = SeedObject::new(crd);
    let history = HistoryLimits { events: history, ..HistoryLimits::default() };
    let seed = Seed { crds: vec![crd], objects: Vec::new(), history, now };
    TestStore::new(seed.state().unwrap())
}

/// Asks the engine; the target's path and query as they would be sent.
fn ask(
    store: &TestStore,
    method: &Method,
    target: &str,
    media: &str,
    body: &[u8],
) -> Option<Outcome> {
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
    let query = Query::parse(query).ok()?;
    let info = RequestInfo::parse(method, path, &query).ok()?;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_str(media).ok()?);
    let (auth, user) = (Auth::default(), User::default());
    let request = ApiRequest {
        method,
        path,
        info: &info,
        query: &query,
        headers: &headers,
        body,
        now: Timestamp::UNIX_EPOCH,
        nonce: 7,
        faults: &Faults::NONE,
        user: &user,
        auth: &auth,
    };
    Some(store.answer(&Config::default(), &request))
}

/// Status and body of an answer that is no stream.
fn plain(outcome: Outcome) -> (u16, Value) {
    let Outcome::Plan(plan) = outcome else { panic!("a plan") };
    let bytes = match plan.body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Pieces(pieces) => pieces.concat(),
        _ => Vec::new(),
    };
    (plan.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default())
}

fn call(store: &TestStore, method: &Method, target: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let body = if *method == Method::GET { "" } else { &body };
    plain(ask(store, method, target, "application/json", body.as_bytes()).expect("a good target"))
}

/// What is there: name → payload.
type World = BTreeMap<String, u32>;

fn items(list: &Value) -> World {
    let item = |item: &Value| {
        let name = item["metadata"]["name"].as_str().unwrap().to_owned();
        (name, item["data"]["n"].as_str().unwrap().parse().unwrap())
    };
    list["items"].as_array().unwrap().iter().map(item).collect()
}

fn revision(value: &Value) -> u64 {
    value["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Put(u8, u32),
    Delete(u8),
    DeleteAll,
    Begin(u8),
    Next(usize),
    Exact(usize),
    Watch(usize),
    Compact(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..8_u8, any::<u32>()).prop_map(|(name, n)| Step::Put(name, n)),
        3 => (0..8_u8).prop_map(Step::Delete),
        1 => Just(Step::DeleteAll),
        2 => (1..4_u8).prop_map(Step::Begin),
        5 => any::<usize>().prop_map(Step::Next),
        2 => any::<usize>().prop_map(Step::Exact),
        2 => any::<usize>().prop_map(Step::Watch),
        1 => any::<usize>().prop_map(Step::Compact),
    ]
}

/// A list chain in progress: the revision it reads, what it has seen, how it goes on.
struct Chain {
    revision: u64,
    seen: World,
    next: String,
}

/// Everything under test, with the model beside it.
struct Run {
    store: TestStore,
    /// Every revision's world. Revisions that changed nothing here have that of the one before.
    history: BTreeMap<u64, World>,
    floor: u64,
    chains: Vec<Chain>,
    watches: Vec<(Box<Watch>, World, u64)>,
}

impl Run {
    fn now(&self) -> &World {
        self.history.values().next_back().unwrap()
    }

    fn at(&self, revision: u64) -> &World {
        self.history.range(..=revision).next_back().unwrap().1
    }

    fn revision(&self) -> u64 {
        self.store.state().revision.0
    }

    fn changed(&mut self, change: impl FnOnce(&mut World)) {
        let mut world = self.now().clone();
        change(&mut world);
        self.history.insert(self.revision(), world);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Put(name, n) => self.put(&format!("m{name}"), n),
            Step::Delete(name) => {
                let name = format!("m{name}");
                let (status, _) =
                    call(&self.store, &Method::DELETE, &format!("{MAPS}/{name}"), &json!({}));
                assert_eq!(status == 200, self.now().contains_key(&name));
                self.changed(|world| {
                    world.remove(&name);
                });
            }
            Step::DeleteAll => {
                let before = self.now().clone();
                let (status, list) = call(&self.store, &Method::DELETE, MAPS, &json!({}));
                assert_eq!((status, items(&list)), (200, before.clone()));
                // One object at a time, each with a revision of its own.
                let first = self.revision() - before.len() as u64;
                let mut left = before.clone();
                for (at, name) in (first + 1..).zip(before.keys()) {
                    left.remove(name);
                    self.history.insert(at, left.clone());
                }
            }
            Step::Begin(limit) => {
                let (status, list) =
                    call(&self.store, &Method::GET, &format!("{MAPS}?limit={limit}"), &Value::Null);
                assert_eq!(status, 200);
                let chain =
                    Chain { revision: revision(&list), seen: World::new(), next: String::new() };
                self.chains.push(chain);
                let last = self.chains.len() - 1;
                self.page(last, limit, &list);
            }
            Step::Next(which) if !self.chains.is_empty() => self.next(which % self.chains.len()),
            Step::Exact(which) => {
                let revision = self.some_revision(which);
                let target =
                    format!("{MAPS}?resourceVersion={revision}&resourceVersionMatch=Exact");
                let (status, list) = call(&self.store, &Method::GET, &target, &Value::Null);
                if revision < self.floor {
                    assert_eq!(status, 410, "{list}");
                } else {
                    assert_eq!((status, items(&list)), (200, self.at(revision).clone()));
                }
            }
            Step::Watch(which) => {
                let revision = self.some_revision(which);
                let target = format!("{MAPS}?watch=1&resourceVersion={revision}");
                let outcome =
                    ask(&self.store, &Method::GET, &target, "application/json", b"").unwrap();
                let Outcome::Watch(watch) = outcome else { panic!("a watch") };
                self.watches.push((watch, self.at(revision).clone(), revision));
            }
            Step::Compact(which) => {
                let revision = self.some_revision(which);
                let state = self.store.state();
                self.store.commit(StoreChange::compaction(&state, Revision(revision))).unwrap();
                self.floor = self.floor.max(revision);
            }
            Step::Next(_) => {}
        }
    }

    fn some_revision(&self, which: usize) -> u64 {
        let known: Vec<u64> = self.history.keys().copied().collect();
        known[which % known.len()]
    }

    fn put(&mut self, name: &str, n: u32) {
        let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"n": n.to_string()}});
        let known = self.now().contains_key(name);
        let (status, got) = if known {
            call(&self.store, &Method::PUT, &format!("{MAPS}/{name}"), &object)
        } else {
            call(&self.store, &Method::POST, MAPS, &object)
        };
        assert_eq!(status, if known { 200 } else { 201 }, "{got}");
        self.changed(|world| {
            world.insert(name.to_owned(), n);
        });
        // A revision that is not the newest loses, and changes nothing.
        object["metadata"]["resourceVersion"] = json!("1");
        let (status, _) = call(&self.store, &Method::PUT, &format!("{MAPS}/{name}"), &object);
        assert_eq!(status, 409);
    }

    /// Takes a page; a chain that is through has seen its revision's world, whole and nothing else.
    fn page(&mut self, chain: usize, limit: u8, list: &Value) {
        let page = items(list);
        assert!(page.len() <= limit.into());
        let expected = self.at(self.chains[chain].revision).clone();
        let chain = &mut self.chains[chain];
        let (seen, size) = (chain.seen.len(), page.len());
        chain.seen.extend(page);
        assert_eq!(chain.seen.len(), seen + size, "nothing twice");
        chain.next = list["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        let remaining = list["metadata"]["remainingItemCount"].as_u64().unwrap_or(0);
        assert_eq!(chain.seen.len() as u64 + remaining, expected.len() as u64);
        if chain.next.is_empty() {
            assert_eq!(chain.seen, expected);
        }
    }

    fn next(&mut self, which: usize) {
        let token = self.chains[which].next.clone();
        if token.is_empty() {
            return;
        }
        let target = format!("{MAPS}?limit=2&continue={token}");
        let (status, list) = call(&self.store, &Method::GET, &target, &Value::Null);
        if self.chains[which].revision < self.floor {
            assert_eq!(status, 410, "{list}");
            // The token it carries goes on in the newest state.
            let fresh = list["metadata"]["continue"].as_str().unwrap();
            let (status, rest) =
                call(&self.store, &Method::GET, &format!("{MAPS}?continue={fresh}"), &Value::Null);
            assert_eq!(status, 200);
            assert!(items(&rest).iter().all(|(name, n)| self.now().get(name) == Some(n)));
            self.chains.remove(which);
            return;
        }
        assert_eq!((status, revision(&list)), (200, self.chains[which].revision));
        self.page(which, 2, &list);
    }

    /// Reads every watch: its events make of the world it began with the world there is.
    fn read_watches(&mut self) {
        let state = self.store.state();
        for (mut watch, mut world, began) in std::mem::take(&mut self.watches) {
            let mut last = began;
            let gone = loop {
                let step = watch.step(&state, Timestamp::UNIX_EPOCH);
                for line in
                    step.lines.iter().flat_map(|lines| lines.split_inclusive(|b| *b == b'\n'))
                {
                    let event: Value = serde_json::from_slice(line).unwrap();
                    let object = &event["object"];
                    if event["type"] == "ERROR" {
                        assert_eq!(object["code"], 410);
                        continue;
                    }
                    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                    let at = revision(object);
                    assert!(at > last, "in order");
                    last = at;
                    match event["type"].as_str().unwrap() {
                        "DELETED" => assert!(world.remove(&name).is_some()),
                        kind => {
                            let n = object["data"]["n"].as_str().unwrap().parse().unwrap();
                            let before = world.insert(name, n);
                            assert_eq!(before.is_some(), kind == "MODIFIED");
                        }
                    }
                    assert_eq!(&world, self.at(at), "after revision {at}");
                }
                if step.end || !step.more {
                    break step.end;
                }
            };
            if began < self.floor {
                assert!(gone, "what began below the floor is told that it is gone");
            } else {
                assert_eq!(&world, self.now(), "nothing is lost");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_reader_sees_one_consistent_history(steps in proptest::collection::vec(step(), 1..60)) {
        let store = store(10_000);
        let begin = store.state().revision.0;
        let mut run = Run {
            history: BTreeMap::from([(begin, World::new())]),
            floor: begin,
            chains: Vec::new(),
            watches: Vec::new(),
            store,
        };
        for step in steps {
            run.step(step);
        }
        run.read_watches();
    }
}

/// Text that gets past the first check of a parser more often than plain noise.
fn tokens() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("a"),
        Just("metadata.name"),
        Just("="),
        Just("=="),
        Just("!="),
        Just("!"),
        Just(" in "),
        Just(" notin "),
        Just("("),
        Just(")"),
        Just(","),
        Just("\\"),
        Just("é"),
        Just("\u{0}"),
        Just(""),
        Just("x/y"),
        Just("gt"),
        Just(">"),
        Just("<"),
        Just("1"),
        Just("'"),
        Just("\""),
        Just(" "),
    ];
    prop_oneof![
        proptest::collection::vec(word, 0..12).prop_map(|words| words.concat()),
        any::<String>(),
    ]
}

/// JSON that looks like a patch, an apply configuration, or nothing.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        any::<i64>().prop_map(|n| json!(n)),
        Just(json!(1e300)),
        tokens().prop_map(|text| json!(text)),
        Just(json!("add")),
        Just(json!("/metadata/labels/a")),
    ];
    let key = prop_oneof![
        Just("op"),
        Just("path"),
        Just("value"),
        Just("from"),
        Just("metadata"),
        Just("name"),
        Just("spec"),
        Just("$patch"),
        Just("$retainKeys"),
        Just("labels"),
        Just("finalizers"),
        Just("managedFields"),
        Just("apiVersion"),
        Just("kind"),
        Just("data"),
        Just("ownerReferences"),
        Just("resourceVersion"),
    ];
    let value = leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                Value::Object(
                    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    });
    prop_oneof![value.prop_map(|value| value.to_string()), any::<String>()]
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[test]
fn a_watch_outlives_a_history_of_other_resources() {
    let store = store(8);
    let Some(Outcome::Watch(mut watch)) = ask(
        &store,
        &Method::GET,
        "/apis/kubeflow.org/v1/tfjobs?watch=1&resourceVersion=1",
        "",
        b"",
    ) else {
        panic!("a watch")
    };
    assert!(watch.step(&store.state(), Timestamp::UNIX_EPOCH).lines.is_empty());
    for n in 0..50 {
        let map =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}});
        assert_eq!(call(&store, &Method::POST, MAPS, &map).0, 201);
    }
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}});
    let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
    assert_eq!(call(&store, &Method::POST, jobs, &job).0, 201);
    let step = watch.step(&store.state(), Timestamp::UNIX_EPOCH);
    assert_eq!(step.lines.len(), 1);
    assert!(step.lines[0].starts_with(b"{\"type\":\"ADDED\""), "{:?}", step.lines);
    // One that begins there now is too late.
    let Some(Outcome::Watch(mut late)) = ask(
        &store,
        &Method::GET,
        "/apis/kubeflow.org/v1/tfjobs?watch=1&resourceVersion=1",
        "",
        b"",
    ) else {
        panic!("a watch")
    };
    let step = late.step(&store.state(), Timestamp::UNIX_EPOCH);
    assert!(step.end && step.lines[0].starts_with(b"{\"type\":\"ERROR\""), "{:?}", step.lines);
}

#[test]
fn a_reader_that_is_behind_gets_bounded_pieces() {
    let store = store(1_000);
    for n in 0..40 {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}, "data": {"n": "x".repeat(20_000)}});
        assert_eq!(call(&store, &Method::POST, MAPS, &map).0, 201);
    }
    for target in ["resourceVersion=1", "resourceVersion=0"] {
        let target = format!("{MAPS}?watch=1&{target}");
        let Some(Outcome::Watch(mut watch)) = ask(&store, &Method::GET, &target, "", b"") else {
            panic!("a watch")
        };
        let (mut lines, mut more) = (0, true);
        while more {
            let step = watch.step(&store.state(), Timestamp::UNIX_EPOCH);
            assert!(step.lines.iter().map(bytes::Bytes::len).sum::<usize>() < 90_000);
            lines += step.lines.len();
            more = step.more;
        }
        assert_eq!(lines, 40);
    }
}

#[test]
fn names_are_looked_up_in_one_namespace_and_in_all() {
    let store = store(1_000);
    for n in 0..20 {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}, "data": {"n": "1"}});
        call(&store, &Method::POST, MAPS, &map);
        call(&store, &Method::POST, "/api/v1/namespaces/kube-system/configmaps", &map);
    }
    let names = |target: &str| -> Vec<String> {
        let (status, list) = call(&store, &Method::GET, target, &json!({}));
        assert_eq!(status, 200, "{list}");
        let key = |item: &Value| {
            let text = |field: &str| item["metadata"][field].as_str().unwrap().to_owned();
            format!("{}/{}", text("namespace"), text("name"))
        };
        list["items"].as_array().unwrap().iter().map(key).collect()
    };
    assert_eq!(names(&format!("{MAPS}?fieldSelector=metadata.name%3Dm7")), ["default/m7"]);
    assert_eq!(
        names("/api/v1/configmaps?fieldSelector=metadata.name%3Dm7"),
        ["default/m7", "kube-system/m7"]
    );
    let other = "/api/v1/configmaps?fieldSelector=metadata.name%3Dm7,metadata.namespace!%3Ddefault";
    assert_eq!(names(other), ["kube-system/m7"]);
    assert!(
        names(&format!("{MAPS}?fieldSelector=metadata.name%3Dm7,metadata.name%3Dm8")).is_empty()
    );
    let (_, page) = call(
        &store,
        &Method::GET,
        "/api/v1/configmaps?fieldSelector=metadata.name%3Dm7&limit=1",
        &json!({}),
    );
    let next = page["metadata"]["continue"].as_str().unwrap();
    let next =
        format!("/api/v1/configmaps?fieldSelector=metadata.name%3Dm7&limit=1&continue={next}");
    assert_eq!(names(&next), ["kube-system/m7"]);
}

#[test]
fn a_table_shows_what_the_objects_say_now() {
    let store = store(1_000);
    let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a", "labels": {"x": "1"}}});
    call(&store, &Method::POST, jobs, &job);
    let table = |shape: &str, at: i64| {
        let query = Query::parse(None).unwrap();
        let info = RequestInfo::parse(&Method::GET, jobs, &query).unwrap();
        let accept = format!("application/json;as={shape};v=v1;g=meta.k8s.io");
        let headers =
            HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_str(&accept).unwrap())]);
        let (auth, user) = (Auth::default(), User::default());
        let request = ApiRequest {
            method: &Method::GET,
            path: jobs,
            info: &info,
            query: &query,
            headers: &headers,
            body: b"",
            now: Timestamp::from_second(at).unwrap(),
            nonce: 7,
            faults: &Faults::NONE,
            user: &user,
            auth: &auth,
        };
        plain(store.answer(&Config::default(), &request)).1
    };
    let first = table("Table", 60);
    let age = first["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .position(|column| column["name"] == "Age");
    let age = age.unwrap();
    assert_eq!(first["rows"][0]["cells"][0], "a");
    assert_eq!(first["rows"][0]["cells"][age], "60s");
    assert_eq!(table("Table", 3600)["rows"][0]["cells"][age], "60m", "the age is counted anew");
    let metadata = table("PartialObjectMetadataList", 0)["items"][0]["metadata"].clone();
    assert_eq!(metadata, first["rows"][0]["object"]["metadata"]);
    assert_eq!(
        metadata,
        call(&store, &Method::GET, &format!("{jobs}/a"), &json!({})).1["metadata"]
    );
    assert_eq!(first["metadata"]["resourceVersion"], metadata["resourceVersion"]);
}

/// An answer is an answer: it does not panic, and it is no failure of the server's own.
fn answered(outcome: Option<Outcome>) {
    if let Some(Outcome::Plan(plan)) = outcome {
        let (status, body) = plain(Outcome::Plan(plan));
        let own = status == 500
            && body["message"].as_str().unwrap_or_default().contains("typed patch object");
        assert!(status < 500 || status == 504 || own, "{status} {body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_query_breaks_the_server(text in tokens(), key in prop::sample::select(vec![
        "labelSelector", "fieldSelector", "continue", "limit", "resourceVersion", "resourceVersionMatch",
        "timeoutSeconds", "watch", "pretty", "timeout", "sendInitialEvents",
    ])) {
        let store = store(100);
        for collection in [MAPS, "/apis/kubeflow.org/v1/tfjobs"] {
            answered(ask(&store, &Method::GET, &format!("{collection}?{key}={}", encoded(&text)), "", b""));
            answered(ask(&store, &Method::DELETE, &format!("{collection}?{key}={}", encoded(&text)), "", b""));
        }
        // A token that is one, with something else inside.
        let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&text);
        answered(ask(&store, &Method::GET, &format!("{MAPS}?continue={token}"), "", b""));
    }

    #[test]
    fn no_body_breaks_the_server(text in json_text(), media in prop::sample::select(vec![
        "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json", "application/apply-patch+yaml", "text/plain",
    ])) {
        let store = store(100);
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}});
        call(&store, &Method::POST, MAPS, &object);
        let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}, "spec": {"backoffLimit": 1}});
        let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
        call(&store, &Method::POST, jobs, &job);
        for collection in [MAPS, jobs] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                for target in [format!("{collection}/a?fieldManager=m"), collection.to_owned(), format!("{collection}/a/status")] {
                    answered(ask(&store, &method, &target, media, text.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn no_path_breaks_the_server(segments in proptest::collection::vec(prop_oneof![
        Just("api".to_owned()), Just("apis".to_owned()), Just("v1".to_owned()), Just("namespaces".to_owned()),
        Just("default".to_owned()), Just("configmaps".to_owned()), Just("watch".to_owned()), Just("status".to_owned()),
        Just("kubeflow.org".to_owned()), Just("tfjobs".to_owned()), Just("openapi".to_owned()), Just("v3".to_owned()),
        Just("scale".to_owned()), Just("%2f".to_owned()), Just("%zz".to_owned()), Just(String::new()),
        tokens().prop_map(|text| encoded(&text)),
    ], 0..9), method in prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD])) {
        answered(ask(&store(100), &method, &format!("/{}", segments.join("/")), "application/json", b"{}"));
    }
}

#[test]
fn pages_that_are_kept_are_those_that_are_made_anew() {
    let store = store(10_000);
    let put = |name: &str, text: &str| {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": text}});
        call(&store, &Method::POST, MAPS, &map);
    };
    for n in 0..120 {
        put(&format!("m{n:03}"), &"x".repeat(2_000));
    }
    let config = Config::default();
    let bytes = |config: &Config, target: &str| {
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let query = Query::parse(query).unwrap();
        let info = RequestInfo::parse(&Method::GET, path, &query).unwrap();
        let (headers, auth, user) = (HeaderMap::new(), Auth::default(), User::default());
        let request = ApiRequest {
            method: &Method::GET,
            path,
            info: &info,
            query: &query,
            headers: &headers,
            body: b"",
            now: Timestamp::UNIX_EPOCH,
            nonce: 7,
            faults: &Faults::NONE,
            user: &user,
            auth: &auth,
        };
        let Outcome::Plan(plan) = store.answer(config, &request) else { panic!("a plan") };
        match plan.body {
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::Pieces(pieces) => pieces.concat(),
            _ => Vec::new(),
        }
    };
    let check = |target: &str| {
        let fresh = bytes(&Config::default(), target);
        for _ in 0..4 {
            assert!(bytes(&config, target) == fresh, "{target}");
        }
        serde_json::from_slice::<Value>(&fresh).unwrap()
    };
    let all = check("/api/v1/configmaps");
    assert_eq!(all["items"].as_array().unwrap().len(), 120);
    let mut target = format!("{MAPS}?limit=50");
    let mut seen = 0;
    loop {
        let page = check(&target);
        seen += page["items"].as_array().unwrap().len();
        let Some(token) = page["metadata"]["continue"].as_str() else { break };
        target = format!("{MAPS}?limit=50&continue={token}");
    }
    assert_eq!(seen, 120);
    assert!(config.pages.held().0 > 400_000, "{:?}", config.pages.held());
    // A write elsewhere changes the revision, one here the objects too.
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}});
    call(&store, &Method::POST, "/apis/kubeflow.org/v1/namespaces/default/tfjobs", &job);
    let later = check("/api/v1/configmaps");
    assert_ne!(later["metadata"]["resourceVersion"], all["metadata"]["resourceVersion"]);
    put("m000-more", "y");
    assert_eq!(check("/api/v1/configmaps")["items"].as_array().unwrap().len(), 121);
    // The chain that began before sees what was there then.
    assert_eq!(check(&target)["items"].as_array().unwrap().len(), 20);
    check("/api/v1/configmaps?labelSelector=a");
    check(&format!("{MAPS}?limit=1"));
}
