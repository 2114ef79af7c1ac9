//! The files in a server's root directory.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

/// Writes a file, and the folders above it.
pub(crate) fn write(root: &Path, name: &str, content: &str) -> Result<(), String> {
    let path = root.join(name);
    let folder = path.parent().unwrap_or(root);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, content))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Removes what is in a folder.
pub(crate) fn empty(folder: &Path) -> Result<(), String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The names below `root` of the files that a glob matches, sorted.
pub(crate) fn files(root: &Path, glob: &str) -> Result<Vec<String>, String> {
    let glob = GlobBuilder::new(glob).literal_separator(true).build();
    let glob = glob.map_err(|error| format!("exists: {error}"))?.compile_matcher();
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(root)
                && glob.is_match(name)
            {
                found.push(name.display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}
