//! Loaded sets and settings → what requests share: the same for a server and for `explain`.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::document::Diagnostics;
use crate::exchange::{Journal, Observer};
use crate::fixtures::FixtureSet;
use crate::matching::{ResponseSettings, StubSet};
use crate::record::ApiWebhooks;
use crate::tls::server::Tls;

use super::body_files::BodyFileCache;
use super::commit::Reached;
use super::doors::Doors;
use super::metrics::Counters;
use super::misses::Misses;
use super::recordings::Recordings;
use super::replicas::Replicas;
use super::root::RootDirectory;
use super::saved::SavedStubs;
use super::seed::build_world;
use super::sources::{LoadedSets, Reload, Sources};
use super::state::{Settings, Shared};
use super::stub_settings::StubSettings;
use super::stubs::Stubs;
use super::webhooks::WebhooksUnderWay;
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
    /// The store that several servers share.
    pub(crate) store: Option<Reached>,
}

impl Assembly {
    /// Builds the default world, and puts all together.
    ///
    /// # Errors
    /// Every object that its type does not allow, with its file.
    pub(crate) fn shared(self) -> Result<Arc<Shared>, Diagnostics> {
        let Self { settings, sources, loaded, observer, tls, stopping, store } = self;
        let LoadedSets { fixtures, scenarios, mut loader, .. } = loaded;
        let FixtureSet { stubs, mut objects } = fixtures;
        let bounds = settings.bounds;
        let (world, seeding) = build_world(&mut objects, &scenarios, bounds.history, store)?;
        for warning in &objects.warnings.0 {
            settings.log.line(&warning.to_string());
        }
        loader.confirm();
        let generated = !scenarios.generated().is_empty();
        let journal = Journal::new(observer, bounds.journal, Arc::clone(&settings.redactor));
        let chunked_encoding = settings.stubs.chunked_encoding;
        let speed = settings.replay_speed;
        let responses = ResponseSettings { chunked_encoding, speed, ..ResponseSettings::default() };
        Ok(Arc::new(Shared {
            stages: ArcSwap::from_pointee(settings.stages_of(&mut objects)),
            settings,
            stubs: Stubs::new(StubSet::of_files(stubs), sources.templating),
            root: RootDirectory::of(&sources.fixtures),
            saved: SavedStubs::default(),
            doors: Doors::default(),
            life_changed: tokio::sync::Notify::new(),
            shutdown: tokio::sync::Notify::new(),
            stub_settings: StubSettings::default(),
            responses: ArcSwap::from_pointee(responses),
            body_files: BodyFileCache::default(),
            static_files: sources.body_directories(),
            webhooks: WebhooksUnderWay::default(),
            api_webhooks: ApiWebhooks::default(),
            client: OnceLock::new(),
            seeding,
            replicas: Replicas::default(),
            scenarios: ArcSwap::from_pointee(scenarios),
            worlds: Worlds::new(Arc::new(world), bounds.worlds),
            journal: Arc::new(journal),
            counters: Counters::default(),
            misses: Misses::default(),
            recordings: Recordings::default(),
            reload: Reload::new(sources, bounds.history, loader, generated),
            problems: ArcSwap::default(),
            tls,
            stopping,
        }))
    }
}
