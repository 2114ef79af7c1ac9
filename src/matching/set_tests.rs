//! Compares the set with a linear scan over the same stubs, under random additions, changes,
//! removals and reloads.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::testing::{request, stub};
use super::{Stub, StubFile, StubSet};
use crate::message::{Asked, Bodies, Request, RequestBody};

/// The model that a set must agree with: its stubs without order, each with its place.
#[derive(Default)]
struct Model {
    stubs: Vec<Entry>,
    files: Vec<Option<Arc<StubFile>>>,
    added: usize,
    replaced: usize,
}

struct Entry {
    stub: Arc<Stub>,
    added: Added,
    /// Above 0 for a stub that replaced another.
    edition: usize,
    /// The file whose reload removes it.
    file: Option<usize>,
}

/// The insertion order of a stub: those of files first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Added {
    ByFile(usize, usize),
    ByAdmin(usize),
}

impl Model {
    fn remove(&mut self, id: Uuid) -> Option<Entry> {
        let at = self.stubs.iter().position(|entry| entry.stub.id == id)?;
        Some(self.stubs.swap_remove(at))
    }

    fn add(&mut self, stub: &Arc<Stub>) {
        self.remove(stub.id);
        self.added += 1;
        let (stub, added) = (Arc::clone(stub), Added::ByAdmin(self.added));
        self.stubs.push(Entry { stub, added, edition: 0, file: None });
    }

    fn replace(&mut self, stub: &Arc<Stub>) {
        if let Some(before) = self.remove(stub.id) {
            self.replaced += 1;
            let (stub, edition) = (Arc::clone(stub), self.replaced);
            self.stubs.push(Entry { stub, edition, file: None, ..before });
        }
    }

    fn read(&mut self, files: &[Option<Arc<StubFile>>]) {
        let same = |a: &Option<Arc<StubFile>>, b: &Option<Arc<StubFile>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        self.files.resize(files.len(), None);
        let changed: Vec<usize> =
            (0..files.len()).filter(|at| !same(&self.files[*at], &files[*at])).collect();
        self.stubs.retain(|entry| entry.file.is_none_or(|file| !changed.contains(&file)));
        for file in changed {
            for (at, stub) in files[file].iter().flat_map(|file| file.stubs()).enumerate() {
                if self.stubs.iter().all(|entry| entry.stub.id != stub.id) {
                    let (stub, added) = (Arc::clone(stub), Added::ByFile(file, at));
                    self.stubs.push(Entry { stub, added, edition: 0, file: Some(file) });
                }
            }
        }
        self.files = files.to_vec();
    }

    /// Returns whether a stub is in place of one of a file.
    fn has_replaced(&self) -> bool {
        let of_file = |added| matches!(added, Added::ByFile(..));
        self.stubs.iter().any(|entry| entry.edition > 0 && of_file(entry.added))
    }

    /// In precedence order.
    fn ordered(&self) -> Vec<&Arc<Stub>> {
        let mut entries: Vec<&Entry> = self.stubs.iter().collect();
        entries.sort_by(|a, b| {
            a.stub
                .priority
                .cmp(&b.stub.priority)
                .then(b.added.cmp(&a.added))
                .then(a.edition.cmp(&b.edition))
        });
        entries.into_iter().map(|entry| &entry.stub).collect()
    }
}

