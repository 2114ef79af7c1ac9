//! The clock of a world: the time that objects, scenarios, tokens and the life of jobs go by.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

/// The longest time that a clock shows: some 580 years, in nanoseconds.
const LONGEST: Duration = Duration::from_nanos(u64::MAX);

/// The slowest and the fastest rate, in seconds that a clock shows for each second that passes.
pub(crate) const RATES: std::ops::RangeInclusive<f64> = 0.001..=100_000.0;

/// Time since a world began, and the calendar time it stands for. Tests stop it, move it on, let it go and change its
/// rate.
///
/// It runs on tokio's clock, so that a test that pauses that one pauses this one too.
#[derive(Debug)]
pub(crate) struct Clock {
    began: Instant,
    /// How much time had passed by then: that of worlds that servers share begins with their store.
    ahead: Duration,
    epoch: Timestamp,
    /// Whether it shows another time than the one that really passed. Each request asks; nothing else is read where
    /// it does not.
    moved: AtomicBool,
    hands: ArcSwap<Hands>,
    /// One hand at a time: reading needs no lock, setting is more than one step.
    setting: Mutex<()>,
    changed: watch::Sender<()>,
}

/// How the time that a clock shows follows from the time that really passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hands {
    /// When they were set, in the time that really passed.
    set_at: Duration,
    /// What the clock showed then.
    shown: Duration,
    /// How many seconds it shows for each second that passes.
    rate: f64,
    stopped: bool,
}

/// How the hands of a clock are turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Turn {
    /// It stops where it is.
    Stop,
    /// It goes on from where it stands.
    Release,
    /// It is moved on, standing or going.
    Advance(Duration),
    /// It goes at another rate, which is one of [`RATES`], from what it shows now.
    Rate(f64),
}

impl Default for Hands {
    fn default() -> Self {
        Self { set_at: Duration::ZERO, shown: Duration::ZERO, rate: 1.0, stopped: false }
    }
}

impl Hands {
    /// What the clock shows when so much time has really passed.
    fn shown_at(&self, passed: Duration) -> Duration {
        if self.stopped {
            return self.shown;
        }
        let since = passed.saturating_sub(self.set_at);
        self.shown.saturating_add(scaled(since, self.rate)).min(LONGEST)
    }
}

