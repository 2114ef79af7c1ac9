//! `WireMock`'s command line (`CommandLineOptions.java`): the same options start this server.
//!
//! A command line that begins with an option is `WireMock`'s, as is one that begins with `-jar FILE`: starters
//! that run `java -jar wiremock.jar --port 0` find this program in place of `java`. Empty arguments are left
//! out, since container starters pass them.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Arg, Args as _, Command};

use crate::matching::ResponseTemplating;
use crate::record::Targets;
use crate::record::UpstreamOptions;
use crate::serve::{OutboundOptions, StubOptions};
use crate::server::{Builder, Server};

use super::args::{Listener, WireMock};
use super::error::CommandError;
use super::serve;

/// The name of the command.
const COMMAND: &str = "wiremock";

/// Options of this program itself: they do not begin a command line of `WireMock`'s.
const OWN: [&str; 4] = ["--help", "-h", "--version", "-V"];

/// The command line with `wiremock` in front where it is one of `WireMock`'s.
pub(super) fn recognised(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next();
    let mut rest: Vec<OsString> = arguments.filter(|argument| !argument.is_empty()).collect();
    if rest.first().is_some_and(|first| first == "-jar") {
        rest.drain(..rest.len().min(2));
        rest.insert(0, COMMAND.into());
    } else if rest.first().is_some_and(|first| {
        let text = first.to_string_lossy();
        text.starts_with("--") && text.len() > 2 && !OWN.contains(&&*text)
    }) {
        rest.insert(0, COMMAND.into());
    }
    if rest.first().is_some_and(|first| first == COMMAND) {
        rest.iter_mut().skip(1).for_each(drop_value);
    }
    program.into_iter().chain(rest).collect()
}

/// Drops the value that is written to an option without one, as in `--verbose=true`: `JOptSimple` reads over it.
fn drop_value(argument: &mut OsString) {
    let name = argument.to_str().and_then(|text| text.strip_prefix("--")?.split_once('='));
    let Some((name, _)) = name else { return };
    let command = WireMock::augment_args(Command::new(COMMAND));
    let is_flag = |of: &Arg| of.get_long() == Some(name) && !of.get_action().takes_values();
    if command.get_arguments().any(is_flag) {
        *argument = format!("--{name}").into();
    }
}

impl WireMock {
    fn stub_options(&self) -> StubOptions {
        let default = OutboundOptions::default();
        StubOptions {
            chunked_encoding: self.use_chunked_encoding.unwrap_or_default(),
            no_gzip: self.disable_gzip,
            cors: self.enable_stub_cors,
            outbound: OutboundOptions {
                preserve_host: self.preserve_host_header,
                preserve_user_agent: self.preserve_user_agent_proxy_header,
                timeout: self.proxy_timeout.map_or(default.timeout, Duration::from_millis),
                targets: Targets::new(&self.allow_proxy_targets, &self.deny_proxy_targets),
            },
        }
    }

    fn templating(&self) -> ResponseTemplating {
        if self.global_response_templating {
            ResponseTemplating::Global
        } else if self.disable_response_templating {
            ResponseTemplating::Off
        } else {
            ResponseTemplating::Local
        }
    }

    /// The settings as `WireMock` prints them: starters wait for the line of the port.
    fn table(&self, port: u16, https_port: Option<u16>) -> Vec<String> {
        let row = |name: &str, value: String| format!("{:<30}{value}", format!("{name}:"));
        let mut rows = vec![row("port", port.to_string())];
        rows.extend(https_port.map(|port| row("https-port", port.to_string())));
        rows.push(row("root-dir", self.root_dir.display().to_string()));
        rows
    }
}

