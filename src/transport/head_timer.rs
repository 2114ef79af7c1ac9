//! The timeout for the head of a request, also between requests: one timer per connection, instead
//! of one that is reset for each request.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::wire::Control;

/// Ends a connection whose client takes too long.
pub(super) struct HeadTimer {
    timeout: Duration,
    sleep: Pin<Box<Sleep>>,
    /// Whether the timer wakes the connection's task.
    armed: bool,
}

impl HeadTimer {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, sleep: Box::pin(sleep(timeout)), armed: false }
    }

    /// Ready once the timeout has passed. While the timer runs, this is a cheap check: the timer
    /// wakes the task.
    pub(super) fn poll(&mut self, control: &Control, cx: &mut Context<'_>) -> Poll<()> {
        if self.armed && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            let left = match control.head_awaited() {
                Some(awaited) if awaited >= self.timeout => return Poll::Ready(()),
                Some(awaited) => self.timeout.saturating_sub(awaited),
                // A request is being answered: the wait for the next head has not begun.
                None => self.timeout,
            };
            self.sleep.as_mut().reset(Instant::now() + left);
        }
        self.armed = true;
        Poll::Pending
    }
}
