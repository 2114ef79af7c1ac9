//! The thread that brings the recording from the system's memory to the disk: one sync for many exchanges.
//!
//! A killed process loses nothing of what it wrote; a machine that loses its power does. A sync takes long on a busy
//! disk, so it is beside the threads that write: exchanges do not wait in memory meanwhile, and the pause behind a
//! long sync is longer.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::shared::Shared;

/// The shortest and the longest time between two syncs.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// How many times as long as the last sync the pause is.
const SHARE: u32 = 20;

/// Syncs until the queue ends.
pub(super) fn run(shared: &Shared) {
    let folder = SyncedFolder::open(&shared.folder);
    let mut state = shared.lock();
    loop {
        if state.closed {
            return;
        }
        if std::mem::take(&mut state.unsynced) {
            let removed = std::mem::take(&mut state.removed);
            drop(state);
            drop(removed);
            let began = Instant::now();
            if let Err(error) = folder.sync() {
                let folder = shared.folder.display();
                shared.sink.lost(0, &format!("{folder} cannot be brought to the disk: {error}"));
            }
            let [least, most] = PAUSES;
            let pause = (began.elapsed() * SHARE).clamp(least, most);
            state = Shared::wait_for(&shared.written, shared.lock(), pause);
        } else {
            state.syncer_waits = true;
            state = Shared::wait(&shared.written, state);
            state.syncer_waits = false;
        }
    }
}

/// A folder whose files are synced together.
struct SyncedFolder<'a> {
    /// Nothing where the system opens no folders.
    handle: Option<File>,
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "the handle says all"))]
    path: &'a Path,
}

impl<'a> SyncedFolder<'a> {
    fn open(path: &'a Path) -> Self {
        Self { handle: File::open(path).ok(), path }
    }

    /// Mappings and backlog: all that was written to the folder's file system, with one call.
    #[cfg(target_os = "linux")]
    fn sync(&self) -> io::Result<()> {
        self.handle.as_ref().map_or(Ok(()), |handle| Ok(rustix::fs::syncfs(handle)?))
    }

    /// The backlog, and the names of the mappings.
    #[cfg(not(target_os = "linux"))]
    fn sync(&self) -> io::Result<()> {
        match File::open(self.path.join(crate::record::backlog::FILE)) {
            Ok(backlog) => backlog.sync_data()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Some systems sync no folders.
        let _ = self.handle.as_ref().map(File::sync_all);
        Ok(())
    }
}
