//! Random sequences of writes, lists, chains, watches and compactions, compared with a model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::store::StoreChange;
use super::*;

/// The objects: name → payload.
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

/// A list chain in progress: its revision, the objects of its pages so far, its next token.
struct Chain {
    revision: u64,
    seen: World,
    next: String,
}

/// The store under test, with its model.
struct Run {
    store: TestStore,
    /// The objects of each revision. A revision that wrote none of them is absent.
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
                // Each object is removed with a revision of its own.
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
        // A write with an old revision is refused, and changes nothing.
        object["metadata"]["resourceVersion"] = json!("1");
        let (status, _) = call(&self.store, &Method::PUT, &format!("{MAPS}/{name}"), &object);
        assert_eq!(status, 409);
    }

    /// Takes a page. A complete chain has exactly the objects of its revision.
    fn page(&mut self, chain: usize, limit: u8, list: &Value) {
        let page = items(list);
        assert!(page.len() <= limit.into());
        let expected = self.at(self.chains[chain].revision).clone();
        let chain = &mut self.chains[chain];
        let (seen, size) = (chain.seen.len(), page.len());
        chain.seen.extend(page);
        assert_eq!(chain.seen.len(), seen + size, "no object twice");
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
            // Its token continues in the newest state.
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

    /// Reads every watch: its events lead from its first state to the current one.
    fn read_watches(&mut self) {
        let state = self.store.state();
        for (mut watch, mut world, began) in std::mem::take(&mut self.watches) {
            let mut last = began;
            let gone = loop {
                let step = watch.step(&state, Timestamp::UNIX_EPOCH, &Conversions::default());
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
                assert!(gone, "a watch from below the floor ends with 410");
            } else {
                assert_eq!(&world, self.now(), "no event is lost");
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
