//! The options of a backend → its URL and how it is reached.

use crate::record::UpstreamOptions;

use super::args::Backend;
use super::error::CommandError;

/// The backends of the command line: those of the URLs, or the one of a kubeconfig.
pub(super) fn backends(
    urls: Vec<String>,
    args: &Backend,
) -> Result<Vec<(String, UpstreamOptions)>, CommandError> {
    let Some(file) = &args.kubeconfig else {
        let of = |url| (url, options(UpstreamOptions::default(), args));
        return Ok(urls.into_iter().map(of).collect());
    };
    let (url, found) = UpstreamOptions::from_kubeconfig(file, args.context.as_deref())?;
    Ok(vec![(url, options(found, args))])
}

/// Options with those of the command line in place of others.
fn options(mut options: UpstreamOptions, args: &Backend) -> UpstreamOptions {
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