/// A time at another rate. It is exact where the rate is 1.
fn scaled(time: Duration, rate: f64) -> Duration {
    if rate.to_bits() == 1.0_f64.to_bits() {
        return time;
    }
    Duration::try_from_secs_f64(time.as_secs_f64() * rate).unwrap_or(LONGEST)
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
            ahead: Duration::ZERO,
            epoch: Timestamp::now(),
            moved: AtomicBool::new(false),
            hands: ArcSwap::default(),
            setting: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// A clock that began at a calendar time: the same for all servers that share a store.
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "no store is shared"))]
    pub(crate) fn since(epoch: Timestamp) -> Self {
        let ahead = Timestamp::now().duration_since(epoch).try_into().unwrap_or_default();
        Self { ahead, epoch, ..Self::start() }
    }

    /// Time since the world began.
    pub(crate) fn elapsed(&self) -> Duration {
        let passed = self.passed();
        if self.is_moved() { self.hands.load().shown_at(passed) } else { passed }
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

    /// The calendar time, where it is not that of the system: the clock stands, was moved, or has another rate.
    pub(crate) fn moved_time(&self) -> Option<Timestamp> {
        self.is_moved().then(|| self.now())
    }

    /// Whether it stands.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_moved() && self.hands.load().stopped
    }

    /// How many seconds it shows for each second that passes, while it does not stand.
    pub(crate) fn rate(&self) -> f64 {
        if self.is_moved() { self.hands.load().rate } else { 1.0 }
    }

    /// How long it really takes until it shows a time; nothing where it stands.
    pub(crate) fn until(&self, due: Duration) -> Option<Duration> {
        let left = due.saturating_sub(self.elapsed());
        (!self.is_stopped()).then(|| scaled(left, self.rate().recip()))
    }

    /// Turns its hands.
    pub(crate) fn turn(&self, turn: Turn) {
        if turn != Turn::Release || self.is_stopped() {
            let _setting = self.lock();
            self.set(self.turned(turn));
        }
        self.changed.send_replace(());
    }

    /// Its hands as they were turned by another server; those of a clock that was never turned where there are none.
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "no store is shared"))]
    pub(crate) fn show(&self, hands: Option<Hands>) {
        let Some(hands) = hands else { return self.reset() };
        {
            let _setting = self.lock();
            self.set(hands);
        }
        self.changed.send_replace(());
    }

    /// Sets it back to the time that really passed, and lets it go on.
    pub(crate) fn reset(&self) {
        {
            let _setting = self.lock();
            self.moved.store(false, Ordering::Release);
        }
        self.changed.send_replace(());
    }

    /// Wakes when a hand was set.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn is_moved(&self) -> bool {
        self.moved.load(Ordering::Acquire)
    }

    fn set(&self, hands: Hands) {
        self.hands.store(std::sync::Arc::new(hands));
        self.moved.store(true, Ordering::Release);
    }

    /// The hands as they are after a turn.
    pub(crate) fn turned(&self, turn: Turn) -> Hands {
        let passed = self.passed();
        let before = if self.is_moved() { **self.hands.load() } else { Hands::default() };
        let shown = before.shown_at(passed);
        let now = Hands { set_at: passed, shown, ..before };
        match turn {
            Turn::Stop => Hands { stopped: true, ..now },
            Turn::Release => Hands { stopped: false, ..now },
            Turn::Advance(by) => Hands { shown: shown.saturating_add(by).min(LONGEST), ..now },
            Turn::Rate(rate) => Hands { rate, ..now },
        }
    }

    /// The time that really passed.
    fn passed(&self) -> Duration {
        self.began.elapsed().saturating_add(self.ahead)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.setting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "etcd")]
    #[tokio::test(start_paused = true)]
    async fn two_servers_have_the_same_time() {
        let second = Duration::from_secs(1);
        let epoch = Timestamp::now() - second * 3600;
        let (one, other) = (Clock::since(epoch), Clock::since(epoch));
        assert!(one.elapsed() >= second * 3600);
        for turn in [Turn::Stop, Turn::Advance(second * 90), Turn::Release, Turn::Rate(3.0)] {
            let hands = one.turned(turn);
            for clock in [&one, &other] {
                clock.show(Some(hands));
            }
            tokio::time::advance(second).await;
            let apart = one.elapsed().abs_diff(other.elapsed());
            assert!(apart < second, "{turn:?}: {apart:?}");
        }
        assert!(one.elapsed() >= second * (3600 + 90));
        other.show(None);
        assert_eq!((other.moved_time(), other.rate()), (None, 1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_stopped_moved_on_and_let_go() {
        let clock = Clock::start();
        let second = Duration::from_secs(1);
        let passed = || tokio::time::advance(second);
        passed().await;
        assert_eq!(clock.elapsed(), second);
        clock.turn(Turn::Advance(second * 10));
        assert_eq!(clock.elapsed(), second * 11);
        clock.turn(Turn::Stop);
        passed().await;
        assert_eq!((clock.elapsed(), clock.is_stopped()), (second * 11, true));
        clock.turn(Turn::Advance(second * 4));
        assert_eq!(clock.elapsed(), second * 15);
        clock.turn(Turn::Release);
        assert_eq!(clock.elapsed(), second * 15);
        passed().await;
        assert_eq!((clock.elapsed(), clock.is_stopped()), (second * 16, false));
        // Behind the time that passed, too.
        clock.turn(Turn::Stop);
        tokio::time::advance(second * 60).await;
        clock.turn(Turn::Release);
        passed().await;
        assert_eq!(clock.elapsed(), second * 17);
        assert_eq!(clock.now(), clock.epoch() + second * 17);
        // Reset, it shows the time that really passed.
        let passed = clock.began.elapsed();
        clock.turn(Turn::Advance(second * 1000));
        clock.turn(Turn::Stop);
        clock.reset();
        assert_eq!((clock.elapsed(), clock.is_stopped()), (passed, false));
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_at_another_rate() {
        let clock = Clock::start();
        let second = Duration::from_secs(1);
        tokio::time::advance(second).await;
        assert_eq!((clock.rate(), clock.until(second * 3)), (1.0, Some(second * 2)));
        clock.turn(Turn::Rate(4.0));
        tokio::time::advance(second).await;
        assert_eq!((clock.elapsed(), clock.until(second * 13)), (second * 5, Some(second * 2)));
        // A clock that stands comes to nothing by itself; it keeps its rate.
        clock.turn(Turn::Stop);
        tokio::time::advance(second).await;
        assert_eq!((clock.elapsed(), clock.until(second * 9)), (second * 5, None));
        clock.turn(Turn::Release);
        clock.turn(Turn::Advance(second));
        tokio::time::advance(second).await;
        assert_eq!(clock.elapsed(), second * 10);
        clock.turn(Turn::Rate(0.5));
        tokio::time::advance(second * 2).await;
        assert_eq!((clock.elapsed(), clock.until(second * 12)), (second * 11, Some(second * 2)));
        clock.reset();
        assert_eq!((clock.elapsed(), clock.rate(), clock.moved_time()), (second * 6, 1.0, None));
        // At the fastest rate for a hundred days: it stays within what it can show.
        clock.turn(Turn::Rate(*RATES.end()));
        tokio::time::advance(second * 3600 * 24 * 100).await;
        assert_eq!(clock.elapsed(), LONGEST);
        assert_eq!(
            clock.until(Duration::MAX),
            Some(scaled(Duration::MAX.saturating_sub(LONGEST), 1e-5))
        );
    }
}
