//! Worlds: one server, many clients that do not see each other.
//!
//! ```text
//! request → [worlds: which one?] → Here { shared, world } → pipeline
//! ```
//!
//! A world is named by the URL (`/worlds/NAME/…`), else by the header `X-Standin-World`, else by a group
//! of the token's owner (`standin:world:NAME`); a request that names none lives in the world `default`.
//! A world is forked from the fixtures on its first use, at a cost that does not depend on how many
//! there are. The worlds that were not used for longest make room for new ones.

use std::num::NonZeroUsize;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::Uri;
use http::header::HeaderName;
use http::uri::PathAndQuery;
use jiff::Timestamp;
use lru::LruCache;

use crate::grade::Log;
use crate::k8s;
use crate::message::Request;
use crate::scenario::{ScenarioSet, ScenarioState};

use super::gateway::IssuedTokens;
use super::state::Shared;
use super::{Clock, controllers};

/// The world of requests that name none.
pub(crate) const DEFAULT_WORLD: &str = "default";

/// How many worlds there are at once, besides the default one, where nothing else is said.
pub(crate) const MAX_WORLDS: usize = 10_000;

/// The header that names a world.
const HEADER: HeaderName = HeaderName::from_static("x-standin-world");

/// The longest name of a world, in bytes: what a DNS label and a Kubernetes name can hold.
const MAX_NAME: usize = 63;

/// A group of this name maps a token, or a client certificate, to a world.
const GROUP: &str = "standin:world:";

/// One client's isolated state.
#[derive(Debug)]
pub(crate) struct World {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its objects.
    pub(crate) store: k8s::Store,
    /// Its counters, draws and tokens.
    pub(crate) scenario: ScenarioState,
    /// The scenarios it has in place of those of the server.
    pub(crate) scenarios: ArcSwapOption<ScenarioSet>,
    /// What its clients did, where that is graded.
    pub(crate) log: Arc<Log>,
    /// What deleted objects wait for: when they are let go, and when they were deleted.
    held: Mutex<Vec<(Duration, Timestamp)>>,
    /// The tokens its identity service has issued.
    pub(crate) tokens: IssuedTokens,
    /// Its time.
    pub(crate) clock: Clock,
    /// What its garbage collector has seen.
    collector: Mutex<k8s::Collector>,
    /// What is due for its created objects.
    life: Mutex<k8s::Life>,
    /// Whether its controllers run: they begin with the first write.
    controlled: AtomicBool,
    /// Whether it is gone: its streams end.
    ended: AtomicBool,
    requests: AtomicU64,
}

impl World {
    /// A world that begins as a state says.
    pub(super) fn new(name: &str, state: k8s::State, clock: Clock) -> Self {
        Self {
            name: name.into(),
            collector: Mutex::new(k8s::Collector::after(&state)),
            life: Mutex::new(k8s::Life::after(&state)),
            store: k8s::Store::new(state),
            scenario: ScenarioState::default(),
            scenarios: ArcSwapOption::empty(),
            log: Arc::default(),
            held: Mutex::default(),
            tokens: IssuedTokens::default(),
            clock,
            controlled: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            requests: AtomicU64::new(0),
        }
    }

    /// Whether it is gone: deleted, or dropped to make room.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// How many requests it has had.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.store.wake();
    }
}

/// All worlds of a server.
pub(crate) struct Worlds {
    default: Arc<World>,
    named: Mutex<LruCache<Arc<str>, Arc<World>>>,
    dropped: AtomicU64,
}

impl std::fmt::Debug for Worlds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worlds").field("named", &self.lock().len()).finish_non_exhaustive()
    }
}

impl Worlds {
    pub(crate) fn new(default: Arc<World>, limit: usize) -> Self {
        let limit = NonZeroUsize::new(limit).unwrap_or(NonZeroUsize::MIN);
        // Grows with the worlds; the limit is no reservation.
        let mut named = LruCache::unbounded();
        named.resize(limit);
        Self { default, named: Mutex::new(named), dropped: AtomicU64::new(0) }
    }

    /// The world of requests that name none.
    pub(crate) fn default(&self) -> &Arc<World> {
        &self.default
    }

