//! What a scrape shows: the counters, and what the server knows anyway, read at this moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::record::Proxy;

use super::super::commit::StoreNumbers;
use super::super::state::Shared;
use super::counters::Times;

/// The values of one scrape.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) answers: Vec<(&'static str, StatusCode, u64)>,
    pub(super) times: Vec<(&'static str, Times)>,
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) reloads: [u64; 2],
    /// How often each rule acted, in all worlds.
    pub(super) rules: BTreeMap<Arc<str>, u64>,
    /// Values that stand for themselves.
    pub(super) gauges: Vec<Single>,
    /// Counts that the server keeps elsewhere.
    pub(super) counts: Vec<Single>,
    /// Those of a store that several servers share.
    pub(super) store: Option<StoreNumbers>,
}

/// A metric without labels.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) value: u64,
}

impl Scrape {
    /// Reads everything.
    pub(super) fn of(shared: &Shared) -> Self {
        let counters = &shared.counters;
        let worlds = shared.worlds.all();
        let server_rules = shared.scenarios.load_full();
        let mut rules = BTreeMap::new();
        let (mut objects, mut watches) = (0, 0);
        for world in &worlds {
            let own = world.scenarios.load_full();
            let set = own.as_ref().unwrap_or(&server_rules);
            for (rule, acted) in set.acted(&world.scenario) {
                *rules.entry(rule).or_default() += acted;
            }
            watches += world.store.watches();
            if world.name.is_default() {
                objects = world.store.state().snapshot.len();
            }
        }
        let journal = &shared.journal;
        let (limit, dropped) = shared.worlds.limit_and_dropped();
        let gauge = |name, help, value: usize| Single { name, help, value: value as u64 };
        let gauges = vec![
            gauge("standin_worlds", "Worlds, the default one included", worlds.len()),
            gauge("standin_worlds_limit", "The most worlds besides the default one", limit),
            gauge("standin_stubs", "Stub mappings", shared.stubs.load().len()),
            gauge("standin_rules", "Rules of the scenarios of the server", server_rules.len()),
            gauge("standin_objects", "Objects of the default world", objects),
            gauge("standin_watches", "Watches that are open, in all worlds", watches),
            gauge(
                "standin_reload_problems",
                "Problems of the last reload; while there are some, the files before it are served",
                shared.problems.load().0.len(),
            ),
            gauge("standin_journal_bytes", "Memory of the journal", journal.held().0),
            gauge(
                "standin_request_body_bytes",
                "Memory of the request bodies that are held",
                shared.settings.bodies.held().0,
            ),
        ];
        let count = |name, help, value| Single { name, help, value };
        let mut counts = vec![
            count(
                "standin_journal_dropped",
                "Exchanges dropped from the journal to make room",
                journal.dropped(),
            ),
            count("standin_worlds_dropped", "Worlds deleted to make room", dropped),
        ];
        let mut scrape = Self {
            answers: counters.answers(),
            times: counters.times(),
            faults: counters.faults(),
            reloads: counters.reloads(),
            rules,
            gauges,
            counts: Vec::new(),
            store: shared.seeding.cluster().map(|cluster| cluster.numbers()),
        };
        if let Some(proxy) = &shared.settings.proxy {
            scrape.add_recorder(proxy, &mut counts);
        }
        scrape.counts = counts;
        scrape
    }

    /// Adds what a recorder counts.
    fn add_recorder(&mut self, proxy: &Proxy, counts: &mut Vec<Single>) {
        let (Some(progress), Some((held, _))) = (proxy.progress(), proxy.held()) else { return };
        let of = |key: &str| progress.get(key).and_then(Value::as_u64).unwrap_or_default();
        self.gauges.push(Single {
            name: "standin_recorder_bytes",
            help: "Memory of the exchanges that are not written yet",
            value: held as u64,
        });
        for (name, help, key) in [
            ("standin_recorded_exchanges", "Exchanges that were recorded", "exchanges"),
            (
                "standin_recorder_skipped",
                "Exchanges that were not recorded, by the rules of the recording",
                "skipped",
            ),
            ("standin_recorder_lost", "Exchanges that could not be written", "lost"),
        ] {
            counts.push(Single { name, help, value: of(key) });
        }
    }
}
