//! Stands for TLS in a build without the feature: none of its values can exist.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use crate::message::ClientCertificate;

/// The client's side: `http://` alone.
#[cfg(feature = "record")]
pub(crate) mod client {
    use std::convert::Infallible;
    use std::path::Path;

    use hyper_util::client::legacy::connect::HttpConnector;

    /// Whose certificate is good enough: never asked.
    #[derive(Debug, Clone, Copy)]
    pub(crate) enum Trust<'a> {
        System,
        File(&'a Path),
        Anyone,
    }

    /// Connects to `http://` servers.
    pub(crate) type Connector = HttpConnector;

    /// A connector that refuses `https://`.
    #[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build with TLS")]
    pub(crate) fn connector(_: Trust<'_>, http: HttpConnector) -> Result<Connector, Infallible> {
        Ok(http)
    }
}

/// The server's side.
pub(crate) mod server {
    use super::{Arc, ClientCertificate, Infallible, io};

    /// A connection that cannot be.
    pub(crate) type TlsStream<S> = S;

    /// TLS that cannot be.
    #[derive(Debug)]
    pub(crate) struct Tls(Infallible);

    impl Tls {
        pub(crate) async fn accept<S>(&self, _: S) -> io::Result<Accepted<S>> {
            match self.0 {}
        }

        pub(crate) fn ca_pem(&self) -> String {
            match self.0 {}
        }
    }

    /// A connection that cannot be.
    pub(crate) struct Accepted<S> {
        pub(crate) stream: S,
        pub(crate) http2: bool,
        pub(crate) client: Option<Arc<ClientCertificate>>,
    }
}
