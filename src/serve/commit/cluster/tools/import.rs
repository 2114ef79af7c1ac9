//! Dumps of a store and objects of files → keys.
//!
//! A dump is lines of JSON, so that it is read and written a line at a time: the first says what it is, each other one
//! has a key below the prefix and its value. What is in etcd is text; a value that is none is left out, since no server
//! would read it.

use serde::{Deserialize, Serialize};

use crate::etcd::{Compare, KeyValue, RequestOp};
use crate::k8s::{self, Place, State};
use crate::message::WorldName;

use super::super::inner::PATIENCE;
use super::super::keys::Meaning;
use super::super::start::is_known;
use super::StoreTool;
use super::contents::object_at;

/// The most objects that are written at once: each is three operations of the 128 that etcd takes (`--max-txn-ops`).
const AT_ONCE: usize = 40;

/// The most bytes that are written at once: etcd takes 1.5 MiB (`--max-request-bytes`). A larger object goes alone.
const BYTES_AT_ONCE: usize = 1 << 20;

/// The first line of a dump.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// Tells a dump from other files.
    standin: String,
    /// As in etcd.
    format: String,
    fingerprint: String,
}

/// What the first line calls itself.
const KIND: &str = "store-dump";

/// Each other line: an object.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    world: String,
    resource: String,
    key: String,
    /// Empty where one of the fixtures was removed.
    value: String,
}

/// An object to be written.
pub(super) struct New {
    place: String,
    key: String,
    value: Vec<u8>,
}

/// What is in a dump.
pub(super) struct Dump {
    pub(super) head: Head,
    /// The objects of each world.
    pub(super) worlds: Vec<(WorldName, Vec<New>)>,
}

impl Dump {
    /// Reads a dump: into the worlds that it names, or all into one.
    ///
    /// # Errors
    /// Text that is no dump, or one of another version.
    pub(super) fn read(dump: &str, into: Option<&WorldName>) -> Result<Self, String> {
        let mut lines = dump.lines();
        let head = lines.next().and_then(|line| serde_json::from_str::<Head>(line).ok());
        let head = head.filter(|head| head.standin == KIND);
        let head = head.ok_or("this is no dump of `standin store export --raw`")?;
        if !is_known(head.format.as_bytes()) {
            return Err(format!("the dump is of another version ({})", head.format));
        }
        let mut worlds: Vec<(WorldName, Vec<New>)> = Vec::new();
        for (number, text) in lines.enumerate() {
            let wrong = |why: String| format!("line {} of the dump: {why}", number + 2);
            let line: Line =
                serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            let world = match into {
                Some(world) => world.clone(),
                None => WorldName::parse(&line.world).map_err(|error| wrong(error.to_string()))?,
            };
            object_at(&line.key, line.value.as_bytes()).map_err(wrong)?;
            let new = New { place: line.resource, key: line.key, value: line.value.into_bytes() };
            match worlds.iter_mut().find(|(known, _)| *known == world) {
                Some((_, objects)) => objects.push(new),
                None => worlds.push((world, vec![new])),
            }
        }
        Ok(Self { head, worlds })
    }
}

