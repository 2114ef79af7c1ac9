//! Ends an idle connection if the last answer requires it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::message::FaultAction;

use super::wire::Control;

/// The timer of one connection, which is only set if an answer requires it.
#[derive(Default)]
pub(super) struct IdleTimer(Option<Pin<Box<Sleep>>>);

impl IdleTimer {
    /// Ready with the end of the connection, once it was idle for the time that the last answer
    /// sets.
    pub(super) fn poll(&mut self, control: &Control, cx: &mut Context<'_>) -> Poll<FaultAction> {
        let Some(idle) = control.idle() else { return Poll::Pending };
        let (Some(after), Some(waited)) = (idle.after, control.head_awaited()) else {
            self.0 = None;
            return Poll::Pending;
        };
        if waited >= after {
            return Poll::Ready(idle.action());
        }
        let due = Instant::now() + after.saturating_sub(waited);
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        sleep.as_mut().reset(due);
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(idle.action()),
            Poll::Pending => Poll::Pending,
        }
    }
}
