//! SIGTERM and SIGINT: the first starts the shutdown, which takes no longer than the grace period, whatever the
//! server's threads do. A second one exits at once.

use std::process;
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::EXIT_FAILURE;

use super::console::Console;
use super::error::CommandError;

/// The signals, handled by a thread of its own, since the server's threads may all be busy.
pub(super) struct Signals(oneshot::Receiver<()>);

impl Signals {
    pub(super) fn watch(grace: Duration, errors: Console) -> Result<Self, CommandError> {
        let (first, received) = oneshot::channel();
        let (ready, started) = std::sync::mpsc::channel();
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
        match started.recv() {
            Ok(Ok(())) => Ok(Self(received)),
            Ok(Err(error)) => Err(CommandError::Start(error)),
            Err(_) => Err(CommandError::Start(std::io::Error::other(
                "the thread that handles signals ended",
            ))),
        }
    }

    /// Completes with the first signal.
    pub(super) async fn first(self) {
        // Its thread ends with the process.
        let _ = self.0.await;
    }
}

async fn run(
    grace: Duration,
    errors: Console,
    first: oneshot::Sender<()>,
    ready: &std::sync::mpsc::Sender<std::io::Result<()>>,
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
