//! Follows the writes of all servers: a watch of etcd → the local states, in the order of revisions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::etcd::{Event, EventType, WatchResponse, revision_of};
use crate::k8s::{GroupResource, RemoteWrite, Revision, State};
use crate::message::WorldName;

use super::super::proposal::ServerChange;
use super::super::published::Published;
use super::inner::Inner;
use super::keys::Meaning;
use super::shared_world::SharedWorld;

/// How long to wait before a lost watch is opened again.
const PAUSE: Duration = Duration::from_millis(100);

/// The next state of a world, before it is published.
struct Next {
    published: Arc<Published>,
    state: State,
    touched: HashSet<Arc<GroupResource>>,
    /// Whether it has nothing to do with the one before.
    is_new: bool,
}

/// How a watch has ended.
enum Ended {
    /// The connection is lost, or was given up.
    Lost(String),
    /// Etcd does not have the next revision any more.
    Compacted,
    /// Other fixtures were put in place of ours: there is nothing to follow.
    Replaced,
}

impl Inner {
    /// Loads all, and follows from then on. Worlds that were unused for a time are removed.
    pub(super) async fn begin(self: Arc<Self>, idle: Option<Duration>) -> Result<(), String> {
        let loaded = self.load().await.map_err(|failure| failure.to_string())?;
        tokio::spawn(Arc::clone(&self).lead());
        if let Some(idle) = idle {
            tokio::spawn(Arc::clone(&self).keep_worlds(idle));
        }
        tokio::spawn(self.follow(loaded));
        Ok(())
    }

