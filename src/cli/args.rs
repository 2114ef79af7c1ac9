//! The command line: commands, options, and their help. The longest lists of options have files of their own.

mod address;
mod deferred;
mod diff;
mod drill;
mod environment;
mod envtest;
mod replay;
mod serve;
mod setup;
#[cfg(feature = "etcd")]
mod store;
#[cfg(feature = "etcd")]
mod store_command;
mod wiremock;
mod without_effect;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use deferred::Deferred;
pub(super) use diff::{Asked, Diff, Snapshot};
pub(super) use drill::{Drill, Narrow, Reports, ScenarioCommand, ScenarioFrom, Verdict};
pub(super) use environment::{misspelt, variable_of, variables_quoted};
pub(super) use envtest::{Envtest, Printed};
pub(super) use replay::{Recorded, Replay};
pub(super) use serve::{Backend, Faults, Listener, LogFormat, Record, Serve, TlsArgs, WrittenAs};
pub(super) use setup::{AdminToken, Completions, Doctor, Init, Man, Target};
#[cfg(feature = "etcd")]
pub(super) use store::StoreArgs;
#[cfg(feature = "etcd")]
pub(super) use store_command::{
    StoreCheck, StoreCommand, StoreCompact, StoreExport, StoreImport, StoreRemove,
};
pub(super) use wiremock::WireMock;

/// A stand-in for an API server in tests.
///
/// `standin serve` alone serves the documented TFJob, MPIJob and Volcano Job endpoints on
/// <http://127.0.0.1:8080>. Fixtures define what is served, scenarios define what goes wrong.
#[derive(Debug, Parser)]
#[command(name = "standin", version, long_version = LONG_VERSION, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The version with the commit and the target that the program was built from and for.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("STANDIN_BUILD_COMMIT"),
    ", ",
    env!("STANDIN_BUILD_TARGET"),
    ")"
);

const EXAMPLES: &str = "\
Examples:
  standin serve                                    the documented endpoints, with their examples
  standin serve --fixtures ./fixtures -v           your own files; a line for each request
  standin serve --scenario throttled               30% of the calls are answered with 429
  standin check fixtures/ scenarios/my-drill.yaml  every error in the files, with its place
  standin plan throttled                           which calls will be throttled
  standin drill auth/token-refresh -- ./my-client  a client tested under a scenario
  standin record --upstream http://backend:8001 --to recorded/
  standin import openapi.yaml --to fixtures/       stubs from the examples and schemas of an API description
  standin kubeconfig > kubeconfig && kubectl --kubeconfig kubeconfig get tfjobs -A
  standin serve --tls & standin kubeconfig https://127.0.0.1:8080 --token admin-token > kubeconfig

Exit codes: 0 success, 1 failure, 2 invalid command line, 3 invalid files.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve fixtures and apply scenarios to them.
    Serve(Deferred<Serve>),
    /// Serve stubs with the options of WireMock; `standin --port 8080 --root-dir DIR` is the same.
    Wiremock(Deferred<Box<WireMock>>),
    /// Proxy requests to a backend and record each exchange as a fixture.
    Record(Deferred<Record>),
    /// Check fixture and scenario files; report every problem as path:line:column: problem; remedy.
    Check(Deferred<Check>),
    /// Convert files of other tools to stub mappings (OpenAPI, Postman, Hoverfly, mountebank, MockServer,
    /// WireMock) or to a recording (HAR, cassettes of vcrpy and VCR, audit logs of Kubernetes).
    ///
    /// What has no equivalent is reported as path:line:column: problem; remedy. Exit code: 0 if the file was read,
    /// 1 with --strict if something was left out, 3 if the file is invalid.
    Import(Deferred<Import>),
    /// Convert a recording to a HAR file, to a root directory of WireMock, or to Kubernetes objects.
    Export(Deferred<Export>),
    /// Compare recorded answers with those of the backend today, or with a description of its API.
    ///
    /// Requests that change nothing (GET, HEAD, OPTIONS) are made again. Header fields and Kubernetes fields that
    /// differ each time are left out. Exit code: 0 if all answers are the same, 1 if one has drifted, 2 if the backend
    /// could not be asked.
    Diff(Deferred<Diff>),
    /// Write the objects of a cluster as fixtures, with the definitions of their types and without secrets.
    Snapshot(Deferred<Snapshot>),
    /// Write kube-apiserver and etcd for envtest, the test environment of controller-runtime: links to this program.
    ///
    /// Prints the directory for `KUBEBUILDER_ASSETS`. Suites that use envtest run with it as they are.
    Envtest(Deferred<Envtest>),
    /// Check, export, import and compact the objects in an etcd that servers share (`serve --store`).
    #[cfg(feature = "etcd")]
    #[command(subcommand)]
    Store(StoreCommand),
    /// Check that a running server is healthy, for container health checks.
    Healthcheck(Deferred<Target>),
    /// Print a kubeconfig for a server.
    Kubeconfig(Deferred<Kubeconfig>),
    /// List the embedded scenarios.
    Scenarios,
    /// Make a scenario of what was observed.
    #[command(subcommand)]
    Scenario(ScenarioCommand),
    /// Preview scenarios: which requests they affect, how, and when.
    Plan(Deferred<PlanArgs>),
    /// Explain which rule, stub or resource would answer a request, and why the nearest others would not.
    Explain(Deferred<Explain>),
    /// Run a client's command under each scenario and report what the client does wrong.
    ///
    /// The command gets the server in `STANDIN_URL` and KUBECONFIG, and the names of the scenario and the world
    /// in `STANDIN_SCENARIO` and `STANDIN_WORLD`. Exit code, of the worst verdict: 0 passed; 4 NOT MET, a fault of the
    /// scenario did not reach the client; 1 FAILED; 5 BROKEN, the command was not started or the server failed.
    Drill(Deferred<Drill>),
    /// Print the verdict of a running server on its clients, as a drill does.
    ///
    /// Exit code: 0 passed, 4 NOT MET, 1 FAILED, 5 the server does not answer or does not grade.
    Verdict(Deferred<Verdict>),
    /// Print the JSON Schema of scenario files, for editors.
    Schema(Deferred<Schema>),
    /// Write a commented skeleton of a scenario, and the schema for editors beside it.
    New(Deferred<New>),
    /// Write a commented project: fixtures, a scenario, a compose file, and a test rig for pytest.
    ///
    /// Files that exist are never replaced.
    Init(Deferred<Init>),
    /// Check that a server can run here: address, files, limits, clock.
    ///
    /// Exit code: 0 if it can, 1 if something keeps it from running.
    Doctor(Deferred<Doctor>),
    /// Print completions of the command line for a shell.
    Completions(Deferred<Completions>),
    /// Write manual pages, one for each command.
    Man(Deferred<Man>),
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Scenarios: files, directories, or names from `standin scenarios`.
    #[arg(required = true, value_name = "NAME|FILE")]
    pub(super) scenarios: Vec<String>,
    #[command(flatten)]
    pub(super) narrow: Narrow,
    /// Number of requests to preview for each rule.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(super) requests: u64,
    /// Seed of all random draws, in place of the scenarios' own.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// World to preview the draws of.
    #[arg(long, value_name = "NAME", default_value = crate::message::DEFAULT_WORLD)]
    pub(super) world: String,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Method of the request.
    pub(super) method: String,
    /// Path of the request, with its query.
    pub(super) path: String,
    /// Header field of the request (repeatable).
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    /// Body of the request.
    #[arg(long, short, value_name = "TEXT")]
    pub(super) data: Option<String>,
    /// Fixture file or directory (repeatable); default: the embedded fixtures.
    #[arg(long, short, value_name = "PATH")]
    pub(super) fixtures: Vec<PathBuf>,
    /// Scenario to turn on (repeatable).
    #[arg(long, short, value_name = "NAME|FILE")]
    pub(super) scenario: Vec<String>,
    /// World of the request.
    #[arg(long, value_name = "NAME", default_value = crate::message::DEFAULT_WORLD)]
    pub(super) world: String,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Kind of file.
    pub(super) of: SchemaOf,
    /// Prints the reference of all words, as Markdown, in place of the JSON Schema.
    #[arg(long)]
    pub(super) reference: bool,
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// Kind of file.
    pub(super) of: SchemaOf,
    /// File to write; one that exists is not replaced.
    #[arg(value_name = "FILE", default_value = "scenario.yaml")]
    pub(super) file: PathBuf,
}

