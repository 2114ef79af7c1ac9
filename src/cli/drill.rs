//! `standin drill`.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};

use crate::drill::{self, DrillOptions, DrillResult, Progress};

use super::args::Drill;
use super::error::CommandError;
use super::error::NO_TLS;
use super::reports::report;

pub(super) fn drill(args: Drill) -> Result<(), CommandError> {
    if args.tls && cfg!(not(feature = "tls")) {
        return Err(CommandError::Usage(format!("--tls: {NO_TLS}")));
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let options = DrillOptions {
        scenarios: args.narrow.apply(args.scenarios),
        fixtures: args.fixtures,
        command: args.command,
        jobs: args.jobs.map_or(processors, usize::from),
        limit: args.timeout,
        seed: args.seed,
        prefix: args.prefix,
        tls: args.tls,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    let line = ProgressLine::default();
    let drills = runtime.block_on(async {
        tokio::select! {
            drills = drill::drill(&options, |progress| line.show(&progress)) => {
                drills.map_err(CommandError::from)
            }
            // Dropping the drills kills the commands that run.
            _ = tokio::signal::ctrl_c() => Err(CommandError::Failed("interrupted".to_owned())),
        }
    });
    line.clear();
    report(&drills?, &args.reports)
}

/// The progress of drills: on a terminal one line that is updated, elsewhere a line for each drill.
#[derive(Default)]
struct ProgressLine {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: BTreeSet<String>,
    ended: usize,
    failed: usize,
}

impl ProgressLine {
    fn show(&self, progress: &Progress<'_>) {
        let terminal = io::stderr().is_terminal();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let total = match progress {
            Progress::Started { scenario, total } => {
                state.running.insert((*scenario).to_owned());
                *total
            }
            Progress::Ended { result, total } => {
                state.running.remove(&result.scenario);
                state.ended += 1;
                state.failed += usize::from(!result.passed());
                if !terminal {
                    eprintln!("{}", ended(result, state.ended, *total));
                }
                *total
            }
        };
        if terminal {
            let line = format!("{}/{total}, {} not passed", state.ended, state.failed);
            let running: Vec<&str> = state.running.iter().map(String::as_str).collect();
            let line = match running.join(", ") {
                none if none.is_empty() => line,
                running => format!("{line}, running {running}"),
            };
            // A file's name may have characters that would move the cursor.
            let line: String = line.chars().filter(|c| !c.is_control()).take(78).collect();
            // Back to the start of the line; the rest of it is cleared.
            eprint!("\r{line}\x1b[K");
        }
    }

    #[expect(clippy::unused_self, reason = "it is this line that is cleared")]
    fn clear(&self) {
        if io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
    }
}

/// The line of a drill that has ended.
fn ended(result: &DrillResult, count: usize, total: usize) -> String {
    let verdict = result.verdict();
    format!("{count}/{total} {} {verdict} ({})", result.scenario, result.outcome)
}
