//! The options of `standin serve` and `standin record`: what to serve, where to listen, how to reach a backend.

use std::net::SocketAddr;
use std::path::PathBuf;
#[cfg(feature = "etcd")]
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::k8s::{ClusterObjects, DeleteAnswer};
use crate::server::{KubernetesVersion, Profile, RecordMode};

use super::address::address;
use super::replay::Replay;
use super::setup::AdminToken;
#[cfg(feature = "etcd")]
use super::store::StoreArgs;

/// The time that a world may be unused.
#[cfg(feature = "etcd")]
fn idle(text: &str) -> Result<Duration, String> {
    let time = if text == "0" { Some(Duration::ZERO) } else { crate::document::duration(text) };
    time.filter(|time| time.is_zero() || *time >= Duration::from_secs(1)).ok_or_else(|| {
        "write a time of a second or more with its unit, such as 90s, 30m or 24h; or 0".to_owned()
    })
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Fixture file or directory (repeatable); default: the embedded fixtures.
    #[arg(long, short, value_name = "PATH")]
    pub(crate) fixtures: Vec<PathBuf>,
    /// Directories to serve as well, each if it is there and has files: those that images are mounted on.
    #[arg(long, value_name = "PATH,..", value_delimiter = ',', hide_short_help = true)]
    pub(crate) fixtures_if_present: Vec<PathBuf>,
    /// Glob of files or directories to leave out (repeatable), such as values.yaml or 'chart/templates/**'.
    #[arg(long, value_name = "GLOB")]
    pub(crate) ignore: Vec<String>,
    /// Scenario to turn on: a file or a name from `standin scenarios` (repeatable). `NAME?resource=TYPE&namespace=N&verb=V`
    /// turns it on for these requests alone.
    #[arg(long, short, value_name = "NAME|FILE")]
    pub(crate) scenario: Vec<String>,
    /// Seed of all random draws, in place of the scenarios' own; the same seed gives the same run.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Simulate the life cycle of created objects: deployments, jobs and other core workloads as a cluster's controllers
    /// do, other types as the `stages` of the fixtures define it; TFJobs, MPIJobs and Volcano Jobs have built-in stages.
    #[arg(long)]
    pub(crate) stages: bool,
    /// Controllers that run, as for kube-controller-manager: `*` is all of them, NAME turns one on, -NAME off.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "*",
        allow_hyphen_values = true
    )]
    pub(crate) controllers: Vec<String>,
    /// Admission plugins to turn on besides the default ones, as for kube-apiserver. The default ones are upstream's, but
    /// for `ServiceAccount`, which refuses pods in namespaces without accounts.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) enable_admission_plugins: Vec<String>,
    /// Admission plugins to turn off, as for kube-apiserver.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) disable_admission_plugins: Vec<String>,
    /// Objects of a new cluster to begin with, such as the service `kubernetes`, priority classes and flow control: of the
    /// types that the fixtures define no objects of (auto), all (fresh), or none but the namespaces. Default: auto, with
    /// the CCI profile none.
    #[arg(long, value_name = "WHICH")]
    pub(crate) cluster_objects: Option<Cluster>,
    /// Release of Kubernetes that the server is, from 1.30 to 1.36: what /version says, and which built-in types there
    /// are.
    #[arg(long, value_name = "VERSION", default_value = "1.36")]
    pub(crate) kubernetes_version: KubernetesVersion,
    /// Response to DELETE on a collection: the list of deleted objects, as servers send it, or the Status that the
    /// documented parameter tables show.
    #[arg(long, value_name = "WHAT", default_value = "list")]
    pub(crate) delete_collection_answer: Answer,
    /// API server behaviour to emulate: Kubernetes, or the CCI service (tokens of POST /v3/auth/tokens in
    /// X-Auth-Token, the gateway's 401, errorCode, selfLink).
    #[arg(long, value_name = "NAME", default_value = "kubernetes")]
    pub(crate) profile: ProfileName,
    /// Lifetime of the CCI profile's tokens, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = crate::profile::TOKEN_LIFETIME.as_secs())]
    pub(crate) token_lifetime: u64,
    /// Static token file for the Kubernetes API: one token,user,uid,"group1,group2" a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_auth_file: Option<PathBuf>,
    /// ABAC policy file for the Kubernetes API: one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) authorization_policy_file: Option<PathBuf>,
    /// Authorization modes, in order, as for kube-apiserver: `AlwaysAllow`, `AlwaysDeny`, ABAC (the policy file), Node,
    /// RBAC (the roles and bindings, with those that every cluster has). Without it: ABAC with a policy file, else
    /// `AlwaysAllow`.
    #[arg(long, value_name = "MODES", value_delimiter = ',')]
    pub(crate) authorization_mode: Vec<String>,
    /// Whether to accept requests without a token as system:anonymous.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) anonymous_auth: bool,
    /// Proxy unmatched requests to this URL (repeatable: PATH=URL proxies those below /PATH/).
    #[arg(long, value_name = "[PATH=]URL")]
    pub(crate) upstream: Vec<String>,
    #[command(flatten)]
    pub(crate) replay: Replay,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// After which time without a use a world of the store is removed; 0: never. The default world stays.
    #[cfg(feature = "etcd")]
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = idle)]
    pub(crate) store_world_idle: Duration,
    /// Put these fixtures in place of others that the objects of the store began with.
    #[cfg(feature = "etcd")]
    #[arg(long, requires = "store")]
    pub(crate) adopt: bool,
    /// Where the other servers of the store reach the admin API of this one, to ask it for its journal. Without it the
    /// address that it listens on, or the one from which it reaches etcd.
    #[cfg(feature = "etcd")]
    #[arg(long, value_name = "URL", requires = "store")]
    pub(crate) advertise: Option<String>,
    /// Most worlds besides the default one; the least recently used one makes room.
    #[arg(long, value_name = "N")]
    pub(crate) max_worlds: Option<usize>,
    /// Path prefix that selects a world; "none" turns it off.
    #[arg(long, value_name = "PATH", default_value = crate::serve::WORLD_PREFIX)]
    pub(crate) world_prefix: String,
    /// Grade what clients do, also without a scenario; `standin verdict` and GET /__admin/verdict report it.
    #[arg(long)]
    pub(crate) graded: bool,
    /// Origins whose pages may use the server: regular expressions, found somewhere in the Origin (repeatable, or with
    /// commas between them); preflight requests are answered.
    #[arg(long, value_name = "REGEX", value_delimiter = ',')]
    pub(crate) cors_allowed_origins: Vec<String>,
    /// Serve /__admin on this address, and on it alone: it can be reached while scenarios refuse connections, and clients
    /// cannot control the server. /__admin/health and /__admin/ca are on both.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) admin_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) admin: AdminToken,
    /// Omit X-Standin-Rule from responses.
    #[arg(long)]
    pub(crate) no_rule_header: bool,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    #[command(flatten)]
    pub(crate) listener: Listener,
    #[command(flatten)]
    pub(crate) backend: Backend,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the options are named so")]
