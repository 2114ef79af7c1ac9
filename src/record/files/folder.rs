//! The folder of a recording on disk, each file of which is written whole or not at all.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::{FileChange, RecordingFiles, UNFINISHED};

/// Finds out at the start whether files can be written.
pub(in crate::record) fn try_to_write(directory: &Path) -> io::Result<()> {
    replace(directory, "try", b"1")?;
    fs::remove_file(directory.join("try"))
}

/// The folder of a recording, each file of which is written whole or not at all.
#[derive(Debug, Clone)]
pub(in crate::record) struct Folder(pub(in crate::record) Arc<Path>);

impl RecordingFiles for Folder {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(name))
    }

    fn folder(&self) -> &Path {
        &self.0
    }

    fn apply(&self, changes: Vec<FileChange>) -> io::Result<()> {
        for change in changes {
            match change {
                FileChange::Write { name, content } => match name.split_once('/') {
                    Some((folder, name)) => {
                        let folder = self.0.join(folder);
                        fs::create_dir_all(&folder)?;
                        replace(&folder, name, &content)?;
                    }
                    None => replace(&self.0, &name, &content)?,
                },
                FileChange::Move { body, name } => {
                    let path = self.0.join(name);
                    if let Some(folder) = path.parent() {
                        fs::create_dir_all(folder)?;
                    }
                    body.name(&path)?;
                }
                FileChange::Remove { name } => match fs::remove_file(self.0.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
        }
        Ok(())
    }
}

/// Removes files that killed recorders have left. Files of a running one stay.
pub(in crate::record) fn remove_unfinished(directory: &Path) {
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in names {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(UNFINISHED)) else {
            continue;
        };
        let runs = name.rsplit_once('.').is_some_and(|(_, writer)| is_another_process(writer));
        if name.starts_with('.') && !runs {
            // It may have been removed meanwhile.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How many bytes the files have that recorders did not finish.
pub(in crate::record) fn unfinished_bytes(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let unfinished = entries
        .filter(|entry| entry.file_name().as_encoded_bytes().ends_with(UNFINISHED.as_bytes()));
    unfinished.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}

/// Removes mappings that have a name and no content: a machine that loses its power may leave such files. Gives
/// their names.
pub(in crate::record) fn remove_blank(directory: &Path) -> Vec<String> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_json = Path::new(&name).extension().is_some_and(|extension| extension == "json");
        let is_mapping = is_json && !name.starts_with('.');
        if is_mapping && is_blank(&entry.path()) && fs::remove_file(entry.path()).is_ok() {
            removed.push(name);
        }
    }
    removed.sort_unstable();
    removed
}

/// Whether a file has no content: none at all, or zeros in its place.
fn is_blank(path: &Path) -> bool {
    let mut first = [0];
    let Ok(mut file) = fs::File::open(path) else { return false };
    file.read(&mut first).is_ok_and(|read| read == 0 || first == [0])
}

/// Whether a number is that of another process that runs.
#[cfg(unix)]
fn is_another_process(number: &str) -> bool {
    let number = number.parse().ok().filter(|number| *number != std::process::id().cast_signed());
    let process = number.and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| {
        // A process without permission to signal it runs as well.
        let result = rustix::process::test_kill_process(process);
        result != Err(rustix::io::Errno::SRCH)
    })
}

/// Processes cannot be asked here: each may run.
#[cfg(not(unix))]
fn is_another_process(number: &str) -> bool {
    number.parse().is_ok_and(|number: u32| number != std::process::id())
}

/// Writes under a name that loading leaves out, then renames: a crash leaves no partial file.
fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.{}{UNFINISHED}", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create(&unfinished)?;
        // Not synced one by one: a thread of the queue syncs all that was written together.
        file.write_all(bytes)?;
        fs::rename(&unfinished, directory.join(name))
    })();
    if written.is_err() {
        // The partial file is of no use.
        let _ = fs::remove_file(&unfinished);
    }
    written
}
