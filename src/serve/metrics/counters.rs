//! Counters of exchanges. They cost a request a few additions, whatever is scraped.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;

use crate::message::{Origin, Plan};

/// The stages that answer, by their labels.
pub(super) const STAGES: [&str; 8] =
    ["admin", "scenario", "stub", "kubernetes", "upstream", "files", "unmatched", "server"];

/// The upper bounds of the histogram of times, in microseconds.
pub(super) const BUCKETS_US: [u64; 14] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000,
    10_000_000,
];

/// The statuses that HTTP has, from 100 on.
const STATUSES: usize = 900;

/// What is counted.
#[derive(Debug, Default)]
pub(in crate::serve) struct Counters {
    stages: [Stage; STAGES.len()],
    /// By the label of the fault. Few answers have one, so a lock is cheap enough.
    faults: Mutex<BTreeMap<&'static str, u64>>,
    /// Reloads that succeeded, and those that failed.
    reloads: [AtomicU64; 2],
}

/// What one stage answered.
#[derive(Debug)]
struct Stage {
    statuses: Box<[AtomicU64]>,
    /// How many answers took up to each bound, and how many took longer.
    times: [AtomicU64; BUCKETS_US.len() + 1],
    nanoseconds: AtomicU64,
}

/// The times of a stage, for a scrape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    /// How many answers took up to each bound, and how many took longer: not cumulative.
    pub(super) counts: [u64; BUCKETS_US.len() + 1],
    pub(super) sum: Duration,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            statuses: std::iter::repeat_with(AtomicU64::default).take(STATUSES).collect(),
            times: Default::default(),
            nanoseconds: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// Counts an answer, and how long it took to make: the delay that it waits for on purpose is not in it.
    pub(in crate::serve) fn count(&self, plan: &Plan, took: Duration) {
        let stage = &self.stages[place_of(&plan.origin)];
        // A status has three digits.
        if let Some(count) = stage.statuses.get(usize::from(plan.status.as_u16()) - 100) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US.partition_point(|bound| bound * 1000 < nanoseconds);
        stage.times[bucket].fetch_add(1, Ordering::Relaxed);
        stage.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        if !plan.delivery.is_plain()
            && let Some(fault) = plan.delivery.label()
        {
            *self
                .faults
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(fault)
                .or_default() += 1;
        }
    }

    /// Counts a reload.
    pub(in crate::serve) fn count_reload(&self, succeeded: bool) {
        self.reloads[usize::from(!succeeded)].fetch_add(1, Ordering::Relaxed);
    }

    /// The answers by stage and status; those that there were.
    pub(super) fn answers(&self) -> Vec<(&'static str, StatusCode, u64)> {
        let mut answers = Vec::new();
        for (label, stage) in STAGES.iter().zip(&self.stages) {
            for (status, count) in (100..).zip(&*stage.statuses) {
                let count = count.load(Ordering::Relaxed);
                if let (Ok(status), 1..) = (StatusCode::from_u16(status), count) {
                    answers.push((*label, status, count));
                }
            }
        }
        answers
    }

    /// The times of the stages that answered.
    pub(super) fn times(&self) -> Vec<(&'static str, Times)> {
        let of = |stage: &Stage| Times {
            counts: std::array::from_fn(|at| stage.times[at].load(Ordering::Relaxed)),
            sum: Duration::from_nanos(stage.nanoseconds.load(Ordering::Relaxed)),
        };
        let all = STAGES.iter().zip(&self.stages).map(|(label, stage)| (*label, of(stage)));
        all.filter(|(_, times)| times.counts.iter().any(|count| *count > 0)).collect()
    }

    /// The faults by their labels.
    pub(super) fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many reloads succeeded, and how many failed.
    pub(super) fn reloads(&self) -> [u64; 2] {
        std::array::from_fn(|at| self.reloads[at].load(Ordering::Relaxed))
    }
}

/// The place of a stage in [`STAGES`].
fn place_of(origin: &Origin) -> usize {
    match origin {
        Origin::Admin => 0,
        Origin::Scenario(_) => 1,
        Origin::Stub(_) => 2,
        Origin::Kubernetes => 3,
        Origin::Upstream => 4,
        Origin::Files => 5,
        Origin::Unmatched => 6,
        Origin::Server => 7,
    }
}
