//! Options of `WireMock` that are accepted and have no effect, each with what to know about it.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

const JVM: &str = "it sizes a Java server's threads and buffers";
const ASYNC: &str = "delays never hold a thread";
const CODE: &str = "Java classes are not loaded";
const KEYS: &str = "a certificate is made; `standin serve --cert --key` takes PEM files";
const PROXY: &str = "the proxy does not have it";
const LOG: &str = "--verbose prints a line for each request";
const PROTOCOL: &str = "clients choose the protocol";

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    /// A truth value, which may be left out.
    Bool,
}

use Takes::{Bool, Nothing, Value};

const TABLE: &[(&str, Takes, &str)] = &[
    ("container-threads", Value, JVM),
    ("jetty-acceptor-threads", Value, JVM),
    ("jetty-accept-queue-size", Value, JVM),
    ("jetty-header-buffer-size", Value, JVM),
    ("jetty-header-request-size", Value, JVM),
    ("jetty-header-response-size", Value, JVM),
    ("jetty-stop-timeout", Value, JVM),
    ("jetty-idle-timeout", Value, JVM),
    ("webhook-threadpool-size", Value, JVM),
    ("max-http-client-connections", Value, JVM),
    ("async-response-enabled", Bool, ASYNC),
    ("async-response-threads", Value, ASYNC),
    ("extensions", Value, CODE),
    ("extension-scanning-enabled", Nothing, CODE),
    ("disable-extensions-scanning", Nothing, CODE),
    ("load-resources-from-classpath", Value, CODE),
    ("disable-optimize-xml-factories-loading", Bool, CODE),
    ("enable-browser-proxying", Nothing, "name a backend with --proxy-all"),
    ("ca-keystore", Value, KEYS),
    ("ca-keystore-password", Value, KEYS),
    ("ca-keystore-type", Value, KEYS),
    ("https-keystore", Value, KEYS),
    ("https-truststore", Value, KEYS),
    ("https-require-client-cert", Nothing, KEYS),
    ("keystore-password", Value, KEYS),
    ("keystore-type", Value, KEYS),
    ("key-manager-password", Value, KEYS),
    ("truststore-password", Value, KEYS),
    ("truststore-type", Value, KEYS),
    ("timeout", Value, PROXY),
    ("trust-all-proxy-targets", Nothing, PROXY),
    ("trust-proxy-target", Value, PROXY),
    ("supported-proxy-encodings", Value, PROXY),
    ("proxy-via", Value, PROXY),
    ("proxy-pass-through", Bool, PROXY),
    ("disable-connection-reuse", Bool, PROXY),
    ("disable-request-logging", Nothing, LOG),
    ("logged-response-body-size-limit", Value, "`--bound` limits what the journal keeps"),
    ("print-all-network-traffic", Nothing, LOG),
    ("disable-http2-plain", Nothing, PROTOCOL),
    ("disable-http2-tls", Nothing, PROTOCOL),
    ("disable-strict-http-headers", Nothing, "header fields follow RFC 9110"),
    ("match-headers", Value, "the recorder chooses the headers"),
    ("filename-template", Value, "names of files come from the request"),
];

/// The options that were given, in the order of the table.
#[derive(Debug, Default)]
pub(crate) struct WithoutEffect(Vec<(&'static str, &'static str)>);

impl WithoutEffect {
    /// One warning about all of them.
    pub(crate) fn warning(&self) -> Option<String> {
        let list: Vec<String> =
            self.0.iter().map(|(name, why)| format!("--{name} ({why})")).collect();
        let list = list.join(", ");
        (!list.is_empty()).then(|| format!("standin: warning: without effect here: {list}"))
    }
}

impl FromArgMatches for WithoutEffect {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Self::default();
        found.update_from_arg_matches(matches)?;
        Ok(found)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let given = |(name, ..): &&(&'static str, Takes, &'static str)| {
            matches.value_source(name) == Some(ValueSource::CommandLine)
        };
        self.0 = TABLE.iter().filter(given).map(|(name, _, why)| (*name, *why)).collect();
        Ok(())
    }
}

impl Args for WithoutEffect {
    fn augment_args(command: Command) -> Command {
        let argument = |(name, takes, _): &(&'static str, Takes, &'static str)| {
            let argument = Arg::new(*name).long(*name).hide(true);
            match takes {
                Nothing => argument.action(ArgAction::SetTrue),
                Value => argument.action(ArgAction::Set),
                Bool => {
                    argument.action(ArgAction::Set).num_args(0..=1).default_missing_value("true")
                }
            }
        };
        command.args(TABLE.iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