    /// Follows for as long as the store is open.
    async fn follow(self: Arc<Self>, mut seen: Revision) {
        loop {
            let member = self.members.position();
            let why = match self.follow_once(&mut seen).await {
                Ended::Lost(why) => why,
                Ended::Compacted => {
                    self.say("etcd has compacted what this server has not seen: it loads all");
                    match self.load().await {
                        Ok(loaded) => {
                            seen = seen.max(loaded);
                            continue;
                        }
                        Err(failure) => failure.to_string(),
                    }
                }
                Ended::Replaced => {
                    let why = "another server has put other fixtures in place of these";
                    self.lose(why);
                    return;
                }
            };
            self.members.leave(member);
            self.lose(&why);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn follow_once(&self, seen: &mut Revision) -> Ended {
        let opened = self.members.watch(&self.keys.watched(), seen.0 + 1).await;
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(failure) => return Ended::Lost(failure.to_string()),
        };
        loop {
            let message = tokio::select! {
                message = stream.message() => message,
                () = self.reopen.notified() => {
                    return Ended::Lost("a write that etcd has did not come".to_owned());
                }
            };
            match message {
                Ok(Some(answer)) if answer.canceled && answer.compact_revision > 0 => {
                    return Ended::Compacted;
                }
                Ok(Some(answer)) if answer.canceled => return Ended::Lost(answer.cancel_reason),
                Ok(Some(answer)) => {
                    if answer.created {
                        self.recover();
                    }
                    if !self.apply(&answer, seen) {
                        return Ended::Replaced;
                    }
                }
                Ok(None) => return Ended::Lost("etcd has ended the watch".to_owned()),
                Err(failure) => return Ended::Lost(failure.to_string()),
            }
        }
    }

    /// Takes over the writes of an answer, and publishes what comes of them. Returns whether there is more to follow.
    fn apply(&self, answer: &WatchResponse, seen: &mut Revision) -> bool {
        let mut worlds: HashMap<WorldName, Next> = HashMap::new();
        let mut goes_on = true;
        let before = *seen;
        for of_revision in answer.events.chunk_by(|one, other| revision(one) == revision(other)) {
            let Some(at) = of_revision.first().map(revision).filter(|at| *at > *seen) else {
                continue;
            };
            goes_on &= self.apply_revision(of_revision, at, &mut worlds);
            *seen = at;
        }
        for next in worlds.into_values() {
            if next.is_new {
                next.published.restart(next.state);
            } else {
                next.published.publish(next.state, next.touched.iter());
            }
        }
        self.health.apply(*seen);
        if *seen != before {
            self.has_seen(*seen);
        }
        goes_on
    }

    /// Takes over the writes of one transaction.
    fn apply_revision(
        &self,
        events: &[Event],
        at: Revision,
        worlds: &mut HashMap<WorldName, Next>,
    ) -> bool {
        let mut ended = HashSet::new();
        let mut is_news = false;
        for kv in events.iter().filter_map(|event| event.kv.as_ref()) {
            if let Meaning::End { world } = self.keys.meaning(&kv.key)
                && let Ok(world) = WorldName::parse(world)
            {
                let next = self.next(worlds, &world);
                next.state = self.layer.begun_at(at);
                next.is_new = true;
                self.share(&world).end(at.0);
                is_news = true;
                ended.insert(world);
            }
        }
        for event in events {
            let Some(kv) = &event.kv else { continue };
            let is_removal = event.kind == EventType::Delete as i32;
            match self.keys.meaning(&kv.key) {
                Meaning::Object { world, resource, key } => {
                    let Ok(world) = WorldName::parse(world) else { continue };
                    // The objects of an ended world went with it.
                    if ended.contains(&world) {
                        continue;
                    }
                    let next = self.next(worlds, &world);
                    let place = next.state.place(resource, key);
                    let text = (!is_removal).then(|| kv.value.clone());
                    let of = Arc::clone(&place.0);
                    match next.state.take_over(&RemoteWrite { place, revision: at, text }) {
                        Ok(true) => drop(next.touched.insert(of)),
                        Ok(false) => {}
                        Err(why) => self.ignore(&kv.key, &why.to_string()),
                    }
                    next.state.revision = at;
                }
                Meaning::Floor { world } => {
                    let floor = std::str::from_utf8(&kv.value).ok();
                    let floor = floor.and_then(|floor| floor.parse().ok()).map(Revision);
                    if let (Ok(world), Some(floor)) = (WorldName::parse(world), floor) {
                        let next = self.next(worlds, &world);
                        next.state.revision = at;
                        next.state.compact(floor);
                        next.published.pinned().forget_recalled();
                    }
                }
                Meaning::Head { world } => {
                    if let Ok(world) = WorldName::parse(world) {
                        self.next(worlds, &world).state.revision = at;
                    }
                }
                Meaning::Server { key } => {
                    let value = (!is_removal).then(|| kv.value.clone());
                    let created = revision_of(Some(kv.create_revision));
                    let key = key.to_owned();
                    let change = ServerChange::Entry { key, value, created, revision: at.0 };
                    self.server().push(change);
                    is_news = true;
                }
                Meaning::State { world, key } => {
                    if let Ok(world) = WorldName::parse(world) {
                        let value = (!is_removal).then_some(&kv.value);
                        if let Err(why) = self.share(&world).apply(key, value, at.0) {
                            self.ignore(&kv.key, &why);
                        }
                        is_news |= SharedWorld::is_news(key);
                    }
                }
                Meaning::Fingerprint => return false,
                Meaning::Foreign => self.ignore(&kv.key, "it is none of this program"),
                Meaning::End { .. } | Meaning::Format | Meaning::Clusters | Meaning::Changes => {}
            }
        }
        if is_news {
            self.news.send_modify(|count| *count += 1);
        }
        true
    }

    fn next<'w>(
        &self,
        worlds: &'w mut HashMap<WorldName, Next>,
        world: &WorldName,
    ) -> &'w mut Next {
        worlds.entry(world.clone()).or_insert_with(|| {
            let published = self.published(world);
            let state = State::clone(&published.state());
            Next { published, state, touched: HashSet::new(), is_new: false }
        })
    }

    pub(super) fn ignore(&self, key: &[u8], why: &str) {
        self.say(&format!("the key {} in etcd is ignored: {why}", String::from_utf8_lossy(key)));
    }

    /// The local state follows no more.
    fn lose(&self, why: &str) {
        let before = self.trouble().replace(why.to_owned());
        if before.is_none() {
            self.health.count_loss();
            self.say(&format!("the watch of etcd is lost: {why}"));
        }
    }

    /// The local state follows again.
    fn recover(&self) {
        if self.trouble().take().is_some() {
            self.say(&format!("etcd is watched again, at {}", self.members.current()));
        }
    }
}

fn revision(event: &Event) -> Revision {
    Revision(revision_of(event.kv.as_ref().map(|kv| kv.mod_revision)))
}
