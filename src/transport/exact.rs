//! Waiting to a fraction of a millisecond: tokio's clock ticks once a millisecond, and is late by one or two.

use std::time::Duration;

use futures_timer::Delay;
use tokio::time::{Instant, sleep_until};

/// How long before its time a wait becomes exact: later than tokio is ever late.
const EXACT: Duration = Duration::from_millis(3);

/// Waits until a moment, and hardly longer.
pub(super) async fn until(moment: Instant) {
    if let Some(before) = moment.checked_sub(EXACT).filter(|before| *before > Instant::now()) {
        sleep_until(before).await;
    }
    // A clock that a unit test has stopped is left to tokio.
    let left = moment.saturating_duration_since(Instant::now());
    if !cfg!(test) && !left.is_zero() {
        Delay::new(left).await;
    }
    // No time at all, unless somebody has stopped the clock.
    if Instant::now() < moment {
        sleep_until(moment).await;
    }
}

/// Waits for so long, and hardly longer.
pub(super) async fn sleep(time: Duration) {
    match Instant::now().checked_add(time) {
        Some(moment) => until(moment).await,
        None => std::future::pending().await,
    }
}
