//! What is in a store, counted and checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::etcd::{KeyValue, revision_of};
use crate::message::WorldName;

use super::super::keys::Meaning;
use super::super::several::place_of;
use super::super::start::known_format;
use super::StoreTool;

/// The most problems and foreign keys that are named.
const NAMED: usize = 20;

/// What is in a store.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The revision that it was read at.
    pub(crate) revision: u64,
    /// The fingerprint of the fixtures.
    pub(crate) fingerprint: String,
    pub(crate) worlds: BTreeMap<String, WorldContents>,
    /// The largest object: its key and its size.
    pub(crate) largest: Option<(String, usize)>,
    /// How many keys hold what servers share besides objects: stubs, settings, clocks, the state of rules.
    pub(crate) besides_objects: usize,
    /// Keys that are not of this program: how many, and the first of them.
    pub(crate) foreign: (usize, Vec<String>),
    /// What is wrong: how much, and the first of it.
    pub(crate) problems: (usize, Vec<String>),
}

/// What is in a world.
#[derive(Debug, Default)]
pub(crate) struct WorldContents {
    /// The revision of its last write.
    pub(crate) revision: u64,
    /// How many objects of each resource, and of how many bytes.
    pub(crate) resources: BTreeMap<String, (usize, usize)>,
    /// How many objects of the fixtures were removed.
    pub(crate) removed: usize,
    /// Its last write was its deletion.
    pub(crate) ended: bool,
}

impl WorldContents {
    /// How many objects it has, and of how many bytes.
    pub(crate) fn total(&self) -> (usize, usize) {
        self.resources
            .values()
            .fold((0, 0), |(count, size), (of, bytes)| (count + of, size + bytes))
    }
}

impl StoreTool {
    /// Reads and checks everything. It holds one page of keys at a time.
    ///
    /// # Errors
    /// What etcd says; no store, or one of another version.
    pub(crate) async fn contents(&self) -> Result<Contents, String> {
        let revision = self.revision().await?;
        let mut contents = Contents { revision, ..Contents::default() };
        let (mut format, mut ends) = (None, BTreeMap::new());
        let mut visit = |kv: KeyValue| match self.keys.meaning(&kv.key) {
            Meaning::Format => format = Some(kv.value.clone()),
            Meaning::Fingerprint => {
                contents.fingerprint = String::from_utf8_lossy(&kv.value).into_owned();
            }
            Meaning::Head { world } => {
                contents.world(world).revision = revision_of(Some(kv.mod_revision));
            }
            Meaning::End { world } => {
                ends.insert(world.to_owned(), revision_of(Some(kv.mod_revision)));
            }
            Meaning::Floor { .. } | Meaning::Clusters | Meaning::Changes => {}
            Meaning::Server { .. } | Meaning::State { .. } => contents.besides_objects += 1,
            Meaning::Object { world, resource, key } => contents.add(world, resource, key, &kv),
            Meaning::Foreign => note(&mut contents.foreign, || name(&kv)),
        };
        self.each(&self.keys.watched(), revision, &mut visit).await?;
        let format = format.ok_or_else(|| format!("there is no store at {}", self.address))?;
        known_format(&format, &self.address).map_err(|failure| self.failed(&failure))?;
        contents.finish(&ends, self.place);
        Ok(contents)
    }
}

impl Contents {
    fn world(&mut self, name: &str) -> &mut WorldContents {
        self.worlds.entry(name.to_owned()).or_default()
    }

    fn add(&mut self, world: &str, resource: &str, key: &str, kv: &KeyValue) {
        let mut wrong = |why: String| note(&mut self.problems, || format!("{}: {why}", name(kv)));
        if WorldName::parse(world).is_err() {
            wrong("its world has an invalid name".to_owned());
        }
        match object_at(key, &kv.value) {
            Err(why) => wrong(why),
            Ok(None) => {
                self.world(world).removed += 1;
                return;
            }
            Ok(Some(_)) => {}
        }
        let size = kv.value.len();
        if self.largest.as_ref().is_none_or(|(_, largest)| *largest < size) {
            self.largest = Some((name(kv), size));
        }
        let (count, bytes) = self.world(world).resources.entry(resource.to_owned()).or_default();
        *count += 1;
        *bytes += size;
    }

