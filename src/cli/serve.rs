//! `standin serve` and `standin record`.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::Bounds;
use crate::Exchange;
use crate::error::EXIT_FAILURE;
use crate::fixtures;
use crate::serve::ReplayReport;
use crate::server::{Builder, RunningServer, Server};

use super::args::{
    Faults, Listener, LogFormat, Record, Recorded, Replay, Serve, TlsArgs, WrittenAs,
};
use super::backend::{backends, options};
use super::console::Console;
use super::error::CommandError;
use super::log_format;
#[cfg(feature = "otlp")]
use super::otlp::{self, Exporter};
use super::ready::Readiness;
use super::signals::{self, Signals};
use super::snapshot::{self, RECORDED};
use super::sockets;

/// How long idle connections stay when a server ends that shares a store: the proxy before it may have sent a request.
const LINGER: Duration = Duration::from_millis(500);

pub(super) fn serve(args: Serve) -> Result<(), CommandError> {
    serve_with(args, |builder| builder)
}

/// Serves with settings besides those of the options.
pub(super) fn serve_with(
    args: Serve,
    settings: impl FnOnce(Builder) -> Builder,
) -> Result<(), CommandError> {
    let mut builder = Server::builder()
        .delete_collection_answer(args.delete_collection_answer.into())
        .stages(args.stages)
        .controllers(args.controllers)
        .admission_plugins(args.enable_admission_plugins, args.disable_admission_plugins)
        .rule_header(!args.no_rule_header)
        .graded(args.graded)
        .kubernetes_version(args.kubernetes_version)
        .profile(args.profile.into())
        .world_prefix(Some(&*args.world_prefix).filter(|prefix| *prefix != "none"))
        .cors_allowed_origins(args.cors_allowed_origins)
        .token_lifetime(Duration::from_secs(args.token_lifetime));
    if let Some(which) = args.cluster_objects {
        builder = builder.cluster_objects(which.into());
    }
    #[cfg(not(feature = "etcd"))]
    let shares = false;
    #[cfg(feature = "etcd")]
    let shares = args.store.store.is_some();
    #[cfg(feature = "etcd")]
    {
        let idle = Some(args.store_world_idle).filter(|idle| !idle.is_zero());
        builder = args.store.on(builder, args.adopt)?.store_world_idle(idle);
        builder = args.advertise.iter().fold(builder, |builder, url| builder.advertise(url));
    }
    let mut fixtures = args.fixtures;
    fixtures.extend(args.fixtures_if_present.into_iter().filter(|path| fixtures::has_files(path)));
    if !args.graded && !args.scenario.is_empty() {
        builder = builder.graded_by_rules();
    }
    for name in args.scenario {
        builder = builder.scenario(name);
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(path) = args.token_auth_file {
        builder = builder.token_auth_file(path);
    }
    if let Some(path) = args.authorization_policy_file {
        builder = builder.authorization_policy_file(path);
    }
    builder =
        builder.authorization_mode(args.authorization_mode).anonymous_auth(args.anonymous_auth);
    let is_proxy = !args.upstream.is_empty() || args.tls.forward;
    builder = args.admin_listen.into_iter().fold(builder, Builder::admin_listen);
    if let Some(token) = args.admin.read().map_err(CommandError::Usage)? {
        builder = builder.admin_token(&token);
    }
    for (url, options) in backends(args.upstream, &args.backend)? {
        builder = builder.upstream(url, options);
    }
    builder = builder
        .rewrite_links(!args.backend.no_rewrite)
        .keep_faults(args.backend.faults == Faults::Keep);
    let recorded = args.replay.recorded(&fixtures).map_err(CommandError::Usage)?;
    if let Some(Recorded { directory, mode }) = recorded {
        if !is_proxy && mode.is_none() {
            let why = "--record needs the backend: name it with --upstream, or a --record-mode that replays";
            return Err(CommandError::Usage(why.to_owned()));
        }
        // A directory that is made is none of fixtures yet.
        fixtures.retain(|path| mode.is_none() || *path != directory);
        builder = builder.record(directory);
        builder = mode.into_iter().fold(builder, Builder::record_mode);
    }
    for path in fixtures {
        builder = builder.fixtures(path);
    }
    builder = args.ignore.into_iter().fold(builder, Builder::ignore);
    builder = args.replay.strict.into_iter().fold(builder, Builder::strict);
    builder = builder.replay_speed(args.replay.replay_speed);
    if args.tls.forward {
        builder =
            builder.forward_proxy(args.tls.tunnel.clone()).forward_options(options(&args.backend));
    }
    let builder = settings(with_tls(builder, &args.tls)?.hot_reload(true));
    let mut bounds = bounds(&args.listener, args.max_worlds)?;
    if shares {
        bounds.transport.linger = LINGER.min(Duration::from_secs_f64(args.listener.grace / 4.0));
    }
    let ca_out = args.tls.ca_out;
    let started = |server: &RunningServer| {
        write_ca(server, ca_out.as_deref())?;
        let admin = server.admin_url().map(|url| format!("standin: /__admin is on {url}"));
        Ok(admin.into_iter().collect())
    };
    let report = run(builder, &args.listener, bounds, "serving", started)?;
    conclude(&args.replay, &report)
}

/// Prints how the stubs were used, where the options ask for it, and fails where they say so.
fn conclude(options: &Replay, report: &ReplayReport) -> Result<(), CommandError> {
    let Replay { report_unused, fail_unused, fail_unmatched, .. } = *options;
    if !(report_unused || fail_unused || fail_unmatched) {
        return Ok(());
    }
    for (what, lines) in [
        ("never used", &report.unused),
        ("asked on after the last recorded answer", &report.exhausted),
        ("no answer", &report.unmatched),
    ] {
        for line in lines {
            eprintln!("standin: {what}: {line}");
        }
    }
    let ReplayReport { unused, exhausted, unmatched, .. } = report;
    let count = |list: &[String], what: &str| {
        let many = if list.len() == 1 { "" } else { "s" };
        format!("{} {what}{many}", list.len())
    };
    eprintln!(
        "standin: replay: {} never used, {} asked on after its last answer, {} without an answer",
        count(unused, "stub"),
        count(exhausted, "sequence"),
        count(unmatched, "request")
    );
    let failed = fail_unused && !(unused.is_empty() && exhausted.is_empty())
        || fail_unmatched && !unmatched.is_empty();
    if failed { Err(CommandError::Reported(EXIT_FAILURE)) } else { Ok(()) }
}

/// Writes the CA's certificate to a file.
fn write_ca(server: &RunningServer, file: Option<&Path>) -> Result<Vec<String>, CommandError> {
    if let (Some(path), Some(ca)) = (file, server.ca_pem()) {
        std::fs::write(path, ca).map_err(CommandError::write(path))?;
    }
    Ok(Vec::new())
}

/// Serves HTTPS if the options ask for it.
fn with_tls(builder: Builder, args: &TlsArgs) -> Result<Builder, CommandError> {
    let on = args.tls || args.cert.is_some();
    if !on && (args.client_ca.is_some() || args.ca_out.is_some()) {
        let why = "--client-ca and --ca-out need --tls, or --cert and --key";
        return Err(CommandError::Usage(why.to_owned()));
    }
    if !on {
        return Ok(builder);
    }
    #[cfg(feature = "tls")]
    return Ok(builder.tls(tls(args)));
    #[cfg(not(feature = "tls"))]
    Err(CommandError::Usage(format!("--tls, --cert: {}", super::error::NO_TLS)))
}

#[cfg(feature = "tls")]
fn tls(args: &TlsArgs) -> crate::tls::server::TlsOptions {
    let mut options = crate::tls::server::TlsOptions::default();
    if let (Some(chain), Some(key)) = (&args.cert, &args.key) {
        options = options.certificate(chain, key);
    }
    for name in &args.tls_name {
        options = options.name(name);
    }
    if let Some(file) = &args.client_ca {
        options = options.client_ca(file);
    }
    options
}

pub(super) fn record(args: Record) -> Result<(), CommandError> {
    let backends = backends(args.upstream, &args.backend)?;
    let mut urls: Vec<&str> = backends.iter().map(|(url, _)| &**url).collect();
    if args.tls.forward {
        urls.push("as a forward proxy");
    }
    let what = format!("recording {} to {}", urls.join(", "), args.to.display());
    let folder = match args.written_as {
        WrittenAs::Stubs => args.to.clone(),
        WrittenAs::Objects => args.to.join(RECORDED),
    };
    let mut builder = Server::builder()
        .nothing_loaded()
        // All paths are the backend's.
        .world_prefix(None)
        .rewrite_links(!args.backend.no_rewrite)
        .keep_faults(args.backend.faults == Faults::Keep)
        .record(&folder);
    for (url, options) in backends {
        builder = builder.upstream(url, options);
    }
    let mut builder = args.record_mode.into_iter().fold(builder, Builder::record_mode);
    if args.tls.forward {
        builder =
            builder.forward_proxy(args.tls.tunnel.clone()).forward_options(options(&args.backend));
    }
    let builder = with_tls(builder, &args.tls)?;
    let bounds = bounds(&args.listener, None)?;
    let ca_out = args.tls.ca_out;
    let report =
        run(builder, &args.listener, bounds, &what, |server| write_ca(server, ca_out.as_deref()))?;
    if report.unwritten > 0 {
        let (many, folder) = (report.unwritten, folder.display());
        let why =
            format!("{many} exchanges could not be written to {folder}; the recording has gaps");
        return Err(CommandError::Failed(why));
    }
    if args.written_as == WrittenAs::Objects && fixtures::has_files(&folder) {
        return snapshot::of_recordings(&[folder], &args.to, true);
    }
    Ok(())
}

/// Runs a server until a signal. What `started` returns is printed after the start line. Returns how the stubs were
/// used.
pub(super) fn run(
    builder: Builder,
    listener: &Listener,
    bounds: Bounds,
    what: &str,
    started: impl FnOnce(&RunningServer) -> Result<Vec<String>, CommandError>,
) -> Result<ReplayReport, CommandError> {
    let grace = Duration::from_secs_f64(listener.grace);
    let format = listener.log_format.unwrap_or(LogFormat::Text);
    let out = Console::new("standard output", io::stdout());
    let errors = Console::new("standard error", io::stderr());
    let log = errors.clone();
    let readiness = Readiness::new(listener.ready_file.as_deref())?;
    let mut builder = sockets::with_sockets(builder.listen(listener.listen))?
        .log(move |line| log.line(&log_format::message(format, line)))
        .show_secrets(listener.show_secrets)
        .bounds(bounds);
    if listener.show_secrets {
        let warning = "standin: warning: --show-secrets: log lines, near misses and /__admin/requests show secrets in clear";
        errors.line(&log_format::message(format, warning));
    }
    if let Ok(key) = std::env::var("STANDIN_REDACT_KEY") {
        builder = builder.redact_key(&key);
    }
    let traces = traces(listener, &errors)?;
    let has_lines = listener.verbose || listener.log_format.is_some();
    if has_lines || traces.is_some() {
        let (out, traces) = (out.clone(), traces.clone());
        builder = builder.observe(move |exchange: &Exchange| {
            if has_lines {
                out.line(&log_format::exchange(format, exchange));
            }
            if let Some(traces) = &traces {
                traces.send(exchange);
            }
        });
    }
    if listener.exit_with_stdin {
        signals::terminate_with_stdin()?;
    }
    let mut signals = Signals::watch(grace, errors.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    let result = runtime.block_on(async {
        let server = tokio::select! {
            server = builder.start() => server?,
            // It waits for a store or a backend that is not there.
            () = signals.first() => return Ok(ReplayReport::default()),
        };
        signals.ready()?;
        let lines = started(&server)?;
        out.line(&log_format::message(format, &start_line(&server, what)));
        for line in &lines {
            out.line(&log_format::message(format, line));
        }
        readiness.ready(&server.url())?;
        let signal = async {
            signals.first().await;
            readiness.stopping();
        };
        Ok(server.run_and_report(signal).await)
    });
    readiness.stopping();
    if let Some(traces) = &traces {
        traces.end();
    }
    // A load that still runs is not waited for.
    runtime.shutdown_background();
    out.flush();
    errors.flush();
    result
}

/// What sends traces, where the options or the environment name a collector.
#[cfg(feature = "otlp")]
fn traces(listener: &Listener, errors: &Console) -> Result<Option<Exporter>, CommandError> {
    let variable = |name: &str| std::env::var(name).ok();
    let settings = otlp::Settings::read(listener.otlp_endpoint.as_deref(), variable);
    let settings = settings.map_err(CommandError::Usage)?;
    settings.map(|settings| Exporter::start(settings, errors.clone())).transpose()
}

/// What sends traces: this build has nothing that does.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build with traces")]
fn traces(_: &Listener, _: &Console) -> Result<Option<Exporter>, CommandError> {
    Ok(None)
}

/// Traces, in a build without them.
#[cfg(not(feature = "otlp"))]
#[derive(Debug, Clone)]
enum Exporter {}

#[cfg(not(feature = "otlp"))]
impl Exporter {
    fn send(&self, _: &Exchange) {
        match *self {}
    }

    fn end(&self) {
        match *self {}
    }
}

/// The bounds of the command line. Requests in flight get half of the grace period at most, and the recorder most of the
/// rest: bringing to the disk what it did not finish takes time too.
pub(super) fn bounds(listener: &Listener, worlds: Option<usize>) -> Result<Bounds, CommandError> {
    let grace = Duration::from_secs_f64(listener.grace);
    let mut bounds = Bounds::default();
    bounds.worlds = worlds.unwrap_or(bounds.worlds);
    for (name, value) in &listener.bound {
        bounds.set(name, value).map_err(CommandError::Usage)?;
    }
    bounds.transport.drain = bounds.transport.drain.min(grace / 2);
    let rest = grace.saturating_sub(bounds.transport.drain);
    bounds.recorder_end = bounds.recorder_end.min(rest * 4 / 5);
    Ok(bounds)
}

/// The line that reports the start: URL, fixtures, scenarios.
fn start_line(server: &RunningServer, what: &str) -> String {
    let (url, stubs, objects) = (server.url(), server.stubs(), server.objects());
    let mut line = format!("standin {what} on {url} (stubs: {stubs}, objects: {objects}");
    if let Some(seed) = server.seed() {
        line.push_str(&format!(", scenario rules: {}, seed: {seed}", server.rules()));
    }
    line.push(')');
    line
}
