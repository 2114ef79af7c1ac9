//! The exchanges of late: one that is the same again, byte by byte, is counted without looking into it.

use std::hash::{BuildHasher as _, Hash, Hasher as _};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;
use http::HeaderMap;
use http::header::DATE;
use lru::LruCache;
use uuid::Uuid;

use super::super::exchange::{ArrivedBody, End, ReceivedAnswer, SentBody, SentRequest};

/// How many requests are known.
const MOST: NonZeroUsize = NonZeroUsize::new(4_096).expect("it is not zero");

/// Hashes of an exchange as it was on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fingerprint {
    pub(super) request: u64,
    pub(super) answer: u64,
}

/// Where the answers of a request are recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recent {
    pub(super) request: Uuid,
    /// Which of its variants.
    pub(super) variant: usize,
}

/// The requests of late, by their hashes.
#[derive(Debug)]
pub(super) struct RecentExchanges(Mutex<LruCache<u64, Recent>>);

impl Default for RecentExchanges {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl RecentExchanges {
    pub(super) fn get(&self, request: u64) -> Option<Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&request).copied()
    }

    /// The same, where no other thread uses it.
    pub(super) fn try_get(&self, request: u64) -> Option<Recent> {
        self.0.try_lock().ok()?.get(&request).copied()
    }

    pub(super) fn keep(&self, request: u64, recent: Recent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(request, recent);
    }
}

impl Fingerprint {
    pub(super) fn of(sent: &SentRequest, answer: &ReceivedAnswer) -> Self {
        static STATE: std::sync::LazyLock<RandomState> =
            std::sync::LazyLock::new(RandomState::default);
        let mut request = STATE.build_hasher();
        (sent.method.as_str(), &sent.target).hash(&mut request);
        fields(&sent.headers, &mut request);
        match sent.body.content() {
            SentBody::Whole(bytes) => bytes.hash(&mut request),
            SentBody::Digest(of) => (of.sha256, of.length).hash(&mut request),
        }
        let mut of_answer = STATE.build_hasher();
        (answer.status.as_u16(), answer.end == End::Whole).hash(&mut of_answer);
        answer.reason.hash(&mut of_answer);
        fields(&answer.headers, &mut of_answer);
        for informational in &answer.informational {
            informational.status.as_u16().hash(&mut of_answer);
            fields(&informational.headers, &mut of_answer);
        }
        if let Some(trailers) = &answer.trailers {
            fields(trailers, &mut of_answer);
        }
        match &answer.body {
            ArrivedBody::Held(bytes, _) => bytes.hash(&mut of_answer),
            // One that cannot be written is reported where it is recorded.
            ArrivedBody::File(file) => {
                file.facts().ok().map(|facts| facts.digest.sha256).hash(&mut of_answer);
            }
        }
        Self { request: request.finish(), answer: of_answer.finish() }
    }
}

/// The time of day tells nothing.
fn fields(headers: &HeaderMap, state: &mut impl std::hash::Hasher) {
    for (name, value) in headers.iter().filter(|(name, _)| **name != DATE) {
        name.as_str().hash(state);
        value.as_bytes().hash(state);
    }
}
