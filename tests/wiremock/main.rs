//! Conversations recorded from WireMock, held against the program. Each case is a test of its own.
//!
//! `cases/` has the data, README.md describes it. A case is read (`case`), played on a server that is
//! started for it and others (`suite`, `server`, `player`) over a bare socket (`wire`, `reply`), with a
//! backend beside it (`backend`). What counts of an answer (`answer`), without what differs from run to
//! run (`normal`), is compared with the recorded one (`compare`). `open` and `table` keep what passes.
//!
//! ```console
//! $ cargo test --test wiremock json-path                  # a theme, or the name of a case
//! $ STANDIN_WIREMOCK_UPDATE=1 cargo test --test wiremock  # writes open.txt and docs/wiremock.md
//! $ STANDIN_WIREMOCK_TARGET=http://127.0.0.1:8080 STANDIN_WIREMOCK_ROOT=DIR cargo test --test wiremock
//! ```
//! The last plays the cases on a server that runs already, freshly started on the directory DIR: WireMock
//! itself passes all.

mod answer;
mod backend;
mod case;
mod compare;
mod differential;
mod normal;
mod open;
mod player;
mod reply;
mod root;
mod self_tests;
mod server;
mod suite;
mod table;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use suite::{Mode, Suite};

/// How many cases are played at once, where the command line does not say: most of them wait.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let mode = match Mode::from_env() {
        Ok(mode) => mode,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    // A server that runs already is one, and its cases have an order.
    let at_once = if matches!(mode, Mode::Running { .. }) { 1 } else { AT_ONCE };
    arguments.test_threads.get_or_insert(at_once);
    let cases = case::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wiremock/cases"));
    let suite = Arc::new(Suite::new(mode, cases));
    let conclusion = libtest_mimic::run(&arguments, trials(&suite));
    if let Err(error) = suite.finish() {
        eprintln!("the list of open cases and the table cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// A test for each case, one each for the list of open cases and the table, and those of the driver.
fn trials(suite: &Arc<Suite>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (index, case) in suite.cases.iter().enumerate() {
        let name = format!("{}/{}", case.theme, case.name);
        let suite = Arc::clone(suite);
        trials.push(Trial::ignorable_test(name, move || suite.run(&suite.cases[index])));
    }
    if matches!(suite.mode, Mode::Check) {
        let (list, table) = (Arc::clone(suite), Arc::clone(suite));
        let list = move || list.check_open().map_err(Failed::from);
        let table = move || table.check_table().map_err(Failed::from);
        trials.push(Trial::test("open.txt names cases", list));
        trials.push(Trial::test("docs/wiremock.md is up to date", table));
        trials.extend(self_tests::trials(suite));
        trials.extend(differential::trial());
    }
    trials
}
