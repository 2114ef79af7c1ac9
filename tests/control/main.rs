//! Every shipped scenario, met by two small clients: one that does everything right, and one that does everything wrong.
//! The first passes, the second fails, and a command that never calls meets nothing. So a drill means something.
//!
//! This program is the test and both clients: as a client it is started by the drill itself, with `--as right` or
//! `--as wrong`. The clients speak HTTP/1.1 over a socket of their own (`http`), do by theme what a program does with
//! such an API (`right`, `wrong`), and wait by moving the clock of their world on.
//!
//! ```console
//! $ cargo test --test control                     # all of it
//! $ cargo test --test control watch/expired       # one scenario
//! ```

mod http;
mod jobs;
mod right;
mod watch;
mod wrong;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use standin::Verdict;
use standin::internals::drill::{DrillOptions, DrillResult, drill, table};
use standin::internals::expand_scenarios;

/// How many scenarios run at once, where the command line does not say: most of them wait.
const AT_ONCE: usize = 6;
/// How long a client may take; none that works does.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, client] = arguments.as_slice()
        && flag == "--as"
    {
        return match &**client {
            "right" => right::run(),
            _ => wrong::run(),
        };
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let scenarios = expand_scenarios(&[]).expect("the shipped scenarios are read");
    let mut trials = vec![Trial::test("silent", silent)];
    for entry in scenarios {
        for (client, expected) in [("right", Verdict::Passed), ("wrong", Verdict::Failed)] {
            let name = entry.name.clone();
            trials.push(Trial::test(format!("{name}: {client}"), move || {
                one(&name, client, expected)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A scenario with a client.
fn one(scenario: &str, client: &str, expected: Verdict) -> Result<(), Failed> {
    let program = std::env::current_exe()?;
    let command = [program.to_string_lossy().into_owned(), "--as".to_owned(), client.to_owned()];
    let drills = run(vec![scenario.to_owned()], command.to_vec(), 1)?;
    match drills.iter().find(|drill| drill.verdict() != expected) {
        None => Ok(()),
        Some(_) => Err(format!("expected {expected}\n{}", table(&drills)).into()),
    }
}

/// All scenarios with a client that never calls.
fn silent() -> Result<(), Failed> {
    let drills = run(Vec::new(), vec!["true".to_owned()], 8)?;
    match drills.iter().find(|drill| drill.verdict() != Verdict::NotMet) {
        None => Ok(()),
        Some(drill) => Err(format!("{}: {}", drill.scenario, drill.verdict()).into()),
    }
}

fn run(
    scenarios: Vec<String>,
    command: Vec<String>,
    jobs: usize,
) -> Result<Vec<DrillResult>, Failed> {
    let options = DrillOptions {
        scenarios,
        fixtures: Vec::new(),
        command,
        jobs,
        limit: LIMIT,
        seed: None,
        prefix: false,
        tls: false,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    Ok(runtime.block_on(drill(&options, |_| {}))?)
}
