//! What requests share: the loaded sets, the worlds, the journal.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::document::Diagnostics;
use crate::exchange::Journal;
use crate::fixtures::{self, ObjectSet};
use crate::k8s;
use crate::matching::{ChunkedEncoding, ResponseSettings};
use crate::message::{Bodies, ReplaySpeed, WorldName};
use crate::profile::Gateway;
use crate::record::{ANSWER_TIMEOUT, ApiBackends, ApiWebhooks, Outbound, Proxy, Targets};
use crate::redact::Redactor;
use crate::scenario::ScenarioSet;
use crate::tls::server::Tls;

use super::admin::AdminAccess;
use super::audit::AuditLog;
use super::body_files::BodyFileCache;
use super::bounds::Bounds;
use super::clock::Clock;
use super::cors_origins::CorsOrigins;
use super::doors::Doors;
use super::graded::GradedRequests;
use super::metrics::Counters;
use super::misses::Misses;
use super::recordings::Recordings;
use super::replicas::Replicas;
#[cfg(feature = "record")]
use super::review_webhook::ReviewWebhook;
use super::root::{RootDirectory, RootFiles};
use super::saved::SavedStubs;
use super::seeding::Seeding;
use super::sources::Reload;
use super::stub_settings::StubSettings;
use super::stubs::Stubs;
use super::template_host::TemplateHost;
use super::webhooks::WebhooksUnderWay;
use super::world::World;
use super::worlds::Worlds;

/// Where the server reports what goes wrong besides answers.
#[derive(Clone)]
pub(crate) struct ServerLog(pub(crate) Arc<dyn Fn(&str) + Send + Sync>);

impl ServerLog {
    /// Writes a line.
    pub(crate) fn line(&self, line: &str) {
        (self.0)(line);
    }
}

impl Default for ServerLog {
    /// One that nobody reads.
    fn default() -> Self {
        Self(Arc::new(|_: &str| {}))
    }
}

impl std::fmt::Debug for ServerLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerLog")
    }
}

/// How the server behaves, from the command line or the builder.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Whether Kubernetes paths are answered at all.
    pub(crate) engine: bool,
    /// Whether only stubs answer, and the backend.
    pub(crate) strict: bool,
    /// How fast the delays of stubs pass.
    pub(crate) replay_speed: ReplaySpeed,
    /// What is before the Kubernetes side, where the profile has it.
    pub(crate) gateway: Option<Gateway>,
    /// Who may do what on Kubernetes paths.
    pub(crate) auth: k8s::Auth,
    /// The Kubernetes side.
    pub(crate) kubernetes: k8s::Config,
    /// What is asked about tokens that nobody knows.
    #[cfg(feature = "record")]
    pub(crate) token_webhook: Option<ReviewWebhook>,
    /// The authorization webhooks, in the order in which modes name them.
    #[cfg(feature = "record")]
    pub(crate) access_webhooks: Vec<ReviewWebhook>,
    /// What asks the servers that answer API services.
    pub(crate) aggregator: ApiBackends,
    /// What writes requests to the Kubernetes side down.
    pub(crate) audit: Option<Arc<AuditLog>>,
    /// Whether created objects change as the stages say.
    pub(crate) stages: bool,
    /// Which controllers run.
    pub(crate) controllers: k8s::ControllerSet,
    /// Whether answers name the rule that shaped them.
    pub(crate) rule_header: bool,
    /// Which requests are written down, to be graded.
    pub(crate) graded: GradedRequests,
    /// What comes before the name of a world in a path, such as `/worlds`; nothing where paths name none.
    pub(crate) world_prefix: Option<String>,
    /// Whether only this machine reaches the server.
    pub(crate) loopback: bool,
    /// What a request to the admin API needs.
    pub(crate) admin: AdminAccess,
    /// The port of the API, where the admin API has a port of its own.
    pub(crate) api_port: Option<u16>,
    /// The backend for requests that nothing else answers.
    pub(crate) proxy: Option<Proxy>,
    /// The origins whose pages may use the server.
    pub(crate) cors: Option<CorsOrigins>,
    /// How stubs answer.
    pub(crate) stubs: StubOptions,
    /// What hides secrets in what is shown.
    pub(crate) redactor: Arc<Redactor>,
    /// What is held at most.
    pub(crate) bounds: Bounds,
    /// Where failures are reported that no answer shows.
    pub(crate) log: ServerLog,
    /// What templates may learn about the machine.
    pub(crate) host: TemplateHost,
    /// The request bodies that are held.
    pub(crate) bodies: Bodies,
}

impl Settings {
    /// The stages that take effect.
    pub(crate) fn stages_of(&self, objects: &mut ObjectSet) -> Vec<k8s::StageList> {
        if !self.stages {
            return Vec::new();
        }
        let mut stages = std::mem::take(&mut objects.stages);
        let shipped = fixtures::shipped_stages().unwrap_or_default();
        let own = |list: &k8s::StageList| stages.iter().any(|own| own.resource == list.resource);
        let shipped: Vec<_> = shipped.into_iter().filter(|list| !own(list)).collect();
        stages.extend(shipped);
        stages
    }
}

/// How requests are sent to servers that stubs name: targets of proxied requests and of webhooks.
#[derive(Debug, Clone)]
pub(crate) struct OutboundOptions {
    /// Whether `Host` is passed on as it came.
    pub(crate) preserve_host: bool,
    /// Whether `User-Agent` is passed on.
    pub(crate) preserve_user_agent: bool,
    /// How long the head of an answer may take.
    pub(crate) timeout: Duration,
    /// Which servers may be reached.
    pub(crate) targets: Targets,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            preserve_host: false,
            preserve_user_agent: false,
            timeout: ANSWER_TIMEOUT,
            targets: Targets::default(),
        }
    }
}

