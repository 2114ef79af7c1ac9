//! What the fixtures make, and which worlds have it: a reload is brought to a world on its next request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::fixtures::ObjectSet;
use crate::k8s;
use crate::message::WorldName;

use super::commit::Cluster;

/// What is made when it is first needed.
pub(super) type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// What is made already.
pub(super) fn made<T: Send + 'static>(value: T) -> Lazy<T> {
    let made = Lazy::new(Box::new(move || value) as Box<dyn FnOnce() -> T + Send>);
    LazyLock::force(&made);
    made
}

/// The state that the fixtures make, to tell a reload's changes from those of clients. It shares its
/// objects with the stores.
#[derive(Debug)]
pub(crate) struct SeedGeneration {
    /// Counts the reloads that changed an object.
    pub(super) generation: u64,
    pub(super) state: Lazy<k8s::State>,
    /// The store that worlds are in, where several servers share one.
    pub(super) cluster: Option<Arc<Cluster>>,
}

impl SeedGeneration {
    /// What a world begins with.
    pub(super) fn state_of(&self, world: &WorldName) -> &k8s::State {
        self.cluster.as_ref().map_or(&self.state, |cluster| cluster.layer(world))
    }
}

/// The seed that is in force.
#[derive(Debug)]
pub(crate) struct Seeding {
    current: ArcSwap<SeedGeneration>,
    /// That of the current seed: each request compares it with its world's.
    generation: AtomicU64,
    /// Whether the files define Kubernetes objects or types.
    has_objects: AtomicBool,
    /// How many objects there will be where the files define none.
    unmade: usize,
}

impl Seeding {
    pub(crate) fn new(
        state: Lazy<k8s::State>,
        cluster: Option<Arc<Cluster>>,
        fixtures: &ObjectSet,
        unmade: usize,
    ) -> Self {
        let current = ArcSwap::from_pointee(SeedGeneration { generation: 0, state, cluster });
        let has_objects = AtomicBool::new(has_objects(fixtures));
        Self { current, generation: AtomicU64::new(0), has_objects, unmade }
    }

    /// Whether the files define Kubernetes objects or types: then the server stands in for an API server.
    pub(crate) fn has_objects(&self) -> bool {
        self.has_objects.load(Ordering::Relaxed)
    }

    /// Notes what the files define now.
    pub(super) fn note_objects(&self, fixtures: &ObjectSet) {
        self.has_objects.store(has_objects(fixtures), Ordering::Relaxed);
    }

    /// Whether the objects that worlds begin with are there: where nothing defines any, they are made when a
    /// request asks for one.
    pub(crate) fn is_made(&self) -> bool {
        LazyLock::get(&self.current.load().state).is_some()
    }

    /// How many objects there will be, where they are not made yet.
    pub(crate) fn unmade_objects(&self) -> Option<usize> {
        (!self.is_made()).then_some(self.unmade)
    }

    /// The seed now.
    pub(super) fn current(&self) -> Arc<SeedGeneration> {
        self.current.load_full()
    }

    /// Its generation: one atomic operation.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The store that several servers share.
    pub(super) fn cluster(&self) -> Option<Arc<Cluster>> {
        self.current().cluster.clone()
    }

    /// The creation time of objects that have none in the files, where other servers have them as well.
    pub(super) fn began(&self) -> Option<Timestamp> {
        self.current().cluster.as_ref().map(|cluster| cluster.began())
    }

    /// Whether a state of the files is refused: servers that share a store have the objects that it began with.
    pub(super) fn refuses(&self, state: &k8s::State) -> bool {
        self.current().cluster.as_ref().is_some_and(|cluster| !cluster.is_of(state))
    }

    /// Replaces the seed, unless the new one says the same. One reload at a time calls this.
    pub(super) fn replace(&self, mut state: k8s::State) {
        let before = self.current();
        // The objects of a store that several servers share are those that its first server began with.
        if before.cluster.is_some() || !k8s::share(&before.state, &mut state) {
            return;
        }
        let generation = before.generation + 1;
        self.current.store(Arc::new(SeedGeneration {
            generation,
            state: made(state),
            cluster: None,
        }));
        self.generation.store(generation, Ordering::Release);
    }
}

fn has_objects(fixtures: &ObjectSet) -> bool {
    !fixtures.objects.is_empty() || !fixtures.crds.is_empty()
}
