//! `backoff: exponential`, `jitter: required`: the pauses between failed attempts of one call.

use std::time::Duration;

use super::{Finding, Record, by_call, shown};

/// How many pauses are checked: later ones may have reached the client's cap.
const PAUSES: usize = 6;
/// The fewest pauses that allow a conclusion.
const ENOUGH: usize = 3;
/// How much longer the later half of the pauses must be than the earlier.
const GROWTH: f64 = 1.5;
/// The shortest later half that counts as back-off, in seconds.
const LEAST: f64 = 0.01;
/// The tolerance within which a pause counts as regular: as a fraction, and in seconds.
const REGULAR: (f64, f64) = (0.03, 0.005);

/// Returns the pauses of a call after each failed attempt, as long as it fails.
fn pauses(call: &[&Record]) -> Vec<Duration> {
    let pairs = call.windows(2).take_while(|pair| pair[0].needs_reaction());
    let pauses = pairs.map(|pair| pair[1].began.saturating_sub(pair[0].answered));
    pauses.take(PAUSES).collect()
}

fn listed(pauses: &[Duration]) -> String {
    pauses.iter().map(|pause| shown(*pause)).collect::<Vec<_>>().join(", ")
}

/// Returns calls whose pauses do not grow: the later half is not longer than the earlier.
pub(super) fn growth(about: &[&Record]) -> Vec<Finding> {
    for call in by_call(about) {
        let pauses = pauses(&call);
        if pauses.len() < ENOUGH {
            continue;
        }
        // The middle one belongs to neither half.
        let half = pauses.len() / 2;
        let sum = |part: &[Duration]| part.iter().sum::<Duration>().as_secs_f64();
        let (early, late) = (sum(&pauses[..half]), sum(&pauses[pauses.len() - half..]));
        if late < (early * GROWTH).max(LEAST) {
            let record = call[0];
            let message = format!(
                "did not back off: the pauses of {} {} were {}",
                record.method,
                record.path,
                listed(&pauses)
            );
            return vec![Finding::new("no-backoff", record.began, message)];
        }
    }
    Vec::new()
}

/// Returns calls whose pauses form a regular sequence: clients that fail together retry together.
pub(super) fn jitter(about: &[&Record]) -> Vec<Finding> {
    let mut judged = None;
    for call in by_call(about) {
        let pauses = pauses(&call);
        if pauses.len() < ENOUGH {
            continue;
        }
        if !is_regular(&pauses) {
            return Vec::new();
        }
        judged.get_or_insert((call[0], pauses));
    }
    let Some((record, pauses)) = judged else { return Vec::new() };
    let message = format!(
        "backs off without jitter: the pauses of {} {} were {}",
        record.method,
        record.path,
        listed(&pauses)
    );
    vec![Finding::new("no-jitter", record.began, message)]
}

/// Returns whether pauses are a geometric sequence, within the precision of a clock.
fn is_regular(pauses: &[Duration]) -> bool {
    let seconds: Vec<f64> = pauses.iter().map(Duration::as_secs_f64).collect();
    let (first, last) = (seconds[0].max(1e-6), seconds[seconds.len() - 1].max(1e-6));
    #[expect(clippy::cast_precision_loss, reason = "a handful of pauses")]
    let base = (last / first).powf(1.0 / (seconds.len() - 1) as f64);
    let mut expected = first;
    seconds.iter().all(|pause| {
        let near = (pause - expected).abs() <= REGULAR.1.max(expected * REGULAR.0);
        expected *= base;
        near
    })
}
