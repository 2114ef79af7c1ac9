//! What requests share: the loaded sets, the worlds, the journal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::document::Diagnostics;
use crate::fixtures::FixtureSet;
use crate::journal::Journal;
use crate::k8s;
use crate::matching::StubIndex;
use crate::message::WorldName;
use crate::record::Proxy;
use crate::scenario::ScenarioSet;
use crate::tls::server::Tls;

use super::clock::Clock;
use super::gateway::Gateway;
use super::sources::Reload;
use super::world::World;
use super::worlds::Worlds;

/// How the server behaves, from the command line or the builder.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Whether Kubernetes paths are answered at all.
    pub(crate) engine: bool,
    /// The gateway of the CCI profile.
    pub(crate) gateway: Option<Gateway>,
    /// Who may do what on Kubernetes paths.
    pub(crate) auth: k8s::Auth,
    /// The Kubernetes side.
    pub(crate) kubernetes: k8s::Config,
    /// Whether created objects live as the stages say.
    pub(crate) stages: bool,
    /// Whether answers name the rule that shaped them.
    pub(crate) rule_header: bool,
    /// Whether what clients do is written down, to be graded.
    pub(crate) graded: bool,
    /// What comes before the name of a world in a path, such as `/worlds`; nothing where paths name none.
    pub(crate) world_prefix: Option<String>,
    /// Whether only this machine reaches the server.
    pub(crate) loopback: bool,
    /// The backend for requests that nothing else answers.
    pub(crate) proxy: Option<Proxy>,
}

impl Settings {
    /// The stages that take effect.
    pub(crate) fn stages_of(&self, fixtures: &mut FixtureSet) -> Vec<k8s::StageList> {
        if !self.stages {
            return Vec::new();
        }
        let mut stages = std::mem::take(&mut fixtures.stages);
        stages.append(&mut fixtures.shipped_stages);
        stages
    }
}

/// Everything a request can reach.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// The stubs, swapped as a whole.
    pub(crate) stubs: ArcSwap<StubIndex>,
    /// The state that the fixtures make, to tell a reload's changes from those of clients. It shares
    /// the objects with the store.
    pub(crate) seeded: Mutex<k8s::State>,
    /// What happens to created objects, swapped as a whole; nothing where that is off.
    pub(crate) stages: ArcSwap<Vec<k8s::StageList>>,
    /// The scenarios, swapped as a whole.
    pub(crate) scenarios: ArcSwap<ScenarioSet>,
    /// The worlds requests live in.
    pub(crate) worlds: Worlds,
    /// What was asked and answered.
    pub(crate) journal: Arc<Journal>,
    /// Where the sets come from, and how they are loaded again.
    pub(crate) reload: Reload,
    /// What was wrong with the files at the last reload; empty when it went well.
    pub(crate) problems: ArcSwap<Diagnostics>,
    /// TLS towards clients, if there is any.
    pub(crate) tls: Option<Arc<Tls>>,
    /// Turns true when the server stops: streams end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Shared {
    /// The state that the fixtures make. Its lock comes before that of the worlds.
    pub(super) fn seeded(&self) -> MutexGuard<'_, k8s::State> {
        self.seeded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A world by its name: made if it is not there.
    pub(crate) fn world(&self, name: &WorldName) -> Arc<World> {
        // The seed is locked until the world is among the others: a reload meanwhile would leave it out.
        // Cheap whatever it holds: the state is shared until it is written.
        let make = |seeded: &MutexGuard<'_, k8s::State>| {
            World::new(name.clone(), k8s::State::clone(seeded), Clock::start())
        };
        self.worlds.get_or_make(name, || self.seeded(), make)
    }
}
