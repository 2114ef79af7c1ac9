//! `kube-apiserver`: upstream's flags → the options of `standin serve` → a server without fixtures, as a new cluster.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::time::Duration;

use clap::Parser as _;
use jiff::Timestamp;

use crate::error::EXIT_FAILURE;
use crate::k8s::{EnabledApis, FeaturesOff, FrontProxy, ServiceRanges, parse_duration};
use crate::server::{Builder, KubernetesVersion};

use super::super::args::{Cli, Command, Serve};
use super::super::error::CommandError;
use super::super::serve;
use super::flags::{self, Asked, Flags};
use super::gates::FeatureGates;
use super::{assets, audit, authorization, certificates, checks, parent, plugins};

/// The default of `--secure-port`.
const PORT: u16 = 6443;

/// The default of `--authentication-token-webhook-cache-ttl`.
const TOKENS_KNOWN: Duration = Duration::from_secs(120);

/// The default of `--event-ttl`.
const EVENTS_STAY: Duration = Duration::from_secs(60 * 60);

/// The level of `-v` from which upstream logs requests (`k8s.io/apiserver/pkg/server/httplog`).
const LOGS_REQUESTS: u64 = 3;

/// The flags that change what this server does.
const EFFECTIVE: &[&str] = &[
    "advertise-address",
    "anonymous-auth",
    "api-audiences",
    "audit-log-maxage",
    "audit-log-maxbackup",
    "audit-log-maxsize",
    "audit-log-path",
    "audit-policy-file",
    "audit-webhook-batch-buffer-size",
    "audit-webhook-batch-max-size",
    "audit-webhook-batch-max-wait",
    "audit-webhook-config-file",
    "audit-webhook-mode",
    "authentication-token-webhook-cache-ttl",
    "authentication-token-webhook-config-file",
    "authentication-token-webhook-version",
    "authorization-config",
    "authorization-mode",
    "authorization-policy-file",
    "authorization-webhook-cache-authorized-ttl",
    "authorization-webhook-cache-unauthorized-ttl",
    "authorization-webhook-config-file",
    "authorization-webhook-version",
    "bind-address",
    "cert-dir",
    "client-ca-file",
    "cors-allowed-origins",
    "disable-admission-plugins",
    "enable-admission-plugins",
    "event-ttl",
    "feature-gates",
    "proxy-client-cert-file",
    "proxy-client-key-file",
    "requestheader-allowed-names",
    "requestheader-client-ca-file",
    "requestheader-extra-headers-prefix",
    "requestheader-group-headers",
    "requestheader-uid-headers",
    "requestheader-username-headers",
    "runtime-config",
    "secure-port",
    "service-account-issuer",
    "service-account-jwks-uri",
    "service-account-key-file",
    "service-account-signing-key-file",
    "service-cluster-ip-range",
    "service-node-port-range",
    "tls-cert-file",
    "tls-private-key-file",
    "token-auth-file",
    "v",
];

/// Runs the program.
pub(super) fn run(arguments: &[OsString]) -> ExitCode {
    let arguments: Vec<String> =
        arguments.iter().map(|one| one.to_string_lossy().into_owned()).collect();
    let flags = match Flags::parse(&arguments) {
        Ok(Asked::Run(flags)) => flags,
        Ok(Asked::Help) => {
            print!("{}", flags::help());
            return ExitCode::SUCCESS;
        }
        Ok(Asked::Version) => {
            println!("Kubernetes {}", version().git_version());
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("Error: {why}");
            return ExitCode::from(EXIT_FAILURE);
        }
    };
    if let Some(why) = checks::refusal(&flags) {
        return refuse(&why);
    }
    say_what_has_no_effect(&flags);
    match serve(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refused::AsUpstream(why)) => refuse(&why),
        Err(Refused::Own(CommandError::Library(crate::error::Error::Invalid(problems)))) => {
            eprintln!("{problems:#}");
            ExitCode::from(EXIT_FAILURE)
        }
        Err(Refused::Own(error)) => refuse(&error.to_string()),
    }
}

/// Why the server was not started, or failed.
enum Refused {
    /// With upstream's text.
    AsUpstream(String),
    /// With one of Standin's.
    Own(CommandError),
}

impl From<CommandError> for Refused {
    fn from(error: CommandError) -> Self {
        Self::Own(error)
    }
}

