//! Keeps the pages that a browser shows away from the admin API.
//!
//! A page of any site can make the browser send requests to a port of the machine it runs on. Those carry
//! the page's `Origin`; with a DNS name that leads to loopback they carry that name as `Host`.

use std::net::IpAddr;

use http::header::{HOST, HeaderName, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue};

use super::reply::AdminError;

/// What a browser says about the page that makes a request (W3C, Fetch Metadata).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests of pages that the server itself did not serve. `loopback` says that only this machine
/// reaches the server: then the host has to be a name of this machine.
pub(super) fn check(headers: &HeaderMap, loopback: bool) -> Result<(), AdminError> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let host = headers.get(HOST).map(text).unwrap_or_default();
    if loopback && !host.is_empty() && !is_local(&host) {
        return Err(AdminError::Origin(format!(
            "the admin API on loopback answers to localhost and IP addresses only, not to the host {host:?}"
        )));
    }
    if let Some(origin) = headers.get(ORIGIN).map(text) {
        let own = origin.split_once("://").is_some_and(|(_, authority)| {
            !host.is_empty() && authority.eq_ignore_ascii_case(&host)
        });
        if !own {
            return Err(AdminError::Origin(format!(
                "the admin API refuses pages of another origin, such as {origin:?}; call it from outside of a browser"
            )));
        }
    }
    if headers.get(FETCH_SITE).is_some_and(|site| site == "cross-site") {
        return Err(AdminError::Origin(
            "the admin API refuses pages of another site; call it from outside of a browser"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The top-level domains that are kept for tests and for this machine.
const RESERVED: [&str; 4] = ["localhost", "test", "example", "invalid"];

/// Whether a host can only be this machine: no DNS name of somebody else leads to it.
fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // Nobody can register a name below these (RFC 2606), so none leads here for an attacker; tests use them.
    let last = name.rsplit('.').next().unwrap_or_default();
    bare.parse::<IpAddr>().is_ok() || RESERVED.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(fields: &[(&str, &str)], loopback: bool) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        check(&headers, loopback).is_err()
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let here = ("host", "127.0.0.1:8080");
        assert!(!refused(&[here], true));
        assert!(!refused(&[], true));
        assert!(!refused(&[here, ("origin", "http://127.0.0.1:8080")], true));
        for origin in
            ["http://evil.com", "null", "http://127.0.0.1:9090", "http://localhost:8080", ""]
        {
            assert!(refused(&[here, ("origin", origin)], true), "{origin}");
            assert!(refused(&[here, ("origin", origin)], false), "{origin}");
        }
        assert!(refused(&[here, ("sec-fetch-site", "cross-site")], true));
        assert!(!refused(&[here, ("sec-fetch-site", "none")], true));
    }

    #[test]
    fn a_name_that_leads_to_loopback_is_refused() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "a.localhost:1",
            "[::1]:8080",
            "127.0.0.1",
            "10.0.0.7:80",
            "stub.example:8080",
            "api.test",
        ] {
            assert!(!refused(&[("host", host)], true), "{host}");
        }
        for host in
            ["rebind.evil.com", "localhost.evil.com:8080", "127.0.0.1.nip.io", "example.com", "a b"]
        {
            assert!(refused(&[("host", host)], true), "{host}");
            // In a network, names are how others reach it.
            assert!(!refused(&[("host", host)], false), "{host}");
        }
        let own = [("host", "rebind.evil.com"), ("origin", "http://rebind.evil.com")];
        assert!(refused(&own, true));
    }
}
