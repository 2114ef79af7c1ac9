//! Who is woken, and how much of the past is kept.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::resource::{GroupResource, Registry};
use super::{History, HistoryLimits, Object, Revision, Snapshot, State, Store};

fn store(limits: HistoryLimits) -> Store {
    let history = History::new(Revision(1), limits);
    let types = Arc::new(Registry::default());
    Store::new(State { revision: Revision(1), snapshot: Snapshot::default(), history, types })
}

fn put(store: &Store, resource: &Arc<GroupResource>, name: &str, text: &str) {
    let written = store.write(|transaction| {
        let revision = transaction.next_revision().to_string();
        let value = json!({
            "metadata": {"name": name, "namespace": "n", "resourceVersion": revision},
            "data": {"text": text},
        });
        transaction.put(Arc::new(Object::render(Arc::clone(resource), value, &[])));
        Ok::<_, Value>(())
    });
    written.unwrap();
}

#[test]
fn a_write_wakes_those_of_its_resource_only() {
    let store = store(HistoryLimits::default());
    let [maps, secrets] =
        ["configmaps", "secrets"].map(|name| Arc::new(GroupResource::new("", name)));
    let [mut of_maps, mut of_secrets] =
        [&maps, &secrets].map(|resource| store.subscribe_to(resource));
    let mut of_all = store.subscribe();
    for receiver in [&mut of_maps, &mut of_secrets, &mut of_all] {
        receiver.mark_unchanged();
    }
    put(&store, &maps, "a", "");
    assert!(of_maps.has_changed().unwrap() && of_all.has_changed().unwrap());
    assert!(!of_secrets.has_changed().unwrap());
    assert!(store.is_watched());
    store.wake();
    assert!(of_secrets.has_changed().unwrap());
    drop((of_maps, of_secrets));
    assert!(!store.is_watched());
}

#[test]
fn the_past_is_bounded_in_bytes_and_in_events() {
    let maps = Arc::new(GroupResource::new("", "configmaps"));
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
    // One that is larger than all that is kept is still seen by those who wait for it.
    put(&store, &maps, "large", &"x".repeat(2 << 20));
    assert_eq!(store.state().history.size().0, 1);
    store.compact(store.state().revision);
    assert_eq!(store.state().history.size(), (0, 0));
}

#[test]
fn the_events_of_a_resource_are_lost_only_by_their_own_number() {
    let [maps, secrets] =
        ["configmaps", "secrets"].map(|name| Arc::new(GroupResource::new("", name)));
    let store = store(HistoryLimits { events: 4, ..HistoryLimits::default() });
    put(&store, &secrets, "a", "");
    let seen = store.state().revision;
    for n in 0..10 {
        put(&store, &maps, &format!("m{n}"), "");
    }
    let state = store.state();
    assert!(state.history.floor() > seen);
    assert!(!state.history.has_lost(&secrets, seen), "nothing of it was after");
    assert!(state.history.has_lost(&secrets, Revision(1)));
    assert!(state.history.has_lost(&maps, seen));
    put(&store, &secrets, "b", "");
    let state = store.state();
    let names: Vec<_> = state.history.of(&secrets, seen).map(|event| &*event.object.key).collect();
    assert_eq!(names, ["n/b"]);
}

#[test]
fn pinned_snapshots_below_the_floor_are_let_go() {
    let maps = Arc::new(GroupResource::new("", "configmaps"));
    let store = store(HistoryLimits { events: 4, ..HistoryLimits::default() });
    put(&store, &maps, "a", "");
    let state = store.state();
    let object = Arc::downgrade(state.snapshot.get(&maps, "n/a").unwrap());
    store.pin(state.revision, &state.snapshot);
    drop(state);
    for _ in 0..10 {
        put(&store, &maps, "a", "again");
    }
    assert!(object.upgrade().is_none(), "the first version is held by nobody");
}
