//! `patience: T`: a request whose answer is slow is not abandoned before that time.

use std::time::Duration;

use super::{Finding, Record, shown};

/// Returns requests that the client abandoned too early.
pub(super) fn abandoned(about: &[&Record], patience: Duration) -> Option<Finding> {
    let mut early = about.iter().filter_map(|record| {
        if record.end.is_some() || record.fault.is_some() || record.watches() {
            return None;
        }
        let waited = record.ended?.saturating_sub(record.began);
        (waited < patience).then_some((*record, waited))
    });
    let (record, waited) = early.next()?;
    let message = format!(
        "abandoned {} {} after {}, where an answer may take {}",
        record.method,
        record.path,
        shown(waited),
        shown(patience)
    );
    Some(Finding::new("impatient", record.began, message))
}
