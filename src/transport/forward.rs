//! A forward proxy's CONNECT (RFC 9110, section 9.3.6): the connection to another host ends here,
//! with a certificate that is issued for the host, so that its requests are visible. Excluded
//! hosts, and those whose client does not accept the certificate, get a tunnel.
//!
//! ```text
//! connection: CONNECT host:port → 200 → first bytes → TLS for the host → requests, as those of any connection
//!                              └→ tunnel, byte for byte
//! ```

use std::collections::BTreeSet;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};
use http::uri::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
#[cfg(not(feature = "record"))]
use tokio::net::TcpStream;

use crate::message::Tunnel;
use crate::tls::server::Tls;

use super::Logger;
use super::socket::Opened;

/// The first bytes of a request for a tunnel.
pub(super) const CONNECT: &[u8] = b"CONNECT ";

/// How long a connection to the host of a tunnel may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many hosts with a tunnel are remembered.
const MAX_HOSTS: usize = 256;

/// How a port answers as a forward proxy.
pub(crate) struct ForwardProxy {
    /// Issues certificates; without it, each host gets a tunnel.
    tls: Option<Arc<Tls>>,
    /// The excluded hosts.
    left_out: GlobSet,
    /// Hosts whose clients do not trust the certificate.
    distrusted: Mutex<BTreeSet<String>>,
    /// Hosts whose tunnel was reported.
    reported: Mutex<BTreeSet<String>>,
    dial: Dial,
    log: Logger,
}

/// Opens the connection of a tunnel.
pub(crate) type Dial = Arc<dyn Fn(Authority) -> Dialled + Send + Sync>;

/// A connection that is being opened.
type Dialled = Pin<Box<dyn Future<Output = io::Result<Tunnel>> + Send>>;

/// Opens connections directly, without a proxy.
#[cfg(not(feature = "record"))]
pub(crate) fn direct() -> Dial {
    Arc::new(|to: Authority| {
        Box::pin(async move {
            let host = to.host().trim_matches(['[', ']']);
            let stream = TcpStream::connect((host, to.port_u16().unwrap_or(443))).await?;
            Ok(Tunnel::new(stream))
        })
    })
}

impl ForwardProxy {
    /// Creates a forward proxy that excludes the hosts of these globs.
    ///
    /// # Errors
    /// An invalid glob.
    pub(crate) fn new(
        tls: Option<Arc<Tls>>,
        left_out: &[String],
        dial: Dial,
        log: Logger,
    ) -> Result<Self, String> {
        let mut globs = GlobSetBuilder::new();
        for text in left_out {
            globs.add(Glob::new(&text.to_ascii_lowercase()).map_err(|error| error.to_string())?);
        }
        let left_out = globs.build().map_err(|error| error.to_string())?;
        let (distrusted, reported) = (Mutex::default(), Mutex::default());
        Ok(Self { tls, left_out, distrusted, reported, dial, log })
    }

    /// Returns the certificate issuer for a host; `None` for a host with a tunnel.
    pub(super) fn issuer(&self, host: &str) -> Option<&Arc<Tls>> {
        let host = host.to_ascii_lowercase();
        let distrusted = self.distrusted.lock().unwrap_or_else(PoisonError::into_inner);
        self.tls.as_ref().filter(|_| !self.left_out.is_match(&host) && !distrusted.contains(&host))
    }

    /// From now on tunnels the host of a client that rejected the certificate.
    pub(super) fn distrust(&self, host: &str, error: &io::Error) {
        let text = error.to_string().to_ascii_lowercase();
        let is_refusal =
            ["unknownca", "badcertificate", "certificateunknown", "unknown ca", "bad certificate"];
        if !is_refusal.iter().any(|word| text.replace(' ', "").contains(&word.replace(' ', ""))) {
            return;
        }
        let mut hosts = self.distrusted.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() < MAX_HOSTS && hosts.insert(host.to_ascii_lowercase()) {
            (self.log)(&format!(
                "{host}: its client does not trust the CA of --ca-out; its next connections pass through and are not recorded"
            ));
        }
    }

    /// Passes bytes between a client and a host until both sides have ended.
    pub(super) async fn tunnel(&self, mut client: Opened, to: &Authority) {
        let host = to.host().trim_matches(['[', ']']);
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, (self.dial)(to.clone())).await;
        let Ok(Ok(mut server)) = connected else {
            let answer =
                "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            // The client may have disconnected.
            let _ = client.write_all(answer.as_bytes()).await;
            return;
        };
        self.report(host);
        if establish(&mut client).await.is_ok() {
            // An error ends either side, which the other one notices.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server.0).await;
        }
    }

    fn report(&self, host: &str) {
        let mut hosts = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() < MAX_HOSTS && hosts.insert(host.to_owned()) {
            let why = if self.tls.is_none() { "; --tls ends its connections here" } else { "" };
            (self.log)(&format!("not recorded: connections to {host} pass through{why}"));
        }
    }
}

/// Reads the head of a CONNECT and returns the host that it names.
///
/// # Errors
/// A message that says what is wrong with it.
pub(super) async fn target(opened: &mut Opened, most: usize) -> io::Result<Authority> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= most {
            return Err(wrong("the head of a CONNECT is too large"));
        }
        // Byte by byte: the bytes after it belong to the tunnel.
        head.push(opened.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| wrong("a CONNECT names no host"))?;
    let host = line.split(' ').nth(1).unwrap_or_default();
    host.parse().map_err(|_| wrong("a CONNECT names no host; it is CONNECT HOST:PORT HTTP/1.1"))
}

/// Confirms the tunnel to the client.
pub(super) async fn establish(client: &mut Opened) -> io::Result<()> {
    client.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
    client.flush().await
}

impl std::fmt::Debug for ForwardProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForwardProxy")
    }
}
