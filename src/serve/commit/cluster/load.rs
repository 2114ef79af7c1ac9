//! All that is in etcd → the local state of each world.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use crate::etcd::{Failure, KeyValue, revision_of};
use crate::k8s::{RemoteWrite, Revision, State};
use crate::message::WorldName;

use super::super::proposal::ServerChange;
use super::super::published::Published;
use super::inner::{Inner, PATIENCE};
use super::keys::Meaning;

/// How many revisions of the past a server looks at when it starts: a watch that began at another server, or before a
/// restart, goes on from there.
const PAST: u64 = 10_000;

/// The most foreign keys that are named.
const NAMED: usize = 3;

impl Inner {
    /// Loads all, and publishes it. Returns the revision of what was loaded: what came later is watched.
    pub(super) async fn load(&self) -> Result<Revision, Failure> {
        let now = self.members.get(&self.keys.format(), PATIENCE).await?;
        let now = revision_of(now.header.map(|header| header.revision));
        let mut at = now.saturating_sub(PAST).max(self.layer.revision.0);
        loop {
            match self.load_at(at).await {
                Err(Failure::Compacted) => at = self.oldest().await?.max(self.layer.revision.0),
                Err(failure) => return Err(failure),
                Ok(()) => {
                    self.health.count_load();
                    self.health.apply(Revision(at));
                    self.has_seen(Revision(at));
                    return Ok(Revision(at));
                }
            }
        }
    }

    /// The oldest revision that etcd has.
    async fn oldest(&self) -> Result<u64, Failure> {
        let mut stream = self.members.watch(&self.keys.watched(), 1).await?;
        loop {
            let message = tokio::time::timeout(PATIENCE, stream.message()).await;
            match message {
                Ok(Ok(Some(answer))) if answer.canceled => {
                    return Ok(revision_of(Some(answer.compact_revision)));
                }
                // Nothing is compacted any more: the data was replaced.
                Ok(Ok(Some(answer))) if !answer.created => return Ok(1),
                Ok(Ok(Some(_))) => {}
                _ => return Err(Failure::Unavailable("a watch has ended".to_owned())),
            }
        }
    }

    async fn load_at(&self, at: u64) -> Result<(), Failure> {
        let all = self.members.read(&self.keys.watched(), at, PATIENCE).await?;
        let mut worlds = HashMap::new();
        for head in &all {
            if let Meaning::Head { world } = self.keys.meaning(&head.key)
                && let Ok(world) = WorldName::parse(world)
            {
                let written = Revision(revision_of(Some(head.mod_revision)));
                // Adopted fixtures are newer than what was written before.
                let revision = written.max(self.layer.revision);
                worlds.insert(world, self.layer.begun_at(revision));
            }
        }
        self.overlay(&mut worlds, &all);
        self.load_shared(&all);
        let mut known = self.worlds();
        for (world, state) in worlds {
            match known.get(&world) {
                // Nothing has happened: its watches go on.
                Some(published) if published.state().revision == state.revision => {}
                Some(published) => published.restart(state),
                None => {
                    known.insert(world, Arc::new(Published::new(state)));
                }
            }
        }
        self.count.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Takes over what is shared besides objects.
    fn load_shared(&self, all: &[KeyValue]) {
        let mut server = vec![ServerChange::Restart];
        let mut worlds: HashMap<&str, Vec<(&str, &KeyValue)>> = HashMap::new();
        for kv in all {
            match self.keys.meaning(&kv.key) {
                Meaning::Server { key } => server.push(ServerChange::Entry {
                    key: key.to_owned(),
                    value: Some(kv.value.clone()),
                    created: revision_of(Some(kv.create_revision)),
                    revision: revision_of(Some(kv.mod_revision)),
                }),
                Meaning::State { world, key } => worlds.entry(world).or_default().push((key, kv)),
                _ => {}
            }
        }
        *self.server() = server;
        self.news.send_modify(|count| *count += 1);
        let known: Vec<_> = {
            let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            shares.values().cloned().collect()
        };
        for share in known {
            share.clear();
        }
        for (world, entries) in worlds {
            let Ok(world) = WorldName::parse(world) else { continue };
            let share = self.share(&world);
            for (key, kv) in entries {
                let written = revision_of(Some(kv.mod_revision));
                if let Err(why) = share.apply(key, Some(&kv.value), written) {
                    self.ignore(&kv.key, &why);
                }
            }
        }
    }

    /// Lays what was written over the objects of the fixtures.
    pub(super) fn overlay(&self, worlds: &mut HashMap<WorldName, State>, all: &[KeyValue]) {
        let mut foreign = Vec::new();
        // Definitions first: objects are read by their types.
        for definitions in [true, false] {
            for kv in all {
                let revision = Revision(revision_of(Some(kv.mod_revision)));
                let name = || String::from_utf8_lossy(&kv.key).into_owned();
                match self.keys.meaning(&kv.key) {
                    Meaning::Object { world, resource, key }
                        if resource.starts_with("customresourcedefinitions.") == definitions =>
                    {
                        let known = WorldName::parse(world).ok();
                        let Some(state) = known.and_then(|world| worlds.get_mut(&world)) else {
                            foreign.push(name());
                            continue;
                        };
                        let place = state.place(resource, key);
                        let text = Some(kv.value.clone());
                        if let Err(why) = state.overlay(&RemoteWrite { place, revision, text }) {
                            foreign.push(format!("{}: {why}", name()));
                        }
                    }
                    Meaning::Foreign if definitions => foreign.push(name()),
                    _ => {}
                }
            }
        }
        if !foreign.is_empty() {
            let named: Vec<_> = foreign.iter().take(NAMED).map(String::as_str).collect();
            let (count, named) = (foreign.len(), named.join("; "));
            self.say(&format!(
                "{count} keys in etcd are not of this program, and are ignored: {named}"
            ));
        }
    }
}
