//! Passes unmatched requests on to a backend, and records the exchanges as fixtures. It also has the clients for
//! servers that stubs name, for the webhooks of Kubernetes definitions, and for servers that share a store.
//!
//! ```text
//! Request → [proxy] → one of the [backends], or of a [forward] proxy's → [upstream] ══ [wire_form] ══ backend
//!              │ └─ Plan: the body as it arrives, through the [tee], with [links] to the proxy
//!              └─ [exchange] when it ends → [writer]
//! broken answers → [faults] → a scenario beside the recording
//! [writer] → [ledger]: what tells the request apart ([identity]), its [answer], both [clean] of secrets,
//!                      and its place among the answers so far → [mapping] → [files] → DIR/*.json
//! ```
//!
//! Each exchange becomes a stub mapping, which `--fixtures` and `WireMock` replay. Threads of the recorder write it,
//! whole or not at all. New requests wait while the recorder's budget is exhausted: a recording with gaps replays
//! wrong answers.

mod answer;
mod api_backend;
mod api_backend_target;
mod api_clients;
mod api_webhook;
mod api_webhook_connect;
mod api_webhook_redirect;
mod arrivals;
mod backends;
mod backlog;
mod clean;
#[cfg(feature = "cli")]
mod complete;
mod connect;
mod credentials;
mod dial;
mod exchange;
mod exec_plugin;
mod failures;
mod faults;
mod fetch;
mod files;
mod forward;
mod headers;
mod http2_code;
mod identity;
mod interim;
mod key_file;
pub(crate) mod kubeconfig;
mod ledger;
mod link_marks;
mod links;
mod mapping;
mod options;
mod order_key;
mod outbound;
mod pause;
mod peer_request;
mod proxy;
mod queue;
mod route;
mod send_error;
mod spool;
mod targets;
mod tee;
mod text;
mod upstream;
mod websocket;
mod wire_form;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use api_backend::ApiBackends;
pub(crate) use api_backend_target::BackendTarget;
pub(crate) use api_webhook::{ApiWebhooks, Patience};
pub(crate) use api_webhook_connect::WebhookTarget;
pub(crate) use backends::{Backends, NamedBackend};
#[cfg(feature = "cli")]
pub(crate) use complete::CompleteExchange;
pub(crate) use dial::dial;
#[cfg(feature = "cli")]
pub(crate) use fetch::FetchedAnswer;
pub(crate) use forward::ForwardBackends;
pub(crate) use ledger::{Earlier, RecordingOf};
pub use options::UpstreamOptions;
pub(crate) use outbound::{ANSWER_TIMEOUT, Outbound};
pub(crate) use proxy::Proxy;
pub(crate) use queue::QueueLimits;
pub(crate) use send_error::SendError;
pub(crate) use targets::Targets;
pub(crate) use upstream::Upstream;
#[cfg(feature = "cli")]
pub(crate) use upstream::causes;
pub(crate) use writer::Recorder;
