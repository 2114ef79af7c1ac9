//! The first state of a world, and the change from one seed to the next.
//!
//! ```text
//! files → [SeedObject] (identity of an object) → [types] (served types) → [Seed::state] (rendered) → State
//! reload of files, reset of a world → [reseed] → StoreChange
//! ```

mod object;
mod reseed;
mod types;

pub(crate) use object::{ObjectError, SeedObject};
pub(crate) use reseed::{reseed, share};
pub(crate) use types::types_of;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::parallel;

use super::resource::{GroupResource, Registry, ResourceType};
use super::store::{History, HistoryLimits, Object, Revision, Snapshot, State};
use super::{crd, meta};
use types::read_types;

/// The namespaces of every cluster.
pub(crate) const NAMESPACES: [&str; 4] =
    ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The objects of the first state.
#[derive(Debug)]
pub(crate) struct Seed {
    /// `CustomResourceDefinition`s.
    pub crds: Vec<SeedObject>,
    /// All other objects.
    pub objects: Vec<SeedObject>,
    /// The bounds of the history.
    pub history: HistoryLimits,
    /// The creation time of objects without one.
    pub now: Timestamp,
}

/// The number of objects per rendering thread.
const OBJECTS_PER_THREAD: usize = 4_096;

impl Seed {
    /// Builds the state. Objects keep their uid, times, resourceVersion and status; absent fields are filled
    /// in. The revision starts at the highest one of an object.
    ///
    /// # Errors
    /// Every invalid object, by its index in `crds` followed by `objects`.
    pub(crate) fn state(self) -> Result<State, Vec<(usize, ObjectError)>> {
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

/// The context for rendering an object.
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

/// Sets the absent fields that a server sets.
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
    // A namespace of an object without one is ignored, as upstream ignores it.
    if of.is_built_in() && !of.namespaced {
        meta::set(value, "namespace", Value::Null);
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
