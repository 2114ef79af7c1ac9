//! What stands for TLS in a build without it: nothing of it can come to be.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use crate::message::ClientCertificate;

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
