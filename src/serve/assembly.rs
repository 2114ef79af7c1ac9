//! Loaded sets and settings → what requests share: the same for a server and for `explain`.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::document::Diagnostics;
use crate::exchange::{Journal, Observer};
use crate::tls::server::Tls;

use super::seed::build_world;
use super::sources::{LoadedSets, Reload, Sources};
use super::state::{Settings, Shared};
use super::worlds::Worlds;

/// What a server is made of.
pub(crate) struct Assembly {
    pub(crate) settings: Settings,
    /// Where the sets come from, for reloads.
    pub(crate) sources: Sources,
    pub(crate) loaded: LoadedSets,
    pub(crate) observer: Option<Observer>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Assembly {
    /// Builds the default world, and puts all together.
    ///
    /// # Errors
    /// Every object that its type does not allow, with its file.
    pub(crate) fn shared(self) -> Result<Arc<Shared>, Diagnostics> {
        let Self { settings, sources, loaded, observer, tls, stopping } = self;
        let LoadedSets { mut fixtures, scenarios, .. } = loaded;
        let bounds = settings.bounds;
        let (world, seeding) = build_world(&mut fixtures, &scenarios, bounds.history)?;
        let journal = Journal::new(observer, bounds.journal, Arc::clone(&settings.redactor));
        Ok(Arc::new(Shared {
            stages: ArcSwap::from_pointee(settings.stages_of(&mut fixtures)),
            settings,
            stubs: ArcSwap::from_pointee(fixtures.stubs),
            seeding,
            scenarios: ArcSwap::from_pointee(scenarios),
            worlds: Worlds::new(Arc::new(world), bounds.worlds),
            journal: Arc::new(journal),
            reload: Reload::new(sources, bounds.history),
            problems: ArcSwap::default(),
            tls,
            stopping,
        }))
    }
}
