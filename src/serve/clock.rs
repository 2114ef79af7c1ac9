//! The clock of a world: the time that objects, scenarios, tokens and the life of jobs go by.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

/// A clock that is not stopped.
const RUNNING: u64 = u64::MAX;

/// Time since a world began, and the calendar time it stands for. Tests stop it, move it on and let it
/// go.
///
/// It runs on tokio's clock, so that a test that pauses that one pauses this one too.
#[derive(Debug)]
pub(crate) struct Clock {
    began: Instant,
    epoch: Timestamp,
    /// How far it is ahead of the time that really passed, in nanoseconds; behind after a stop.
    ahead: AtomicI64,
    /// Where it stands, in nanoseconds since the world began; [`RUNNING`] when it does not.
    stopped_at: AtomicU64,
    /// One hand at a time: reading needs no lock, setting is more than one step.
    setting: Mutex<()>,
    moved: watch::Sender<()>,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
            epoch: Timestamp::now(),
            ahead: AtomicI64::new(0),
            stopped_at: AtomicU64::new(RUNNING),
            setting: Mutex::default(),
            moved: watch::Sender::new(()),
        }
    }

    /// Time since the world began.
    pub(crate) fn elapsed(&self) -> Duration {
        match self.stopped_at.load(Ordering::Acquire) {
            RUNNING => {
                let ahead = self.ahead.load(Ordering::Acquire);
                let passed = self.began.elapsed();
                let by = Duration::from_nanos(ahead.unsigned_abs());
                if ahead < 0 { passed.saturating_sub(by) } else { passed.saturating_add(by) }
            }
            nanos => Duration::from_nanos(nanos),
        }
    }

    /// The calendar time at which the world began: what fixtures without a time get, at the start and
    /// at every reload, so that an unchanged file makes an unchanged object.
    pub(crate) fn epoch(&self) -> Timestamp {
        self.epoch
    }

    /// The calendar time.
    pub(crate) fn now(&self) -> Timestamp {
        self.epoch.checked_add(self.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// The calendar time, where it is not that of the system: the clock stands, or was moved.
    pub(crate) fn moved_time(&self) -> Option<Timestamp> {
        let moved = self.is_stopped() || self.ahead.load(Ordering::Acquire) != 0;
        moved.then(|| self.now())
    }

    /// Whether it stands.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped_at.load(Ordering::Acquire) != RUNNING
    }

    /// Stops it where it is.
    pub(crate) fn stop(&self) {
        self.set(|clock| {
            let now = nanos(clock.elapsed());
            clock.stopped_at.store(now, Ordering::Release);
        });
    }

    /// Moves it on, standing or going.
    pub(crate) fn advance(&self, by: Duration) {
        self.set(|clock| match clock.stopped_at.load(Ordering::Acquire) {
            RUNNING => {
                let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
                let ahead = clock.ahead.load(Ordering::Acquire).saturating_add(by);
                clock.ahead.store(ahead, Ordering::Release);
            }
            at => {
                let at = Duration::from_nanos(at).saturating_add(by);
                clock.stopped_at.store(nanos(at), Ordering::Release);
            }
        });
    }

    /// Lets it go on from where it stands.
    pub(crate) fn release(&self) {
        self.set(|clock| {
            let at = clock.stopped_at.load(Ordering::Acquire);
            if at != RUNNING {
                let passed = i64::try_from(clock.began.elapsed().as_nanos()).unwrap_or(i64::MAX);
                let ahead = i64::try_from(at).unwrap_or(i64::MAX).saturating_sub(passed);
                clock.ahead.store(ahead, Ordering::Release);
                clock.stopped_at.store(RUNNING, Ordering::Release);
            }
        });
    }

    /// Sets it back to the time that really passed, and lets it go on.
    pub(crate) fn reset(&self) {
        self.set(|clock| {
            clock.ahead.store(0, Ordering::Release);
            clock.stopped_at.store(RUNNING, Ordering::Release);
        });
    }

    /// Wakes when a hand was set.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    fn set(&self, change: impl FnOnce(&Self)) {
        {
            let _setting = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
            change(self);
        }
        self.moved.send_replace(());
    }
}

/// Some 580 years fit.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(RUNNING - 1).min(RUNNING - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_stopped_moved_on_and_let_go() {
        let clock = Clock::start();
        let second = Duration::from_secs(1);
        let passed = || tokio::time::advance(second);
        passed().await;
        assert_eq!(clock.elapsed(), second);
        clock.advance(second * 10);
        assert_eq!(clock.elapsed(), second * 11);
        clock.stop();
        passed().await;
        assert_eq!((clock.elapsed(), clock.is_stopped()), (second * 11, true));
        clock.advance(second * 4);
        assert_eq!(clock.elapsed(), second * 15);
        clock.release();
        assert_eq!(clock.elapsed(), second * 15);
        passed().await;
        assert_eq!((clock.elapsed(), clock.is_stopped()), (second * 16, false));
        // Behind the time that passed, too.
        clock.stop();
        tokio::time::advance(second * 60).await;
        clock.release();
        passed().await;
        assert_eq!(clock.elapsed(), second * 17);
        assert_eq!(clock.now(), clock.epoch() + second * 17);
        // Reset, it shows the time that really passed.
        let passed = clock.began.elapsed();
        clock.advance(second * 1000);
        clock.stop();
        clock.reset();
        assert_eq!((clock.elapsed(), clock.is_stopped()), (passed, false));
    }
}
