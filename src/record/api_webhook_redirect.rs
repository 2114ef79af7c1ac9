//! Redirects of an API server's webhooks, which Go's client follows (`redirectBehavior` and `Client.do` in
//! `net/http/client.go`).

use http::header::LOCATION;
use http::{Method, Response, StatusCode};

use super::api_webhook_connect::WebhookTarget;

/// How many requests are made for one call at most (`defaultCheckRedirect`).
pub(super) const MOST_REQUESTS: usize = 10;

/// Where a call goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) target: WebhookTarget,
    /// GET, without a body, but for 307 and 308.
    pub(super) method: Method,
    /// The place as the answer names it; empty for the first request.
    pub(super) location: String,
}

impl Redirect {
    /// The first request of a call.
    pub(super) fn first(target: &WebhookTarget) -> Self {
        Self { target: target.clone(), method: Method::POST, location: String::new() }
    }

    /// Refuses a place that is not reached by HTTP.
    ///
    /// # Errors
    /// What the client says about it.
    pub(super) fn check_scheme(&self) -> Result<(), String> {
        let scheme = self.target.url.split(':').next().unwrap_or_default().to_lowercase();
        if matches!(scheme.as_str(), "http" | "https") {
            return Ok(());
        }
        Err(format!("unsupported protocol scheme \"{scheme}\""))
    }
}

/// Where an answer sends a call; nothing for one that counts.
///
/// # Errors
/// What the client says about a place that it cannot go to.
pub(super) fn redirect<B>(
    answer: &Response<B>,
    method: &Method,
    from: &WebhookTarget,
) -> Result<Option<Redirect>, String> {
    let method = match answer.status() {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => Method::GET,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => method.clone(),
        _ => return Ok(None),
    };
    let location = answer.headers().get(LOCATION).filter(|location| !location.is_empty());
    let Some(location) = location else { return Ok(None) };
    let location = String::from_utf8_lossy(location.as_bytes());
    let url = resolved(&from.url, &location);
    if let Err(error) = url.parse::<http::Uri>() {
        return Err(format!("failed to parse Location header \"{location}\": {error}"));
    }
    let stays = authority(&url) == authority(&from.url);
    let address = from.address.clone().filter(|_| stays);
    let ca_bundle = from.ca_bundle.clone();
    let target = WebhookTarget { url, address, ca_bundle };
    Ok(Some(Redirect { target, method, location: location.into_owned() }))
}

/// The scheme, host and port of a URL.
fn authority(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// A reference at a URL (RFC 3986, section 5.2), without its fragment.
fn resolved(base: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or_default();
    let (scheme, _) = base.split_once("://").unwrap_or(("https", base));
    let before_path = reference.split(['/', '?']).next().unwrap_or_default();
    if before_path.contains(':') {
        return reference.to_owned();
    }
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let root = authority(base);
    if reference.starts_with('/') {
        return format!("{root}{reference}");
    }
    let path = base[root.len()..].split(['?', '#']).next().unwrap_or_default();
    match reference {
        "" => base.to_owned(),
        _ if reference.starts_with('?') => format!("{root}{path}{reference}"),
        _ => {
            let directory = path.rfind('/').map_or("/", |at| &path[..=at]);
            format!("{root}{directory}{reference}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from() -> WebhookTarget {
        WebhookTarget {
            url: "https://hook.n.svc:443/a/b?timeout=10s".to_owned(),
            address: Some(("10.0.0.5".to_owned(), 8443)),
            ca_bundle: b"bundle".to_vec(),
        }
    }

    fn found(status: u16, location: &str) -> Result<Option<Redirect>, String> {
        let answer =
            Response::builder().status(status).header("location", location).body(()).unwrap();
        redirect(&answer, &Method::POST, &from())
    }

    #[test]
    fn a_reference_is_resolved_at_the_url() {
        for (reference, url) in [
            ("https://other/x?y=z#f", "https://other/x?y=z"),
            ("//other:1/x", "https://other:1/x"),
            ("/x", "https://hook.n.svc:443/x"),
            ("x/y?z", "https://hook.n.svc:443/a/x/y?z"),
            ("?z", "https://hook.n.svc:443/a/b?z"),
            ("", "https://hook.n.svc:443/a/b?timeout=10s"),
        ] {
            assert_eq!(resolved(&from().url, reference), url, "{reference}");
        }
    }

    #[test]
    fn only_307_and_308_send_the_review_again() {
        for (status, method) in [
            (301, Method::GET),
            (302, Method::GET),
            (303, Method::GET),
            (307, Method::POST),
            (308, Method::POST),
        ] {
            assert_eq!(found(status, "/x").unwrap().unwrap().method, method);
        }
        assert_eq!(found(200, "/x"), Ok(None));
        assert_eq!(found(304, "/x"), Ok(None));
        assert_eq!(found(302, ""), Ok(None));
        let (own, other) = (found(307, "/x").unwrap(), found(307, "https://other/x").unwrap());
        // The address of a service is that of its name alone.
        assert!(own.unwrap().target.address.is_some() && other.unwrap().target.address.is_none());
        let ftp = found(307, "ftp://x/").unwrap().unwrap();
        assert_eq!(ftp.check_scheme().unwrap_err(), "unsupported protocol scheme \"ftp\"");
    }
}
