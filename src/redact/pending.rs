//! Bodies of requests that the recorder has not looked through yet: what they hold is hidden wherever it is shown
//! meanwhile, such as in an answer that repeats it.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::HeaderValue;

/// How many bodies are kept in mind at most.
const MOST: usize = 1024;

/// A body that goes away once it was looked through.
pub(crate) trait PendingBody: std::fmt::Debug + Send + Sync {
    /// What has arrived of it; nothing of a body that is not kept.
    fn arrived(&self) -> Option<Bytes>;
}

/// The bodies that are still there.
#[derive(Debug, Default)]
pub(super) struct Pending(VecDeque<(Option<HeaderValue>, Weak<dyn PendingBody>)>);

impl Pending {
    /// Adds a body with its coding.
    pub(super) fn add(&mut self, coding: Option<HeaderValue>, body: Weak<dyn PendingBody>) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((coding, body));
    }

    /// The bodies that are still there, each with its coding.
    pub(super) fn bodies(&mut self) -> Vec<(Option<HeaderValue>, Bytes)> {
        self.0.retain(|(_, body)| body.strong_count() > 0);
        let arrived = |(coding, body): &(Option<HeaderValue>, Weak<dyn PendingBody>)| {
            let body: Arc<dyn PendingBody> = body.upgrade()?;
            Some((coding.clone(), body.arrived()?))
        };
        self.0.iter().filter_map(arrived).collect()
    }
}