/// The kinds of files that have a schema.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaOf {
    Scenario,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and directories; a file with `rules` is a scenario, all others are fixtures. Default: the embedded
    /// fixtures.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Glob of files or directories to leave out (repeatable), such as values.yaml or 'chart/templates/**'.
    #[arg(long, value_name = "GLOB")]
    pub(super) ignore: Vec<String>,
    /// Print the result as JSON, each problem with its code.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// File to convert, JSON or YAML; or a root directory of WireMock.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Directory for the stubs, which go to its folder mappings/, or for the recording.
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    /// Format of the file; default: the one that it looks like.
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<crate::import::ImportFormat>,
    /// Host whose exchanges are converted, as HOST or HOST:PORT (repeatable); default: all.
    #[arg(long, value_name = "HOST")]
    pub(super) host: Vec<String>,
    /// Replace files that are there with another content.
    #[arg(long)]
    pub(super) force: bool,
    /// Keep secrets in stubs as they are; a recording never has any.
    #[arg(long)]
    pub(super) keep_secrets: bool,
    /// Exit with code 1 if a part of the file has no equivalent.
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Recorded files and directories.
    #[arg(required = true, value_name = "PATH")]
    pub(super) fixtures: Vec<PathBuf>,
    /// Format to convert to.
    #[arg(long, value_name = "FORMAT")]
    pub(super) to: ExportFormat,
    /// File of the HAR (default: standard output), or directory for the files.
    #[arg(long, short, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,
    /// URL that the URLs of a HAR begin with.
    #[arg(long, value_name = "URL", default_value = "http://localhost")]
    pub(super) base_url: String,
    /// Replace files that are there with another content.
    #[arg(long)]
    pub(super) force: bool,
    /// Exit with code 1 if a stub has no equivalent.
    #[arg(long)]
    pub(super) strict: bool,
}

/// The formats that recordings are converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    Har,
    Wiremock,
    /// State fixtures: the objects in recorded answers and watch events.
    Objects,
}

impl ExportFormat {
    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Har => "har",
            Self::Wiremock => "wiremock",
            Self::Objects => "objects",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Kubeconfig {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) admin: AdminToken,
    /// Token to send, from the first column of --token-auth-file.
    #[arg(long, value_name = "TOKEN")]
    pub(super) token: Option<String>,
    /// World of the client: isolated state, created on first use.
    #[arg(long, value_name = "NAME")]
    pub(super) world: Option<String>,
    /// The --world-prefix of the server.
    #[arg(long, value_name = "PATH", default_value = crate::serve::WORLD_PREFIX)]
    pub(super) world_prefix: String,
    /// PEM file with the CA to trust; default: the one that an HTTPS server reports.
    #[arg(long, value_name = "FILE")]
    pub(super) certificate_authority: Option<PathBuf>,
    /// PEM file with a client certificate to send.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(super) client_certificate: Option<PathBuf>,
    /// PEM file with the key of the client certificate.
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    pub(super) client_key: Option<PathBuf>,
}
