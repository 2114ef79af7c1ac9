//! Recorded stubs → the served ones, and files of the root directory.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::super::state::Shared;
use super::{RecordSpec, Recorded, names};

/// Serves the stubs, and writes what is to be a file. The oldest is added first, so that the newest comes first.
///
/// # Errors
/// The file that could not be written, and why; the stubs are served all the same.
pub(in crate::serve) async fn write(
    shared: &Arc<Shared>,
    recorded: Recorded,
    spec: &RecordSpec,
) -> Result<(), String> {
    let root = shared.root.clone();
    let mut files = Vec::new();
    if let Some(root) = &root {
        let bodies = recorded.files.into_iter();
        files.extend(bodies.map(|(name, body)| (root.files.join(name), body)));
        if spec.persist {
            for mapping in &recorded.mappings {
                let part = |key: &str| mapping[key].as_str().unwrap_or_default();
                let name = names::of_file(part("name"), part("id"), "json");
                let text = format!("{mapping:#}\n");
                files.push((root.mappings.join(name), text.into()));
            }
        }
    }
    let write = move || -> Result<(), String> {
        for (path, content) in &files {
            write_file(path, content)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
        Ok(())
    };
    let written = tokio::task::spawn_blocking(write).await;
    for mapping in recorded.mappings.into_iter().rev() {
        // It is made by this program: there is nothing wrong with it.
        if let Ok(stub) = shared.read_stub(&mapping.to_string()) {
            shared.change_stubs(|set| set.add(Arc::new(stub)));
        }
    }
    written.unwrap_or_else(|_| Err("the files cannot be written".to_owned()))
}

/// Writes a file whole or not at all.
fn write_file(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = directory.join(format!(".{name}.unfinished"));
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(content)?;
    drop(file);
    std::fs::rename(&unfinished, path)
}
