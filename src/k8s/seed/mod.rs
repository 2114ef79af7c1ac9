//! The first state of a world, and the change from one seed to the next.
//!
//! ```text
//! files → [SeedObject] (identity of an object) → [types] (served types) → [conform] → [Seed::build] (rendered) → State
//! reload of files, reset of a world → [reseed] → StoreChange
//! ```

mod cluster;
mod conform;
mod object;
mod reseed;
mod types;

pub use cluster::ClusterObjects;
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
use super::{conversion, crd, definitions, meta};
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

/// Invalid objects, by their index.
type ObjectErrors = Vec<(usize, ObjectError)>;

/// Fields that are left out, by the index of their object.
type LostFields = Vec<(usize, String)>;

/// The number of objects per rendering thread.
const OBJECTS_PER_THREAD: usize = 4_096;

impl Seed {
    /// Builds the state. Objects keep their uid, times, resourceVersion and status; absent fields are filled
    /// in. The revision starts at the highest one of an object. Fields that the definition of an object's type does
    /// not have are left out; they are the second result, by the index of their object.
    ///
    /// # Errors
    /// Every invalid object, by its index in `crds` followed by `objects`.
    pub(crate) fn build(self) -> Result<(State, LostFields), ObjectErrors> {
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
        let mut unknown = Vec::new();
        for (index, rendered) in rendered.into_iter().enumerate() {
            match rendered {
                Ok((object, dropped)) => {
                    unknown.extend(dropped.into_iter().map(|field| (index, field)));
                    if &*object.resource.resource == "namespaces" {
                        namespaces.remove(&*object.meta.name);
                    } else if !object.meta.namespace.is_empty()
                        && !namespaces.contains(&*object.meta.namespace)
                    {
                        namespaces.insert(object.meta.namespace.to_string());
                    }
                    snapshot.insert(Arc::new(object));
                }
                Err(all) => errors.extend(all.into_iter().map(|error| (index, error))),
            }
        }
        for name in namespaces {
            let key = GroupResource::new("", "namespaces");
            if snapshot.get(&key, &name).is_none() {
                let value =
                    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
                if let Ok((object, _)) = render.object(SeedObject::new(value)) {
                    snapshot.insert(Arc::new(object));
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let history = History::new(revision, history);
        Ok((State { revision, snapshot, history, types: Arc::new(types) }, unknown))
    }

    /// As [`Self::build`], without the fields that are left out.
    #[cfg(test)]
    pub(crate) fn state(self) -> Result<State, ObjectErrors> {
        self.build().map(|(state, _)| state)
    }
}

/// The context for rendering an object.
struct Render<'a> {
    types: &'a Registry,
    revision: Revision,
    now: Timestamp,
}

impl Render<'_> {
    /// An object as it is stored, with the fields that are left out.
    fn object(&self, object: SeedObject) -> Result<(Object, Vec<String>), Vec<ObjectError>> {
        let (api_version, kind) = (Arc::clone(&object.api_version), Arc::clone(&object.kind));
        let served = self.types.find_kind(&api_version, &kind).ok_or_else(|| {
            let why = format!("no resource type serves kind {kind} of {api_version}");
            vec![ObjectError::Object(why)]
        })?;
        let trusted = object.trusted;
        let mut value = object.into_value();
        fill_in(&served.of, &mut value, self.revision, self.now);
        let namespace = meta::text(&value, "namespace");
        if served.of.namespaced == namespace.is_empty() {
            let what = if served.of.namespaced {
                "needs a metadata.namespace"
            } else {
                "must have no metadata.namespace"
            };
            return Err(vec![ObjectError::Object(format!("a {kind} {what}"))]);
        }
        let unknown = if trusted { Vec::new() } else { conform::conform(served, &mut value)? };
        let version = if !trusted || served.of.is_built_in() {
            conversion::to_seeded(served, &mut value)
        } else {
            None
        };
        let resource = Arc::clone(&served.of.stored_as);
        let object = Object::render(resource, value, &served.of.selectable_paths());
        Ok((object.written_in(version), unknown))
    }
}

/// Sets the absent fields of a definition: it is served from the start.
fn fill_in_definition(value: &mut Value, now: Timestamp) {
    crd::set_defaults(value);
    let established = crd::is_established(value);
    if !value["status"].is_object() {
        value["status"] = crd::initial_status(value);
    }
    if !established {
        let accepted = crd::accept(value, []);
        if let Some(last) = crd::served_status(value, &accepted, now).pop() {
            value["status"] = last;
        }
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
    if definitions::is_definition(&of.group_resource) {
        fill_in_definition(value, now);
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
