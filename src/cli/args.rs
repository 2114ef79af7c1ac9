//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::k8s::DeleteAnswer;
use crate::server::Profile;

/// A stand-in for an API server in tests.
///
/// `standin serve`, with nothing else, serves the documented TFJob, MPIJob and Volcano Job endpoints
/// on <http://127.0.0.1:8080>. Fixtures say what is true, scenarios say what goes wrong.
#[derive(Debug, Parser)]
#[command(name = "standin", version, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  standin serve                                    the documented endpoints, with their examples
  standin serve --fixtures ./fixtures -v           your own files; a line for each request
  standin serve --scenario throttled               30% of the calls are answered with 429
  standin check fixtures/ scenarios/my-drill.yaml  what is wrong with the files, if anything
  standin plan throttled                           which calls will be throttled
  standin drill auth/token-refresh -- ./my-client  whether a client copes
  standin record --upstream http://backend:8001 --to recorded/
  standin kubeconfig > kubeconfig && kubectl --kubeconfig kubeconfig get tfjobs -A
  standin serve --tls & standin kubeconfig https://127.0.0.1:8080 --token admin-token > kubeconfig

Exit codes: 0 all went well, 1 it did not, 2 the command line is wrong, 3 files are wrong.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serves fixtures, with scenarios laid over them.
    Serve(Serve),
    /// Passes requests on to a backend and writes each exchange as a fixture.
    Record(Record),
    /// Says what is wrong with fixture and scenario files: path:line:column: what, and what to do.
    Check(Check),
    /// Asks a running server whether it is well; for container health checks.
    Healthcheck(Target),
    /// Prints a kubeconfig for a server.
    Kubeconfig(Kubeconfig),
    /// Lists the scenarios that come with the program.
    Scenarios,
    /// Says what scenarios will do, before they do it: which requests, which draws, when.
    Plan(PlanArgs),
    /// Says who would answer a request, rule, stub or resource, and why the next best would not.
    Explain(Explain),
    /// Runs a client's own command under scenarios and says whether it copes.
    ///
    /// The command finds the server in `STANDIN_URL` and `KUBECONFIG`; `STANDIN_SCENARIO` and
    /// `STANDIN_WORLD` say where it is. Exit code: 0 when all drills passed, 1 when one did not.
    Drill(Drill),
    /// Prints the JSON Schema of scenario files, for editors.
    Schema(Schema),
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Scenarios: files, directories, or names from `standin scenarios`.
    #[arg(required = true, value_name = "NAME|FILE")]
    pub(super) scenarios: Vec<String>,
    /// How many requests of each rule to look ahead.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(super) requests: u64,
    /// Seed of all draws, in place of the scenarios' own.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// The world the draws are for.
    #[arg(long, value_name = "NAME", default_value = crate::message::DEFAULT_WORLD)]
    pub(super) world: String,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The request's method.
    pub(super) method: String,
    /// Its path, with the query.
    pub(super) path: String,
    /// Header field of the request (repeatable).
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    /// Its body.
    #[arg(long, short, value_name = "TEXT")]
    pub(super) data: Option<String>,
    /// Fixture file or directory (repeatable); without it the embedded fixtures.
    #[arg(long, short, value_name = "PATH")]
    pub(super) fixtures: Vec<PathBuf>,
    /// Scenario that is on (repeatable).
    #[arg(long, short, value_name = "NAME|FILE")]
    pub(super) scenario: Vec<String>,
    /// The world the request is made in.
    #[arg(long, value_name = "NAME", default_value = crate::message::DEFAULT_WORLD)]
    pub(super) world: String,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Drill {
    /// Scenarios: files, directories, or names from `standin scenarios`; all shipped ones without any.
    #[arg(value_name = "NAME|FILE")]
    pub(super) scenarios: Vec<String>,
    /// The command, behind --.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<String>,
    /// Fixture file or directory (repeatable); without it the embedded fixtures are served.
    #[arg(long, short, value_name = "PATH")]
    pub(super) fixtures: Vec<PathBuf>,
    /// How many drills run at once; as many as there are processors without it.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    /// How long each drill may take, like 30s or 5m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub(super) timeout: std::time::Duration,
    /// Seed of all draws, in place of the scenarios' own.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Lets all drills share a port, each with /worlds/NAME in its URL.
    #[arg(long)]
    pub(super) prefix: bool,
    /// Speaks TLS, and HTTP/2 to clients that can; the CA to trust is in `KUBECONFIG` and the file
    /// `STANDIN_CA`.
    #[cfg(feature = "tls")]
    #[arg(long)]
    pub(super) tls: bool,
    /// Prints JSON in place of the table.
    #[arg(long)]
    pub(super) json: bool,
    /// File to write a report to, in XML as `JUnit` has it.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Draws the requests of each drill against the faults, over time.
    #[arg(long)]
    pub(super) timeline: bool,
}

