//! The bounds of the history, and changes that are applied to a state that is not their base.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::super::resource::{GroupResource, Registry};
use super::super::testing::TestStore;
use super::{
    Conflict, EventKind, History, HistoryLimits, Object, Revision, Snapshot, State, StoreChange,
};

fn state(limits: HistoryLimits) -> State {
    let history = History::new(Revision(1), limits);
    let types = Arc::new(Registry::default());
    State { revision: Revision(1), snapshot: Snapshot::default(), history, types }
}

fn store(limits: HistoryLimits) -> TestStore {
    TestStore::new(state(limits))
}

fn resource(name: &str) -> Arc<GroupResource> {
    Arc::new(GroupResource::new("", name))
}

fn put_in(change: &mut StoreChange, resource: &Arc<GroupResource>, name: &str, text: &str) {
    let value = json!({
        "metadata": {"name": name, "namespace": "n", "resourceVersion": change.next_revision().to_string()},
        "data": {"text": text},
    });
    change.put(Arc::new(Object::render(Arc::clone(resource), value, &[])));
}

fn put(store: &TestStore, resource: &Arc<GroupResource>, name: &str, text: &str) {
    store.write(|change| put_in(change, resource, name, text));
}

#[test]
fn the_history_is_bounded_in_bytes_and_in_events() {
    let maps = resource("configmaps");
    let store = store(HistoryLimits { events: 1_000, bytes: 1 << 20 });
    let text = "x".repeat(50_000);
    for n in 0..100 {
        put(&store, &maps, &format!("m{}", n % 3), &text);
    }
    let (events, bytes) = store.state().history.size();
    assert!((5..=10).contains(&events), "{events}");
    assert!(bytes <= 1 << 20, "{bytes}");
    for n in 0..2_000 {
        put(&store, &maps, &format!("m{}", n % 3), "");
    }
    assert_eq!(store.state().history.size().0, 1_000);
    // An event that exceeds the bound is still delivered to waiting watches.
    put(&store, &maps, "large", &"x".repeat(2 << 20));
    assert_eq!(store.state().history.size().0, 1);
    let state = store.state();
    store.commit(StoreChange::compaction(&state, state.revision)).unwrap();
    assert_eq!(store.state().history.size(), (0, 0));
}

#[test]
fn compaction_is_recorded_per_resource() {
    let [maps, secrets] = ["configmaps", "secrets"].map(resource);
    let store = store(HistoryLimits { events: 4, ..HistoryLimits::default() });
    put(&store, &secrets, "a", "");
    let seen = store.state().revision;
    for n in 0..10 {
        put(&store, &maps, &format!("m{n}"), "");
    }
    let state = store.state();
    assert!(state.history.floor() > seen);
    assert!(!state.history.has_compacted(&secrets, seen), "it had no event after that");
    assert!(state.history.has_compacted(&secrets, Revision(1)));
    assert!(state.history.has_compacted(&maps, seen));
    put(&store, &secrets, "b", "");
    let state = store.state();
    let names: Vec<_> = state.history.of(&secrets, seen).map(|event| &*event.object.key).collect();
    assert_eq!(names, ["n/b"]);
}

#[test]
fn pinned_snapshots_below_the_floor_are_dropped() {
    let maps = resource("configmaps");
    let store = store(HistoryLimits { events: 4, ..HistoryLimits::default() });
    put(&store, &maps, "a", "");
    let state = store.state();
    let object = Arc::downgrade(state.snapshot.get(&maps, "n/a").unwrap());
    store.pinned.pin(state.revision, &state.snapshot);
    drop(state);
    for _ in 0..10 {
        put(&store, &maps, "a", "again");
    }
    assert!(object.upgrade().is_none(), "the first version is freed");
}

#[test]
fn a_reader_of_an_old_state_gets_no_newer_pinned_snapshot() {
    let maps = resource("configmaps");
    let store = store(HistoryLimits::default());
    for text in ["1", "2", "3"] {
        put(&store, &maps, "a", text);
    }
    let old = store.state();
    put(&store, &maps, "b", "");
    let young = store.state();
    store.pinned.pin(young.revision, &young.snapshot);
    let first = store.pinned.at(&old, Revision(2)).unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first.get(&maps, "n/a").unwrap().meta.revision, Revision(2));
}

/// Builds a change.
type Decide<'a> = &'a dyn Fn(&mut StoreChange);

