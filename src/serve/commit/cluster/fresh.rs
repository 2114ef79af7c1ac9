//! When was the last write of a world? A reader asks etcd before it reads the local state, as upstream's watch cache
//! does for a consistent read (`k8s.io/apiserver/pkg/storage/cacher`). All who ask meanwhile share the next answer. The
//! last change of what is shared besides objects is asked for in the same way.

use std::sync::{Arc, PoisonError};

use tokio::sync::oneshot;

use crate::etcd::{Failure, revision_of};
use crate::k8s::Revision;
use crate::message::WorldName;

use super::inner::{Inner, PATIENCE};

impl Inner {
    /// The revision of the last write of a world, at a time after the call; 0 where nothing was written.
    pub(super) async fn last_write(
        self: &Arc<Self>,
        world: &WorldName,
    ) -> Result<Revision, Failure> {
        self.written(self.keys.head(world)).await
    }

    /// The revision of the last change of what is shared besides objects, at a time after the call.
    pub(super) async fn last_change(self: &Arc<Self>) -> Result<Revision, Failure> {
        self.written(self.keys.changes()).await
    }

    /// The revision of the last write of a key, at a time after the call. Who shares an answer is woken by it, and by
    /// nothing else.
    async fn written(self: &Arc<Self>, key: String) -> Result<Revision, Failure> {
        let (sender, receiver) = oneshot::channel();
        let asks = {
            let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !asking.contains_key(&key);
            asking.entry(key.clone()).or_default().push(sender);
            is_new
        };
        if asks {
            self.driver.spawn(Arc::clone(self).answer(key));
        }
        receiver.await.unwrap_or_else(|_| Err(Failure::Unavailable("the server stops".to_owned())))
    }

    /// Asks until nobody waits.
    async fn answer(self: Arc<Self>, key: String) {
        loop {
            let waiting = {
                let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
                match asking.get_mut(&key).map(std::mem::take) {
                    Some(waiting) if !waiting.is_empty() => waiting,
                    _ => {
                        asking.remove(&key);
                        return;
                    }
                }
            };
            let found = self.members.get(&key, PATIENCE).await;
            let last = found.map(|found| {
                Revision(revision_of(found.kvs.first().map(|head| head.mod_revision)))
            });
            for sender in waiting {
                // Who does not wait any more needs no answer.
                let _ = sender.send(last.clone());
            }
        }
    }
}
