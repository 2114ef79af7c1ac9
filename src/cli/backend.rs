//! A backend that a command asks by itself: its URL, its credentials, how it is reached.

use http::{HeaderMap, Uri};

use crate::record::Upstream;

use super::args::Asked;
use super::serve::options;

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
/// The sentence for people.
pub(super) fn open(asked: &Asked) -> Result<Backend, String> {
    let url = &asked.upstream;
    let upstream =
        Upstream::new(url, &options(&asked.backend)).map_err(|error| error.to_string())?;
    let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let origin = format!("{}://{host}", uri.scheme_str().unwrap_or("http"));
    Ok(Backend { upstream, origin, headers: HeaderMap::new() })
}
