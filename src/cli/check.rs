//! `standin check` and `standin scenarios`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::check::Checked;
use crate::document::{Diagnostic, Diagnostics, Format, Source};
use crate::error::{EXIT_INVALID, Error};
use crate::scenario;

use super::args::Check;

pub(super) fn check(args: &Check) -> Result<(), Error> {
    // Scenarios alone are checked with the embedded fixtures, as they would be served.
    let checked = sort(&args.paths).and_then(|(fixtures, scenarios)| {
        crate::check::check(&fixtures, &scenarios).map_err(Error::Invalid)
    });
    if args.json {
        return as_json(checked);
    }
    let checked = checked?;
    for warning in &checked.warnings.0 {
        eprintln!("{warning}");
    }
    println!(
        "all well: {} stubs, {} objects, {} resource types, {} scenario rules",
        checked.stubs, checked.objects, checked.resource_types, checked.rules
    );
    Ok(())
}

/// The same for programs: the exit code alone says how bad it is.
fn as_json(checked: Result<Checked, Error>) -> Result<(), Error> {
    let problems =
        |found: &Diagnostics| -> Vec<Value> { found.0.iter().map(Diagnostic::to_json).collect() };
    match checked {
        Ok(checked) => {
            let json = json!({
                "valid": true,
                "problems": problems(&checked.warnings),
                "stubs": checked.stubs,
                "objects": checked.objects,
                "resourceTypes": checked.resource_types,
                "rules": checked.rules,
            });
            println!("{json:#}");
            Ok(())
        }
        Err(Error::Invalid(found)) => {
            println!("{:#}", json!({"valid": false, "problems": problems(&found)}));
            Err(Error::Told(EXIT_INVALID))
        }
        Err(error) => Err(error),
    }
}

/// Tells scenarios from fixtures: a file with top-level `rules` or `tokens` is a scenario, and so is
/// every file of a directory that holds one.
fn sort(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), Error> {
    let (mut fixtures, mut scenarios) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.exists() {
            let problem = Diagnostic::error(path, "there is no such file or directory");
            return Err(Error::Invalid(Diagnostics(vec![problem])));
        }
        if is_scenario(path) {
            scenarios.push(path.to_string_lossy().into_owned());
        } else {
            fixtures.push(path.clone());
        }
    }
    Ok((fixtures, scenarios))
}

fn is_scenario(path: &PathBuf) -> bool {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        return entries
            .map(|entry| entry.path())
            .any(|inner| inner.is_file() && is_scenario(&inner));
    }
    let Some(format) = Format::of(path) else {
        return false;
    };
    let source = std::fs::read(path)
        .ok()
        .and_then(|bytes| Source::from_bytes(path.clone(), format, bytes).ok());
    match source.as_ref().map(Source::parse) {
        Some(Ok(documents)) => documents.iter().any(|document| {
            ["rules", "tokens", "generate", "timeline"]
                .iter()
                .any(|key| document.get(key).is_some())
        }),
        // A file that cannot be read is told by its words, so that its errors are those of its kind.
        Some(Err(_)) => {
            source.is_some_and(|source| source.text.lines().any(|line| line.starts_with("rules:")))
        }
        None => false,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "commands have one signature")]
pub(super) fn scenarios() -> Result<(), Error> {
    for (name, description) in scenario::shipped() {
        println!("{name:<34} {description}");
    }
    Ok(())
}
