//! A change → transactions of etcd.

use std::sync::Arc;

use crate::etcd::{Compare, Failure, RequestOp, TxnRequest, revision_of};
use crate::k8s::{self, Committed, Demand, Part, Revision, Since, StoreChange};
use crate::message::WorldName;

use super::inner::{Inner, Refusal};

impl Inner {
    /// Commits a change, one part after the other. Returns what was committed, and the revision of the last write.
    pub(super) async fn commit(
        self: &Arc<Self>,
        world: &WorldName,
        change: StoreChange,
    ) -> Result<(Committed, Option<Revision>), Refusal> {
        let (base, seeded) = (change.base(), change.seeds());
        let mut revisions = Vec::new();
        for part in change.parts() {
            let request = self.transaction(world, &part, base, seeded, &revisions);
            let request = request.map_err(Refusal::Failed)?;
            let answer = self.transact(request).await.map_err(Refusal::Failed)?;
            if !answer.succeeded {
                return Err(Refusal::Conflict(change.committed(&revisions)));
            }
            revisions.push(Revision(revision_of(answer.header.map(|header| header.revision))));
        }
        let mut last = revisions.last().copied();
        if let Some(floor) = change.floor() {
            last = Some(self.compact(world, floor).await.map_err(Refusal::Failed)?);
        }
        Ok((change.committed(&revisions), last))
    }

    /// The transaction of a part.
    fn transaction(
        &self,
        world: &WorldName,
        part: &Part,
        base: Revision,
        seeded: bool,
        before: &[Revision],
    ) -> Result<TxnRequest, Failure> {
        let keys = &self.keys;
        let at = |since: &Since| match since {
            Since::Revision(revision) => *revision,
            Since::Part(part) => before.get(*part).copied().unwrap_or(base),
        };
        let mut compare = self.fence(world, base);
        compare.extend(part.demands.iter().map(|demand| match demand {
            Demand::Object(place, since) => {
                // What the fixtures have is not in etcd.
                let written = Some(at(since)).filter(|at| *at != self.layer.revision);
                Compare::at(keys.object(world, place).into(), written.unwrap_or_default().0)
            }
            Demand::Absent(place, since) => {
                Compare::not_after(keys.object(world, place).into(), at(since).0)
            }
            Demand::Collection(resource, since) => {
                Compare::not_after(keys.head_of(world, resource).into(), at(since).0)
            }
            Demand::Deciding(since) => Compare::not_after(keys.deciding(world).into(), at(since).0),
            Demand::World(since) => Compare::not_after(keys.head(world).into(), at(since).0),
        }));
        let mut success = Vec::with_capacity(2 * part.writes.len() + 1);
        for (place, object) in &part.writes {
            let key = keys.object(world, place).into();
            success.push(match object {
                Some(object) => {
                    let text = k8s::stored(object, &self.published(world).state(), seeded);
                    let text = text.map_err(|error| Failure::Refused(error.to_string()))?;
                    RequestOp::put(key, text)
                }
                None if self.layer.has(place) => RequestOp::put(key, Vec::new()),
                None => RequestOp::delete(key),
            });
            success.push(RequestOp::put(keys.head_of(world, &place.0).into(), Vec::new()));
        }
        if part.decides {
            success.push(RequestOp::put(keys.deciding(world).into(), Vec::new()));
        }
        success.push(RequestOp::put(keys.head(world).into(), Vec::new()));
        Ok(TxnRequest { compare, success })
    }

    /// What holds as long as the world, and the fixtures of all worlds, are those of the base.
    pub(super) fn fence(&self, world: &WorldName, base: Revision) -> Vec<Compare> {
        vec![
            Compare::at(self.keys.fingerprint().into(), self.layer.revision.0),
            Compare::not_after(self.keys.end(world).into(), base.0),
        ]
    }

    /// Compacts the history of a world on all servers. What etcd keeps is the business of its operator.
    async fn compact(
        self: &Arc<Self>,
        world: &WorldName,
        floor: Revision,
    ) -> Result<Revision, Failure> {
        let floor = floor.to_string().into_bytes();
        let request = TxnRequest {
            compare: self.fence(world, Revision(i64::MAX.unsigned_abs() - 1)),
            success: vec![
                RequestOp::put(self.keys.floor(world).into(), floor),
                RequestOp::put(self.keys.head(world).into(), Vec::new()),
            ],
        };
        self.carry_out(request).await
    }

    /// Deletes what was written in a world. Returns the revision with which it begins anew.
    pub(super) async fn erase(self: &Arc<Self>, world: &WorldName) -> Result<Revision, Failure> {
        let request = TxnRequest {
            compare: self.fence(world, Revision(i64::MAX.unsigned_abs() - 1)),
            success: self.keys.erasure(world),
        };
        self.carry_out(request).await
    }

    async fn carry_out(self: &Arc<Self>, request: TxnRequest) -> Result<Revision, Failure> {
        let answer = self.transact(request).await?;
        if !answer.succeeded {
            return Err(Failure::Refused("other fixtures were put in place of these".to_owned()));
        }
        Ok(Revision(revision_of(answer.header.map(|header| header.revision))))
    }
}
