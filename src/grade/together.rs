//! What clients did at several servers that share a store: each tells its records, and one grades all of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::redact::Redactor;
use crate::scenario::Tallies;

use super::Record;
use super::log::MAX_RECORDS;

/// What one server knows of the clients of a world.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServerRecords {
    pub(crate) records: Vec<Record>,
    /// The number of requests that were not stored.
    pub(crate) dropped: u64,
    /// How long ago the last one came.
    pub(crate) idle: Option<Duration>,
    pub(crate) tallies: Tallies,
}

impl ServerRecords {
    /// Hides the secrets of targets. The calls stay the same: they are compared by a hash of what was sent.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        for record in &mut self.records {
            let target = match &record.query {
                Some(query) => redactor.target(&format!("{}?{query}", record.path)),
                None => redactor.target(&record.path),
            };
            let (path, query) = match target.split_once('?') {
                Some((path, query)) => (path, Some(query.to_owned())),
                None => (&*target, None),
            };
            path.clone_into(&mut record.path);
            record.query = query;
        }
    }

    /// Adds the records of other servers, in the order in which the requests came, as many as one server stores. Returns
    /// what the others have counted.
    pub(crate) fn add(&mut self, others: Vec<Self>) -> Vec<Tallies> {
        if others.is_empty() {
            return Vec::new();
        }
        let mut tallies = Vec::with_capacity(others.len());
        for Self { records, dropped, idle, tallies: of } in others {
            self.records.extend(records);
            self.dropped = self.dropped.saturating_add(dropped);
            self.idle = self.idle.into_iter().chain(idle).min();
            tallies.push(of);
        }
        self.records.sort_by_key(|record| record.began);
        let more = self.records.len().saturating_sub(MAX_RECORDS);
        self.records.truncate(MAX_RECORDS);
        self.dropped = self.dropped.saturating_add(more as u64);
        tallies
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;
    use crate::message::Ending;
    use crate::redact::Key;
    use crate::scenario::GateSeen;

    #[test]
    fn records_are_read_as_they_are_written() {
        let mut written = record(3, 500);
        written.fault = Some("reset".into());
        written.acted = Some("rule".into());
        written.matched = vec!["rule".into(), "other".into()];
        written.gate = Some(GateSeen::Issued { needless: true });
        written.end = Some(Ending::Fault);
        written.peer = "127.0.0.1:7".parse().ok();
        let of = ServerRecords { records: vec![written], dropped: 2, ..ServerRecords::default() };
        let text = serde_json::to_string(&of).unwrap();
        let read: ServerRecords = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(format!("{:?}", read.records[0]), format!("{:?}", of.records[0]));
    }

    #[test]
    fn records_of_several_servers_are_in_the_order_of_time() {
        let of = |times: &[u32], idle: u64| ServerRecords {
            records: times.iter().map(|at| record(*at, 200)).collect(),
            dropped: 1,
            idle: Some(Duration::from_secs(idle)),
            tallies: Tallies::default(),
        };
        let mut all = of(&[5, 9], 7);
        let tallies = all.add(vec![of(&[1, 7], 3), of(&[6], 9)]);
        let times: Vec<u128> = all.records.iter().map(|one| one.began.as_millis()).collect();
        assert_eq!((times, all.dropped, tallies.len()), (vec![1, 5, 6, 7, 9], 3, 2));
        assert_eq!(all.idle, Some(Duration::from_secs(3)));
    }

    #[test]
    fn secrets_stay_on_their_server() {
        let mut one = record(0, 200);
        one.query = Some("limit=2&access_token=hush-hush-hush-7".to_owned());
        let call = one.call;
        let mut of = ServerRecords { records: vec![one], ..ServerRecords::default() };
        of.redact(&Redactor::new(Key::random()));
        let text = serde_json::to_string(&of).unwrap();
        assert!(text.contains("limit=2") && !text.contains("hush"), "{text}");
        assert_eq!((of.records[0].call, &*of.records[0].path), (call, "/x"));
    }
}