    /// The most worlds at once, and how many have had to make room.
    pub(crate) fn limit_and_dropped(&self) -> (usize, u64) {
        (self.lock().cap().get(), self.dropped.load(Ordering::Relaxed))
    }

    /// A world that is there already. Looking does not count as use.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<World>> {
        if name == DEFAULT_WORLD {
            return Some(Arc::clone(&self.default));
        }
        self.lock().peek(name).cloned()
    }

    /// All worlds: the default one, then the others, the latest used first.
    pub(crate) fn all(&self) -> Vec<Arc<World>> {
        let named = self.lock();
        std::iter::once(&self.default)
            .chain(named.iter().map(|(_, world)| world))
            .cloned()
            .collect()
    }

    /// Deletes a world; its next use makes it anew. The default one stays.
    pub(crate) fn delete(&self, name: &str) -> bool {
        let world = self.lock().pop(name);
        world.inspect(|world| world.end()).is_some()
    }

    /// Deletes all worlds but the default one, and says how many they were.
    pub(crate) fn delete_all(&self) -> usize {
        let mut named = self.lock();
        let worlds: Vec<_> = std::iter::from_fn(|| named.pop_lru()).collect();
        drop(named);
        for (_, world) in &worlds {
            world.end();
        }
        worlds.len()
    }

    /// Lets all who wait for a change look up: the server stops.
    pub(crate) fn wake(&self) {
        for world in self.all() {
            world.store.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Arc<str>, Arc<World>>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a request lives: all that requests share, and its world.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    shared: Arc<Shared>,
    /// The request's world.
    pub(crate) world: Arc<World>,
}

impl Deref for Here {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Here {
    pub(crate) fn new(shared: Arc<Shared>, world: Arc<World>) -> Self {
        Self { shared, world }
    }

    /// What all worlds share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Lets the world's controllers begin, before its first write.
    pub(crate) fn begin_controllers(&self) {
        if !self.world.controlled.load(Ordering::Acquire)
            && !self.world.controlled.swap(true, Ordering::AcqRel)
        {
            tokio::spawn(controllers::run(self.clone()));
        }
    }

    /// Collects the world's garbage.
    pub(super) fn collect(&self) {
        let mut collector = self.world.collector.lock().unwrap_or_else(PoisonError::into_inner);
        collector.run(&self.world.store, self.world.clock.now());
    }

    /// Lets happen to the world's objects what is due; says when more is, as time since the world began.
    pub(super) fn live(&self) -> Option<Duration> {
        let World { store, clock, life, held, .. } = &*self.world;
        let now = clock.elapsed();
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(due, deleted)| {
            let waits = *due > now;
            if !waits {
                k8s::release_held(store, *deleted);
            }
            waits
        });
        let released = held.iter().map(|(due, _)| *due).min();
        drop(held);
        let mut life = life.lock().unwrap_or_else(PoisonError::into_inner);
        life.run(store, &self.stages.load(), now, clock.epoch());
        life.next().into_iter().chain(released).min()
    }

    /// Lets what is deleted now go after a time, on the world's clock.
    pub(super) fn hold(&self, time: Duration) {
        let clock = &self.world.clock;
        let entry = (clock.elapsed().saturating_add(time), clock.now());
        self.world.held.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        let here = self.clone();
        tokio::spawn(controllers::release(here));
    }

    /// The scenarios that are on in the world.
    pub(crate) fn scenario_set(&self) -> Arc<ScenarioSet> {
        self.world.scenarios.load_full().unwrap_or_else(|| self.scenarios.load_full())
    }

    /// Whether what a client does is written down, to be graded.
    pub(super) fn is_graded(&self, path: &str) -> bool {
        self.settings.graded && !crate::admin::owns(path)
    }

    /// Moves the world's clock on. What is due by then has happened when this returns.
    pub(crate) fn advance(&self, by: Duration) {
        // What was created a moment ago was created before the hands moved.
        self.live();
        self.world.clock.advance(by);
        self.live();
    }

    /// Brings the world back to the fixtures: objects as ordinary writes that watchers see, counters,
    /// draws and tokens anew, the clock let go.
    pub(crate) fn reset(&self) {
        let world = &self.world;
        let seeded = self.seeded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        k8s::reseed(&world.store, &k8s::State::clone(&world.store.state()), &seeded);
        world.scenario.reset(world.clock.elapsed());
        world.log.clear();
        world.tokens.clear();
        world.clock.release();
    }
}

/// Why a name is not one of a world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not the name of a world: up to 63 letters, digits, '-', '_' and '.', the first a letter or digit"
)]
pub(crate) struct BadWorldName {
    name: String,
}