#[test]
fn a_change_conflicts_with_writes_since_its_base_to_what_it_depends_on() {
    let [maps, secrets] = ["configmaps", "secrets"].map(resource);
    let replace: Decide<'_> = &|change| put_in(change, &maps, "a", "mine");
    let remove: Decide<'_> = &|change| drop(change.remove(&maps, "n/a"));
    let create: Decide<'_> = &|change| put_in(change, &maps, "b", "mine");
    let relies_on_a: Decide<'_> = &|change| {
        change.rely_on(&maps, "n/a");
        put_in(change, &secrets, "s", "mine");
    };
    let relies_on_all: Decide<'_> = &|change| {
        change.rely_on_all(&maps);
        put_in(change, &secrets, "s", "mine");
    };
    let twice: Decide<'_> = &|change| {
        put_in(change, &maps, "a", "mine");
        put_in(change, &maps, "a", "mine again");
        change.remove(&maps, "n/a");
        put_in(change, &maps, "a", "mine at last");
    };
    let types: Decide<'_> = &|change| change.set_types(Registry::default());
    let secret: Decide<'_> = &|change| put_in(change, &secrets, "t", "theirs");
    for (what, mine, theirs, holds) in [
        ("other collections", replace, secret, true),
        ("the same object", replace, replace, false),
        ("an object that was removed", replace, remove, false),
        ("a removal of what was replaced", remove, replace, false),
        ("another object", replace, create, true),
        ("two creations of one name", create, create, false),
        ("what was relied on", relies_on_a, replace, false),
        ("what was relied on and went", relies_on_a, remove, false),
        ("beside what was relied on", relies_on_a, create, true),
        ("a collection that was relied on", relies_on_all, create, false),
        ("a removal in a collection that was relied on", relies_on_all, remove, false),
        ("beside a collection that was relied on", relies_on_all, secret, true),
        ("its own writes", twice, secret, true),
        ("the first of its own writes", twice, replace, false),
        ("the types", replace, types, false),
        ("two changes of types", types, types, false),
    ] {
        let store = store(HistoryLimits::default());
        put(&store, &maps, "a", "first");
        let mut change = StoreChange::on(&store.state());
        mine(&mut change);
        store.write(theirs);
        let before = store.state();
        let committed = store.commit(change);
        assert_eq!(committed.is_ok(), holds, "{what}");
        if committed.is_err() {
            assert!(Arc::ptr_eq(&before, &store.state()), "{what}: the state is unchanged");
        }
    }
}

#[test]
fn changes_from_files_overwrite_those_of_clients() {
    let maps = resource("configmaps");
    let store = store(HistoryLimits::default());
    for name in ["a", "b", "c"] {
        put(&store, &maps, name, "first");
    }
    let mut change = StoreChange::seeding(&store.state());
    put_in(&mut change, &maps, "a", "of the file");
    change.remove(&maps, "n/b");
    change.remove(&maps, "n/c");
    store.write(|change| {
        put_in(change, &maps, "a", "of a client");
        put_in(change, &maps, "b", "of a client");
        change.remove(&maps, "n/c");
    });
    let committed = store.commit(change).unwrap();
    assert_eq!(committed.writes().len(), 2, "an absent object is not removed again");
    let state = store.state();
    let [a, b, c] = ["n/a", "n/b", "n/c"].map(|key| state.snapshot.get(&maps, key));
    assert_eq!(a.unwrap().value("", "")["data"]["text"], "of the file");
    assert!(b.is_none() && c.is_none());
    let last = state.history.after(Revision(0)).last().unwrap();
    assert!(last.seeded && last.kind == EventKind::Deleted);
    assert_eq!(last.object.value("", "")["data"]["text"], "of a client");
}

/// The writes of a change: each object, and whether it is put or removed.
type Writes = Vec<(u8, bool)>;

/// Name → text of each object.
fn texts(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let objects = snapshot.collections().flat_map(|(_, all)| all.range("", ""));
    let text = |object: &Arc<Object>| {
        object.value("", "")["data"]["text"].as_str().unwrap_or_default().to_owned()
    };
    objects.map(|object| (object.meta.name.to_string(), text(object))).collect()
}

proptest! {
    /// Changes are decided on bases that are some revisions old, and again after a conflict. The result is
    /// that of a sequential execution, and the history leads from each state to the next.
    #[test]
    fn changes_that_are_decided_again_add_up(
        changes in proptest::collection::vec((proptest::collection::vec((0..6_u8, any::<bool>()), 1..5), 0..4_usize), 1..40),
    ) {
        let changes: Vec<(Writes, usize)> = changes;
        let maps = resource("configmaps");
        let store = store(HistoryLimits::default());
        let mut states = vec![store.state()];
        let mut model = BTreeMap::new();
        for (at, (writes, back)) in changes.iter().enumerate() {
            let decide = |base: &Arc<State>| {
                let mut change = StoreChange::on(base);
                for (name, put) in writes {
                    if *put {
                        put_in(&mut change, &maps, &format!("m{name}"), &at.to_string());
                    } else {
                        // Removing nothing relies on the absence of the object.
                        let key = format!("n/m{name}");
                        change.rely_on(&maps, &key);
                        change.remove(&maps, &key);
                    }
                }
                change
            };
            let base = &states[states.len().saturating_sub(1 + back)];
            let committed = match store.commit(decide(base)) {
                Ok(committed) => committed,
                Err(Conflict) => store.commit(decide(&store.state())).unwrap(),
            };
            let before = states.last().unwrap().revision;
            for (write, expected) in committed.writes().iter().zip(before.0 + 1..) {
                prop_assert_eq!(write.object.meta.revision, Revision(expected));
                let shown = write.object.value("", "");
                prop_assert_eq!(&shown["metadata"]["resourceVersion"], &json!(expected.to_string()));
            }
            for (name, put) in writes {
                if *put {
                    model.insert(format!("m{name}"), at.to_string());
                } else {
                    model.remove(&format!("m{name}"));
                }
            }
            let state = store.state();
            prop_assert_eq!(state.revision.0, before.0 + committed.writes().len() as u64);
            prop_assert_eq!(texts(&state.snapshot), model.clone());
            states.push(state);
        }
        let last = store.state();
        for state in &states {
            let again = store.pinned.at(&last, state.revision).unwrap();
            prop_assert_eq!(texts(&again), texts(&state.snapshot));
        }
    }
}
