//! SIGTERM and SIGINT: the first starts the shutdown, which takes no longer than the grace period, whatever the
//! server's threads do. A second one exits at once.

use std::io;
use std::process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::EXIT_FAILURE;

use super::console::Console;
use super::error::CommandError;

/// Ends the program as SIGTERM does once standard input has ended.
pub(super) fn terminate_with_stdin() -> Result<(), CommandError> {
    let wait = || {
        let ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
        // An input that breaks has ended too.
        drop(ended);
        let _ = kill_process(getpid(), Signal::TERM);
    };
    let thread = thread::Builder::new().name("standin-stdin".to_owned()).spawn(wait);
    thread.map(drop).map_err(CommandError::Start)
}

/// The signals, handled by a thread of its own, since the server's threads may all be busy.
pub(super) struct Signals {
    first: oneshot::Receiver<()>,
    started: Receiver<io::Result<()>>,
}

impl Signals {
    /// Begins to watch. Until [`Self::ready`], a signal may end the process as if nobody watched.
    pub(super) fn watch(grace: Duration, errors: Console) -> Result<Self, CommandError> {
        let (first, received) = oneshot::channel();
        let (ready, started) = channel();
        thread::Builder::new()
            .name("standin-signals".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                match runtime {
                    Ok(runtime) => runtime.block_on(run(grace, errors, first, &ready)),
                    Err(error) => drop(ready.send(Err(error))),
                }
            })
            .map_err(CommandError::Start)?;
        Ok(Self { first: received, started })
    }

    /// Waits until signals are watched: the thread starts while files are loaded.
    pub(super) fn ready(&self) -> Result<(), CommandError> {
        let ended = |_| Err(io::Error::other("the thread that handles signals ended"));
        self.started.recv().unwrap_or_else(ended).map_err(CommandError::Start)
    }

    /// Completes with the first signal.
    pub(super) async fn first(&mut self) {
        // Its thread ends with the process.
        let _ = (&mut self.first).await;
    }
}

async fn run(
    grace: Duration,
    errors: Console,
    first: oneshot::Sender<()>,
    ready: &Sender<io::Result<()>>,
) {
    let signals = signal(SignalKind::interrupt())
        .and_then(|interrupted| Ok((interrupted, signal(SignalKind::terminate())?)));
    let (mut interrupted, mut terminated) = match signals {
        Ok(signals) => signals,
        Err(error) => return drop(ready.send(Err(error))),
    };
    let _ = ready.send(Ok(()));
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    let _ = first.send(());
    let why = tokio::select! {
        _ = interrupted.recv() => "received a second signal".to_owned(),
        _ = terminated.recv() => "received a second signal".to_owned(),
        () = tokio::time::sleep(grace) => {
            format!("the shutdown took longer than {} s (--grace)", grace.as_secs_f64())
        }
    };
    errors.line(&format!("standin: {why}; requests in flight are aborted"));
    errors.flush();
    process::exit(EXIT_FAILURE.into());
}
