//! The metrics of a store that several servers share.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::super::commit::StoreNumbers;

/// Writes the value of a counter.
pub(super) fn count(mut to: MetricEncoder<'_>, value: u64) -> fmt::Result {
    to.encode_counter::<NoLabelSet, u64, f64>(&value, None)
}

/// Writes the numbers of a store.
pub(super) fn encode_store(of: &StoreNumbers, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
    for (name, help, value) in [
        ("standin_store_revision", "Revision up to which the server has all writes", of.revision),
        (
            "standin_store_lag_revisions",
            "Revisions that etcd has answered with and the server does not have",
            of.lag,
        ),
        (
            "standin_store_leader",
            "Whether this server runs the controllers of all",
            of.leads.into(),
        ),
        ("standin_store_connected", "Whether the server follows etcd", of.follows.into()),
        ("standin_store_full", "Whether etcd has no space for writes", of.is_full.into()),
        (
            "standin_store_worlds",
            "Worlds of all servers, the default one included",
            of.worlds as u64,
        ),
    ] {
        to.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)?;
    }
    let help = "For how long the server has not had all that etcd has answered with";
    let unit = Some(&Unit::Seconds);
    let mut behind = to.encode_descriptor("standin_store_lag", help, unit, MetricType::Gauge)?;
    behind.encode_gauge(&of.behind.as_secs_f64())?;
    let help = "Transactions of etcd, by what came of them; one that conflicted is decided again";
    let mut transactions =
        to.encode_descriptor("standin_store_transactions", help, None, MetricType::Counter)?;
    for (result, many) in ["committed", "conflict", "failed"].into_iter().zip(of.transactions) {
        count(transactions.encode_family(&[("result", result)])?, many)?;
    }
    let [failed, again] = of.attempts;
    for (name, help, value) in [
        ("standin_store_loads", "How often everything was loaded from etcd", of.loads),
        ("standin_store_watch_losses", "How often the watch of etcd was lost", of.losses),
        ("standin_store_request_failures", "Attempts of requests to etcd that failed", failed),
        ("standin_store_request_retries", "Failed attempts that were made again", again),
    ] {
        count(to.encode_descriptor(name, help, None, MetricType::Counter)?, value)?;
    }
    Ok(())
}
