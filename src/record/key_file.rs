//! The key of a recording's pseudonyms: a file in the directory of the recording, which version control ignores.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::document::disk;
use crate::redact::{KEY_FILE, Key};

/// The file that lists what version control ignores.
const IGNORE: &str = ".gitignore";

/// The largest list of ignored files, in bytes.
const MOST: u64 = 1 << 20;

/// The key in a recording's directory; it is made if it is missing.
///
/// # Errors
/// What the system reports.
pub(super) fn key(directory: &Path) -> io::Result<Key> {
    ignore(directory)?;
    if let Some(key) = Key::read(directory)? {
        return Ok(key);
    }
    let path = directory.join(KEY_FILE);
    let text = format!("{}{}\n", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // For its owner alone. Elsewhere the directory's own permissions say who reads it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(Key::of(text.trim_ascii().as_bytes()))
}

/// Adds the key to the ignored files; other entries stay.
fn ignore(directory: &Path) -> io::Result<()> {
    let path = directory.join(IGNORE);
    let mut text = match disk::read(&path, MOST) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if text.lines().any(|line| line.trim() == KEY_FILE) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(KEY_FILE);
    text.push('\n');
    fs::write(path, text)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::redact::Redactor;

    #[test]
    fn a_recording_has_one_key_that_nobody_else_reads() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(IGNORE), "target").unwrap();
        let line = "token=abc123xyz";
        let of = |key| Redactor::new(key).line(line);
        let first = of(key(directory.path()).unwrap());
        assert_eq!(of(key(directory.path()).unwrap()), first, "the same at the next start");
        assert_ne!(first, line);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(of(key(other.path()).unwrap()), first);
        let text = fs::read_to_string(directory.path().join(IGNORE)).unwrap();
        assert_eq!(text, format!("target\n{KEY_FILE}\n"));
        let mode = fs::metadata(directory.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
