//! A scrape as text: `OpenMetrics` 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::super::state::Shared;
use super::counters::{BUCKETS_US, Times};
use super::scrape::Scrape;
use super::store::{count, encode_store};

/// The media type of the text.
pub(in crate::serve) const CONTENT_TYPE: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of a server.
pub(in crate::serve) fn text(shared: &Shared) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape::of(shared)));
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = encode(&mut text, &registry);
    text
}

impl Collector for Scrape {
    fn encode(&self, mut to: DescriptorEncoder) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut info =
            to.encode_descriptor("standin_build", "The program", None, MetricType::Info)?;
        info.encode_info(&version)?;
        self.encode_exchanges(&mut to)?;
        for of in &self.gauges {
            let mut gauge = to.encode_descriptor(of.name, of.help, None, MetricType::Gauge)?;
            gauge.encode_gauge(&of.value)?;
        }
        for of in &self.counts {
            let counter = to.encode_descriptor(of.name, of.help, None, MetricType::Counter)?;
            count(counter, of.value)?;
        }
        if let Some(store) = &self.store {
            encode_store(store, &mut to)?;
        }
        Ok(())
    }
}

impl Scrape {
    fn encode_exchanges(&self, to: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Answers, by the stage that made them and their status";
        let mut requests =
            to.encode_descriptor("standin_requests", help, None, MetricType::Counter)?;
        for (stage, status, many) in &self.answers {
            let labels = [("stage", *stage), ("status", status.as_str())];
            count(requests.encode_family(&labels)?, *many)?;
        }
        let help =
            "How long it took to make an answer, without the delay that it waits for on purpose";
        let unit = Some(&Unit::Seconds);
        let mut seconds =
            to.encode_descriptor("standin_request_duration", help, unit, MetricType::Histogram)?;
        for (stage, times) in &self.times {
            let buckets = buckets(times);
            let all = times.counts.iter().sum();
            let labels = [("stage", *stage)];
            let mut family = seconds.encode_family(&labels)?;
            family.encode_histogram::<NoLabelSet>(times.sum.as_secs_f64(), all, &buckets, None)?;
        }
        let help = "Faults in answers, by kind";
        let mut faults = to.encode_descriptor("standin_faults", help, None, MetricType::Counter)?;
        for (fault, many) in &self.faults {
            count(faults.encode_family(&[("fault", *fault)])?, *many)?;
        }
        let help = "How often a rule of a scenario acted, in all worlds that are there";
        let mut rules =
            to.encode_descriptor("standin_rule_actions", help, None, MetricType::Counter)?;
        for (rule, many) in &self.rules {
            count(rules.encode_family(&[("rule", &**rule)])?, *many)?;
        }
        let help = "Reloads of fixtures and scenarios, by what came of them";
        let mut reloads =
            to.encode_descriptor("standin_reloads", help, None, MetricType::Counter)?;
        for (result, many) in ["success", "failure"].into_iter().zip(self.reloads) {
            count(reloads.encode_family(&[("result", result)])?, many)?;
        }
        Ok(())
    }
}

/// The bounds in seconds, with the counts of each. The encoder adds them up.
fn buckets(times: &Times) -> Vec<(f64, u64)> {
    #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
    let seconds = BUCKETS_US.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
    seconds.zip(times.counts).collect()
}
