//! The manifest of a recording: by it a folder is known as one, and people see what it is.
//!
//! Its name begins with a dot and has no extension, so that neither fixtures nor `WireMock`'s mappings are looked for
//! in it. It has the day of the recording and no time of day: recording an unchanged backend again changes nothing.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::document::disk;
use crate::fixtures::MANIFEST;

use super::super::ledger::Counts;
use super::super::mapping::FORMAT;
use super::{FileChange, RecordingFiles};

/// The largest manifest that is read, in bytes.
const MOST: u64 = 1 << 20;

/// What a recording is of.
#[derive(Debug)]
pub(in crate::record) struct ManifestOf<'a> {
    /// The URL of the backend.
    pub(in crate::record) backend: &'a str,
    /// The name of the profile of the server that recorded.
    pub(in crate::record) profile: &'a str,
}

/// Writes the manifest of a folder that has none: whatever happens to the recorder, the folder is a recording.
///
/// # Errors
/// What the system reports.
pub(in crate::record) fn begin_manifest(
    folder: &Path,
    files: &dyn RecordingFiles,
    of: &ManifestOf<'_>,
    counts: &Counts,
) -> std::io::Result<()> {
    if folder.join(MANIFEST).exists() {
        return Ok(());
    }
    write_manifest(folder, files, of, counts)
}

/// Writes the manifest of a folder, where it says something else now.
///
/// # Errors
/// What the system reports.
pub(in crate::record) fn write_manifest(
    folder: &Path,
    files: &dyn RecordingFiles,
    of: &ManifestOf<'_>,
    counts: &Counts,
) -> std::io::Result<()> {
    let mut manifest = json!({
        "backend": of.backend,
        "exchanges": counts.exchanges(),
        "format": FORMAT,
        "mappings": counts.files(),
        "profile": of.profile,
        "requestsWithSeveralAnswers": counts.sequences(),
        "standin": env!("CARGO_PKG_VERSION"),
    });
    let known = disk::read(&folder.join(MANIFEST), MOST).ok();
    let known: Option<Value> = known.and_then(|text| serde_json::from_slice(&text).ok());
    if let Some(mut known) = known {
        if let Some(known) = known.as_object_mut() {
            known.remove("recorded");
        }
        if known == manifest {
            return Ok(());
        }
    }
    let today = Timestamp::now().to_string();
    manifest["recorded"] = today.split('T').next().unwrap_or_default().into();
    let content = format!("{manifest:#}\n").into();
    files.apply(vec![FileChange::Write { name: MANIFEST.to_owned(), content }])
}
