//! Runs the client's command in its own process group, bounded in time and output; the group is
//! killed at the end.

use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::Notify;

use super::result::Outcome;

/// The most output that is stored, in bytes: the end is the most useful part.
const KEPT: usize = 8 << 10;
/// The most output before the command is killed, in bytes.
const MAX_OUTPUT: u64 = 64 << 20;
/// How long child processes may outlive the command.
const LINGER: Duration = Duration::from_millis(300);

/// A command to run.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) command: &'a [String],
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) limit: Duration,
}

/// The result of a command.
#[derive(Debug)]
pub(super) struct CommandResult {
    pub(super) outcome: Outcome,
    /// The end of its output.
    pub(super) output: String,
    /// Whether it left processes behind, which were killed.
    pub(super) left_behind: bool,
}

impl CommandResult {
    /// Creates the result of a command that was not started.
    pub(super) fn not_started(why: String) -> Self {
        let outcome = Outcome::NotStarted(why);
        Self { outcome, output: String::new(), left_behind: false }
    }
}

/// Kills a process group when it is dropped, also when the drill is abandoned.
struct Group(Option<Pid>);

impl Group {
    fn kill(&self) {
        if let Some(pid) = self.0 {
            // The group may have ended already.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    fn is_alive(&self) -> bool {
        self.0.is_some_and(|pid| test_kill_process_group(pid).is_ok())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a command until it ends or reaches a limit. `started` is called when it runs, or cannot be started.
pub(super) async fn run(task: Task<'_>, started: impl Fn(Result<(), &str>)) -> CommandResult {
    let failed = |why: String| {
        started(Err(&why));
        CommandResult::not_started(why)
    };
    let [program, arguments @ ..] = task.command else {
        return failed("there is no command".to_owned());
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(task.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return failed(format!("{program}: {error}")),
    };
    started(Ok(()));
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let group = Group(pid);
    let output = Arc::new(Output::default());
    let readers = [
        child.stdout.take().map(|pipe| tokio::spawn(Arc::clone(&output).keep(pipe))),
        child.stderr.take().map(|pipe| tokio::spawn(Arc::clone(&output).keep(pipe))),
    ];
    let outcome = tokio::select! {
        status = child.wait() => match status {
            Ok(status) => outcome_of(status),
            Err(error) => Outcome::NotStarted(error.to_string()),
        },
        () = tokio::time::sleep(task.limit) => Outcome::TimedOut(task.limit),
        () = output.filled.notified() => Outcome::TooMuchOutput(MAX_OUTPUT),
    };
    // A broken pipe may have killed it first.
    let flooded = output.seen.load(Ordering::Relaxed) > MAX_OUTPUT;
    let outcome = if flooded { Outcome::TooMuchOutput(MAX_OUTPUT) } else { outcome };
    let by_itself = matches!(outcome, Outcome::Exit(_) | Outcome::Signal(_));
    if !by_itself {
        group.kill();
        let _ = child.wait().await;
    }
    // A pipe ends when the last process that holds it ends.
    let mut left_behind = false;
    for reader in readers.into_iter().flatten() {
        let abort = reader.abort_handle();
        if tokio::time::timeout(LINGER, reader).await.is_err() {
            left_behind |= by_itself;
            group.kill();
            abort.abort();
        }
    }
    left_behind |= by_itself && group.is_alive();
    CommandResult { outcome, output: output.text(), left_behind }
}

fn outcome_of(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(code), _) => Outcome::Exit(code),
        (None, signal) => Outcome::Signal(signal.unwrap_or_default()),
    }
}

/// The end of a command's output, of both of its streams.
#[derive(Debug, Default)]
struct Output {
    kept: Mutex<VecDeque<u8>>,
    seen: AtomicU64,
    filled: Notify,
}

impl Output {
    async fn keep(self: Arc<Self>, mut pipe: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read) = pipe.read(&mut buffer).await {
            if read == 0 {
                return;
            }
            let seen = self.seen.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(&buffer[..read]);
            let over = kept.len().saturating_sub(KEPT);
            kept.drain(..over);
            drop(kept);
            if seen > MAX_OUTPUT {
                self.filled.notify_one();
                return;
            }
        }
    }

    fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(script: &str, limit: Duration) -> CommandResult {
        let command = ["sh", "-c", script].map(str::to_owned);
        let environment = vec![("STANDIN_URL", "http://x".to_owned())];
        run(Task { command: &command, environment, limit }, |_| {}).await
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn ends_are_reported() {
        let done = shell("echo \"$STANDIN_URL\"; echo oops >&2; exit 3", LONG).await;
        assert_eq!(done.outcome, Outcome::Exit(3));
        assert!(done.output.contains("http://x\n") && done.output.contains("oops\n"));
        assert!(!done.left_behind);
        assert_eq!(shell("kill -TERM $$", LONG).await.outcome, Outcome::Signal(15));
        let missing = ["no-such-program-here".to_owned()];
        let task = Task { command: &missing, environment: Vec::new(), limit: LONG };
        let refused = std::cell::Cell::new(false);
        let done = run(task, |started| refused.set(started.is_err())).await;
        assert!(matches!(done.outcome, Outcome::NotStarted(why) if why.contains("no-such")));
        assert!(refused.get());
    }

    #[tokio::test]
    async fn what_hangs_is_killed_with_all_it_started() {
        let limit = Duration::from_millis(200);
        // Children that hold the output open, one of which does not hear SIGTERM.
        let done = shell("trap '' TERM; sleep 600 & sleep 600 & echo $$; wait", limit).await;
        assert_eq!(done.outcome, Outcome::TimedOut(limit));
        let pid: i32 = done.output.trim().parse().unwrap();
        let group = Pid::from_raw(pid).unwrap();
        // Killed processes are reaped shortly by their new parent.
        for _ in 0..200 {
            if test_kill_process_group(group).is_err() || only_zombies(pid) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the group lives on");
    }

    /// Returns whether a process group consists only of zombies.
    fn only_zombies(group: i32) -> bool {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let stats =
            processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        stats.filter_map(|stat| Some(stat.rsplit_once(") ")?.1.to_owned())).all(|rest| {
            let mut fields = rest.split(' ');
            let state = fields.next();
            let its_group: Option<i32> = fields.nth(1).and_then(|text| text.parse().ok());
            its_group != Some(group) || state == Some("Z")
        })
    }

    #[tokio::test]
    async fn what_is_left_behind_is_reported_and_killed() {
        let done = shell("sleep 600 & exit 0", LONG).await;
        assert_eq!((done.outcome, done.left_behind), (Outcome::Exit(0), true));
    }

    #[tokio::test]
    async fn a_flood_of_output_is_killed() {
        let done = shell("exec cat /dev/zero", LONG).await;
        assert_eq!(done.outcome, Outcome::TooMuchOutput(MAX_OUTPUT));
        assert!(done.output.len() <= KEPT);
    }
}
