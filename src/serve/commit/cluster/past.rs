//! The past of a world that a server does not remember, and etcd does: for lists at an exact revision and for continue
//! chains, which upstream reads from etcd as well.

use std::collections::HashMap;

use crate::etcd::{Failure, revision_of};
use crate::k8s::{Revision, Snapshot};
use crate::message::WorldName;

use super::inner::{Inner, PATIENCE};

impl Inner {
    /// The objects of a world as of a revision; nothing where it is compacted, or the world or its fixtures are younger.
    pub(super) async fn recall(
        &self,
        world: &WorldName,
        revision: Revision,
    ) -> Result<Option<Snapshot>, Failure> {
        if revision < self.layer.revision {
            return Ok(None);
        }
        let floor = self.members.get(&self.keys.floor(world), PATIENCE).await?;
        let floor = floor
            .kvs
            .first()
            .and_then(|floor| std::str::from_utf8(&floor.value).ok()?.parse().ok());
        let end = self.members.get(&self.keys.end(world), PATIENCE).await?;
        let end = revision_of(end.kvs.first().map(|end| end.mod_revision));
        if revision.0 < end.max(floor.unwrap_or_default()) {
            return Ok(None);
        }
        let all = match self.members.read(&self.keys.objects(world), revision.0, PATIENCE).await {
            Err(Failure::Compacted) => return Ok(None),
            all => all?,
        };
        let mut worlds = HashMap::from([(world.clone(), self.layer.begun_at(revision))]);
        self.overlay(&mut worlds, &all);
        Ok(worlds.remove(world).map(|state| state.snapshot))
    }
}
