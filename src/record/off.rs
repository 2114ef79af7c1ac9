//! Stands for the recorded backend in a build without the feature `record`: there never is one.

use std::convert::Infallible;

use crate::message::{Plan, Request};

/// A backend that cannot exist.
#[derive(Debug)]
pub(crate) struct Proxy(Infallible);

impl Proxy {
    #[expect(clippy::unused_async, reason = "the signature is that of a build with a backend")]
    pub(crate) async fn answer(&self, _: Request) -> Plan {
        match self.0 {}
    }

    pub(crate) fn held(&self) -> Option<(usize, usize)> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the signature is that of a build with a backend")]
    pub(crate) async fn flush(&self) {
        match self.0 {}
    }
}