/// Whether a name can be one of a world.
///
/// # Errors
/// When it cannot.
pub(crate) fn check_world_name(name: &str) -> Result<(), BadWorldName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if first && name.len() <= MAX_NAME && name.bytes().all(allowed) {
        return Ok(());
    }
    // As much of it as fits a line.
    Err(BadWorldName { name: name.chars().take(MAX_NAME + 1).collect() })
}

impl Shared {
    /// Where a request lives. A world in its path is taken out of it.
    pub(super) fn enter(self: &Arc<Self>, request: &mut Request) -> Result<Here, BadWorldName> {
        let named = if let Some(rest) = request.path().strip_prefix("/worlds/") {
            let end = rest.find('/').unwrap_or(rest.len());
            let name = rest[..end].to_owned();
            check_world_name(&name)?;
            let uri = without_world(&request.uri, &rest[end..]);
            request.uri = uri;
            Some(name)
        } else if let Some(value) = request.headers.get(HEADER) {
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        } else if self.settings.auth.knows_groups() {
            let certificate = request.certificate.as_deref();
            let user = self.settings.auth.authenticate(&request.headers, certificate).ok();
            let mut groups = user.iter().flat_map(|user| &user.groups);
            groups.find_map(|group| group.strip_prefix(GROUP)).map(str::to_owned)
        } else {
            None
        };
        let world = match named {
            None => Arc::clone(self.worlds.default()),
            Some(name) => self.world(&name)?,
        };
        world.requests.fetch_add(1, Ordering::Relaxed);
        Ok(Here::new(Arc::clone(self), world))
    }

    /// A world by its name: made if it is not there.
    pub(crate) fn world(&self, name: &str) -> Result<Arc<World>, BadWorldName> {
        if name == DEFAULT_WORLD {
            return Ok(Arc::clone(self.worlds.default()));
        }
        check_world_name(name)?;
        if let Some(world) = self.worlds.lock().get(name) {
            return Ok(Arc::clone(world));
        }
        // The seed's lock comes before that of the worlds, as in a reload, and is held until the world is
        // among them: a reload meanwhile would leave it out.
        let seeded = self.seeded.lock().unwrap_or_else(PoisonError::into_inner);
        let mut named = self.worlds.lock();
        if let Some(world) = named.get(name) {
            return Ok(Arc::clone(world));
        }
        // Cheap whatever it holds: the state is shared until it is written.
        let world = Arc::new(World::new(name, seeded.clone(), Clock::start()));
        let dropped = named.push(Arc::clone(&world.name), Arc::clone(&world));
        drop((named, seeded));
        if let Some((_, dropped)) = dropped {
            self.worlds.dropped.fetch_add(1, Ordering::Relaxed);
            dropped.end();
        }
        Ok(world)
    }
}

/// The URI with another path, and the query it had.
fn without_world(uri: &Uri, path: &str) -> Uri {
    let path = if path.is_empty() { "/" } else { path };
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    // The rest of a path and query that were one is one.
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["a", "A.b-c_1", "9", &"x".repeat(63)] {
            assert_eq!(check_world_name(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", ".a", "a/b", "a b", "ä", "%41", &"x".repeat(64)] {
            assert!(check_world_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_world_is_taken_out_of_the_target() {
        for (uri, path, expected) in [
            ("/worlds/a/api/v1?x=%20y", "/api/v1", "/api/v1?x=%20y"),
            ("/worlds/a", "", "/"),
            ("/worlds/a?q", "", "/?q"),
            ("http://h:1/worlds/a/b", "/b", "http://h:1/b"),
        ] {
            assert_eq!(without_world(&uri.parse().unwrap(), path).to_string(), expected);
        }
    }
}
