//! All worlds of a server: one server, many clients that do not see each other.
//!
//! A world is forked from the fixtures on its first use, at a cost that does not depend on how many
//! there are. The worlds that were not used for longest make room for new ones.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::message::WorldName;

use super::world::World;

/// What comes before the name of a world in a path, where nothing else is said.
pub(crate) const WORLD_PREFIX: &str = "/worlds";

/// How many worlds there are at once, besides the default one, where nothing else is said.
pub(crate) const MAX_WORLDS: usize = 10_000;

/// All worlds of a server.
pub(crate) struct Worlds {
    default: Arc<World>,
    named: Mutex<LruCache<WorldName, Arc<World>>>,
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
        // Grows with the worlds; the limit is not a reservation.
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
    pub(crate) fn find(&self, name: &WorldName) -> Option<Arc<World>> {
        if name.is_default() {
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
    pub(crate) fn delete(&self, name: &WorldName) -> bool {
        let world = self.lock().pop(name);
        world.inspect(|world| world.delete()).is_some()
    }

    /// Deletes all worlds but the default one, and says how many they were.
    pub(crate) fn delete_all(&self) -> usize {
        let mut named = self.lock();
        let worlds: Vec<_> = std::iter::from_fn(|| named.pop_lru()).collect();
        drop(named);
        for (_, world) in &worlds {
            world.delete();
        }
        worlds.len()
    }

    /// Lets all who wait for a change look up: the server stops.
    pub(crate) fn wake(&self) {
        for world in self.all() {
            world.store.wake();
        }
    }

    /// A world by its name. One that is not there is made.
    pub(super) fn get_or_make(&self, name: &WorldName, make: impl FnOnce() -> World) -> Arc<World> {
        if name.is_default() {
            return Arc::clone(&self.default);
        }
        let mut named = self.lock();
        if let Some(world) = named.get(name) {
            return Arc::clone(world);
        }
        let world = Arc::new(make());
        let dropped = named.push(world.name.clone(), Arc::clone(&world));
        drop(named);
        if let Some((_, dropped)) = dropped {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            dropped.end();
        }
        world
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<WorldName, Arc<World>>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
