//! Recorded stubs → the served ones, and files of the root directory.

use std::sync::Arc;

use bytes::Bytes;

use crate::matching::Stub;

use super::super::root;
use super::super::state::Shared;
use super::RecordSpec;

/// Serves the stubs, and writes what is to be a file. The newest exchange is added first, so that the oldest comes first,
/// as in `WireMock` (`C/recording/Recorder.java`).
///
/// # Errors
/// The first file that could not be written, and why; the stubs are served all the same.
pub(in crate::serve) async fn write(
    shared: &Arc<Shared>,
    stubs: Vec<Stub>,
    files: Vec<(String, Bytes)>,
    spec: &RecordSpec,
) -> Result<(), String> {
    let (shared, persist) = (Arc::clone(shared), spec.persist);
    let writing = tokio::task::spawn_blocking(move || write_all(&shared, stubs, &files, persist));
    writing.await.unwrap_or_else(|_| Err("the files cannot be written".to_owned()))
}

fn write_all(
    shared: &Shared,
    stubs: Vec<Stub>,
    files: &[(String, Bytes)],
    persist: bool,
) -> Result<(), String> {
    let mut result = Ok(());
    if let Some(root) = &shared.root {
        for (name, body) in files {
            let path = root.files.join(name);
            let written = root::write(&path, body)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()));
            result = result.and(written);
        }
    }
    for stub in stubs {
        let stub = Arc::new(stub);
        let added = shared.change_stubs(|set| set.add(Arc::clone(&stub)));
        result = result.and(added.map_err(|error| error.to_string()));
        if persist && shared.root.is_some() {
            // As every persistent stub: one that is removed takes its file with it.
            result = result.and(shared.save_stub(&stub).map_err(|error| error.to_string()));
        }
    }
    result
}
