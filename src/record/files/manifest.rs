//! The manifest of a recording: by it a folder is known as one, and people see what it is.
//!
//! Its name begins with a dot and has no extension, so that neither fixtures nor `WireMock`'s mappings are looked for
//! in it. It has the day of the recording and no time of day: recording an unchanged backend again changes nothing.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::document::disk;
use crate::fixtures::MANIFEST;
use crate::links::{Backend, Links};
use crate::matching::RECORDING_FORMAT;

use super::super::ledger::Counts;
use super::{FileChange, RecordingFiles};

/// The key of the links, as in the parameters of their transformer.
const LINKS: &str = "links";

/// The largest manifest that is read, in bytes.
const MOST: u64 = 1 << 20;

/// What a recording is of.
#[derive(Debug)]
pub(in crate::record) struct ManifestOf<'a> {
    /// The URL of the backend.
    pub(in crate::record) backend: &'a str,
    /// The name of the profile of the server that recorded.
    pub(in crate::record) profile: &'a str,
    /// The links that are rewritten, for those who go on with what a killed recorder left.
    pub(in crate::record) links: Option<&'a Links>,
}

/// The links that are rewritten in a recording, by its manifest.
pub(in crate::record) fn links_of(folder: &Path) -> Option<Links> {
    let text = disk::read(&folder.join(MANIFEST), MOST).ok()?;
    let manifest: Value = serde_json::from_slice(&text).ok()?;
    let backends = manifest.get(LINKS)?.as_object()?.iter();
    let backend = |(url, below): (&String, &Value)| Backend::new(url, below.as_str()?).ok();
    Some(Links::new(backends.map(backend).collect::<Option<_>>()?))
}

/// Writes the manifest of a folder that has none, or one with other links: whatever happens to the recorder, the folder
/// is a recording.
///
/// # Errors
/// What the system reports.
pub(in crate::record) fn begin_manifest(
    folder: &Path,
    files: &dyn RecordingFiles,
    of: &ManifestOf<'_>,
    counts: &Counts,
) -> std::io::Result<()> {
    let links = |links: Option<&Links>| links.map(Links::parameters);
    if folder.join(MANIFEST).exists() && links(of.links) == links(links_of(folder).as_ref()) {
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
        "format": RECORDING_FORMAT,
        "mappings": counts.files(),
        "profile": of.profile,
        "requestsWithSeveralAnswers": counts.sequences(),
        "standin": env!("CARGO_PKG_VERSION"),
    });
    if let Some(links) = of.links {
        manifest[LINKS] = links.parameters();
    }
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

#[cfg(test)]
mod tests {
    use super::super::super::ledger::Counts;
    use super::super::Folder;
    use super::*;

    #[test]
    fn who_goes_on_with_a_recording_knows_its_links() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder(directory.path().into());
        assert!(links_of(directory.path()).is_none());
        let backend = |url, below| Backend::new(url, below).unwrap();
        let links = Links::new(vec![
            backend("https://api.test/v1", ""),
            backend("http://auth.test:81", "/auth"),
        ]);
        let of = |links| ManifestOf { backend: "https://api.test/v1", profile: "cci", links };
        let counts = Counts::default();
        for links in [None, Some(&links)] {
            begin_manifest(directory.path(), &folder, &of(links), &counts).unwrap();
            let known = links_of(directory.path());
            assert_eq!(known.as_ref().map(Links::parameters), links.map(Links::parameters));
        }
    }
}
