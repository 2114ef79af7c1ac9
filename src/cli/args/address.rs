//! Addresses to listen on: `IP:PORT`, or the name of a host and a port.

use std::net::{SocketAddr, ToSocketAddrs as _};

/// The forms of an address.
const FORM: &str = "write HOST:PORT, such as 127.0.0.1:8080, localhost:8080 or [::1]:8080";

/// Reads an address. A name is looked up; of its addresses the first of IPv4 counts, else the first.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(match text.parse::<u16>() {
            Ok(port) => format!("the host is missing; write 127.0.0.1:{port}"),
            Err(_) => format!("the port is missing; {FORM}"),
        });
    };
    let Ok(port) = port.parse::<u16>() else {
        return Err(format!("{port:?} is not a port; {FORM}"));
    };
    if host.is_empty() {
        return Err(format!(
            "the host is missing; write 127.0.0.1:{port}, or 0.0.0.0:{port} for all addresses of this machine"
        ));
    }
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|error| format!("the host {host:?} cannot be found: {error}; {FORM}"))?;
    let found: Vec<SocketAddr> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    first.copied().ok_or_else(|| format!("the host {host:?} has no address; {FORM}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_mistakes_have_remedies() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(address(text).map(|found| found.to_string()), Ok(expected.to_owned()));
        }
        for (text, why) in [
            ("8080", "write 127.0.0.1:8080"),
            (":8080", "write 127.0.0.1:8080, or 0.0.0.0:8080"),
            ("localhost", "the port is missing; write HOST:PORT"),
            ("localhost:http", "\"http\" is not a port"),
            ("localhost:99999", "\"99999\" is not a port"),
            ("no-such-host.invalid:1", "cannot be found"),
        ] {
            let error = address(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
