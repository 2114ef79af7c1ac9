//! Addresses to listen on: `IP:PORT`, the name of a host and a port, or a port alone.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};

/// The forms of an address.
const FORM: &str = "write HOST:PORT, such as 127.0.0.1:8080, localhost:8080 or [::1]:8080, or a port alone for this machine";

/// Reads an address. A port alone is one of this machine, and `:PORT` one of all its addresses. A name is looked up; of its
/// addresses the first of IPv4 counts, else the first.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.split('/').next().unwrap_or_default();
        return Err(format!("an address has no scheme: leave {scheme}:// out and write {rest}"));
    }
    if text.bytes().all(|digit| digit.is_ascii_digit()) && !text.is_empty() {
        return port(text).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    let Some((host, written)) = text.rsplit_once(':') else {
        return Err(format!("the port is missing; {FORM}"));
    };
    let port = port(written)?;
    if matches!(host, "" | "*") {
        return Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|error| format!("the host {host:?} cannot be found: {error}; {FORM}"))?;
    let found: Vec<SocketAddr> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    first.copied().ok_or_else(|| format!("the host {host:?} has no address; {FORM}"))
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| match text {
        "" => format!("the port is missing; {FORM}"),
        text if text.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{text} is not a port: the largest is 65535")
        }
        text => format!("{text:?} is not a port; {FORM}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_mistakes_have_remedies() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:0", "[::1]:0"),
            ("::1:8080", "[::1]:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("8080", "127.0.0.1:8080"),
            ("0", "127.0.0.1:0"),
            (":8080", "0.0.0.0:8080"),
            ("*:8080", "0.0.0.0:8080"),
        ] {
            assert_eq!(address(text).map(|found| found.to_string()), Ok(expected.to_owned()));
        }
        for (text, why) in [
            ("", "the port is missing"),
            ("localhost", "the port is missing; write HOST:PORT"),
            ("localhost:", "the port is missing; write HOST:PORT"),
            ("[::1]", "is not a port"),
            ("localhost:http", "\"http\" is not a port"),
            ("localhost:99999", "99999 is not a port: the largest is 65535"),
            ("99999", "the largest is 65535"),
            ("localhost:-1", "\"-1\" is not a port"),
            ("http://localhost:8080/", "leave http:// out and write localhost:8080"),
            ("no-such-host.invalid:1", "cannot be found"),
        ] {
            let error = address(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
