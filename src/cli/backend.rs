//! A backend that a command asks by itself: its URL, its credentials, how it is reached.

use http::Uri;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::record::{Upstream, UpstreamOptions};
use crate::redact::Key;

use super::args::{self, Asked};
use super::error::CommandError;

/// A backend, and what requests to it have.
pub(super) struct Backend {
    pub(super) upstream: Upstream,
    /// Its URL without a path.
    pub(super) origin: String,
    /// Header fields for all requests.
    pub(super) headers: HeaderMap,
}

/// Opens the backend of the command line. Nothing is connected yet.
///
/// # Errors
/// [`CommandError::Failed`] where it cannot be used, [`CommandError::Usage`] and [`CommandError::Read`] for its
/// credentials.
pub(super) fn open(asked: &Asked) -> Result<Backend, CommandError> {
    let (url, options) = match &asked.backend.kubeconfig {
        Some(file) => {
            let (url, found) =
                UpstreamOptions::from_kubeconfig(file, asked.backend.context.as_deref())
                    .map_err(|error| CommandError::Failed(error.to_string()))?;
            (url, with(found, &asked.backend))
        }
        None if asked.upstream.is_empty() => {
            let why = "name the backend with --upstream or --kubeconfig";
            return Err(CommandError::Usage(why.to_owned()));
        }
        None => (asked.upstream.clone(), options(&asked.backend)),
    };
    let upstream =
        Upstream::new(&url, &options).map_err(|error| CommandError::Failed(error.to_string()))?;
    let uri: Uri = url.parse().map_err(|error| CommandError::Failed(format!("{url}: {error}")))?;
    let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let origin = format!("{}://{host}", uri.scheme_str().unwrap_or("http"));
    Ok(Backend { upstream, origin, headers: headers(asked)? })
}

fn headers(asked: &Asked) -> Result<HeaderMap, CommandError> {
    let mut headers = HeaderMap::new();
    for field in &asked.header {
        let parsed = field.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            let mut value = HeaderValue::try_from(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let Some((name, value)) = parsed else {
            let why = "--header is not a header field; write it like --header 'Name: value'";
            return Err(CommandError::Usage(why.to_owned()));
        };
        headers.insert(name, value);
    }
    if let Some(path) = &asked.token_file {
        let token = std::fs::read_to_string(path)
            .map_err(|source| CommandError::Read { path: path.clone(), source })?;
        let value = HeaderValue::try_from(format!("Bearer {}", token.trim()));
        let mut value = value.map_err(|_| {
            CommandError::Usage(format!("{} holds no token of one line", path.display()))
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The key of pseudonyms that is given to the program.
pub(super) fn key_of_environment() -> Option<Key> {
    std::env::var("STANDIN_REDACT_KEY").ok().map(|key| Key::of(key.as_bytes()))
}

/// The backends of the command line: those of the URLs, or the one of a kubeconfig.
pub(super) fn backends(
    urls: Vec<String>,
    args: &args::Backend,
) -> Result<Vec<(String, UpstreamOptions)>, CommandError> {
    let Some(file) = &args.kubeconfig else {
        return Ok(urls.into_iter().map(|url| (url, options(args))).collect());
    };
    let (url, found) = UpstreamOptions::from_kubeconfig(file, args.context.as_deref())?;
    Ok(vec![(url, with(found, args))])
}

/// How the backend of the command line is reached.
pub(super) fn options(args: &args::Backend) -> UpstreamOptions {
    with(UpstreamOptions::default(), args)
}

/// Options with those of the command line in place of others.
fn with(mut options: UpstreamOptions, args: &args::Backend) -> UpstreamOptions {
    options = options.preserve_host(args.upstream_preserve_host).env_proxies(true);
    if args.upstream_insecure {
        options = options.insecure(true);
    }
    if let Some(file) = &args.upstream_ca {
        options = options.ca_file(file);
    }
    if let (Some(chain), Some(key)) = (&args.upstream_cert, &args.upstream_key) {
        options = options.client_certificate(chain, key);
    }
    if let Some(name) = &args.upstream_sni {
        options = options.server_name(name);
    }
    if let Some(host) = &args.upstream_host {
        options = options.host(host);
    }
    options
}