fn time(text: &str) -> Result<std::time::Duration, String> {
    crate::document::duration(text)
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "a time has a unit, like 400ms, 30s or 1m30s".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The schema of what.
    pub(super) of: SchemaOf,
    /// Prints the reference of all words, as Markdown, in place of the JSON Schema.
    #[arg(long)]
    pub(super) reference: bool,
}

/// What there is a schema of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaOf {
    Scenario,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Fixture file or directory (repeatable); without it the embedded fixtures are served.
    #[arg(long, short, value_name = "PATH")]
    pub(super) fixtures: Vec<PathBuf>,
    /// Scenario to turn on: a file, or a name from `standin scenarios` (repeatable).
    #[arg(long, short, value_name = "NAME|FILE")]
    pub(super) scenario: Vec<String>,
    /// Seed of all draws; overrides the scenario files. The same seed gives the same run.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Simulates the life cycle of created jobs: TFJobs, MPIJobs and Volcano Jobs go from Pending to Succeeded by
    /// themselves, as the fixtures' `stages` say, or those that come with the program.
    #[arg(long)]
    pub(super) stages: bool,
    /// What DELETE on a collection answers: the deleted list, as servers do, or the Status of the
    /// parameter tables.
    #[arg(long, value_name = "WHAT", default_value = "list")]
    pub(super) delete_collection_answer: Answer,
    /// API server behaviour to emulate: that of Kubernetes, or of the CCI service (tokens from
    /// POST /v3/auth/tokens in X-Auth-Token, the gateway's 401, errorCode, selfLink).
    #[arg(long, value_name = "NAME", default_value = "kubernetes")]
    pub(super) profile: ProfileName,
    /// How long the CCI profile's tokens live, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = crate::profile::TOKEN_LIFETIME.as_secs())]
    pub(super) token_lifetime: u64,
    /// Static token file of the Kubernetes side: token,user,uid,"group1,group2" a line.
    #[arg(long, value_name = "FILE")]
    pub(super) token_auth_file: Option<PathBuf>,
    /// ABAC policy file of the Kubernetes side: a JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub(super) authorization_policy_file: Option<PathBuf>,
    /// Whether requests without a token count as system:anonymous.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(super) anonymous_auth: bool,
    /// Backend that answers what nothing else does.
    #[arg(long, value_name = "URL")]
    pub(super) upstream: Option<String>,
    /// Directory to write what the backend answers to, as fixtures.
    #[arg(long, value_name = "DIR", requires = "upstream")]
    pub(super) record: Option<PathBuf>,
    /// Most worlds at once besides the default one; the one unused for longest makes room.
    #[arg(long, value_name = "N")]
    pub(super) max_worlds: Option<usize>,
    /// Path before the name of a world; "none" leaves such paths to fixtures.
    #[arg(long, value_name = "PATH", default_value = crate::serve::WORLD_PREFIX)]
    pub(super) world_prefix: String,
    /// Writes down what clients do, for /__admin/findings.
    #[arg(long)]
    pub(super) graded: bool,
    /// Leaves X-Standin-Rule out of answers.
    #[arg(long)]
    pub(super) no_rule_header: bool,
    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub(super) tls: TlsArgs,
    #[command(flatten)]
    pub(super) listener: Listener,
    #[command(flatten)]
    pub(super) backend: Backend,
}