/// Uses few words, so that requests match several stubs and lists get long.
fn url() -> impl Strategy<Value = Value> {
    let path = prop_oneof!["/a", "/a/b", "/c", "/c/longer-word-[12]/d"];
    prop_oneof![
        6 => path.clone().prop_map(|path| json!({"urlPath": path})),
        2 => (path, prop_oneof![Just(""), Just("?q=1")])
            .prop_map(|(path, query)| json!({"url": path + query})),
        6 => prop::sample::select(vec![
            json!({}),
            json!({"urlPathPattern": "/a.*"}),
            json!({"urlPathPattern": "/a/b"}),
            json!({"urlPathPattern": "(?=/a)/.*b"}),
            json!({"urlPathPattern": "/c(?!x)/longer-word-1/d"}),
            json!({"urlPattern": "/a\\?q=.*"}),
            json!({"urlPattern": "/c/longer-word-.*q=1"}),
            json!({"urlPathPattern": "/a?.*|/c"}),
            json!({"urlPathPattern": "/[ac]"}),
            json!({"urlPathPattern": "/c/[a-z-]+[12]/d"}),
            json!({"urlPathPattern": "/(?:c|x)/.*word-1/d"}),
            json!({"urlPathPattern": ".*/d"}),
            json!({"urlPathTemplate": "/a/{x}"}),
            json!({"urlPathTemplate": "/{x}"}),
            json!({"urlPathTemplate": "/{x}/b"}),
            json!({"urlPathTemplate": "/c/**"}),
            json!({"urlPathTemplate": "/c/{x}/d"}),
            json!({"urlPathTemplate": "/c/{x}-{y}/d"}),
            json!({"urlPathTemplate": "/a/{x}", "pathParameters": {"x": {"equalTo": "b"}}}),
        ]),
    ]
}

fn mapping() -> impl Strategy<Value = Value> {
    let method = prop_oneof![Just(None), Just(Some("GET")), Just(Some("POST"))];
    let header = prop_oneof![
        3 => Just(None),
        1 => "[12]".prop_map(|value| Some(json!({"h": {"equalTo": value}}))),
        1 => "[12]".prop_map(|value| Some(json!({"h": {"includes": [{"equalTo": value}]}}))),
        1 => "[12]".prop_map(|value| Some(
            json!({"i": {"and": [{"contains": ""}, {"equalTo": value}]}}))),
        1 => "[12]".prop_map(|value| Some(json!({"h": {"not": {"equalTo": value}}}))),
    ];
    let query = proptest::option::weighted(0.3, "[12]");
    let body = proptest::option::weighted(0.2, "[xy]");
    (url(), method, header, query, body, 4..6_i32, 0..40_u128).prop_map(
        |(mut request, method, header, query, body, priority, id)| {
            if let Some(method) = method {
                request["method"] = json!(method);
            }
            if let Some(header) = header {
                request["headers"] = header;
            }
            if let Some(query) = query {
                request["queryParameters"] = json!({"q": {"equalTo": query}});
            }
            if let Some(body) = body {
                request["bodyPatterns"] = json!([{"contains": body}]);
            }
            let id = Uuid::from_u128(id).to_string();
            json!({"id": id, "priority": priority, "request": request})
        },
    )
}

#[derive(Debug, Clone)]
enum Change {
    Add(Value),
    Replace(Value),
    Remove(u128),
    /// Other stubs in one of the files, or no such file.
    Read(usize, Option<Vec<Value>>),
}

const FILES: usize = 4;

fn change() -> impl Strategy<Value = Change> {
    let stubs = proptest::option::weighted(0.8, proptest::collection::vec(mapping(), 0..12));
    prop_oneof![
        3 => mapping().prop_map(Change::Add),
        2 => mapping().prop_map(Change::Replace),
        2 => (0..40_u128).prop_map(Change::Remove),
        3 => (0..FILES, stubs).prop_map(|(file, stubs)| Change::Read(file, stubs)),
    ]
}

fn asked() -> impl Strategy<Value = (&'static str, String, Vec<&'static str>, &'static str)> {
    let path = prop_oneof!["/a", "/a/b", "/c", "/c/longer-word-[12]/d", "/d", "/x/longer-word-1/d"];
    let query =
        prop_oneof![3 => Just(""), 1 => Just("?q=1"), 1 => Just("?q=2&q=1"), 1 => Just("?q=%")];
    let headers = proptest::collection::vec(prop::sample::select(vec!["1", "2", "3"]), 0..3);
    let method = prop::sample::select(vec!["GET", "POST"]);
    let body = prop::sample::select(vec!["", "x", "xy"]);
    (method, (path, query), headers, body)
        .prop_map(|(method, (path, query), headers, body)| (method, path + query, headers, body))
}

