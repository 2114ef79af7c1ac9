use std::time::Duration;

use http::StatusCode;

use super::counters::{BUCKETS_US, Counters};
use crate::message::{Body, Origin, Plan};

fn answer(origin: Origin, status: u16) -> Plan {
    Plan::new(StatusCode::from_u16(status).unwrap(), origin, Body::Empty)
}

#[test]
fn answers_are_counted_by_stage_status_and_time() {
    let counters = Counters::default();
    for (origin, status, us) in [
        (Origin::Kubernetes, 200, 50),
        (Origin::Kubernetes, 200, 51),
        (Origin::Kubernetes, 999, 20_000_000),
        (Origin::Unmatched, 404, 0),
    ] {
        counters.count(&answer(origin, status), Duration::from_micros(us));
    }
    let answers: Vec<_> = counters
        .answers()
        .into_iter()
        .map(|(stage, status, count)| (stage, status.as_u16(), count))
        .collect();
    assert_eq!(answers, [("kubernetes", 200, 2), ("kubernetes", 999, 1), ("unmatched", 404, 1)]);
    let times = counters.times();
    assert_eq!(
        times.iter().map(|(stage, _)| *stage).collect::<Vec<_>>(),
        ["kubernetes", "unmatched"]
    );
    let (_, of) = &times[0];
    // A bound belongs to its bucket; what is above all of them comes last.
    assert_eq!((of.counts[0], of.counts[1], of.counts[BUCKETS_US.len()]), (1, 1, 1));
    assert_eq!(of.sum, Duration::from_micros(20_000_101));
}

#[test]
fn reloads_are_counted_by_result() {
    let counters = Counters::default();
    counters.count_reload(true);
    counters.count_reload(false);
    counters.count_reload(true);
    assert_eq!(counters.reloads(), [2, 1]);
}
