//! The reports of `drill` and `verdict`, and the exit code that goes with them.

use std::io::{self, Write as _};

use crate::drill::{self, DrillResult};
use crate::error::{EXIT_BROKEN, EXIT_FAILURE, EXIT_NOT_MET};
use crate::grade::Verdict;

use super::args::Reports;
use super::error::CommandError;

/// Prints and writes all reports, then fails with the exit code of the worst verdict.
pub(super) fn report(drills: &[DrillResult], args: &Reports) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    if args.json {
        let _ = writeln!(out, "{:#}", drill::json(drills));
    } else {
        let _ = write!(out, "{}", drill::table(drills));
    }
    if args.timeline {
        for drill in drills {
            let _ = write!(out, "\n{}", drill::timeline(drill));
        }
    }
    if let Some(path) = &args.junit {
        let report = drill::junit(drills, args.allow_not_met)
            .map_err(|error| CommandError::Failed(error.to_string()))?;
        std::fs::write(path, report).map_err(CommandError::write(path))?;
    }
    if let Some(path) = &args.html {
        let page = drill::html(drills, jiff::Timestamp::now());
        std::fs::write(path, page).map_err(CommandError::write(path))?;
    }
    match exit_code(drills, args.allow_not_met) {
        None => Ok(()),
        Some(code) => {
            if args.json {
                eprintln!("{}", drill::summary(drills));
            }
            Err(CommandError::Reported(code))
        }
    }
}

/// The exit code of the worst verdict; nothing where all is well.
fn exit_code(drills: &[DrillResult], allow_not_met: bool) -> Option<u8> {
    let worst = drills.iter().map(DrillResult::verdict).max().unwrap_or(Verdict::Passed);
    match worst {
        Verdict::Passed => None,
        Verdict::NotMet => (!allow_not_met).then_some(EXIT_NOT_MET),
        Verdict::Failed => Some(EXIT_FAILURE),
        Verdict::Broken => Some(EXIT_BROKEN),
    }
}
