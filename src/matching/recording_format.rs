//! The format of recordings, which their manifests and the metadata of their stubs name.

use crate::document::Node;

/// The format that is written, and the only one that is read.
pub(crate) const RECORDING_FORMAT: u64 = 2;

/// Reports a format that is not read, where it is written.
pub(crate) fn check_recording_format(format: &Node<'_>) {
    let (message, hint) = match format.value().as_u64() {
        Some(RECORDING_FORMAT) => return,
        Some(newer) if newer > RECORDING_FORMAT => (
            format!("recorded in format {newer}, which a newer version writes"),
            "use that version, or record the exchange again with this one",
        ),
        Some(older) => (
            format!("recorded in format {older}, which is read no more"),
            "record the exchange again",
        ),
        None => (
            format!("not a format of recordings: {}", format.value()),
            "write 2, or record the exchange again",
        ),
    };
    format.error(message, hint);
}
