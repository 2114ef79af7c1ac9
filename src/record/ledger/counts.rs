//! How much was recorded, for the manifest and the summary.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of a recording.
#[derive(Debug, Default)]
pub(in crate::record) struct Counts {
    exchanges: AtomicU64,
    bytes: AtomicU64,
    skipped: AtomicU64,
    lost: AtomicU64,
    sequences: AtomicU64,
    files: AtomicU64,
    earlier: AtomicU64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (exchanges, files) = (self.exchanges(), self.files());
        write!(f, "recorded {exchanges} exchanges of {} bytes; {files} mappings", self.bytes())?;
        match self.skipped() {
            0 => {}
            many => write!(f, "; {many} exchanges could not be recorded")?,
        }
        match self.lost() {
            0 => {}
            many => write!(f, "; {many} exchanges could not be written")?,
        }
        match self.sequences() {
            0 => {}
            1 => f.write_str("; 1 request has several answers, which replay in their order")?,
            many => {
                write!(f, "; {many} requests have several answers, which replay in their order")?;
            }
        }
        match self.earlier.load(Ordering::Relaxed) {
            0 => Ok(()),
            kept => write!(f, "; {kept} of an earlier recording were not asked for and stay"),
        }
    }
}

impl Counts {
    /// How many exchanges were recorded in this session.
    pub(in crate::record) fn exchanges(&self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }

    /// How many requests got different answers, which replay in their order.
    pub(in crate::record) fn sequences(&self) -> u64 {
        self.sequences.load(Ordering::Relaxed)
    }

    /// How many mappings the folder has.
    pub(in crate::record) fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// How many bytes the bodies of their answers have.
    pub(in crate::record) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many exchanges could not be recorded.
    pub(in crate::record) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Counts an exchange whose answer has a body of so many bytes.
    pub(super) fn add_exchange(&self, bytes: u64) {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts an exchange that could not be recorded.
    pub(in crate::record) fn add_skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many exchanges could not be written to the folder.
    pub(in crate::record) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Counts exchanges that could not be written to the folder.
    pub(in crate::record) fn add_lost(&self, count: usize) {
        self.lost.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Counts a mapping of an earlier recording. `stays` says whether it is one of this recording as well.
    pub(super) fn add_file(&self, stays: bool) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.earlier.fetch_add(u64::from(!stays), Ordering::Relaxed);
    }

    /// Counts new mappings, those of an earlier recording that they replace, and a new sequence.
    pub(super) fn placed(&self, new: u64, replaced: u64, began_sequence: bool) {
        self.files.fetch_add(new, Ordering::Relaxed);
        self.files.fetch_sub(replaced, Ordering::Relaxed);
        self.earlier.fetch_sub(replaced, Ordering::Relaxed);
        self.sequences.fetch_add(u64::from(began_sequence), Ordering::Relaxed);
    }
}
