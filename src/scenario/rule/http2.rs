//! `http2`: what an HTTP/2 connection allows from its beginning, before any rule can know whose it is.

use crate::document::Node;

/// The settings that the server announces (RFC 9113, section 6.5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Http2 {
    /// `SETTINGS_MAX_CONCURRENT_STREAMS`.
    pub max_concurrent_streams: Option<u32>,
    /// `SETTINGS_INITIAL_WINDOW_SIZE`, in bytes.
    pub initial_window: Option<u32>,
}

/// The largest window (RFC 9113, section 6.9.1).
const MAX_WINDOW: u64 = (1 << 31) - 1;

impl Http2 {
    /// Reads the settings.
    pub(in crate::scenario) fn decode(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let streams = keys
            .get("max_concurrent_streams")
            .and_then(|node| node.integer(1..=10_000))
            .and_then(|streams| u32::try_from(streams).ok());
        let window = keys.get("initial_window").and_then(|node| {
            let size = node.size()?;
            if size == 0 || size > MAX_WINDOW {
                node.error("a window has from 1 B to 2 GiB", "like 1KiB");
                return None;
            }
            u32::try_from(size).ok()
        });
        if keys.present().next().is_none() {
            node.error("nothing is said", "say max_concurrent_streams: 1, or initial_window: 1KiB");
        }
        keys.finish();
        Some(Self { max_concurrent_streams: streams, initial_window: window })
    }

    /// What two scenarios say together: the tighter bound of each.
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
