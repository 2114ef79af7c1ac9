//! Changes in parts, and a state that takes over what another one has written.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::super::resource::{GroupResource, Registry};
use super::super::testing::TestStore;
use super::{
    Demand, History, HistoryLimits, Object, Place, RemoteWrite, Revision, Since, Snapshot, State,
    StoreChange, stored,
};

fn store() -> TestStore {
    let history = History::new(Revision(1), HistoryLimits::default());
    let types = Arc::new(Registry::default());
    TestStore::new(State { revision: Revision(1), snapshot: Snapshot::default(), history, types })
}

fn resource(name: &str) -> Arc<GroupResource> {
    Arc::new(GroupResource::new("", name))
}

fn place(resource: &Arc<GroupResource>, name: &str) -> Place {
    (Arc::clone(resource), format!("n/{name}").into())
}

fn put(change: &mut StoreChange, resource: &Arc<GroupResource>, name: &str, text: &str) {
    let value = json!({
        "metadata": {"name": name, "namespace": "n", "resourceVersion": change.next_revision().to_string()},
        "data": {"text": text},
    });
    change.put(Arc::new(Object::render(Arc::clone(resource), value, &[])));
}

#[test]
fn a_part_has_one_write_of_each_resource() {
    let (maps, pods, quotas) = (resource("configmaps"), resource("pods"), resource("quotas"));
    let store = store();
    store.write(|change| put(change, &quotas, "q", ""));
    let state = store.state();
    let mut change = StoreChange::on(&state);
    change.rely_on_all(&maps);
    put(&mut change, &quotas, "q", "1");
    put(&mut change, &pods, "a", "");
    put(&mut change, &pods, "b", "");
    put(&mut change, &maps, "c", "");
    change.remove(&pods, "n/a");
    let parts = change.parts();
    let written: Vec<Vec<(&str, bool)>> = parts
        .iter()
        .map(|part| part.writes.iter().map(|((_, key), of)| (&**key, of.is_some())).collect())
        .collect();
    let expected = [
        vec![("n/q", true), ("n/a", true)],
        vec![("n/b", true), ("n/c", true)],
        vec![("n/a", false)],
    ];
    assert_eq!(written, expected);
    let base = Since::Revision(state.revision);
    assert!(parts[0].demands.contains(&Demand::Object(place(&quotas, "q"), base)));
    assert!(parts[0].demands.contains(&Demand::Absent(place(&pods, "a"), base)));
    // What the decision relied on holds up to the last part; own writes are no others'.
    assert!(parts[1].demands.contains(&Demand::Collection(Arc::clone(&maps), base)));
    assert!(parts[2].demands.contains(&Demand::Collection(maps, Since::Part(1))));
    assert!(parts[2].demands.contains(&Demand::Object(place(&pods, "a"), Since::Part(0))));
    // Parts that were committed have the revisions of their transactions.
    let committed = change.committed(&[Revision(10), Revision(20)]);
    let revisions: Vec<u64> =
        committed.writes().iter().map(|write| write.object.meta.revision.0).collect();
    assert_eq!(revisions, [10, 10, 20, 20]);
}

