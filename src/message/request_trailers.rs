//! The trailers of a request (RFC 9110, section 6.5), for a backend that the request is passed on
//! to.

use std::sync::{Arc, OnceLock};

use http::HeaderMap;

/// The trailers of a request, known once all of its body is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestTrailers(Arc<OnceLock<HeaderMap>>);

impl RequestTrailers {
    /// Stores the trailers. Later ones are ignored: a body has one end.
    pub(crate) fn set(&self, trailers: HeaderMap) {
        let _ = self.0.set(trailers);
    }

    /// Returns the trailers that have arrived.
    pub(crate) fn get(&self) -> Option<&HeaderMap> {
        self.0.get()
    }
}
