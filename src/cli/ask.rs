//! One request to a running server, and its answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::record::causes;
use crate::tls::client::connector;

use super::error::CommandError;
use super::error::NO_TLS;

/// How much of an answer is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnswerLimits {
    /// In bytes.
    pub(super) size: usize,
    pub(super) time: Duration,
}

impl Default for AnswerLimits {
    /// The limits of small answers, which a server that runs gives at once.
    fn default() -> Self {
        Self { size: 1 << 20, time: Duration::from_secs(3) }
    }
}

/// The port of an address that `--listen` takes and that names no host, or all of the machine: the server is asked
/// over loopback.
fn port_alone(address: &str) -> Option<u16> {
    let port = ["0.0.0.0:", "[::]:", "*:", ":"].iter().find_map(|all| address.strip_prefix(all));
    port.unwrap_or(address).parse().ok()
}

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) tls: bool,
    /// `host:port`.
    pub(super) host: String,
}

/// A server's answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Server {
    /// Parses an address or URL and asks for a path. For an address HTTP is tried first: an HTTPS server answers
    /// that it is one.
    pub(super) fn ask(
        server: &str,
        path: &str,
        token: Option<&str>,
    ) -> Result<(Self, Answer), CommandError> {
        Self::ask_for(server, path, token, AnswerLimits::default())
    }

    /// Asks as [`Server::ask`] does, for an answer within limits.
    pub(super) fn ask_for(
        server: &str,
        path: &str,
        token: Option<&str>,
        limits: AnswerLimits,
    ) -> Result<(Self, Answer), CommandError> {
        let found = Self::parse(server)?;
        let answer = ask_for(&found, path, token, limits)?;
        let tls = answer.status == 400 && answer.body.contains("HTTPS server");
        if !tls || server.contains("://") {
            return Ok((found, answer));
        }
        let found = Self { tls, ..found };
        let answer = ask_for(&found, path, token, limits)?;
        Ok((found, answer))
    }

    /// Parses an address or URL. For an address, a server that runs is asked whether it serves HTTPS.
    pub(super) fn find(server: &str) -> Result<Self, CommandError> {
        let found = Self::parse(server)?;
        if server.contains("://") {
            return Ok(found);
        }
        // One that does not run yet is taken for an HTTP server.
        Ok(Self::ask(server, "/__admin/health", None).map_or(found, |(found, _)| found))
    }

    /// Parses an address or URL; what follows the host is ignored.
    pub(super) fn parse(server: &str) -> Result<Self, CommandError> {
        let (tls, rest) = match server.split_once("://") {
            None => (false, server),
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) => return Err(invalid(server)),
        };
        let host = rest.split('/').next().unwrap_or_default();
        if !server.contains("://")
            && let Some(port) = port_alone(host)
        {
            return Ok(Self { tls, host: format!("127.0.0.1:{port}") });
        }
        if host.is_empty() {
            return Err(invalid(server));
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

fn invalid(server: &str) -> CommandError {
    let usable = "use HOST:PORT, http://HOST:PORT or https://HOST:PORT";
    CommandError::Usage(format!("{server:?} is not an address; {usable}"))
}

/// Asks for a path of the admin API. The server's certificate is not verified: its CA is not known yet. A token is
/// therefore seen by whoever answers on the address.
///
/// # Errors
/// [`CommandError::Failed`] when there is no answer in time, or one that is not HTTP/1.1.
pub(super) fn ask(
    server: &Server,
    path: &str,
    token: Option<&str>,
) -> Result<Answer, CommandError> {
    ask_for(server, path, token, AnswerLimits::default())
}

fn ask_for(
    server: &Server,
    path: &str,
    token: Option<&str>,
    limits: AnswerLimits,
) -> Result<Answer, CommandError> {
    if server.tls && cfg!(not(feature = "tls")) {
        return Err(CommandError::Failed(format!("{server}: {NO_TLS}")));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    runtime.block_on(async {
        let late = || {
            let seconds = limits.time.as_secs();
            CommandError::Failed(format!("{server} did not answer within {seconds} s"))
        };
        tokio::time::timeout(limits.time, exchange(server, path, token, limits.size))
            .await
            .map_err(|_| late())?
    })
}

async fn exchange(
    server: &Server,
    path: &str,
    token: Option<&str>,
    most: usize,
) -> Result<Answer, CommandError> {
    let unusable = |error: &dyn fmt::Display| CommandError::Failed(format!("{server}: {error}"));
    let connector = connector(HttpConnector::new()).map_err(|error| unusable(&error))?;
    let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector);
    let mut request = http::Request::get(format!("{server}{path}"));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Empty::new()).map_err(|error| unusable(&error))?;
    let response = client.request(request).await.map_err(|error| no_answer(server, &error))?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), most).collect().await.map_err(|error| {
        CommandError::Failed(format!("{server} broke off its answer: {}", causes(&*error)))
    })?;
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    Ok(Answer { status, body })
}

fn no_answer(server: &Server, error: &hyper_util::client::legacy::Error) -> CommandError {
    // The outer error only says that the client failed.
    let why = std::error::Error::source(error).map_or_else(|| error.to_string(), causes);
    CommandError::Failed(match (error.is_connect(), server.tls) {
        (true, false) => format!(
            "{} does not answer: {why}; is the server running, and on this address?",
            server.host
        ),
        (true, true) => format!(
            "{} does not answer: {why}; is the server running on this address, and does it speak TLS?",
            server.host
        ),
        (false, _) => format!("{server} gave no HTTP/1.1 answer: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_and_urls_are_parsed() {
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

    /// The result of asking a server that answers with `bytes` and closes.
    fn asked(bytes: &'static [u8]) -> Result<Answer, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server { tls: false, host: listener.local_addr().unwrap().to_string() };
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).unwrap() > 0);
            stream.write_all(bytes).unwrap();
        });
        let answer = ask(&server, "/__admin/health", None).map_err(|error| error.to_string());
        thread.join().unwrap();
        answer.map_err(|text| text.replace(&server.host, "HOST"))
    }

    #[test]
    fn answers_are_read_whole_and_other_bytes_are_reported() {
        let answer = asked(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno").unwrap();
        assert_eq!((answer.status, &*answer.body), (404, "no"));
        let error = asked(b"SSH-2.0-x\r\n").unwrap_err();
        assert!(error.starts_with("http://HOST gave no HTTP/1.1 answer: "), "{error}");
        let error = asked(b"").unwrap_err();
        assert!(error.starts_with("http://HOST gave no HTTP/1.1 answer: "), "{error}");
        let error = asked(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nno").unwrap_err();
        assert!(error.starts_with("http://HOST broke off its answer: "), "{error}");
    }
}
