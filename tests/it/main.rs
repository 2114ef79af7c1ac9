//! Integration tests: over the wire, from the command line, and through a real client. One binary,
//! so that it links once.

#[cfg(feature = "tls")]
mod audit_webhook;
#[cfg(feature = "tls")]
mod envtest;
mod support;

mod access_webhook;
mod admission;
mod admission_policies;
mod aggregation;
mod architecture;
mod as_written;
#[cfg(all(feature = "tls", feature = "cel"))]
mod audit;
mod bad_backends;
mod bad_input;
mod bounds;
mod clusters;
mod commands;
mod conformance;
mod connections;
#[cfg(feature = "console")]
mod console;
#[cfg(feature = "tls")]
mod conversions;
mod damage;
mod definitions;
mod deliveries;
mod documented;
mod documents;
mod drift;
mod drills;
mod exchange_formats;
#[cfg(feature = "websocket")]
mod exec;
mod faults;
mod forward;
mod http2;
mod imports;
mod inline;
mod journal;
mod journal_admin;
mod kube_client;
mod life;
mod limits;
mod links;
mod messages;
mod metrics;
mod narrowed;
mod objects;
mod observed;
mod other_tools;
mod outbound;
mod owners;
mod plain_backend;
mod preview;
mod profile;
mod recorded_faults;
#[cfg(feature = "websocket")]
mod recorded_websockets;
mod recorder;
mod recorder_storage;
mod recording;
mod recording_clients;
mod recording_kinds;
mod reload;
mod replay_modes;
#[cfg(feature = "etcd")]
mod replicas;
mod revisions;
mod scenarios;
#[cfg(feature = "gzip")]
mod secrets;
mod semantic;
mod services;
mod serving;
#[cfg(feature = "etcd")]
mod shared_kube_client;
mod shipped;
mod steering;
#[cfg(feature = "etcd")]
mod store;
mod stub_admin;
mod stubs;
mod subresources;
#[cfg(feature = "tls")]
mod tls;
mod token_webhook;
mod verdicts;
mod ways;
mod wire;
mod wiremock_options;
mod words;
mod worlds;
