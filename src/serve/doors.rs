//! How connections are treated now, for the transport.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::message::{ListenMode, Listening};

/// How connections are treated now.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    now: watch::Sender<Listening>,
    /// Something has happened besides the passage of time.
    changed: Notify,
    /// Until when the server is down, in the time of the default world.
    down_until: Mutex<Duration>,
}

impl Doors {
    /// How connections are treated, now and from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<Listening> {
        self.now.subscribe()
    }

    /// Looks again: a timeline may have started or moved, or other scenarios may be on.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
    }

    /// Completes when something has happened besides the passage of time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Treats connections as scenarios say, or refuses them while the server is down. Returns until when it is down.
    pub(super) fn set(&self, wanted: Listening, now: Duration) -> Option<Duration> {
        let until = *self.down_until.lock().unwrap_or_else(PoisonError::into_inner);
        let down = (now < until).then_some(until);
        self.now.send_if_modified(|before| {
            let mode = if down.is_some() { ListenMode::Refuse } else { wanted.mode };
            let after = Listening { mode, cuts: before.cuts, ..wanted };
            let changed = *before != after;
            *before = after;
            changed
        });
        down
    }

    /// Cuts all connections, and refuses others until a time.
    pub(super) fn crash(&self, now: Duration, until: Duration) {
        *self.down_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        self.now.send_modify(|listening| {
            listening.cuts += 1;
            if now < until {
                listening.mode = ListenMode::Refuse;
            }
        });
        self.look_again();
    }
}
