//! The end of events: an API server keeps each for some time after its last write (`--event-ttl`).

use std::sync::{Arc, LazyLock};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::resource::GroupResource;
use super::store::{State, StoreChange};

static EVENTS: LazyLock<GroupResource> = LazyLock::new(|| GroupResource::new("", "events"));

/// Removes the events whose time is over; nothing where there are none.
#[must_use]
pub(crate) fn expired(
    state: &Arc<State>,
    now: Timestamp,
    lifetime: SignedDuration,
) -> Option<StoreChange> {
    let since = now.checked_sub(lifetime).ok()?;
    let all = state.snapshot.collection(&EVENTS)?;
    let mut change = StoreChange::on(state);
    for object in all.range("", "") {
        let event = object.value("v1", "Event");
        if written(&event).is_some_and(|written| written <= since) {
            change.remove(&EVENTS, &object.key);
        }
    }
    (!change.is_empty()).then_some(change)
}

/// When an object was written last, by this server: it notes that with each manager of fields.
fn written(object: &Value) -> Option<Timestamp> {
    let metadata = &object["metadata"];
    let managers = metadata["managedFields"].as_array().into_iter().flatten();
    let times = managers.map(|manager| &manager["time"]).chain([&metadata["creationTimestamp"]]);
    times.filter_map(|time| time.as_str()?.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::store::HistoryLimits;
    use super::super::{Seed, SeedObject};
    use super::*;

    #[test]
    fn events_end_some_time_after_they_were_written() {
        let now: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
        let event = |name: &str, created: &str, changed: &str| {
            let managed = json!([{"manager": "m", "operation": "Update", "time": changed}]);
            let reference = json!({"kind": "Pod", "namespace": "default", "name": "p"});
            SeedObject::new(json!({
                "apiVersion": "v1", "kind": "Event", "involvedObject": reference,
                "metadata": {
                    "namespace": "default", "name": name, "creationTimestamp": created,
                    "managedFields": managed,
                },
            }))
        };
        let (old, new) = ("2026-01-01T00:59:59Z", "2026-01-01T01:00:01Z");
        let objects =
            vec![event("old", old, old), event("changed", old, new), event("new", new, new)];
        let history = HistoryLimits::default();
        let state = Seed { crds: Vec::new(), objects, history, now }.state().unwrap();
        let state = Arc::new(state);
        let hour = SignedDuration::from_hours(1);
        let change = expired(&state, now, hour).unwrap();
        let left = change.snapshot().collection(&EVENTS).unwrap().range("", "");
        assert_eq!(
            left.map(|event| &*event.key).collect::<Vec<_>>(),
            ["default/changed", "default/new"]
        );
        assert!(expired(&state, now, hour * 2).is_none());
    }
}
