//! Leases whose time ends because the clock is moved on (`k8s.io/client-go/tools/leaderelection`).
//!
//! A candidate for a leadership waits as long as the lease says by its own clock, which nobody can move. What it does not
//! wait for is a lease without a holder: so a holder steps down (`ReleaseOnCancel`), and so a lease is left here when it
//! would have expired. A holder that is still there takes it again with its next renewal.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::meta;
use super::resource::GroupResource;
use super::store::{Object, State, StoreChange};

static LEASES: LazyLock<GroupResource> =
    LazyLock::new(|| GroupResource::new("coordination.k8s.io", "leases"));

/// The namespace of the leases that are no leaderships: those by which nodes say that they are there.
const OF_NODES: &str = "kube-node-lease";

/// Takes the holders out of the leases that expire while some time passes after `now`, the time of clients; nothing where
/// there are none.
#[must_use]
pub(crate) fn expired(state: &Arc<State>, now: Timestamp, passed: Duration) -> Option<StoreChange> {
    let all = state.snapshot.collection(&LEASES)?;
    let of = state.types.get(&LEASES)?;
    let then = now.checked_add(passed).unwrap_or(Timestamp::MAX);
    let mut change = StoreChange::on(state);
    for object in all.range("", "") {
        if &*object.meta.namespace == OF_NODES || object.meta.terminating {
            continue;
        }
        let mut lease = object.value("coordination.k8s.io/v1", "Lease");
        if !expires(&lease["spec"], then) {
            continue;
        }
        let spec = &mut lease["spec"];
        spec["holderIdentity"] = "".into();
        spec["leaseDurationSeconds"] = json!(1);
        meta::set(&mut lease, "resourceVersion", change.next_revision().to_string().into());
        let resource = Arc::clone(&of.stored_as);
        change.put(Arc::new(Object::render(resource, lease, &of.selectable_paths())));
    }
    (!change.is_empty()).then_some(change)
}

/// Whether a lease has a holder, and has expired at a time.
fn expires(spec: &Value, then: Timestamp) -> bool {
    let has_holder = spec["holderIdentity"].as_str().is_some_and(|holder| !holder.is_empty());
    let renewed = spec["renewTime"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let lasts = spec["leaseDurationSeconds"].as_i64().map(SignedDuration::from_secs);
    let end = renewed.zip(lasts).and_then(|(renewed, lasts)| renewed.checked_add(lasts).ok());
    has_holder && end.is_some_and(|end| end <= then)
}

#[cfg(test)]
mod tests {
    use super::super::store::HistoryLimits;
    use super::super::{Seed, SeedObject};
    use super::*;

    fn lease(namespace: &str, name: &str, spec: &Value) -> SeedObject {
        let metadata = json!({"namespace": namespace, "name": name});
        let (api_version, kind) = ("coordination.k8s.io/v1", "Lease");
        SeedObject::new(json!({
            "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec,
        }))
    }

    #[test]
    fn leases_that_expire_while_time_passes_lose_their_holder() {
        let now: Timestamp = "2026-01-01T00:00:10Z".parse().unwrap();
        let held = |holder: &str, renewed: &str, seconds: u32| {
            let mut spec = json!({"holderIdentity": holder, "renewTime": renewed});
            spec["leaseDurationSeconds"] = seconds.into();
            spec
        };
        let renewed = "2026-01-01T00:00:05.000000Z";
        let objects = vec![
            lease("default", "expires", &held("a", renewed, 15)),
            lease("default", "lasts", &held("a", renewed, 60)),
            lease("default", "free", &held("", renewed, 1)),
            lease("default", "bare", &json!({"holderIdentity": "a"})),
            lease(OF_NODES, "node", &held("node", renewed, 15)),
        ];
        let history = HistoryLimits::default();
        let state = Seed { crds: Vec::new(), objects, history, now }.state().unwrap();
        let state = Arc::new(state);
        assert!(expired(&state, now, Duration::from_secs(9)).is_none());
        let change = expired(&state, now, Duration::from_secs(10)).unwrap();
        assert_eq!(change.len(), 1);
        let object = change.snapshot().get(&LEASES, "default/expires").unwrap();
        let spec = &object.value("coordination.k8s.io/v1", "Lease")["spec"];
        assert_eq!(
            (&spec["holderIdentity"], &spec["leaseDurationSeconds"]),
            (&json!(""), &json!(1))
        );
        assert_eq!(spec["renewTime"], renewed);
    }
}