/// Serves as `WireMock` does on the same options.
pub(super) fn wiremock(args: &WireMock) -> Result<(), CommandError> {
    let mappings = args.root_dir.join("mappings");
    for folder in [&mappings, &args.root_dir.join("__files")] {
        fs::create_dir_all(folder).map_err(CommandError::write(folder))?;
    }
    let mut listener = Listener::at(address(args), args.verbose);
    listener.bound.clone_from(&args.bound);
    let mut builder = Server::builder().fixtures(&mappings).hot_reload(true);
    if let Some(url) = &args.proxy_all {
        builder = builder.upstream(url.as_str(), UpstreamOptions::default()).rewrite_links(false);
    }
    if args.record_mappings {
        builder = builder.record(&mappings);
    }
    builder = builder
        .stub_options(args.stub_options())
        .response_templating(args.templating())
        .permitted_system_keys(args.permitted_system_keys.iter().map(String::as_str));
    if let Some(credentials) = &args.admin_api_basic_auth {
        let Some((user, password)) = credentials.split_once(':') else {
            let why = "--admin-api-basic-auth takes USER:PASSWORD";
            return Err(CommandError::Usage(why.to_owned()));
        };
        builder = builder.admin_credentials(user, password);
    }
    builder = with_https(builder.admin_https_only(args.admin_api_require_https), args)?;
    if let Some(warning) = args.without_effect.warning() {
        eprintln!("{warning}");
    }
    let mut bounds = serve::bounds(&listener, None)?;
    if let Some(entries) = args.max_request_journal_entries {
        bounds.journal.entries = entries;
    }
    if args.no_request_journal {
        bounds.journal.entries = 0;
    }
    serve::run(builder, &listener, bounds, "serving", |server| {
        if args.disable_banner {
            return Ok(Vec::new());
        }
        let https = server.https_url().and_then(|url| url.rsplit(':').next()?.parse().ok());
        Ok(args.table(server.address().port(), https))
    })
    .map(drop)
}

/// Where HTTP is served, or HTTPS if there is no HTTP.
fn address(args: &WireMock) -> SocketAddr {
    let port = args.https_port.filter(|_| args.disable_http).unwrap_or(args.port);
    SocketAddr::new(args.bind_address, port)
}

#[cfg(feature = "tls")]
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build without TLS")]
fn with_https(builder: Builder, args: &WireMock) -> Result<Builder, CommandError> {
    let Some(port) = args.https_port else { return Ok(builder) };
    if args.disable_http {
        return Ok(builder.tls(crate::tls::server::TlsOptions::default()));
    }
    Ok(builder.listen_https(SocketAddr::new(args.bind_address, port)))
}

#[cfg(not(feature = "tls"))]
fn with_https(builder: Builder, args: &WireMock) -> Result<Builder, CommandError> {
    match args.https_port {
        Some(_) => Err(CommandError::Usage(format!("--https-port: {}", super::error::NO_TLS))),
        None => Ok(builder),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn parsed(arguments: &[&str]) -> Result<WireMock, clap::Error> {
        let arguments = recognised(arguments.iter().map(OsString::from));
        match Cli::try_parse_from(arguments)?.command {
            Command::Wiremock(args) => Ok(*args.0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn starters_find_their_options() {
        let args = parsed(&[
            "java",
            "-jar",
            "/x/wiremock.jar",
            "--port",
            "0",
            "--local-response-templating",
            "--root-dir",
            "d",
        ])
        .unwrap();
        assert_eq!((args.port, args.root_dir), (0, PathBuf::from("d")));
        let args =
            parsed(&["standin", "--port=8090", "", "--max-request-journal-entries=5"]).unwrap();
        assert_eq!((args.port, args.max_request_journal_entries), (8090, Some(5)));
        assert_eq!(args.without_effect.warning(), None);
    }

    #[test]
    fn a_value_that_is_written_to_a_flag_is_read_over() {
        let given = ["standin", "--verbose=true", "--bind-address=localhost", "--port=1"];
        let args = parsed(&given).unwrap();
        assert_eq!((args.verbose, args.port), (true, 1));
        assert!(args.bind_address.is_loopback());
    }

    #[test]
    fn one_warning_names_what_has_no_effect() {
        let args = parsed(&[
            "standin",
            "--async-response-enabled",
            "true",
            "--container-threads=10",
            "--logged-response-body-size-limit=5",
            "--extensions",
            "a.B",
        ])
        .unwrap();
        let warning = args.without_effect.warning().unwrap();
        for name in ["--async-response-enabled", "--container-threads", "--extensions"] {
            assert!(warning.contains(name), "{warning}");
        }
        assert!(parsed(&["standin", "--no-such-option"]).is_err());
    }

    #[test]
    fn own_commands_and_options_stay_what_they_are() {
        for arguments in [vec!["standin", "serve"], vec!["standin", "--help"], vec!["standin"]] {
            let given: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(recognised(given.clone()), given);
        }
        let given = ["standin", "", "serve"].map(OsString::from);
        assert_eq!(recognised(given), ["standin", "serve"].map(OsString::from));
    }

    #[test]
    fn the_table_has_the_port_as_starters_look_for_it() {
        let args = parsed(&["standin", "--port", "1"]).unwrap();
        assert_eq!(args.table(8080, None)[0], "port:                         8080");
    }
}
