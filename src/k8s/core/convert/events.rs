//! Events of `events.k8s.io/v1` as those of the core group: some fields have other names.

use serde_json::{Map, Value};

use super::rename;

/// The fields with two names: in the core group, and in `events.k8s.io`.
const NAMES: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

/// `Convert_v1_Event_To_core_Event`.
pub(super) fn to_core(event: &mut Map<String, Value>) {
    for (core, own) in NAMES {
        rename(event, own, core);
    }
}

/// `Convert_core_Event_To_v1_Event`.
pub(super) fn from_core(event: &mut Map<String, Value>) {
    for (core, own) in NAMES {
        rename(event, core, own);
    }
}