#[test]
fn what_others_are_decided_by_is_compared_with_each_change() {
    let (ranges, quotas, maps) =
        (resource("limitranges"), resource("resourcequotas"), resource("configmaps"));
    let store = store();
    store.write(|change| put(change, &quotas, "q", ""));
    let state = store.state();
    let base = Since::Revision(state.revision);
    let mut change = StoreChange::on(&state);
    put(&mut change, &maps, "a", "");
    put(&mut change, &ranges, "r", "");
    put(&mut change, &maps, "b", "");
    // The use of a quota is written with what it counts; a new quota was not counted by anybody.
    put(&mut change, &quotas, "q", "1");
    put(&mut change, &quotas, "new", "");
    let parts = change.parts();
    let decide: Vec<bool> = parts.iter().map(|part| part.decides).collect();
    assert_eq!(decide, [true, false, true]);
    for (part, since) in parts.iter().zip([base, Since::Part(0), Since::Part(0)]) {
        assert!(part.demands.contains(&Demand::Deciding(since)), "{:?}", part.demands);
    }
    // What is deleted together is decided together.
    for name in ["a", "b"] {
        store.write(|change| put(change, &maps, name, ""));
    }
    let mut change = StoreChange::on(&store.state());
    change.remove(&maps, "n/a");
    change.remove(&maps, "n/b");
    let decided = change
        .parts()
        .into_iter()
        .map(|part| part.demands.iter().any(|demand| matches!(demand, Demand::Deciding(_))));
    assert_eq!(decided.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_change_that_relies_on_much_relies_on_all() {
    let state = store().state();
    let mut change = StoreChange::on(&state);
    for n in 0..200 {
        change.rely_on_all(&resource(&format!("r{n}")));
    }
    put(&mut change, &resource("configmaps"), "a", "");
    let parts = change.parts();
    assert_eq!(parts[0].demands, [Demand::World(Since::Revision(state.revision))]);
}

proptest! {
    #[test]
    fn who_takes_over_all_writes_has_the_same_state(
        steps in prop::collection::vec((0..3_usize, 0..4_usize, any::<bool>(), "[a-z\"é]{0,6}"), 1..40),
    ) {
        let store = store();
        let mut follower = (*store.state()).clone();
        for (of, name, removes, text) in steps {
            let (resource, name) = (resource(["pods", "secrets", "maps"][of]), format!("o{name}"));
            let removes = removes && store.state().has(&place(&resource, &name));
            store.write(|change| {
                if removes {
                    change.remove(&resource, &format!("n/{name}"));
                } else {
                    put(change, &resource, &name, &text);
                }
            });
            let state = store.state();
            let place = place(&resource, &name);
            let object = state.snapshot.get(&place.0, &place.1);
            let text = object.map(|object| stored(object, &state, false).unwrap().into());
            let write = RemoteWrite { place, revision: state.revision, text };
            prop_assert!(follower.take_over(&write).unwrap());
        }
        let state = store.state();
        prop_assert_eq!(follower.revision, state.revision);
        let all = |state: &State| -> Vec<String> {
            let collections = state.snapshot.collections().map(|(_, collection)| collection);
            let objects = collections.flat_map(|collection| collection.range("", "").cloned());
            objects.map(|object| String::from_utf8_lossy(&object.rest).into_owned()).collect()
        };
        prop_assert_eq!(all(&follower), all(&state));
        let events = |state: &State| -> Vec<(u64, &str, String)> {
            let after = state.history.after(Revision(0));
            after.map(|event| (event.revision.0, event.kind.as_str(), String::from_utf8_lossy(&event.object.rest).into_owned())).collect()
        };
        prop_assert_eq!(events(&follower), events(&state));
    }
}

#[test]
fn what_is_of_the_past_is_not_watched() {
    let maps = resource("maps");
    let store = store();
    store.write(|change| put(change, &maps, "a", ""));
    let layer = store.state().at_revision(Revision(5));
    assert_eq!(layer.snapshot.get(&maps, "n/a").unwrap().meta.revision, Revision(5));
    let mut state = layer.begun_at(Revision(9));
    let write = RemoteWrite {
        place: place(&maps, "a"),
        revision: Revision(8),
        text: Some(bytes::Bytes::new()),
    };
    state.overlay(&write).unwrap();
    assert!(
        !state.has(&place(&maps, "a")),
        "an empty text is that of an object of the fixtures that is gone"
    );
    assert!(layer.has(&place(&maps, "a")));
    assert_eq!((state.history.size().0, state.history.floor()), (0, Revision(9)));
    // What came before is not known: no watch goes on there.
    assert!(state.history.has_compacted(&maps, Revision(8)));
    assert!(!state.history.has_compacted(&maps, Revision(9)));
    let foreign =
        RemoteWrite { place: place(&maps, "b"), revision: Revision(10), text: Some("x".into()) };
    assert!(state.take_over(&foreign).is_err());
    assert_eq!(state.revision, Revision(9));
}
