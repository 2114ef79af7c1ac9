//! Worlds that no server uses are removed.
//!
//! Each server writes which worlds it uses, as keys with a lease of the time that a world may be unused. The server that
//! runs the controllers removes the worlds whose key is gone. What it decides is compared with etcd once more as it is
//! carried out, so that a world which is used meanwhile stays.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::etcd::{Compare, Failure, RequestOp, TxnRequest, revision_of};
use crate::k8s::Revision;
use crate::message::WorldName;

use super::inner::{Inner, PATIENCE};

/// The shortest and the longest time between two looks.
const PACE: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// How many worlds are written or removed at once; etcd takes 128 operations (`--max-txn-ops`).
const AT_ONCE: usize = 100;

/// What a world without a user has in etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unused {
    world: WorldName,
    /// When it was written last.
    head: u64,
    /// It was deleted already: only the traces of that are left.
    ended: bool,
}

/// The worlds that were seen without a user, and since when.
#[derive(Debug, Default)]
struct Seen(HashMap<WorldName, (u64, Instant)>);

impl Seen {
    /// The worlds that have had no user for a time, and were not written to; at most [`AT_ONCE`].
    fn due(&mut self, unused: Vec<Unused>, now: Instant, after: Duration) -> Vec<Unused> {
        let names: HashSet<&WorldName> = unused.iter().map(|of| &of.world).collect();
        self.0.retain(|world, _| names.contains(world));
        let is_due = |of: &Unused| {
            let since = self.0.entry(of.world.clone()).or_insert((of.head, now));
            if since.0 != of.head {
                *since = (of.head, now);
            }
            now.duration_since(since.1) >= after
        };
        unused.into_iter().filter(is_due).take(AT_ONCE).collect()
    }
}

impl Inner {
    /// Writes which worlds this server uses, and removes the unused ones while it runs the controllers.
    pub(super) async fn keep_worlds(self: Arc<Self>, idle: Duration) {
        let [least, most] = PACE;
        let (mut seen, mut noted) = (Seen::default(), None::<Instant>);
        loop {
            tokio::time::sleep((idle / 8).clamp(least, most)).await;
            // Where etcd is not reached, the next time may do.
            if noted.is_none_or(|noted| noted.elapsed() >= idle / 4)
                && self.note_uses(idle).await.is_ok()
            {
                noted = Some(Instant::now());
            }
            if !*self.leads.borrow() {
                seen = Seen::default();
                continue;
            }
            let Ok(unused) = self.unused().await else { continue };
            for of in seen.due(unused, Instant::now(), idle / 2) {
                let _ = self.remove_unused(&of).await;
            }
        }
    }

    /// Writes which worlds were used since the last time, or are watched.
    async fn note_uses(&self, idle: Duration) -> Result<(), Failure> {
        let used: Vec<_> = {
            let worlds = self.worlds();
            let named = worlds.iter().filter(|(world, _)| !world.is_default());
            let used = named.filter(|(_, published)| published.take_use());
            used.map(|(world, published)| (world.clone(), Arc::clone(published))).collect()
        };
        if used.is_empty() {
            return Ok(());
        }
        let noted = async {
            let lease = self.members.grant(idle).await?;
            for some in used.chunks(AT_ONCE) {
                let key = |world: &WorldName| self.keys.using(world).into();
                let write =
                    |(world, _): &(WorldName, _)| RequestOp::lease(key(world), Vec::new(), lease);
                let success = some.iter().map(write).collect();
                let request = TxnRequest { compare: Vec::new(), success };
                self.members.transact(request, PATIENCE).await?;
            }
            Ok::<(), Failure>(())
        };
        noted.await.inspect_err(|_| used.iter().for_each(|(_, published)| published.note_use()))
    }

    /// The worlds that no server uses.
    async fn unused(&self) -> Result<Vec<Unused>, Failure> {
        let below = |prefix: String| async move {
            let all = self.members.read(&prefix, 0, PATIENCE).await?;
            let named = all.into_iter().filter_map(|kv| {
                let name = std::str::from_utf8(&kv.key).ok()?.strip_prefix(&prefix)?;
                let world = WorldName::parse(name).ok()?;
                Some((world, revision_of(Some(kv.mod_revision))))
            });
            Ok::<HashMap<WorldName, u64>, Failure>(named.collect())
        };
        let heads = below(self.keys.head("")).await?;
        let ends = below(self.keys.end("")).await?;
        let uses = below(self.keys.using("")).await?;
        let is_unused = |world: &WorldName| !world.is_default() && !uses.contains_key(world);
        let unused = heads.into_iter().filter(|(world, _)| is_unused(world));
        let unused = unused.map(|(world, head)| {
            let ended = ends.get(&world) == Some(&head);
            Unused { world, head, ended }
        });
        Ok(unused.collect())
    }

    /// Removes a world, if it is still as it was seen.
    async fn remove_unused(&self, of: &Unused) -> Result<(), Failure> {
        let (keys, world) = (&self.keys, &of.world);
        let mut compare = self.fence(world, Revision(i64::MAX.unsigned_abs() - 1));
        compare.push(Compare::at(keys.head(world).into(), of.head));
        compare.push(Compare::at(keys.using(world).into(), 0));
        let success = if of.ended {
            vec![
                RequestOp::delete(keys.end(world).into()),
                RequestOp::delete(keys.head(world).into()),
            ]
        } else {
            keys.erasure(world)
        };
        let answer = self.members.transact(TxnRequest { compare, success }, PATIENCE).await?;
        if answer.succeeded && !of.ended {
            self.say(&format!("the world {world} was not used for long, and is removed"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unused(name: &str, head: u64) -> Unused {
        Unused { world: WorldName::parse(name).unwrap(), head, ended: false }
    }

    #[test]
    fn a_world_is_due_after_a_time_without_a_user_and_without_a_write() {
        let (mut seen, after, begin) = (Seen::default(), Duration::from_secs(10), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let both = || vec![unused("a", 1), unused("b", 1)];
        assert!(seen.due(both(), at(0), after).is_empty());
        assert!(seen.due(both(), at(9), after).is_empty());
        // One was written to, and the other one was used in between.
        assert!(seen.due(vec![unused("a", 2)], at(9), after).is_empty());
        assert!(seen.due(vec![unused("a", 2), unused("b", 1)], at(10), after).is_empty());
        assert_eq!(seen.due(vec![unused("a", 2), unused("b", 1)], at(19), after), [unused("a", 2)]);
        assert_eq!(seen.due(both(), at(20), after), [unused("b", 1)]);
    }

    #[test]
    fn no_more_are_due_at_once_than_fit() {
        let (mut seen, begin) = (Seen::default(), Instant::now());
        let many = || (0..3 * AT_ONCE).map(|n| unused(&format!("w{n}"), 1)).collect();
        assert_eq!(seen.due(many(), begin, Duration::ZERO).len(), AT_ONCE);
    }
}