/// Prints an error as klog does (`k8s.io/component-base/cli/run.go`).
fn refuse(why: &str) -> ExitCode {
    let now = Timestamp::now().strftime("%m%d %H:%M:%S.%6f");
    let process = process::id();
    // Texts of several lines are easier to read so (`klog/internal/serialize`).
    let why = if why.contains('\n') {
        format!("<\n\t{}\n >", why.replace('\n', "\n\t"))
    } else {
        crate::k8s::quote(why)
    };
    eprintln!("E{now} {process:>7} run.go:72] \"command failed\" err={why}");
    ExitCode::from(EXIT_FAILURE)
}

/// Says from `-v=1` on which of the given flags have no effect here.
fn say_what_has_no_effect(flags: &Flags) {
    if level(flags) == 0 {
        return;
    }
    for what in runtime_config(flags).missing() {
        eprintln!(
            "standin: --runtime-config: {what} is accepted, and versions that are not stable are not there"
        );
    }
    for name in flags.names().into_iter().filter(|name| !EFFECTIVE.contains(name)) {
        eprintln!("standin: --{name} is accepted and has no effect");
    }
}

/// The level of `-v`.
fn level(flags: &Flags) -> u64 {
    flags.last("v").and_then(|level| level.parse().ok()).unwrap_or_default()
}

/// The version that the directory of the program is for; without one the latest.
fn version() -> KubernetesVersion {
    let program = std::env::args_os().next().unwrap_or_default();
    assets::version_of(Path::new(&program)).unwrap_or_default()
}

/// Serves until a signal.
fn serve(flags: &Flags) -> Result<(), Refused> {
    let address = flags.last("bind-address").and_then(|text| text.trim().parse().ok());
    let address = address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let port = flags.last("secure-port").and_then(|port| port.parse().ok()).unwrap_or(PORT);
    let (certificate, key) = certificates::files(flags, address).map_err(Refused::AsUpstream)?;
    let mut options: Vec<OsString> = ["standin", "serve", "--listen"].map(OsString::from).to_vec();
    options.push(SocketAddr::new(address, port).to_string().into());
    options.extend(["--cert".into(), certificate.into(), "--key".into(), key.into()]);
    for (flag, option) in [
        ("client-ca-file", "--client-ca"),
        ("token-auth-file", "--token-auth-file"),
        ("authorization-policy-file", "--authorization-policy-file"),
    ] {
        if let Some(path) = flags.file(flag) {
            let path = certificates::readable(path).map_err(Refused::AsUpstream)?;
            options.extend([option.into(), path.into()]);
        }
    }
    authorization::push_options(flags, &mut options);
    for origin in flags.list("cors-allowed-origins") {
        options.push(format!("--cors-allowed-origins={origin}").into());
    }
    plugins::push_options(flags, &mut options);
    // The version of the directory is that of the command which has written it; the variable comes first.
    if std::env::var_os("STANDIN_KUBERNETES_VERSION").is_none() {
        options.push(format!("--kubernetes-version={}", version()).into());
    }
    if level(flags) >= LOGS_REQUESTS {
        options.push("--verbose".into());
    }
    let args = serve_args(options)?;
    parent::end_with_it()?;
    let proxies = front_proxy(flags)?;
    let issuers: Vec<String> = flags.list("service-account-issuer").map(str::to_owned).collect();
    let audiences: Vec<String> = flags.list("api-audiences").map(str::to_owned).collect();
    let settings = |builder| {
        let builder = as_new_cluster(builder).service_account_issuers(issuers, audiences);
        let builder = builder.event_ttl(event_ttl(flags));
        let builder = builder.enabled_apis(runtime_config(flags)).features_off(features_off(flags));
        let builder = builder.service_ranges(service_ranges(flags, port));
        let builder = audit::with_audit(builder, flags);
        let builder = with_token_webhook(builder, flags);
        let builder = with_aggregator(builder, flags);
        let builder = authorization::with_webhooks(builder, flags);
        with_front_proxy(with_account_keys(builder, flags), proxies)
    };
    serve::serve_with(args, settings)?;
    Ok(())
}

/// The options of `standin serve`, with those of the environment.
fn serve_args(options: Vec<OsString>) -> Result<Serve, CommandError> {
    match Cli::try_parse_from(options) {
        Ok(Cli { command: Command::Serve(args) }) => Ok(args.0),
        Ok(_) => Err(CommandError::Usage("the options are not those of serve".to_owned())),
        Err(error) => Err(CommandError::Usage(error.to_string().trim_end().to_owned())),
    }
}

/// Which built-in APIs are served. A wrong value was refused before.
fn runtime_config(flags: &Flags) -> EnabledApis {
    EnabledApis::parse(flags.list("runtime-config")).unwrap_or_default()
}

