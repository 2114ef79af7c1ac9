//! The one way through: where all engines meet, and where every error becomes an answer.

#[cfg(feature = "record")]
mod access_reviews;
#[cfg(not(feature = "record"))]
#[path = "access_reviews_off.rs"]
mod access_reviews;
mod admin;
mod admin_reach;
mod admission;
mod admit;
mod aggregation;
mod assembly;
mod assess;
mod audit;
mod body_files;
mod bounds;
mod clock;
mod commit;
#[cfg(feature = "gzip")]
mod compress;
mod context;
mod controllers;
mod conversions;
mod cors;
mod cors_origins;
mod damage;
mod doors;
mod draws;
mod enter;
mod follower;
mod graded;
mod job_phases;
mod keep_doors;
mod keep_life;
mod kubernetes;
mod late_body;
mod media_types;
mod metrics;
mod misses;
mod overlay;
mod own_scenarios;
mod pipeline;
mod probe;
mod proxied;
mod ranges;
mod reach;
mod recordings;
mod reload;
mod replay;
mod replicas;
mod respond;
#[cfg(feature = "record")]
mod review_webhook;
mod root;
mod saved;
mod scenario_life;
mod seed;
mod seeding;
mod sources;
mod stages;
mod state;
mod static_files;
mod stub_answers;
#[cfg(feature = "gzip")]
mod stub_gzip;
mod stub_settings;
mod stubs;
mod template_host;
#[cfg(feature = "record")]
mod token_reviews;
mod watch;
mod webhooks;
mod world;
mod worlds;

pub use bounds::Bounds;
pub use replay::ReplayReport;

pub(crate) use admin::AdminAccess;
pub(crate) use admin_reach::AdminReach;
pub(crate) use assembly::Assembly;
#[cfg(feature = "record")]
pub(crate) use audit::{AuditBatches, send_audit_events};
pub(crate) use audit::{AuditLog, AuditRotation, AuditTarget, EventSender};
pub(crate) use clock::Turn;
pub(crate) use commit::Reached;
#[cfg(feature = "etcd")]
pub(crate) use commit::{Advertised, Peer};
#[cfg(all(feature = "etcd", feature = "cli"))]
pub(crate) use commit::{StoreContents, StoreTools};
pub(crate) use context::RequestContext;
pub(crate) use cors_origins::CorsOrigins;
pub(crate) use enter::WORLD_HEADER;
pub(crate) use graded::GradedRequests;
pub(crate) use pipeline::Pipeline;
#[cfg(feature = "record")]
pub(crate) use review_webhook::ReviewWebhook;
pub(crate) use seed::build_world;
#[cfg(all(feature = "etcd", feature = "cli"))]
pub(crate) use seed::first_state;
pub(crate) use sources::{LoadedSets, Sources};
pub(crate) use state::{OutboundOptions, ServerLog, Settings, Shared, StubOptions};
#[cfg(feature = "cli")]
pub(crate) use stub_answers::stub_answer;
pub(crate) use template_host::TemplateHost;
pub(crate) use worlds::WORLD_PREFIX;
