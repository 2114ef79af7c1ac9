//! Waits that are exact to a fraction of a millisecond: tokio's timers tick once a millisecond, and are late by
//! one or two.

use std::time::Duration;

use futures_timer::Delay;
use tokio::time::{Instant, sleep_until};

/// The last part of a wait, for which an exact timer is used: longer than tokio is ever late.
const EXACT: Duration = Duration::from_millis(3);

/// The longest wait: longer than any server runs.
const FURTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Returns the moment this long after another; an unrepresentable moment becomes the furthest one.
pub(super) fn after(moment: Instant, time: Duration) -> Instant {
    moment + time.min(FURTHEST)
}

/// Waits until a moment with minimal overshoot.
pub(super) async fn until(moment: Instant) {
    if let Some(before) = moment.checked_sub(EXACT).filter(|before| *before > Instant::now()) {
        sleep_until(before).await;
    }
    // A paused clock of a unit test is left to tokio.
    let left = moment.saturating_duration_since(Instant::now());
    if !cfg!(test) && !left.is_zero() {
        Delay::new(left).await;
    }
    // Returns at once, unless the clock is paused.
    if Instant::now() < moment {
        sleep_until(moment).await;
    }
}

/// Waits for this long with minimal overshoot.
pub(super) async fn sleep(time: Duration) {
    until(after(Instant::now(), time)).await;
}