#[derive(Debug, Args)]
pub(super) struct Record {
    /// Backend to record.
    #[arg(long, value_name = "URL")]
    pub(super) upstream: String,
    /// Directory to write the fixtures to; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    #[command(flatten)]
    pub(super) listener: Listener,
    #[command(flatten)]
    pub(super) backend: Backend,
}

/// Where to listen and what to say.
#[derive(Debug, Args)]
pub(super) struct Listener {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, short, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// Prints a line for each request.
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// Shows secrets in lines, /__admin/requests and near misses; recordings never hold them.
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// Sets a bound, such as history-bytes=256MiB (repeatable); GET /__admin/bounds lists them.
    #[arg(long, value_name = "NAME=VALUE", value_parser = bound)]
    pub(super) bound: Vec<(String, String)>,
    /// How long the end may take after SIGTERM or SIGINT, in seconds; then the process exits with code 1.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub(super) grace: f64,
}

/// How to speak TLS.
#[cfg(feature = "tls")]
#[derive(Debug, Args)]
pub(super) struct TlsArgs {
    /// Speaks TLS (1.2, 1.3; HTTP/2 and HTTP/1.1) with a certificate of a CA made at the start.
    #[arg(long)]
    pub(super) tls: bool,
    /// PEM file with the certificate chain to show instead; loaded again when it changes.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// PEM file with the certificate's key.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
    /// Further host name or address for the certificate made at the start (repeatable).
    #[arg(long, value_name = "NAME", requires = "tls", conflicts_with = "cert")]
    pub(super) tls_name: Vec<String>,
    /// File to write the CA's certificate to, for clients to trust. It is no secret.
    #[arg(long, value_name = "FILE")]
    pub(super) ca_out: Option<PathBuf>,
    /// PEM file with the CAs whose client certificates say who asks: CN is the user, O are the groups.
    #[arg(long, value_name = "FILE")]
    pub(super) client_ca: Option<PathBuf>,
}

/// How to reach a backend.
#[derive(Debug, Args)]
pub(super) struct Backend {
    /// PEM file with certificates to trust besides the system's, for an https backend.
    #[arg(long, value_name = "FILE")]
    pub(super) upstream_ca: Option<PathBuf>,
    /// Does not check the certificate of an https backend.
    #[arg(long)]
    pub(super) upstream_insecure: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and directories; a file with `rules` is a scenario, all others are fixtures. Without
    /// any the embedded ones are checked.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Prints what was found as JSON, each problem with its code.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Kubeconfig {
    #[command(flatten)]
    pub(super) target: Target,
    /// Token to send; a name of --token-auth-file's first column.
    #[arg(long, value_name = "TOKEN")]
    pub(super) token: Option<String>,
    /// World to live in: an isolated state of its own, made on first use.
    #[arg(long, value_name = "NAME")]
    pub(super) world: Option<String>,
    /// The server's --world-prefix.
    #[arg(long, value_name = "PATH", default_value = crate::serve::WORLD_PREFIX)]
    pub(super) world_prefix: String,
    /// PEM file with the CA to trust; without it, a server that speaks TLS is asked for its own.
    #[arg(long, value_name = "FILE")]
    pub(super) certificate_authority: Option<PathBuf>,
    /// PEM file with a client certificate to show.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(super) client_certificate: Option<PathBuf>,
    /// PEM file with the client certificate's key.
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    pub(super) client_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Target {
    /// The server's address, or its http:// or https:// URL; of an address it is found out what is
    /// spoken there.
    #[arg(default_value = "127.0.0.1:8080", value_name = "ADDR|URL")]
    pub(super) server: String,
}

/// What delete-collection answers.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Answer {
    List,
    Status,
}

/// API server behaviour to emulate.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ProfileName {
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
        _ => Err("a number of seconds from 0 to 86400".to_owned()),
    }
}

/// A bound, as `NAME=VALUE`.
fn bound(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("write NAME=VALUE, such as history-bytes=256MiB")?;
    crate::Bounds::default().set(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}
