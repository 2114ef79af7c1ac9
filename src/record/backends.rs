//! Several backends behind one server: each has a path, below which requests go to it.

use http::Uri;
use http::uri::PathAndQuery;

use crate::message::Request;

use super::upstream::Upstream;

/// The backends, those with longer paths first.
#[derive(Debug)]
pub(crate) struct Backends(Vec<(String, Upstream)>);

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
        Self(backends)
    }

    /// The backend for a request. The path of the backend is taken out of the request's target.
    pub(super) fn route(&self, request: &mut Request) -> Option<&Upstream> {
        let path = request.path();
        let (below, upstream) = self.0.iter().find(|(below, _)| {
            path.strip_prefix(&**below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })?;
        if !below.is_empty() {
            request.uri = without(&request.uri, below);
        }
        Some(upstream)
    }

    /// The paths of the backends, for people.
    pub(super) fn paths(&self) -> String {
        let paths: Vec<&str> = self.0.iter().map(|(below, _)| &**below).collect();
        paths.join(", ")
    }
}

impl From<Upstream> for Backends {
    /// One backend for all requests.
    fn from(upstream: Upstream) -> Self {
        Self(vec![(String::new(), upstream)])
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
