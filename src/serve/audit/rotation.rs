//! An audit log that begins anew when it is large: what was written is kept beside it, under the time of that moment
//! (`gopkg.in/natefinch/lumberjack.v2`, which kube-apiserver uses).

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The times in the names of old files.
const TIME: &str = "%Y-%m-%dT%H-%M-%S.%3f";

/// The length of a day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a log begins anew, and what stays of the old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AuditRotation {
    /// How large a file may become, in bytes; 0 for any size.
    pub(crate) most_bytes: u64,
    /// How many old files are kept; 0 for all.
    pub(crate) backups: usize,
    /// How many days they are kept; 0 for ever.
    pub(crate) days: u32,
}

impl Default for AuditRotation {
    /// `NewAuditOptions`.
    fn default() -> Self {
        Self { most_bytes: 100 << 20, backups: 100, days: 366 }
    }
}

/// A log in a file.
pub(super) struct RotatingFile {
    path: PathBuf,
    rotation: AuditRotation,
    file: File,
    size: u64,
}

impl RotatingFile {
    /// A log at the end of a file.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn open(path: &Path, rotation: AuditRotation) -> io::Result<Self> {
        let file = open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), rotation, file, size })
    }

    /// Puts what was written aside.
    fn rotate(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.old_path(Timestamp::now()))?;
        self.file = open(&self.path)?;
        self.size = 0;
        self.remove_old()
    }

    /// The beginning and the end of the names of old files.
    fn name_parts(&self) -> (String, String) {
        let text = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let end = self.path.extension().map(|end| format!(".{}", text(Some(end))));
        (format!("{}-", text(self.path.file_stem())), end.unwrap_or_default())
    }

    fn old_path(&self, now: Timestamp) -> PathBuf {
        let (begin, end) = self.name_parts();
        self.path.with_file_name(format!("{begin}{}{end}", now.strftime(TIME)))
    }

    /// Removes the old files that are too many or too old.
    fn remove_old(&self) -> io::Result<()> {
        let AuditRotation { backups, days, .. } = self.rotation;
        let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty());
        let (begin, end) = self.name_parts();
        let mut old: Vec<(Timestamp, PathBuf)> = Vec::new();
        for entry in fs::read_dir(directory.unwrap_or(Path::new(".")))? {
            let entry = entry?;
            let name = entry.file_name();
            let time = name.to_str().and_then(|name| {
                let time = name.strip_prefix(&begin)?.strip_suffix(&end)?;
                let time = DateTime::strptime("%Y-%m-%dT%H-%M-%S%.f", time).ok()?;
                TimeZone::UTC.to_timestamp(time).ok()
            });
            old.extend(time.map(|time| (time, entry.path())));
        }
        old.sort_by(|a, b| b.cmp(a));
        let begin =
            Timestamp::now().checked_sub(DAY.saturating_mul(days)).unwrap_or(Timestamp::MIN);
        for (index, (time, path)) in old.iter().enumerate() {
            let is_too_much = backups > 0 && index >= backups;
            if is_too_much || days > 0 && *time < begin {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Write for RotatingFile {
    /// Writes a line to one file.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let most = self.rotation.most_bytes;
        if most > 0 && self.size > 0 && self.size + line.len() as u64 > most {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.size += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Opens a file at its end; it and its directory are made where they are not there (`ensureLogFile`).
fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_log_that_is_large_begins_anew() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("audit.log");
        let rotation = AuditRotation { most_bytes: 10, backups: 1, days: 1 };
        for (name, text) in [
            ("audit-2020-01-01T00-00-00.000.log", "too old"),
            ("audit-other.log", "another one"),
            ("audit.log", "begun\n"),
        ] {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let mut log = RotatingFile::open(&path, rotation).unwrap();
        log.write_all(b"abc\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "begun\nabc\n");
        log.write_all(b"d\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "d\n");
        let old = names(directory.path());
        assert_eq!((old.len(), &*old[1], &*old[2]), (3, "audit-other.log", "audit.log"));
        assert_eq!(fs::read_to_string(directory.path().join(&old[0])).unwrap(), "begun\nabc\n");
        // A line that is too long has a file of its own.
        log.write_all(b"a line that is too long\n").unwrap();
        log.write_all(b"e\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "e\n");
        assert_eq!(names(directory.path()).len(), 3);
    }
}