pub(crate) struct Record {
    /// Backend to record (repeatable: PATH=URL records another host below /PATH/).
    #[arg(long, value_name = "[PATH=]URL", required_unless_present_any = ["kubeconfig", "forward"])]
    pub(crate) upstream: Vec<String>,
    /// Directory for the fixtures; created if it does not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// What to write: stub mappings, or the Kubernetes objects in the answers, as state (at the end; what was recorded
    /// stays in DIR/.recording).
    #[arg(long = "as", value_name = "WHAT", default_value = "stubs")]
    pub(crate) written_as: WrittenAs,
    /// When to ask the backend, and when the recording answers; see the --record-mode of serve.
    #[arg(long, value_name = "MODE")]
    pub(crate) record_mode: Option<RecordMode>,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    #[command(flatten)]
    pub(crate) listener: Listener,
    #[command(flatten)]
    pub(crate) backend: Backend,
}

/// What a recorder writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WrittenAs {
    Stubs,
    Objects,
}

/// The time to shut down, in seconds.
const GRACE: f64 = 5.0;

/// Where to listen, what to print, which bounds to keep.
#[derive(Debug, Args)]
pub(crate) struct Listener {
    /// Address to listen on, or the name of a host and a port; port 0 selects a free port.
    #[arg(long, short, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Print a line for each request.
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Print a line for each request in this form: text, as -v does; json, with all other lines in JSON as well; access,
    /// the combined format of web servers.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Send traces to this OpenTelemetry collector, such as `http://127.0.0.1:4318`; default: that of
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`. A span continues the trace that the client names in traceparent.
    #[cfg(feature = "otlp")]
    #[arg(long, value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Write the URL to this file once requests are answered; it is removed when the server stops.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Stop when standard input ends, as it does when the program that started the server dies.
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
    /// Show secrets in log lines, near misses and /__admin/requests; recordings never contain them.
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Set a bound, such as history-bytes=256MiB (repeatable); GET /__admin/bounds lists them.
    #[arg(long, value_name = "NAME=VALUE", value_parser = bound)]
    pub(crate) bound: Vec<(String, String)>,
    /// Time to shut down after SIGTERM or SIGINT, in seconds; after it the process exits with code 1.
    #[arg(long, value_name = "SECONDS", default_value_t = GRACE, value_parser = seconds)]
    pub(crate) grace: f64,
}

impl Listener {
    /// The defaults, for an address.
    pub(crate) fn at(listen: SocketAddr, verbose: bool) -> Self {
        Self {
            listen,
            verbose,
            log_format: None,
            #[cfg(feature = "otlp")]
            otlp_endpoint: None,
            ready_file: None,
            exit_with_stdin: false,
            show_secrets: false,
            bound: Vec::new(),
            grace: GRACE,
        }
    }
}

/// The form of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
    Access,
}

/// How to serve HTTPS.
#[derive(Debug, Args)]
pub(crate) struct TlsArgs {
    /// Serve HTTPS (TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1) with a certificate of a CA that is made at the start.
    #[arg(long)]
    pub(crate) tls: bool,
    /// PEM file with a certificate chain to use instead; reloaded when it changes.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// PEM file with the key of the certificate.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Further host name or address for the certificate that is made at the start (repeatable).
    #[arg(long, value_name = "NAME", requires = "tls", conflicts_with = "cert")]
    pub(crate) tls_name: Vec<String>,
    /// Write the CA's certificate to this file, for clients to trust. It is not secret.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_out: Option<PathBuf>,
    /// Be a forward proxy, for clients with `HTTP_PROXY` and `HTTPS_PROXY`: the servers that they ask for are recorded, and
    /// replayed. With --tls their https connections end here, if they trust the CA of --ca-out.
    #[arg(long, conflicts_with_all = ["upstream", "kubeconfig", "cert"])]
    pub(crate) forward: bool,
    /// Host of which a forward proxy passes connections through, such as *.example.com (repeatable).
    #[arg(long, value_name = "HOST", requires = "forward")]
    pub(crate) tunnel: Vec<String>,
    /// PEM file with the CAs of client certificates: CN is the user, O are the groups.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
}

/// How to reach a backend.
#[derive(Debug, Args)]
pub(crate) struct Backend {
    /// PEM file with the certificates to trust in place of the system's, for an https backend: CAs, or its own.
    #[arg(long, value_name = "FILE")]
    pub(crate) upstream_ca: Option<PathBuf>,
    /// Kubeconfig that names the backend: its server, whom to trust, and the credentials of requests without any.
    #[arg(long, value_name = "FILE", conflicts_with = "upstream")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; default: its current one.
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub(crate) context: Option<String>,
    /// Accept any certificate of an https backend.
    #[arg(long)]
    pub(crate) upstream_insecure: bool,
    /// Keep links to the backend in its responses; they lead clients to the backend itself.
    #[arg(long)]
    pub(crate) no_rewrite: bool,
    /// Faults of the backend in a recording (resets, bodies that end early): leave them out, or keep them as a scenario
    /// that is replayed with it.
    #[arg(long, value_name = "WHAT", default_value = "leave")]
    pub(crate) faults: Faults,
    /// PEM file with the client certificate to show to the backend.
    #[arg(long, value_name = "FILE", requires = "upstream_key")]
    pub(crate) upstream_cert: Option<PathBuf>,
    /// PEM file with the key of the client certificate.
    #[arg(long, value_name = "FILE", requires = "upstream_cert")]
    pub(crate) upstream_key: Option<PathBuf>,
    /// Name that the backend's certificate has to have, also sent in SNI; default: the host of its URL.
    #[arg(long, value_name = "NAME")]
    pub(crate) upstream_sni: Option<String>,
    /// Host of requests to the backend; default: the host of its URL.
    #[arg(long, value_name = "HOST", conflicts_with = "upstream_preserve_host")]
    pub(crate) upstream_host: Option<String>,
    /// Keep the Host that the client sends.
    #[arg(long)]
    pub(crate) upstream_preserve_host: bool,
}

/// What a recorder does with faults of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Faults {
    Keep,
    Leave,
}

/// The response to DELETE on a collection.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Answer {
    List,
    Status,
}

/// The objects of a new cluster that are served.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Cluster {
    Auto,
    Fresh,
    None,
}

impl From<Cluster> for ClusterObjects {
    fn from(which: Cluster) -> Self {
        match which {
            Cluster::Auto => Self::Auto,
            Cluster::Fresh => Self::Fresh,
            Cluster::None => Self::None,
        }
    }
}

/// API server behaviour to emulate.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ProfileName {
    Kubernetes,
    Cci,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Kubernetes => Self::Kubernetes,
            ProfileName::Cci => Self::Cci,
        }
    }
}

impl From<Answer> for DeleteAnswer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::List => Self::List,
            Answer::Status => Self::Status,
        }
    }
}

/// A time in seconds, from 0 to a day.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("write a number of seconds from 0 to 86400".to_owned()),
    }
}

/// A bound, as `NAME=VALUE`.
pub(super) fn bound(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("write NAME=VALUE, such as history-bytes=256MiB")?;
    crate::Bounds::default().set(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}
