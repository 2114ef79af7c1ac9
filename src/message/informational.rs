//! Informational answers, which come before the answer to a request (RFC 9110, section 15.2).

use std::sync::Arc;

use http::{HeaderMap, StatusCode};

/// An informational answer: 100, 102, 103; not 101, which is the last answer of its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Informational {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl Informational {
    /// How many are passed on, recorded and sent for one request.
    pub(crate) const MOST: usize = 32;

    /// The most bytes that the header fields of one may have.
    pub(crate) const MAX_BYTES: usize = 8 << 10;

    /// Creates one without header fields, or `None` if the code is not that of an informational
    /// answer.
    pub(crate) fn of(code: u16) -> Option<Self> {
        Self::with(StatusCode::from_u16(code).ok()?, HeaderMap::new())
    }

    /// Creates one with header fields, or `None` if the code is not that of an informational
    /// answer, or there are too many.
    pub(crate) fn with(status: StatusCode, headers: HeaderMap) -> Option<Self> {
        let bytes = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len() + 4
        };
        let fits = headers.iter().map(bytes).sum::<usize>() <= Self::MAX_BYTES;
        let is_one = status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS;
        (is_one && fits).then_some(Self { status, headers })
    }
}

/// Receives the informational answers to a request, to be sent to its client.
#[derive(Clone)]
pub(crate) struct InformationalSink(Arc<dyn Fn(Informational) + Send + Sync>);

impl InformationalSink {
    pub(crate) fn new(take: impl Fn(Informational) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    pub(crate) fn send(&self, informational: Informational) {
        (self.0)(informational);
    }
}

impl std::fmt::Debug for InformationalSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InformationalSink")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_interim_codes_are_informational() {
        for (code, is_one) in
            [(100, true), (103, true), (199, true), (101, false), (200, false), (99, false)]
        {
            assert_eq!(Informational::of(code).is_some(), is_one, "{code}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("link", "x".repeat(Informational::MAX_BYTES).parse().unwrap());
        assert_eq!(Informational::with(StatusCode::EARLY_HINTS, headers), None);
    }
}