impl StoreTool {
    /// The lines of a dump of a world, or of all.
    ///
    /// # Errors
    /// What etcd says.
    pub(crate) async fn dump(&self, world: Option<&WorldName>) -> Result<Vec<String>, String> {
        let text = |key: String| async move {
            let found = self.members.get(&key, PATIENCE).await;
            let found = found.map_err(|failure| self.failed(&failure))?;
            let value = found.kvs.into_iter().next().map(|kv| kv.value);
            value.ok_or_else(|| format!("there is no store at {}", self.address))
        };
        let utf8 = |value: bytes::Bytes| String::from_utf8_lossy(&value).into_owned();
        let format = utf8(text(self.keys.format()).await?);
        let fingerprint = utf8(text(self.keys.fingerprint()).await?);
        let mut lines = vec![line(&Head { standin: KIND.to_owned(), format, fingerprint })?];
        let mut failed = None;
        let mut visit = |kv: KeyValue| {
            if let Meaning::Object { world, resource, key } = self.keys.meaning(&kv.key)
                && let Ok(value) = String::from_utf8(kv.value.to_vec())
            {
                let [world, resource, key] = [world, resource, key].map(str::to_owned);
                match line(&Line { world, resource, key, value }) {
                    Ok(line) => lines.push(line),
                    Err(why) => failed = Some(why),
                }
            }
        };
        let of_all = || format!("{}objects/", self.keys.watched());
        let prefix = world.map_or_else(of_all, |world| self.keys.objects(world));
        self.each(&prefix, 0, &mut visit).await?;
        failed.map_or(Ok(lines), Err)
    }

    /// Writes objects into a world: those of a state whose places another state does not have. Returns how many they
    /// are.
    ///
    /// # Errors
    /// What etcd says; a world that has objects already, unless it is to be written over.
    pub(crate) async fn import(
        &self,
        world: &WorldName,
        state: &State,
        without: &State,
        over: bool,
    ) -> Result<usize, String> {
        let mut objects = Vec::new();
        for (resource, collection) in state.snapshot.collections() {
            for object in collection.range("", "") {
                let place: Place = (resource.clone(), object.key.clone());
                if without.has(&place) {
                    continue;
                }
                let value = k8s::stored(object, state, false).map_err(|error| error.to_string())?;
                let (place, key) = (resource.to_string(), object.key.to_string());
                objects.push(New { place, key, value });
            }
        }
        let count = objects.len();
        self.write(world, objects, over).await?;
        Ok(count)
    }

    /// Begins a store as that of a dump, where there is none.
    pub(super) async fn begin(&self, head: &Head) -> Result<(), String> {
        let request = crate::etcd::TxnRequest {
            compare: vec![Compare::at(self.keys.format().into(), 0)],
            success: vec![
                RequestOp::put(self.keys.format().into(), head.format.clone().into()),
                RequestOp::put(self.keys.fingerprint().into(), head.fingerprint.clone().into()),
            ],
        };
        let begun = self.members.transact(request, PATIENCE).await;
        begun.map(drop).map_err(|failure| self.failed(&failure))
    }

    /// Writes objects, some at a time.
    pub(super) async fn write(
        &self,
        world: &WorldName,
        all: Vec<New>,
        over: bool,
    ) -> Result<(), String> {
        let taken = || {
            format!(
                "the world {world} at {} has objects already: nothing more was written; --force writes over them",
                self.address
            )
        };
        if !over && !self.objects(world).await?.is_empty() {
            return Err(taken());
        }
        let mut rest = all.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut compare, mut success, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(next) =
                rest.next_if(|next| success.is_empty() || bytes + next.value.len() <= BYTES_AT_ONCE)
            {
                bytes += next.value.len();
                let key = format!("{}{}/{}", self.keys.objects(world), next.place, next.key);
                if !over {
                    compare.push(Compare::at(key.clone().into(), 0));
                }
                success.push(RequestOp::put(key.into(), next.value));
                let head = format!("{}{}", self.keys.heads_of(world), next.place).into_bytes();
                // A transaction writes a key once.
                let head = RequestOp::put(head, Vec::new());
                if !success.contains(&head) {
                    success.push(head);
                }
                if success.len() >= 2 * AT_ONCE {
                    break;
                }
            }
            // Any of them may be one by which others are decided.
            success.push(RequestOp::put(self.keys.deciding(world).into(), Vec::new()));
            success.push(RequestOp::put(self.keys.head(world).into(), Vec::new()));
            if !self.carry_out(compare, success).await? {
                return Err(taken());
            }
        }
        Ok(())
    }
}

fn line(of: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(of).map_err(|error| error.to_string())
}
