//! `standin healthcheck`: for container images that have no curl.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::error::Error;

use super::args::Target;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn healthcheck(args: &Target) -> Result<(), Error> {
    let host = host(&args.server)?;
    let answer = ask(&host).map_err(|error| {
        Error::Unhealthy(format!(
            "{host} does not answer: {error}; is the server running, and on this address?"
        ))
    })?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if answer.starts_with("HTTP/1.1 ") && status == "200" {
        println!("healthy");
        return Ok(());
    }
    let line = answer.lines().next().unwrap_or("nothing");
    Err(Error::Unhealthy(format!(
        "{host} answered /__admin/health with {line:?}; that is not a healthy Standin"
    )))
}

fn ask(host: &str) -> std::io::Result<String> {
    let mut last = std::io::Error::other("the name has no address");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                write!(
                    stream,
                    "GET /__admin/health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
                )?;
                let mut answer = Vec::new();
                stream.take(64 << 10).read_to_end(&mut answer)?;
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// `host:port` of an address or URL.
pub(super) fn host(server: &str) -> Result<String, Error> {
    let rest = server.strip_prefix("http://").unwrap_or(server);
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || rest.contains("://") {
        return Err(Error::Unhealthy(format!(
            "{server:?} is no address; give HOST:PORT or http://HOST:PORT"
        )));
    }
    if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        return Ok(host.to_owned());
    }
    Ok(format!("{host}:80"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_urls_are_understood() {
        for (server, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://localhost:80/x", "localhost:80"),
            ("http://standin", "standin:80"),
            ("[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(host(server).unwrap(), expected);
        }
        for wrong in ["", "https://x", "ftp://x"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }
}
