//! The objects that a controller reads and writes, as part of one change.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::admission::AdmissionPlugins;
use super::super::admission::plugins;
use super::super::core::decode::{self, From};
use super::super::core::rules::{self, Generation};
use super::super::core::{apply_defaults, types};
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::store::{Object, State, StoreChange};

/// A built-in type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
}

const fn of(group: &'static str, kind: &'static str, plural: &'static str) -> Type {
    Type { group, version: "v1", kind, plural }
}

pub(super) const PODS: Type = of("", "Pod", "pods");
pub(super) const NAMESPACES: Type = of("", "Namespace", "namespaces");
pub(super) const SERVICE_ACCOUNTS: Type = of("", "ServiceAccount", "serviceaccounts");
pub(super) const CONFIG_MAPS: Type = of("", "ConfigMap", "configmaps");
pub(super) const NODES: Type = of("", "Node", "nodes");
pub(super) const SERVICES: Type = of("", "Service", "services");
pub(super) const ENDPOINTS: Type = of("", "Endpoints", "endpoints");
pub(super) const CLAIMS: Type = of("", "PersistentVolumeClaim", "persistentvolumeclaims");
pub(super) const QUOTAS: Type = of("", "ResourceQuota", "resourcequotas");
pub(super) const VOLUMES: Type = of("", "PersistentVolume", "persistentvolumes");
pub(super) const REPLICATION_CONTROLLERS: Type =
    of("", "ReplicationController", "replicationcontrollers");
pub(super) const REPLICA_SETS: Type = of("apps", "ReplicaSet", "replicasets");
pub(super) const DEPLOYMENTS: Type = of("apps", "Deployment", "deployments");
pub(super) const STATEFUL_SETS: Type = of("apps", "StatefulSet", "statefulsets");
pub(super) const DAEMON_SETS: Type = of("apps", "DaemonSet", "daemonsets");
pub(super) const REVISIONS: Type = of("apps", "ControllerRevision", "controllerrevisions");
pub(super) const JOBS: Type = of("batch", "Job", "jobs");
pub(super) const CRON_JOBS: Type = of("batch", "CronJob", "cronjobs");
pub(super) const POLICIES: Type =
    of("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies");
pub(super) const SLICES: Type = of("discovery.k8s.io", "EndpointSlice", "endpointslices");

impl Type {
    pub(super) fn resource(self) -> GroupResource {
        GroupResource::new(self.group, self.plural)
    }

