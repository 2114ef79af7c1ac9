//! Replaces TLS in a build without the feature: none of its values can exist.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use crate::message::{ClientCertificate, HandshakeFault};

/// PEM text, and where it comes from.
#[cfg(any(feature = "record", feature = "etcd"))]
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "a build with TLS reads it")]
pub(crate) struct Pem {
    pub(crate) from: std::path::PathBuf,
    pub(crate) text: Vec<u8>,
}

/// The client's side: `http://` alone.
#[cfg(any(feature = "record", feature = "etcd"))]
pub(crate) mod client {
    use std::convert::Infallible;
    use std::io;

    use hyper_util::client::legacy::connect::HttpConnector;

    use super::Pem;

    /// What a build without TLS reports.
    const NO_TLS: &str = "this build has no TLS; build it with the feature tls";

    /// Which servers to trust: never used.
    #[derive(Debug, Clone, Copy)]
    #[expect(dead_code, reason = "a build with TLS reads it")]
    pub(crate) enum Trust<'a> {
        System,
        Pem(&'a Pem),
        Anyone,
    }

    /// The certificate that a client presents: never used.
    #[derive(Debug, Clone)]
    #[expect(dead_code, reason = "a build with TLS reads it")]
    pub(crate) struct Identity {
        pub(crate) chain: Pem,
        pub(crate) key: Pem,
    }

    /// Which protocols a client offers: never used.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Offer {
        Both,
        Http1,
    }

    /// Connects to `http://` servers.
    pub(crate) type Connector = HttpConnector;

    /// Returns a connector that refuses `https://`.
    #[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build with TLS")]
    pub(crate) fn connector(http: HttpConnector) -> Result<Connector, Infallible> {
        Ok(http)
    }

    /// Why a handshake failed: there is none.
    pub(crate) fn go_reason(error: &io::Error) -> String {
        error.to_string()
    }

    /// A TLS client that cannot be.
    #[derive(Debug, Clone)]
    pub(crate) struct TlsClient(Infallible);

    impl TlsClient {
        pub(crate) fn new(
            _: Trust<'_>,
            _: Option<&Identity>,
            _: &str,
            _: Offer,
        ) -> Result<Self, &'static str> {
            Err(NO_TLS)
        }

        #[expect(clippy::unused_async, reason = "the signature is that of a build with TLS")]
        pub(crate) async fn connect<S>(&self, _: S) -> io::Result<(S, bool)> {
            match self.0 {}
        }
    }
}

/// The server's side.
pub(crate) mod server {
    use super::{Arc, ClientCertificate, HandshakeFault, Infallible, io};

    /// A connection, which cannot exist.
    pub(crate) type TlsStream<S> = S;

    /// The permission of a connection, which cannot exist.
    pub(crate) type LargeRecordBuffer = Infallible;

    /// A TLS configuration, which cannot exist.
    #[derive(Debug)]
    pub(crate) struct Tls(Infallible);

    impl Tls {
        pub(crate) async fn accept<S>(
            &self,
            _: S,
            _: Option<HandshakeFault>,
        ) -> io::Result<Accepted<S>> {
            match self.0 {}
        }

        pub(crate) async fn accept_as<S>(&self, _: &str, _: S) -> io::Result<Accepted<S>> {
            match self.0 {}
        }

        pub(crate) fn issues(&self) -> bool {
            match self.0 {}
        }

        pub(crate) fn ca_pem(&self) -> String {
            match self.0 {}
        }
    }

    /// A connection, which cannot exist.
    pub(crate) struct Accepted<S> {
        pub(crate) stream: S,
        pub(crate) http2: bool,
        pub(crate) client: Option<Arc<ClientCertificate>>,
        pub(crate) large_buffer: Option<LargeRecordBuffer>,
    }
}
