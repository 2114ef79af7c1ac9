//! A program that envtest has started ends with the test: its parent may be killed, and would leave it behind.

use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, getppid, kill_process};

use crate::cli::error::CommandError;

/// How often the parent is looked at.
const PERIOD: Duration = Duration::from_millis(250);

/// Ends the program as SIGTERM does once its parent has ended: it then has another one.
pub(super) fn end_with_it() -> Result<(), CommandError> {
    let parent = getppid();
    let wait = move || {
        while getppid() == parent {
            thread::sleep(PERIOD);
        }
        let _ = kill_process(getpid(), Signal::TERM);
    };
    let thread = thread::Builder::new().name("standin-parent".to_owned()).spawn(wait);
    thread.map(drop).map_err(CommandError::Start)
}
