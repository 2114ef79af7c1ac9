//! The first state of a store: built-in types, CRDs and objects from fixtures.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::parallel;

use super::resource::{
    GroupResource, Registry, ResourceType, TypeOrigin, Version, split_api_version,
};
use super::store::{History, HistoryLimits, Object, Revision, Snapshot, State, StoreChange};
use super::{SeedObject, builtin, crd, meta};

/// Namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Why a seed object cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// A CRD that declares no usable type.
    #[error("{}: {}", .0.key, .0.message)]
    Crd(crd::CrdError),
    /// An object that its type does not allow.
    #[error("{0}")]
    Object(String),
}

/// What a store begins with.
#[derive(Debug)]
pub struct Seed {
    /// `CustomResourceDefinition`s.
    pub crds: Vec<SeedObject>,
    /// All other objects.
    pub objects: Vec<SeedObject>,
    /// How much of the past to keep.
    pub history: HistoryLimits,
    /// The time to give objects that have none.
    pub now: Timestamp,
}

/// From how many objects on more than one thread renders them.
const OBJECTS_PER_THREAD: usize = 4_096;

impl Seed {
    /// Builds the state. Objects keep what they say of themselves (uid, times, resourceVersion,
    /// status); what is missing is filled in. The revision begins at the highest one they name.
    ///
    /// # Errors
    /// Every object that cannot be taken, by its index in `crds` then `objects`.
    pub fn state(self) -> Result<State, Vec<(usize, ObjectError)>> {
        let (types, mut errors) = read_types(&self.crds, &self.objects);
        let Self { crds, objects, history, now } = self;
        let highest = crds.iter().chain(&objects).filter_map(|object| object.revision).max();
        let revision = Revision(highest.unwrap_or_default().max(1));
        let render = Render { types: &types, revision, now };
        let mut snapshot = Snapshot::default();
        let mut namespaces: BTreeSet<String> =
            NAMESPACES.iter().map(|name| (*name).to_owned()).collect();
        let mut all = crds;
        all.extend(objects);
        let rendered = parallel::map(all, OBJECTS_PER_THREAD, |object| render.object(object));
        for (index, rendered) in rendered.into_iter().enumerate() {
            match rendered {
                Ok(object) => {
                    if &*object.resource.resource == "namespaces" {
                        namespaces.remove(&*object.meta.name);
                    } else if !object.meta.namespace.is_empty()
                        && !namespaces.contains(&*object.meta.namespace)
                    {
                        namespaces.insert(object.meta.namespace.to_string());
                    }
                    snapshot.insert(Arc::new(object));
                }
                Err(error) => errors.push((index, error)),
            }
        }
        for name in namespaces {
            let key = GroupResource::new("", "namespaces");
            if snapshot.get(&key, &name).is_none() {
                let value =
                    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
                if let Ok(object) = render.object(SeedObject::new(value)) {
                    snapshot.insert(Arc::new(object));
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let history = History::new(revision, history);
        Ok(State { revision, snapshot, history, types: Arc::new(types) })
    }
}

/// The resource types that definitions and objects declare, with the built-in ones.
#[must_use]
pub fn types_of<'v>(
    crds: impl IntoIterator<Item = &'v SeedObject>,
    objects: impl IntoIterator<Item = &'v SeedObject>,
) -> Registry {
    read_types(crds, objects).0
}

fn read_types<'v>(
    crds: impl IntoIterator<Item = &'v SeedObject>,
    objects: impl IntoIterator<Item = &'v SeedObject>,
) -> (Registry, Vec<(usize, ObjectError)>) {
    let mut errors = Vec::new();
    let mut types = builtin::registry();
    for (index, crd) in crds.into_iter().enumerate() {
        match crd::resource_type(&crd.value()) {
            Ok(of) => types.insert(of),
            Err(error) => errors.push((index, ObjectError::Crd(error))),
        }
    }
    for object in objects {
        infer(&mut types, object);
    }
    (types, errors)
}

/// What rendering an object takes.
struct Render<'a> {
    types: &'a Registry,
    revision: Revision,
    now: Timestamp,
}

impl Render<'_> {
    fn object(&self, object: SeedObject) -> Result<Object, ObjectError> {
        let (api_version, kind) = (Arc::clone(&object.api_version), Arc::clone(&object.kind));
        let served = self.types.find_kind(&api_version, &kind).ok_or_else(|| {
            ObjectError::Object(format!("no resource type serves kind {kind} of {api_version}"))
        })?;
        let mut value = object.into_value();
        fill_in(&served.of, &mut value, self.revision, self.now);
        let namespace = meta::text(&value, "namespace");
        if served.of.namespaced == namespace.is_empty() {
            let what = if served.of.namespaced {
                "needs a metadata.namespace"
            } else {
                "must have no metadata.namespace"
            };
            return Err(ObjectError::Object(format!("a {kind} {what}")));
        }
        let resource = Arc::clone(&served.of.group_resource);
        Ok(Object::render(resource, value, &served.of.selectable_paths()))
    }
}

