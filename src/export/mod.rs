//! Recordings → files of other tools, for `standin export`.
//!
//! ```text
//! recorded::Recording → [har] (an HTTP archive) | [wiremock] (mappings/ and __files/)
//! ```
//!
//! Exports have the pseudonyms of the recording in place of its secrets.

mod har;
mod wiremock;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use har::har;
pub(crate) use wiremock::{REPLAY, wiremock};

/// Files that an export consists of, by their paths below the target.
pub(crate) type ExportedFiles = BTreeMap<PathBuf, Vec<u8>>;

/// The result of an export.
#[derive(Debug, Default)]
pub(crate) struct Exported {
    pub(crate) files: ExportedFiles,
    /// How many stubs are in them.
    pub(crate) stubs: usize,
    /// Messages about omitted or changed parts.
    pub(crate) left_out: Vec<String>,
}
