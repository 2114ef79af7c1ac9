//! The options of `standin wiremock`, which are those of `WireMock`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

use crate::matching::ChunkedEncoding;

use super::serve::bound;
use super::without_effect::WithoutEffect;

/// WireMock's options.
#[derive(Debug, Args)]
#[command(infer_long_args = true)]
pub(crate) struct WireMock {
    /// Port for HTTP; 0 selects a free port.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Port for HTTPS.
    #[arg(long, value_name = "PORT")]
    pub(crate) https_port: Option<u16>,
    /// Serve no HTTP; needs --https-port.
    #[arg(long, requires = "https_port")]
    pub(crate) disable_http: bool,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = bind_address)]
    pub(crate) bind_address: IpAddr,
    /// Directory with mappings/ and __files/; both are created if they do not exist.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) root_dir: PathBuf,
    /// Print a line for each request.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Print no table of the settings.
    #[arg(long)]
    pub(crate) disable_banner: bool,
    /// Keep no requests: nothing can be verified.
    #[arg(long)]
    pub(crate) no_request_journal: bool,
    /// Most requests to keep.
    #[arg(long, value_name = "N")]
    pub(crate) max_request_journal_entries: Option<usize>,
    /// Render templates in the responses of all stubs.
    #[arg(long)]
    pub(crate) global_response_templating: bool,
    /// Render templates in the responses of stubs that name response-template; this is the default.
    #[arg(long)]
    pub(crate) local_response_templating: bool,
    /// Render no templates.
    #[arg(long, conflicts_with = "global_response_templating")]
    pub(crate) disable_response_templating: bool,
    /// Environment variables that templates may read: regular expressions, separated by commas.
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub(crate) permitted_system_keys: Vec<String>,
    /// Accepted and without effect: each stub keeps its compiled templates.
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) max_template_cache_entries: Option<u64>,
    /// Proxy unmatched requests to this URL.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy_all: Option<String>,
    /// Record the backend's responses as stubs in mappings/.
    #[arg(long, requires = "proxy_all")]
    pub(crate) record_mappings: bool,
    /// Which bodies go out in chunks: all, those of files, or none.
    #[arg(long, value_name = "always|body_file|never", value_parser = chunked_encoding)]
    pub(crate) use_chunked_encoding: Option<ChunkedEncoding>,
    /// Compress no responses.
    #[arg(long)]
    pub(crate) disable_gzip: bool,
    /// Let pages of all origins read the responses of stubs (CORS).
    #[arg(long)]
    pub(crate) enable_stub_cors: bool,
    /// Pass the Host of requests on to the servers that stubs proxy to.
    #[arg(long)]
    pub(crate) preserve_host_header: bool,
    /// Pass User-Agent on to the servers that stubs proxy to.
    #[arg(long)]
    pub(crate) preserve_user_agent_proxy_header: bool,
    /// Milliseconds that these servers may take to begin a response.
    #[arg(long, value_name = "MS")]
    pub(crate) proxy_timeout: Option<u64>,
    /// Servers that stubs may proxy to: addresses, ranges, names with *, separated by commas.
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub(crate) allow_proxy_targets: Vec<String>,
    /// Servers that stubs may not proxy to.
    #[arg(long, value_name = "TARGETS", value_delimiter = ',')]
    pub(crate) deny_proxy_targets: Vec<String>,
    /// Set a bound of Standin, such as request-body-bytes=64MiB (repeatable); GET /__admin/bounds lists them.
    #[arg(long, value_name = "NAME=VALUE", value_parser = bound)]
    pub(crate) bound: Vec<(String, String)>,
    /// User name and password for /__admin.
    #[arg(long, value_name = "USER:PASSWORD")]
    pub(crate) admin_api_basic_auth: Option<String>,
    /// Refuse /__admin over plain HTTP.
    #[arg(long)]
    pub(crate) admin_api_require_https: bool,
    /// Options that are accepted and have no effect.
    #[command(flatten)]
    pub(crate) without_effect: WithoutEffect,
}

/// A value of `--bind-address`: an address, or the name that every machine has.
fn bind_address(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.parse().map_err(|_| "expected an IP address or localhost".to_owned())
}

/// A value of `--use-chunked-encoding`.
fn chunked_encoding(text: &str) -> Result<ChunkedEncoding, String> {
    match text.to_ascii_lowercase().as_str() {
        "always" => Ok(ChunkedEncoding::Always),
        "body_file" => Ok(ChunkedEncoding::BodyFile),
        "never" => Ok(ChunkedEncoding::Never),
        _ => Err("expected always, body_file or never".to_owned()),
    }
}
