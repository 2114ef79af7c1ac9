//! When faults begin and end → the phases of a timeline.

use std::time::Duration;

/// The shortest outage that is worth a phase, and the shortest time between two of them.
const SHORTEST: Duration = Duration::from_millis(500);
/// The shortest time that is divided into phases: shorter changes are a sequence.
const LEAST: Duration = Duration::from_secs(2);
/// The fraction of the time that may lie between two faults of one outage.
const GAP: f64 = 0.08;
/// The largest fraction of the time that an outage may take; one that lasts all the time is not a
/// phase.
const MOST: f64 = 0.9;
/// The most outages.
const OUTAGES: usize = 6;

/// A part of the time, from the first request on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) name: String,
    pub(super) from: Duration,
    /// The end; the last one has none.
    pub(super) to: Option<Duration>,
    pub(super) is_outage: bool,
}

/// Divides the time by the faults in it. `requests` are the times of requests since the first one,
/// in order, with whether they met a fault. Without an outage that begins or ends there are no
/// phases.
pub(super) fn phases(requests: &[(Duration, bool)]) -> Vec<Phase> {
    let Some((span, _)) = requests.last().copied().filter(|(span, _)| *span >= LEAST) else {
        return Vec::new();
    };
    let gap = span.mul_f64(GAP).max(SHORTEST);
    // From the first to the last fault of each outage.
    let mut outages: Vec<(Duration, Duration)> = Vec::new();
    for (at, _) in requests.iter().filter(|(_, is_fault)| *is_fault) {
        match outages.last_mut() {
            Some((_, end)) if at.saturating_sub(*end) <= gap => *end = *at,
            _ => outages.push((*at, *at)),
        }
    }
    let length = |outage: &(Duration, Duration)| outage.1.saturating_sub(outage.0);
    let long = |outage: &(Duration, Duration)| length(outage) >= SHORTEST;
    let taken: Duration = outages.iter().map(length).sum();
    if !outages.iter().any(long) || outages.len() > OUTAGES || taken > span.mul_f64(MOST) {
        return Vec::new();
    }
    // An outage begins between the last request that passed and the first that did not, and ends likewise.
    let before = |at: Duration| {
        let last = requests.iter().rev().find(|(other, _)| *other < at).map(|(other, _)| *other);
        last.map_or(Duration::ZERO, |last| middle(last, at))
    };
    let after = |at: Duration| {
        let next = requests.iter().find(|(other, _)| *other > at).map(|(other, _)| *other);
        next.map(|next| middle(at, next))
    };
    let mut phases: Vec<Phase> = Vec::new();
    let mut at = Duration::ZERO;
    let count = outages.len();
    for (index, (from, to)) in outages.into_iter().enumerate() {
        let (from, to) = (before(from), after(to));
        if from > at {
            let name = if index == 0 { "healthy".to_owned() } else { format!("recovered-{index}") };
            phases.push(Phase { name, from: at, to: Some(from), is_outage: false });
        }
        let name = if count == 1 { "outage".to_owned() } else { format!("outage-{}", index + 1) };
        phases.push(Phase { name, from, to, is_outage: true });
        let Some(to) = to else { return phases };
        at = to;
    }
    phases.push(Phase { name: "recovered".to_owned(), from: at, to: None, is_outage: false });
    phases
}

fn middle(one: Duration, other: Duration) -> Duration {
    one + other.saturating_sub(one) / 2
}