/// The features that gates turn off. A wrong value was refused before.
fn features_off(flags: &Flags) -> FeaturesOff {
    let gates = FeatureGates::read(flags).unwrap_or_default();
    FeaturesOff {
        watch_list: !gates.is_on("WatchList"),
        compression: !gates.is_on("APIResponseCompression"),
        constrained_impersonation: !gates.is_on("ConstrainedImpersonation"),
    }
}

/// What a new cluster is, besides the options.
fn as_new_cluster(builder: Builder) -> Builder {
    builder.without_embedded_fixtures().checks_tokens(true).keeps_deleted_pods(true)
}

/// The CAs of front proxies, and what these say (`RequestHeaderAuthenticationOptions`).
fn front_proxy(flags: &Flags) -> Result<Option<(PathBuf, FrontProxy)>, Refused> {
    let Some(path) = flags.file("requestheader-client-ca-file") else { return Ok(None) };
    let path = certificates::readable(path).map_err(Refused::AsUpstream)?;
    let list = |flag: &str| flags.list(flag).map(str::to_owned).collect::<Vec<String>>();
    let proxy = FrontProxy {
        allowed_names: list("requestheader-allowed-names"),
        username_headers: list("requestheader-username-headers"),
        uid_headers: list("requestheader-uid-headers"),
        group_headers: list("requestheader-group-headers"),
        extra_prefixes: list("requestheader-extra-headers-prefix"),
    };
    Ok(Some((path, proxy)))
}

/// The webhook that knows tokens.
fn with_token_webhook(builder: Builder, flags: &Flags) -> Builder {
    let flag = |name: &str| format!("authentication-token-webhook-{name}");
    let Some(file) = flags.file(&flag("config-file")) else { return builder };
    let version = flags.last(&flag("version")).unwrap_or("v1beta1");
    let lifetime = flags.last(&flag("cache-ttl")).and_then(|text| parse_duration(text).ok());
    let lifetime = lifetime.and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
    let lifetime = lifetime.map_or(TOKENS_KNOWN, Duration::from_nanos);
    builder.token_webhook(file, version, lifetime)
}

/// Where services get their addresses and node ports, and where the service `kubernetes` leads.
fn service_ranges(flags: &Flags, port: u16) -> ServiceRanges {
    let addresses = flags.last("service-cluster-ip-range").unwrap_or_default();
    let addresses: Vec<&str> = addresses.split(',').map(str::trim).collect();
    let ranges = ServiceRanges::default().with(&addresses, flags.last("service-node-port-range"));
    let address = flags.last("advertise-address").and_then(|text| text.trim().parse().ok());
    ranges.with_server(address.filter(|address: &IpAddr| !address.is_unspecified()), port)
}

/// How long events stay.
fn event_ttl(flags: &Flags) -> Duration {
    let given = flags.last("event-ttl").and_then(|text| parse_duration(text).ok());
    let given = given.and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
    given.map_or(EVENTS_STAY, Duration::from_nanos)
}

/// The certificate for the servers of API services.
fn with_aggregator(builder: Builder, flags: &Flags) -> Builder {
    match (flags.file("proxy-client-cert-file"), flags.file("proxy-client-key-file")) {
        (Some(certificate), Some(key)) => builder.aggregator_certificate(certificate, key),
        _ => builder,
    }
}

/// The keys of service accounts' tokens.
#[cfg(feature = "tls")]
fn with_account_keys(builder: Builder, flags: &Flags) -> Builder {
    let Some(signing) = flags.file("service-account-signing-key-file") else { return builder };
    let jwks_uri = flags.file("service-account-jwks-uri").map(str::to_owned);
    builder.service_account_keys(signing, flags.list("service-account-key-file"), jwks_uri)
}

/// Without TLS the server is refused before.
#[cfg(not(feature = "tls"))]
fn with_account_keys(builder: Builder, _flags: &Flags) -> Builder {
    builder
}

#[cfg(feature = "tls")]
fn with_front_proxy(builder: Builder, proxies: Option<(PathBuf, FrontProxy)>) -> Builder {
    match proxies {
        Some((ca, proxy)) => builder.front_proxy(ca, proxy),
        None => builder,
    }
}

/// Without TLS there are no certificates; the server is refused before.
#[cfg(not(feature = "tls"))]
fn with_front_proxy(builder: Builder, _proxies: Option<(PathBuf, FrontProxy)>) -> Builder {
    builder
}
