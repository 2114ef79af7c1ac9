//! Says that the server answers requests, to those who started it: by a file, and to a service manager (`sd_notify(3)`).

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sd_notify::NotifyState;

use super::error::CommandError;

/// Whom to tell. What was said is taken back when the server stops, or when this is dropped.
#[derive(Debug)]
pub(super) struct Readiness {
    file: Option<PathBuf>,
    /// Whether it was said.
    is_said: AtomicBool,
}

impl Readiness {
    /// Removes the file that a killed server has left behind.
    pub(super) fn new(file: Option<&Path>) -> Result<Self, CommandError> {
        if let Some(path) = file {
            remove(path).map_err(CommandError::write(path))?;
        }
        Ok(Self { file: file.map(Path::to_path_buf), is_said: AtomicBool::new(false) })
    }

    /// Says that requests are answered, at a URL.
    pub(super) fn ready(&self, url: &str) -> Result<(), CommandError> {
        self.is_said.store(true, Ordering::Relaxed);
        if let Some(path) = &self.file {
            write_whole(path, &format!("{url}\n")).map_err(CommandError::write(path))?;
        }
        notify(&[NotifyState::Ready, NotifyState::Status(&format!("serving on {url}"))]);
        Ok(())
    }

    /// Says that the server stops.
    pub(super) fn stopping(&self) {
        if !self.is_said.swap(false, Ordering::Relaxed) {
            return;
        }
        if let Some(path) = &self.file {
            // Nobody can do anything about a file that stays; the next start removes it.
            let _ = remove(path);
        }
        notify(&[NotifyState::Stopping]);
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        self.stopping();
    }
}

/// Tells the service manager. Without one this does nothing, and a manager that does not listen changes nothing.
fn notify(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

/// Writes a file that is never seen in part: under another name beside it, which then becomes its name.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it is not the name of a file"))?;
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".{}", std::process::id()));
    let unfinished = path.with_file_name(unfinished);
    let written = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Removes a file; one that is not there is no error.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_there_while_requests_are_answered() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ready");
        fs::write(&path, "http://of-a-killed-server\n").unwrap();
        let readiness = Readiness::new(Some(&path)).unwrap();
        assert!(!path.exists(), "what a killed server said is not so");
        readiness.ready("http://127.0.0.1:1").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "http://127.0.0.1:1\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
        readiness.stopping();
        assert!(!path.exists());
        // Another server may have taken the name by then.
        fs::write(&path, "http://other\n").unwrap();
        drop(readiness);
        assert!(path.exists());
        let error = Readiness::new(Some(directory.path())).unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
    }
}
