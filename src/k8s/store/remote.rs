//! A state that follows a store which several servers share: what objects look like there, and how the writes of all
//! servers come into the local state.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::definitions;
use super::super::meta;
use super::super::reread;
use super::history::Event;
use super::parts::Place;
use super::{EventKind, GroupResource, History, Object, Revision, Snapshot, State};

/// A write of some server.
#[derive(Debug)]
pub(crate) struct RemoteWrite {
    /// The object that was written.
    pub(crate) place: Place,
    /// When.
    pub(crate) revision: Revision,
    /// Its new text; nothing where it was removed.
    pub(crate) text: Option<Bytes>,
}

/// Why the text of an object cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadObject {
    /// It is not in the form of [`stored`].
    #[error("{0}")]
    Syntax(#[from] serde_json::Error),
    /// It is another object.
    #[error("it holds the object {0:?}")]
    Misplaced(Arc<str>),
}

/// An object in a shared store: without its revision, which is that of the key.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    /// As [`Object::version`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    /// As [`Event::seeded`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    seeded: bool,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// The text of an object for a shared store.
///
/// # Errors
/// None: what was rendered can be rendered again.
pub(crate) fn stored(
    object: &Object,
    of: &State,
    seeded: bool,
) -> Result<Vec<u8>, serde_json::Error> {
    let names = of.types.get(&object.resource).map(|of| {
        let version = object.version.as_deref().unwrap_or(&of.storage().name);
        (of.api_version(version), of.kind.to_string())
    });
    let (api_version, kind) = names.unwrap_or_default();
    let mut value = object.value(&api_version, &kind);
    if let Some(metadata) = value["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    let object_text = serde_json::value::to_raw_value(&value)?;
    let version = object.version.as_deref().map(Cow::Borrowed);
    serde_json::to_vec(&Stored { version, seeded, object: &object_text })
}

/// The object of a text, and whether it comes from files.
fn read(write: &RemoteWrite, text: &[u8], of: &State) -> Result<(Object, bool), BadObject> {
    let stored: Stored<'_> = serde_json::from_slice(text)?;
    let mut value = reread::value(stored.object.get().as_bytes());
    meta::set(&mut value, "resourceVersion", write.revision.to_string().into());
    let (resource, key) = &write.place;
    let selectable = of.types.get(resource).map(|of| of.selectable_paths()).unwrap_or_default();
    let object = Object::render(Arc::clone(resource), value, &selectable);
    if object.key != *key {
        return Err(BadObject::Misplaced(object.key));
    }
    let version = stored.version.map(|version| Arc::from(&*version));
    Ok((object.written_in(version), stored.seeded))
}

impl State {
    /// The same objects, all written at one revision, with which the history begins.
    #[must_use]
    pub(crate) fn at_revision(&self, revision: Revision) -> Self {
        let mut snapshot = Snapshot::default();
        for (_, collection) in self.snapshot.collections() {
            for object in collection.range("", "") {
                snapshot.insert(Arc::new(object.at_revision(revision)));
            }
        }
        Self { snapshot, ..self.begun_at(revision) }
    }

    /// The same objects, with a history that begins at a revision.
    #[must_use]
    pub(crate) fn begun_at(&self, revision: Revision) -> Self {
        Self { revision, history: self.history.begun_at(revision), ..self.clone() }
    }

    /// Whether there is an object.
    pub(crate) fn has(&self, place: &Place) -> bool {
        self.snapshot.get(&place.0, &place.1).is_some()
    }

    /// The place of an object by the name of its resource (`plural.group`).
    pub(crate) fn place(&self, resource: &str, key: &str) -> Place {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        let resource = GroupResource::new(group, plural);
        let known = self.types.get(&resource).map(|of| Arc::clone(&of.stored_as));
        (known.unwrap_or_else(|| Arc::new(resource)), key.into())
    }

    /// Takes over a write of some server, at its revision. Returns whether something has changed.
    ///
    /// # Errors
    /// [`BadObject`]: nothing has changed.
    pub(crate) fn take_over(&mut self, write: &RemoteWrite) -> Result<bool, BadObject> {
        let Some((previous, object, seeded)) = self.replace(write)? else { return Ok(false) };
        let revision = write.revision;
        let (kind, object) = match (object, &previous) {
            (Some(object), None) => (EventKind::Added, object),
            (Some(object), Some(_)) => (EventKind::Modified, object),
            (None, Some(last)) => (EventKind::Deleted, Arc::new(last.at_revision(revision))),
            (None, None) => return Ok(false),
        };
        let mut event = Event::new(revision, kind, object, previous);
        event.seeded = seeded;
        self.history.push(Arc::new(event));
        self.revision = self.revision.max(revision);
        Ok(true)
    }

    /// Takes over a write as one of the past: watches do not see it.
    ///
    /// # Errors
    /// [`BadObject`]: nothing has changed.
    pub(crate) fn overlay(&mut self, write: &RemoteWrite) -> Result<(), BadObject> {
        self.replace(write).map(drop)
    }

    /// Compacts the history up to a revision.
    pub(crate) fn compact(&mut self, floor: Revision) {
        self.history.compact(floor.min(self.revision));
    }

    #[expect(clippy::type_complexity, reason = "what was and what is, used in two places above")]
    fn replace(
        &mut self,
        write: &RemoteWrite,
    ) -> Result<Option<(Option<Arc<Object>>, Option<Arc<Object>>, bool)>, BadObject> {
        let (resource, key) = &write.place;
        let Some(text) = write.text.as_ref().filter(|text| !text.is_empty()) else {
            let previous = self.snapshot.remove(resource, key, write.revision);
            self.note_definition(resource, key);
            return Ok(previous.map(|previous| (Some(previous), None, false)));
        };
        let (object, seeded) = read(write, text, self)?;
        let object = Arc::new(object);
        let previous = self.snapshot.insert(Arc::clone(&object));
        self.note_definition(resource, key);
        Ok(Some((previous, Some(object), seeded)))
    }

    /// Serves what a written definition defines.
    fn note_definition(&mut self, resource: &GroupResource, key: &str) {
        if definitions::is_definition(resource) {
            let definition = self.snapshot.get(resource, key).cloned();
            let types = definitions::served(&self.types, key, definition.as_deref());
            if let Some(types) = types {
                self.types = Arc::new(types);
            }
        }
    }
}

impl History {
    /// A history with the same bounds, which begins after a revision.
    fn begun_at(&self, floor: Revision) -> Self {
        Self::new(floor, self.limits())
    }
}
