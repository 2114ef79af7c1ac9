//! Several backends behind one server: each has a path, below which requests go to it.

use std::sync::Arc;

use http::Uri;
use http::uri::PathAndQuery;

use crate::message::Request;

use super::forward::{ForwardBackends, Origin};
use super::upstream::Upstream;

/// The backends of a server.
#[derive(Debug)]
pub(crate) enum Backends {
    /// Those with longer paths first.
    Below(Vec<(String, Arc<Upstream>)>),
    /// Those that the clients of a forward proxy ask for.
    Forward(ForwardBackends),
}

/// A backend as it is named on the command line: `URL`, or `PATH=URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedBackend {
    /// The path below which requests go to it, without the last slash.
    pub(crate) below: String,
    pub(crate) url: String,
}

impl NamedBackend {
    /// Reads `URL` or `PATH=URL`.
    pub(crate) fn new(text: &str) -> Self {
        let scheme = text.find("://").unwrap_or(text.len());
        match text[..scheme].split_once('=') {
            Some((path, _)) => {
                let below = format!("/{}", path.trim_matches('/'));
                Self {
                    below: below.trim_end_matches('/').to_owned(),
                    url: text[path.len() + 1..].to_owned(),
                }
            }
            None => Self { below: String::new(), url: text.to_owned() },
        }
    }
}

impl Backends {
    /// These backends, each with the path below which requests go to it.
    pub(crate) fn new(mut backends: Vec<(String, Upstream)>) -> Self {
        backends.sort_by_key(|(below, _)| usize::MAX - below.len());
        let shared = |(below, upstream)| (below, Arc::new(upstream));
        Self::Below(backends.into_iter().map(shared).collect())
    }

    /// The backend for a request. The path of the backend is taken out of the request's target.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn route(&self, request: &mut Request) -> Result<Arc<Upstream>, String> {
        let backends = match self {
            Self::Below(backends) => backends,
            Self::Forward(backends) => {
                let origin = Origin::of(request).filter(|_| request.forwarded).ok_or(
                    "this is a forward proxy; set HTTP_PROXY and HTTPS_PROXY of the client to it",
                )?;
                return backends.of(&origin).map_err(|error| error.to_string());
            }
        };
        let path = request.path();
        let found = backends.iter().find(|(below, _)| {
            path.strip_prefix(&**below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let Some((below, upstream)) = found else {
            let paths: Vec<&str> = backends.iter().map(|(below, _)| &**below).collect();
            return Err(format!("no backend has this path; they have {}", paths.join(", ")));
        };
        if !below.is_empty() {
            request.uri = without(&request.uri, below);
        }
        Ok(Arc::clone(upstream))
    }
}

impl From<Upstream> for Backends {
    /// One backend for all requests.
    fn from(upstream: Upstream) -> Self {
        Self::Below(vec![(String::new(), Arc::new(upstream))])
    }
}

/// A target without the path of its backend.
fn without(uri: &Uri, below: &str) -> Uri {
    let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = target.strip_prefix(below).unwrap_or(target);
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(rest).ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_may_have_a_path() {
        for (text, below, url) in [
            ("http://h:1/a=b", "", "http://h:1/a=b"),
            ("auth=https://auth.example.com", "/auth", "https://auth.example.com"),
            ("/v1/auth/=http://h", "/v1/auth", "http://h"),
            ("/=http://h", "", "http://h"),
            ("nonsense", "", "nonsense"),
        ] {
            let named = NamedBackend { below: below.to_owned(), url: url.to_owned() };
            assert_eq!(NamedBackend::new(text), named, "{text}");
        }
    }

    #[test]
    fn the_path_of_a_backend_is_taken_out_of_the_target() {
        for (target, expected) in [("/auth/x?y=1", "/x?y=1"), ("/auth", "/"), ("/auth?y", "/?y")] {
            assert_eq!(without(&target.parse().unwrap(), "/auth").to_string(), expected);
        }
    }
}