/// Brings a running world from one seed to another: what the seeds say differently is written, so that watchers
/// see it; what clients have written besides is left alone.
#[must_use]
pub fn reseed(state: &Arc<State>, before: &State, after: &State) -> StoreChange {
    let mut change = StoreChange::seeding(state);
    for (resource, collection) in after.snapshot.collections() {
        for object in collection.range("", "") {
            let old = before.snapshot.get(resource, &object.key);
            if old.is_none_or(|old| !is_same(old, object)) {
                let object = object.at_revision(change.next_revision());
                change.put(Arc::new(object));
            }
        }
    }
    for (resource, collection) in before.snapshot.collections() {
        for object in collection.range("", "") {
            if after.snapshot.get(resource, &object.key).is_none() {
                change.remove(resource, &object.key);
            }
        }
    }
    let types = types_now(change.snapshot(), after);
    change.set_types(types);
    change
}

/// Lets a seed share the objects that are the same in an earlier one. Says whether they differ at all.
pub fn share(before: &State, after: &mut State) -> bool {
    let mut differs =
        before.revision != after.revision || before.snapshot.len() != after.snapshot.len();
    let objects: Vec<Arc<Object>> = after
        .snapshot
        .collections()
        .flat_map(|(_, collection)| collection.range("", "").cloned())
        .collect();
    for object in objects {
        match before.snapshot.get(&object.resource, &object.key) {
            Some(old) if old.rest == object.rest => {
                after.snapshot.insert(Arc::clone(old));
            }
            _ => differs = true,
        }
    }
    differs
}

/// Whether two seeds say the same. Objects that name no revision get that of the whole seed, which
/// another object may have changed.
fn is_same(old: &Object, new: &Object) -> bool {
    let revision = new.meta.revision;
    old.rest == new.rest
        || old.meta.revision != revision && old.at_revision(revision).rest == new.rest
}

/// The types of a reloaded seed, with what clients have since made of the definitions: theirs stay
/// served, and those they deleted stay away.
fn types_now(live: &Snapshot, after: &State) -> Registry {
    let mut types = (*after.types).clone();
    let resource = GroupResource::new("apiextensions.k8s.io", "customresourcedefinitions");
    let definitions = |snapshot: &Snapshot| -> Vec<Arc<Object>> {
        let all = snapshot.collection(&resource);
        all.map(|all| all.range("", "").cloned().collect()).unwrap_or_default()
    };
    for gone in definitions(&after.snapshot) {
        if live.get(&resource, &gone.key).is_none()
            && let Some((plural, group)) = gone.meta.name.split_once('.')
        {
            types.remove(&GroupResource::new(group, plural));
        }
    }
    for definition in definitions(live) {
        let value = definition.value("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        // It was checked when it was written.
        if let Ok(of) = crd::resource_type(&value) {
            types.insert(of);
        }
    }
    types
}

/// Fills in what a server would have set.
fn fill_in(of: &ResourceType, value: &mut Value, revision: Revision, now: Timestamp) {
    let id = format!(
        "{}/{}/{}",
        of.group_resource,
        meta::text(value, "namespace"),
        meta::text(value, "name")
    );
    // The same object has the same uid in every run.
    let uid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, id.as_bytes());
    if of.namespaced && meta::text(value, "namespace").is_empty() {
        meta::set(value, "namespace", "default".into());
    }
    let missing = [
        ("uid", json!(uid.to_string())),
        ("creationTimestamp", json!(meta::time_text(now))),
        ("resourceVersion", json!(revision.to_string())),
    ];
    for (field, filler) in missing {
        if meta::text(value, field).is_empty() {
            meta::set(value, field, filler);
        }
    }
    if !of.is_built_in() && value["metadata"]["generation"].is_null() {
        meta::set(value, "generation", json!(1));
    }
    if value["kind"] == "CustomResourceDefinition" && value["status"].is_null() {
        value["status"] = crd::status(value, now);
    }
    if of.is_built_in() && of.plural() == "namespaces" {
        let name = meta::text(value, "name").to_owned();
        value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
        if value["spec"].is_null() {
            value["spec"] = json!({"finalizers": ["kubernetes"]});
        }
        if value["status"].is_null() {
            value["status"] = json!({"phase": "Active"});
        }
    }
}

/// An object of an unknown type declares one: every field is kept, the plural is guessed as
/// Kubernetes tools guess it.
fn infer(types: &mut Registry, object: &SeedObject) {
    let (api_version, kind) = (&*object.api_version, &*object.kind);
    if kind.is_empty() || types.find_kind(api_version, kind).is_some() {
        return;
    }
    let (group, version) = split_api_version(api_version);
    types.insert(ResourceType {
        group_resource: Arc::new(GroupResource::new(group, &plural(kind))),
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        singular: kind.to_lowercase().into(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: !object.namespace.is_empty(),
        stored: true,
        origin: TypeOrigin::Inferred,
        versions: vec![Version {
            name: version.into(),
            served: true,
            storage: true,
            status: false,
            scale: None,
            schema: None,
            raw_schema: None,
            columns: Arc::default(),
            selectable: Vec::new(),
        }],
    });
}

/// `k8s.io/apimachinery/pkg/api/meta.UnsafeGuessKindToResource`.
fn plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.as_str() {
        "endpoints" => lower,
        name if name.ends_with('s') || name.ends_with("ch") || name.ends_with('x') => {
            format!("{name}es")
        }
        name if name.ends_with('y') => format!("{}ies", &name[..name.len() - 1]),
        name => format!("{name}s"),
    }
}