/// How stubs answer, from the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct StubOptions {
    /// Which bodies go out in chunks.
    pub(crate) chunked_encoding: ChunkedEncoding,
    /// Whether answers are never gzipped.
    pub(crate) no_gzip: bool,
    /// Whether answers let pages of other origins read them.
    pub(crate) cors: bool,
    /// How other servers are asked.
    pub(crate) outbound: OutboundOptions,
}

/// Everything a request can reach.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// The stubs.
    pub(crate) stubs: Stubs,
    /// Where the admin API keeps stubs and body files; nothing where the fixtures have no such directory.
    pub(crate) root: Option<RootDirectory>,
    /// The stubs that were written there.
    pub(crate) saved: SavedStubs,
    /// The settings of all stubs, as the admin API has them.
    pub(crate) stub_settings: StubSettings,
    /// Settings of all stubs' answers, swapped as a whole.
    pub(crate) responses: ArcSwap<ResponseSettings>,
    /// The files that answers are made from.
    pub(crate) body_files: BodyFileCache,
    /// The directories whose files are served where no stub answers.
    pub(crate) static_files: Vec<PathBuf>,
    /// The webhooks that wait or are under way.
    pub(crate) webhooks: WebhooksUnderWay,
    /// The clients of conversion webhooks, and of servers that share the store.
    pub(super) api_webhooks: ApiWebhooks,
    /// The client for servers that stubs name, made when the first is asked.
    pub(super) client: OnceLock<Result<Outbound, String>>,
    /// The objects that the fixtures make.
    pub(crate) seeding: Seeding,
    /// What is taken over of other servers that share the store.
    pub(super) replicas: Replicas,
    /// What happens to created objects, swapped as a whole; nothing where that is off.
    pub(crate) stages: ArcSwap<Vec<k8s::StageList>>,
    /// The scenarios, swapped as a whole.
    pub(crate) scenarios: ArcSwap<ScenarioSet>,
    /// The worlds that requests belong to.
    pub(crate) worlds: Worlds,
    /// What was asked and answered.
    pub(crate) journal: Arc<Journal>,
    /// What was counted of it.
    pub(super) counters: Counters,
    /// The requests that nothing answered.
    pub(crate) misses: Misses,
    /// Whether the admin API records.
    pub(crate) recordings: Recordings,
    /// Where the sets come from, and how they are loaded again.
    pub(crate) reload: Reload,
    /// What was wrong with the files at the last reload; empty when it went well.
    pub(crate) problems: ArcSwap<Diagnostics>,
    /// TLS towards clients, if there is any.
    pub(crate) tls: Option<Arc<Tls>>,
    /// How connections are treated.
    pub(crate) doors: Doors,
    /// There is one more world, or other scenarios are on: jobs may go through phases.
    pub(super) life_changed: tokio::sync::Notify,
    /// Told when a client asks the server to stop.
    pub(crate) shutdown: tokio::sync::Notify,
    /// Turns true when the server stops: streams end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Shared {
    /// Whether the server stands in for `WireMock` alone: it has a root directory, and the files define no
    /// Kubernetes objects or types.
    pub(crate) fn has_stubs_alone(&self) -> bool {
        self.root.is_some() && !self.seeding.has_objects()
    }

    /// The bodies that stubs of the admin API may name.
    pub(crate) fn body_files(&self) -> RootFiles<'_> {
        RootFiles(self.root.as_ref())
    }

    /// A world by its name, with what the files say now: made if it is not there.
    pub(crate) fn world(&self, name: &WorldName) -> Arc<World> {
        // Cheap whatever the seed holds: the state is shared until it is written.
        let mut is_new = false;
        let world = self.worlds.get_or_make(name, || {
            is_new = true;
            World::new(name.clone(), self.seeding.current(), Clock::start())
        });
        world.catch_up(&self.seeding);
        if is_new && !self.scenarios.load().lives().is_empty() {
            self.look_for_life();
        }
        world
    }

    /// Looks again whether scenarios take jobs through phases, in one more world or under other scenarios.
    pub(super) fn look_for_life(&self) {
        self.life_changed.notify_one();
    }

    /// The client for servers that stubs name.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn outbound(&self) -> Result<&Outbound, String> {
        let make = || {
            let OutboundOptions { targets, timeout, .. } = &self.settings.stubs.outbound;
            Outbound::new(targets.clone(), *timeout)
        };
        self.client.get_or_init(make).as_ref().map_err(String::clone)
    }

    /// Has all worlds that some server with the same store has written to.
    pub(crate) fn find_shared_worlds(&self) {
        let Some(cluster) = self.seeding.cluster() else { return };
        for name in cluster.worlds().into_iter().filter(|name| cluster.knows(name)) {
            self.world(&name);
        }
    }

    /// A world that is there already, on this server or another one that shares the store, with what the files say now.
    pub(crate) fn find_world(&self, name: &WorldName) -> Option<Arc<World>> {
        let found = self.worlds.find(name).or_else(|| {
            let elsewhere = self.seeding.cluster().is_some_and(|cluster| cluster.knows(name));
            elsewhere.then(|| self.world(name))
        });
        found.inspect(|world| world.catch_up(&self.seeding))
    }
}
