//! Asking a running server: one request, one answer, no runtime.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::error::Error;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How much of an answer is read, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) tls: bool,
    /// `host:port`.
    pub(super) host: String,
}

/// What it said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Server {
    /// Reads an address or URL and asks for a path. Where it does not say what is spoken there, the
    /// answer does: a server that speaks TLS tells those who do not.
    pub(super) fn ask(server: &str, path: &str) -> Result<(Self, Answer), Error> {
        let found = Self::parse(server)?;
        let answer = ask(&found, path)?;
        let tls = answer.status == 400 && answer.body.contains("HTTPS server");
        if !tls || server.contains("://") {
            return Ok((found, answer));
        }
        let found = Self { tls, ..found };
        let answer = ask(&found, path)?;
        Ok((found, answer))
    }

    /// Reads an address or URL. Where it does not say what is spoken there, a server that runs is asked.
    pub(super) fn find(server: &str) -> Result<Self, Error> {
        let found = Self::parse(server)?;
        if server.contains("://") {
            return Ok(found);
        }
        // One that does not run yet will speak plain HTTP, unless it is said otherwise.
        Ok(Self::ask(server, "/__admin/health").map_or(found, |(found, _)| found))
    }

    /// Reads an address or URL; what stands behind the host is left out.
    fn parse(server: &str) -> Result<Self, Error> {
        let (tls, rest) = match server.split_once("://") {
            None => (false, server),
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) => return Err(wrong(server)),
        };
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() {
            return Err(wrong(server));
        }
        if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            return Ok(Self { tls, host: host.to_owned() });
        }
        Ok(Self { tls, host: format!("{host}:{}", if tls { 443 } else { 80 }) })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.host)
    }
}

fn wrong(server: &str) -> Error {
    let usable = "give HOST:PORT, http://HOST:PORT or https://HOST:PORT";
    Error::Unhealthy(format!("{server:?} is no address; {usable}"))
}

/// Asks for a path of the admin API. A server's certificate is not checked: who asks does not know its
/// CA yet, and sends no secret.
pub(super) fn ask(server: &Server, path: &str) -> Result<Answer, Error> {
    let host = &server.host;
    let stream = connect(host).map_err(|error| {
        Error::Unhealthy(format!(
            "{host} does not answer: {error}; is the server running, and on this address?"
        ))
    })?;
    let failed = |error: io::Error| Error::Unhealthy(format!("{server} broke off: {error}"));
    let answer = if server.tls {
        over_tls(stream, host, path)?
    } else {
        exchange(stream, host, path).map_err(failed)?
    };
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let Some(status) = status else {
        let line = answer.lines().next().unwrap_or("nothing");
        return Err(Error::Unhealthy(format!("{server} answered {line:?}, which is not HTTP/1.1")));
    };
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    Ok(Answer { status, body })
}

fn connect(host: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the name has no address");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn exchange(mut stream: impl Read + Write, host: &str, path: &str) -> io::Result<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(feature = "tls")]
fn over_tls(stream: TcpStream, host: &str, path: &str) -> Result<String, Error> {
    use crate::tls::client::{Trust, config};
    let failed = |error: &dyn fmt::Display| Error::Unhealthy(format!("https://{host}: {error}"));
    let config = config(Trust::Anyone).map_err(|error| failed(&error))?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let name =
        rustls::pki_types::ServerName::try_from(name.to_owned()).map_err(|error| failed(&error))?;
    let session = rustls::ClientConnection::new(std::sync::Arc::new(config), name)
        .map_err(|error| failed(&error))?;
    exchange(rustls::StreamOwned::new(session, stream), host, path).map_err(|error| failed(&error))
}

#[cfg(not(feature = "tls"))]
fn over_tls(_: TcpStream, host: &str, _: &str) -> Result<String, Error> {
    let why = "this build has no TLS; build it with the feature tls";
    Err(Error::Unhealthy(format!("https://{host}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_urls_are_understood() {
        for (server, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:80/x", "http://localhost:80"),
            ("http://standin", "http://standin:80"),
            ("https://standin/worlds/a", "https://standin:443"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(Server::parse(server).unwrap().to_string(), expected);
        }
        for wrong in ["", "https://", "ftp://x"] {
            assert!(Server::parse(wrong).is_err(), "{wrong}");
        }
    }
}
