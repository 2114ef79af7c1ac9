//! `http2`: the settings of HTTP/2 connections, sent before any request can match a rule.

use crate::scenario::words::table::Http2Words;

/// The settings that the server announces (RFC 9113, section 6.5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Http2 {
    /// `SETTINGS_MAX_CONCURRENT_STREAMS`.
    pub max_concurrent_streams: Option<u32>,
    /// `SETTINGS_INITIAL_WINDOW_SIZE`, in bytes.
    pub initial_window: Option<u32>,
}

impl Http2 {
    /// Compiles `http2`.
    pub(in crate::scenario) fn compile(words: &Http2Words<'_>) -> Self {
        let number = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
        Self {
            max_concurrent_streams: number(words.max_concurrent_streams),
            initial_window: number(words.initial_window),
        }
    }

    /// Merges the settings of two scenarios: the tighter bound of each.
    pub(in crate::scenario) fn and(self, other: Self) -> Self {
        let least = |one: Option<u32>, other: Option<u32>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            max_concurrent_streams: least(
                self.max_concurrent_streams,
                other.max_concurrent_streams,
            ),
            initial_window: least(self.initial_window, other.initial_window),
        }
    }
}