    /// Checks what only all keys together tell.
    fn finish(&mut self, ends: &BTreeMap<String, u64>, (at, clusters): (usize, usize)) {
        for (world, of) in &mut self.worlds {
            let place = WorldName::parse(world).map(|world| place_of(&world, clusters));
            if let Some(place) = place.ok().filter(|place| *place != at) {
                let number = place + 1;
                note(&mut self.problems, || {
                    format!(
                        "the world {world} belongs to cluster {number} of {clusters}: servers do not see it here"
                    )
                });
            }
            of.ended = ends.get(world).is_some_and(|end| *end == of.revision);
            if of.revision == 0 {
                let why = || {
                    format!(
                        "the world {world} has objects, and no revision of its last write: servers ignore it"
                    )
                };
                note(&mut self.problems, why);
            }
        }
        if self.fingerprint.is_empty() {
            note(&mut self.problems, || "there is no fingerprint of the fixtures".to_owned());
        }
    }
}

/// The object of a value, if it is the one of its key; nothing where one of the fixtures was removed.
pub(super) fn object_at(key: &str, value: &[u8]) -> Result<Option<Value>, String> {
    let Some(object) = object(value)? else { return Ok(None) };
    let of = |field| object["metadata"][field].as_str().unwrap_or_default();
    let (namespace, named) = (of("namespace"), of("name"));
    let slash = if namespace.is_empty() { "" } else { "/" };
    if format!("{namespace}{slash}{named}") != key {
        return Err(format!("it holds the object {namespace}{slash}{named}"));
    }
    Ok(Some(object))
}

/// The object of a value; nothing where one of the fixtures was removed.
pub(super) fn object(value: &[u8]) -> Result<Option<Value>, String> {
    #[derive(Deserialize)]
    struct Stored {
        object: Value,
    }
    if value.is_empty() {
        return Ok(None);
    }
    let stored = serde_json::from_slice::<Stored>(value);
    stored.map(|stored| Some(stored.object)).map_err(|error| error.to_string())
}

fn note(to: &mut (usize, Vec<String>), text: impl FnOnce() -> String) {
    to.0 += 1;
    if to.1.len() < NAMED {
        to.1.push(text());
    }
}

fn name(kv: &KeyValue) -> String {
    String::from_utf8_lossy(&kv.key).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kv(value: &str) -> KeyValue {
        KeyValue {
            key: b"/p/k".to_vec(),
            create_revision: 3,
            mod_revision: 3,
            value: value.to_owned().into(),
        }
    }

    #[test]
    fn objects_are_counted_and_checked() {
        let mut contents = Contents::default();
        let map = |name: &str| {
            kv(&format!(r#"{{"object":{{"metadata":{{"name":"{name}","namespace":"n"}}}}}}"#))
        };
        contents.add("w", "configmaps", "n/a", &map("a"));
        contents.add("w", "configmaps", "n/long", &map("long"));
        contents.add("w", "secrets", "n/b", &map("a"));
        contents.add("w", "secrets", "n/c", &kv("{"));
        contents.add("w", "pods", "n/d", &kv(""));
        contents.add("-", "pods", "n/a", &map("a"));
        contents.world("w").revision = 5;
        contents.finish(&BTreeMap::from([("w".to_owned(), 4)]), (0, 1));
        let world = &contents.worlds["w"];
        assert_eq!((world.removed, world.ended), (1, false));
        assert_eq!(world.resources["configmaps"].0, 2);
        assert_eq!(world.total().0, 4);
        assert_eq!(contents.largest.as_ref().map(|(_, size)| *size), Some(map("long").value.len()));
        // A misplaced object, an unreadable one, a name that is none, a world without a revision, no fingerprint.
        assert_eq!(contents.problems.0, 5, "{:?}", contents.problems);
        // A world that is not the default one, in a cluster of many.
        let mut misplaced = Contents { fingerprint: "f".to_owned(), ..Contents::default() };
        misplaced.world("default").revision = 5;
        misplaced.finish(&BTreeMap::new(), (1, 2));
        assert_eq!(misplaced.problems.0, 1, "{:?}", misplaced.problems);
    }
}