/// Returns a file whose stubs have ids that no other file has: those of files are unique.
fn file(at: usize, mappings: Vec<Value>) -> Arc<StubFile> {
    let mut seen = Vec::new();
    let stubs = mappings.into_iter().filter_map(|mut mapping| {
        let id: Uuid = mapping["id"].as_str().unwrap().parse().unwrap();
        let id = Uuid::from_u128(id.as_u128() / FILES as u128 * FILES as u128 + at as u128);
        mapping["id"] = json!(id.to_string());
        let new = !seen.contains(&id);
        seen.push(id);
        new.then(|| stub(&mapping))
    });
    Arc::new(StubFile::new(Path::new(&format!("f{at}")).into(), stubs.collect()).unwrap())
}

fn agree(set: &StubSet, model: &Model, request: &mut Request) {
    let ordered = model.ordered();
    let expected = ordered.iter().find(|stub| stub.matches(request)).map(|stub| stub.id);
    assert_eq!(set.find(&Asked::new(request)).map(|stub| stub.id), expected);
    // A body that was never read cannot have decided.
    if !set.wants_body(&Asked::new(request)) {
        request.body =
            RequestBody::arriving(Box::pin(futures_util::stream::empty()), Bodies::default());
        assert_eq!(set.find(&Asked::new(request)).map(|stub| stub.id), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_set_answers_as_a_linear_scan_does(
        first in proptest::collection::vec(proptest::collection::vec(mapping(), 0..30), FILES),
        steps in proptest::collection::vec(
            (proptest::collection::vec(change(), 1..8), proptest::collection::vec(asked(), 1..6)),
            1..6,
        ),
    ) {
        let mut files: Vec<Option<Arc<StubFile>>> =
            first.into_iter().enumerate().map(|(at, stubs)| Some(file(at, stubs))).collect();
        let there = |files: &[Option<Arc<StubFile>>]| files.iter().flatten().cloned().collect();
        let mut model = Model::default();
        model.read(&files);
        let mut set = StubSet::of_files(there(&files));
        for (changes, requests) in steps {
            let before = set.clone();
            let ids = |set: &StubSet| set.stubs().map(|stub| stub.id).collect::<Vec<_>>();
            let of_before = ids(&before);
            for change in changes {
                match change {
                    Change::Add(mapping) => {
                        let stub = Arc::new(stub(&mapping));
                        model.add(&stub);
                        set.add(stub);
                    }
                    Change::Replace(mapping) => {
                        let stub = Arc::new(stub(&mapping));
                        model.replace(&stub);
                        set.replace(stub);
                    }
                    Change::Remove(id) => {
                        let id = Uuid::from_u128(id);
                        let removed = model.remove(id).map(|entry| entry.stub.id);
                        prop_assert_eq!(set.remove(id).map(|stub| stub.id), removed);
                    }
                    // A replacement of a file's stub has no place without the file.
                    Change::Read(_, None) if model.has_replaced() => {}
                    Change::Read(at, mappings) => {
                        files[at] = mappings.map(|mappings| file(at, mappings));
                        model.read(&files);
                        set.replace_files(there(&files));
                    }
                }
            }
            let ordered: Vec<Uuid> = model.ordered().iter().map(|stub| stub.id).collect();
            prop_assert_eq!(ids(&set), ordered);
            prop_assert_eq!(set.len(), model.stubs.len());
            for stub in set.stubs() {
                prop_assert!(Arc::ptr_eq(set.get(stub.id).unwrap(), stub));
            }
            for (method, target, headers, body) in requests {
                let headers: Vec<(&str, &str)> =
                    headers.into_iter().zip(["h", "i"]).map(|(value, name)| (name, value)).collect();
                agree(&set, &model, &mut request(method, &target, &headers, body));
            }
            // Concurrent readers of the old set see no change.
            prop_assert_eq!(ids(&before), of_before);
        }
    }
}
