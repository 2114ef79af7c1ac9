//! What `standin store` does with the keys of a store, without a server.
//!
//! ```text
//! [StoreTools]: the clusters, each a
//! [StoreTool]: all keys, page by page → [contents]: counts and problems by world, objects
//!              dumps, objects of files → [import]: transactions
//!              histories, worlds → compacted, removed
//! ```

mod contents;
mod import;
mod several;

use serde_json::Value;

use crate::etcd::{Access, Compare, Failure, Members, RequestOp, StoreAddress, TxnRequest};
use crate::etcd::{KeyValue, revision_of};
use crate::message::WorldName;

use super::inner::PATIENCE;
use super::keys::{Keys, Meaning};

pub(crate) use contents::Contents;
pub(crate) use several::StoreTools;

/// The keys of a store in one cluster.
#[derive(Debug)]
pub(crate) struct StoreTool {
    /// Which of the clusters of the store it is, from 0, and how many there are.
    place: (usize, usize),
    members: Members,
    keys: Keys,
    address: StoreAddress,
}

/// An object of a world.
#[derive(Debug)]
pub(crate) struct StoredObject {
    /// `plural.group`.
    pub(crate) resource: String,
    /// `namespace/name`, or the name.
    pub(crate) key: String,
    /// Nothing where an object of the fixtures was removed.
    pub(crate) value: Option<Value>,
}

impl StoreTool {
    /// Opens the store at an address, in the current runtime.
    async fn open(
        address: StoreAddress,
        access: Access,
        place: (usize, usize),
    ) -> Result<Self, String> {
        let members = Members::new(&address, access)?;
        let keys = Keys::new(&address.prefix);
        let tool = Self { place, members, keys, address };
        tool.revision().await?;
        Ok(tool)
    }

    /// The revision of etcd.
    ///
    /// # Errors
    /// What etcd says.
    pub(crate) async fn revision(&self) -> Result<u64, String> {
        let found = self.members.get(&self.keys.format(), PATIENCE).await;
        let found = found.map_err(|failure| self.failed(&failure))?;
        Ok(revision_of(found.header.map(|header| header.revision)))
    }

    /// Does something with each key of the store, in order, all as of one revision.
    ///
    /// # Errors
    /// What etcd says.
    async fn each(
        &self,
        prefix: &str,
        revision: u64,
        visit: &mut (dyn FnMut(KeyValue) + Send),
    ) -> Result<(), String> {
        let read = self.members.read_each(prefix, revision, PATIENCE, visit).await;
        read.map_err(|failure| self.failed(&failure))
    }

    /// The objects of a world.
    ///
    /// # Errors
    /// What etcd says; an object that cannot be read.
    pub(crate) async fn objects(&self, world: &WorldName) -> Result<Vec<StoredObject>, String> {
        let (mut objects, mut wrong) = (Vec::new(), None);
        let mut visit = |kv: KeyValue| {
            let Meaning::Object { resource, key, .. } = self.keys.meaning(&kv.key) else { return };
            let value = contents::object(&kv.value);
            if let Err(why) = &value {
                wrong.get_or_insert(format!(
                    "{}: {why}: remove this key, or write the object anew with `standin store import --force`",
                    String::from_utf8_lossy(&kv.key)
                ));
            }
            let (resource, key) = (resource.to_owned(), key.to_owned());
            objects.push(StoredObject { resource, key, value: value.ok().flatten() });
        };
        self.each(&self.keys.objects(world), 0, &mut visit).await?;
        wrong.map_or(Ok(objects), Err)
    }

    /// Compacts the history of a world, up to a revision or to now. Returns the revision.
    ///
    /// # Errors
    /// What etcd says; a revision that is not reached yet.
    pub(crate) async fn compact(
        &self,
        world: &WorldName,
        up_to: Option<u64>,
    ) -> Result<u64, String> {
        let floor = self.reached(up_to).await?;
        let success = vec![
            RequestOp::put(self.keys.floor(world).into(), floor.to_string().into_bytes()),
            RequestOp::put(self.keys.head(world).into(), Vec::new()),
        ];
        self.carry_out(Vec::new(), success).await?;
        Ok(floor)
    }

    /// Compacts etcd itself, for all who use it. Returns the revision.
    ///
    /// # Errors
    /// What etcd says; a revision that is not reached yet.
    pub(crate) async fn compact_etcd(&self, up_to: Option<u64>) -> Result<u64, String> {
        let revision = self.reached(up_to).await?;
        let compacted = self.members.compact(revision, PATIENCE).await;
        compacted.map_err(|failure| self.failed(&failure))?;
        Ok(revision)
    }

    /// Removes what was written in a world: its next use makes it anew. Returns whether there was anything.
    ///
    /// # Errors
    /// What etcd says.
    pub(crate) async fn remove(&self, world: &WorldName) -> Result<bool, String> {
        let written = vec![Compare::after(self.keys.head(world).into(), 0)];
        self.carry_out(written, self.keys.erasure(world)).await
    }

    async fn reached(&self, asked: Option<u64>) -> Result<u64, String> {
        let now = self.revision().await?;
        match asked.filter(|asked| *asked > now) {
            Some(asked) => Err(format!("the revision {asked} is not reached yet: it is {now}")),
            None => Ok(asked.unwrap_or(now)),
        }
    }

    /// Carries out a transaction where there is a store; returns whether its comparisons held.
    async fn carry_out(
        &self,
        mut compare: Vec<Compare>,
        success: Vec<RequestOp>,
    ) -> Result<bool, String> {
        let format = self.members.get(&self.keys.format(), PATIENCE).await;
        let format = format.map_err(|failure| self.failed(&failure))?;
        let Some(format) = format.kvs.first() else {
            return Err(format!("there is no store at {}", self.address));
        };
        super::start::known_format(&format.value, &self.address).map_err(|of| self.failed(&of))?;
        let at = revision_of(Some(format.mod_revision));
        compare.push(Compare::at(self.keys.format().into(), at));
        let answer = self.members.transact(TxnRequest { compare, success }, PATIENCE).await;
        answer.map(|answer| answer.succeeded).map_err(|failure| self.failed(&failure))
    }

    fn failed(&self, failure: &Failure) -> String {
        format!("{}: {failure}", self.address)
    }
}