    pub(super) fn api_version(self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// What one run of a controller changes.
pub(super) struct Work {
    pub(super) change: StoreChange,
    pub(super) now: Timestamp,
}

impl Work {
    pub(super) fn on(state: &Arc<State>, now: Timestamp) -> Self {
        Self { change: StoreChange::on(state), now }
    }

    /// The time as objects have it.
    pub(super) fn time(&self) -> Value {
        meta::time_text(self.now).into()
    }

    /// An object by its key.
    pub(super) fn get(&self, of: Type, key: &str) -> Option<Value> {
        let found = self.change.snapshot().get(&of.resource(), key)?;
        Some(found.value(&of.api_version(), of.kind))
    }

    /// The objects of a namespace, or of all for `""`.
    pub(super) fn list(&self, of: Type, namespace: &str) -> Vec<Value> {
        let all = self.change.snapshot().collection(&of.resource());
        let all = all.into_iter().flat_map(|all| all.range(namespace, ""));
        all.map(|object| object.value(&of.api_version(), of.kind)).collect()
    }

    /// The objects that an object controls, in the order of names.
    pub(super) fn owned(&self, of: Type, owner: &Value) -> Vec<Value> {
        let uid = meta::text(owner, "uid");
        let resource = of.resource();
        let all = self.change.snapshot().dependents(uid).into_iter();
        let all = all.filter(|object| *object.resource == resource);
        let all = all.map(|object| object.value(&of.api_version(), of.kind));
        all.filter(|object| controller(object).is_some_and(|one| one["uid"] == uid)).collect()
    }

    /// Creates an object with the defaults of its type. Returns whether it was created: the name is free, and its
    /// namespace takes new objects.
    pub(super) fn create(&mut self, of: Type, mut value: Value) -> bool {
        let Some(found) = self.change.types().get(&of.resource()).cloned() else { return false };
        let (namespace, name) =
            (meta::text(&value, "namespace").to_owned(), meta::text(&value, "name").to_owned());
        let key = found.key(&namespace, &name);
        let snapshot = self.change.snapshot();
        let namespaces = NAMESPACES.resource();
        let is_open = namespace.is_empty()
            || snapshot.get(&namespaces, &namespace).is_some_and(|found| !found.meta.terminating);
        if !is_open || snapshot.get(&found.stored_as, &key).is_some() {
            return false;
        }
        let revision = self.change.next_revision();
        let identity = format!("{}/{key}/{revision}", found.group_resource);
        let uid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, identity.as_bytes());
        value["apiVersion"] = of.api_version().into();
        value["kind"] = of.kind.into();
        meta::set(&mut value, "uid", uid.to_string().into());
        meta::set(&mut value, "creationTimestamp", self.time());
        let rules = rules::find(of.group, of.plural);
        if rules.generation != Generation::None {
            meta::set(&mut value, "generation", json!(1));
        }
        let resource = of.resource();
        let request = plugins::Request {
            plugins: AdmissionPlugins::default(),
            resource: &resource,
            subresource: "",
            namespace: &namespace,
            snapshot: self.change.snapshot(),
            may_sign: &|_, _| true,
            makes_accounts: true,
            suffix: &suffix(&key, 5),
        };
        // What is refused stays as it is: nobody would see why.
        let _ = plugins::mutate(&request, &mut value, None);
        rules.prepare_new(&mut value);
        if let Some(go) = types::of_kind(of.group, of.version, of.kind) {
            // Templates were decoded when their owner was stored.
            let _ = decode::decode(&mut value, go, From::Map);
            apply_defaults(&mut value, go);
        }
        self.put(of, value);
        true
    }

    /// Stores a changed object, where something has changed.
    pub(super) fn update(&mut self, of: Type, old: &Value, mut new: Value) {
        if new == *old {
            return;
        }
        let rules = rules::find(of.group, of.plural);
        if rules.generation != Generation::None && rules.bumps(&new, old) {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or_default();
            meta::set(&mut new, "generation", json!(generation + 1));
        }
        self.put(of, new);
    }

    /// Stores an object with another status, where it is another one.
    pub(super) fn set_status(&mut self, of: Type, object: &Value, status: Value) {
        if object["status"] != status {
            let mut new = object.clone();
            new["status"] = status;
            self.put(of, new);
        }
    }

    /// Deletes an object in the background: at once, or when its finalizers are removed.
    pub(super) fn delete(&mut self, of: Type, object: &Value) {
        let key = key(object);
        if meta::finalizers(object).is_empty() {
            self.change.remove(&of.resource(), &key);
        } else if !meta::is_terminating(object) {
            let mut value = object.clone();
            meta::set(&mut value, "deletionTimestamp", self.time());
            meta::set(&mut value, "deletionGracePeriodSeconds", json!(0));
            self.put(of, value);
        }
    }

    /// Stores an object as it is: a change of its status, or of metadata that makes no new generation.
    pub(super) fn put(&mut self, of: Type, mut value: Value) {
        let Some(found) = self.change.types().get(&of.resource()).cloned() else { return };
        let revision = self.change.next_revision().to_string();
        meta::set(&mut value, "resourceVersion", revision.into());
        let resource = Arc::clone(&found.stored_as);
        self.change.put(Arc::new(Object::render(resource, value, &found.selectable_paths())));
    }

    /// The time from a timestamp of an object until now; nothing where there is none.
    pub(super) fn since(&self, time: &Value) -> Option<SignedDuration> {
        let time: Timestamp = time.as_str()?.parse().ok()?;
        Some(self.now.duration_since(time))
    }

    /// How long it is until some time after a timestamp; nothing where that has passed.
    pub(super) fn until(&self, time: &Value, after: Duration) -> Option<Duration> {
        let passed = self.since(time)?;
        let left = SignedDuration::try_from(after).ok()?.checked_sub(passed)?;
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }
}

/// The key of an object in the store.
pub(super) fn key(object: &Value) -> String {
    match (meta::text(object, "namespace"), meta::text(object, "name")) {
        ("", name) => name.to_owned(),
        (namespace, name) => format!("{namespace}/{name}"),
    }
}

/// The reference of an object to its controller.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    let mut all = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    all.find(|one| one["controller"] == true)
}

/// A reference to a controller (`metav1.NewControllerRef`).
pub(super) fn reference(of: Type, owner: &Value) -> Value {
    json!([{
        "apiVersion": of.api_version(), "kind": of.kind, "name": meta::text(owner, "name"),
        "uid": meta::text(owner, "uid"), "controller": true, "blockOwnerDeletion": true,
    }])
}

/// The characters of generated names (`k8s.io/apimachinery/pkg/util/rand`).
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The hash of a text (FNV-1a, 64 bits).
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Some characters of generated names that stand for a text.
pub(super) fn suffix(text: &str, length: usize) -> String {
    let mut rest = hash(text);
    let mut out = String::with_capacity(length);
    for _ in 0..length {
        let index = usize::try_from(rest % 27).unwrap_or_default();
        out.push(char::from(ALPHABET[index]));
        rest /= 27;
    }
    out
}

/// A number of an object, or another one where it has none.
pub(super) fn number(value: &Value, otherwise: i64) -> i64 {
    value.as_i64().unwrap_or(otherwise)
}
