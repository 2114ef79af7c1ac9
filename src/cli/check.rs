//! `standin check` and `standin scenarios`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::check::Checked;
use crate::document::{Diagnostic, Diagnostics, Format, MAX_FILE_BYTES, Source, disk};
use crate::error::{EXIT_INVALID, Error};
use crate::fixtures::{self, IgnoredFiles};
use crate::record::Recorder;
use crate::redact::Key;
use crate::scenario;
use crate::transport::Logger;

use super::args::Check;
use super::error::CommandError;

/// The files of compose stacks, which lie beside fixtures and are none.
const COMPOSE: [&str; 4] = [
    "compose.{yaml,yml}",
    "compose.*.{yaml,yml}",
    "docker-compose.{yaml,yml}",
    "docker-compose.*.{yaml,yml}",
];

pub(super) fn check(args: &Check) -> Result<(), CommandError> {
    recover(&args.paths)?;
    let ignore: Vec<String> =
        args.ignore.iter().cloned().chain(COMPOSE.map(str::to_owned)).collect();
    // Scenarios alone are checked with the embedded fixtures, as `serve` would use them.
    let checked = sort(&args.paths, &ignore).and_then(|(fixtures, scenarios)| {
        check_each(&fixtures, &ignore, &scenarios).map_err(CommandError::invalid)
    });
    if args.json {
        return as_json(checked);
    }
    let checked = checked?;
    for warning in &checked.warnings.0 {
        eprintln!("{warning:#}");
    }
    println!(
        "valid (stubs: {}, objects: {}, resource types: {}, scenario rules: {})",
        checked.stubs, checked.objects, checked.resource_types, checked.rules
    );
    Ok(())
}

/// Makes mappings of what killed recorders left, as `serve` does.
fn recover(paths: &[PathBuf]) -> Result<(), CommandError> {
    let key = std::env::var("STANDIN_REDACT_KEY").ok().map(|key| Key::of(key.as_bytes()));
    let log: Logger = Arc::new(|line: &str| eprintln!("standin: {line}"));
    for path in paths {
        let recovered = Recorder::recover(path, key.clone(), &log);
        recovered.map_err(|source| Error::Record { path: path.clone(), source })?;
    }
    Ok(())
}

/// Prints the result as JSON; the exit code is the same as without.
fn as_json(checked: Result<Checked, CommandError>) -> Result<(), CommandError> {
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
        Err(CommandError::Library(Error::Invalid(found))) => {
            println!("{:#}", json!({"valid": false, "problems": problems(&found)}));
            Err(CommandError::Reported(EXIT_INVALID))
        }
        Err(error) => Err(error),
    }
}

/// Checks each scenario by itself with the fixtures, since scenarios are turned on one by one.
fn check_each(
    fixtures: &[PathBuf],
    ignore: &[String],
    scenarios: &[String],
) -> Result<Checked, Diagnostics> {
    let check = |scenarios: &[String]| crate::check::check_without(fixtures, ignore, scenarios);
    let mut whole = check(&[]);
    for name in scenarios {
        match (&mut whole, check(std::slice::from_ref(name))) {
            (Ok(whole), Ok(one)) => {
                whole.rules += one.rules;
                whole.warnings.extend(one.warnings.0);
            }
            (Ok(_), Err(problems)) => whole = Err(problems),
            (Err(whole), Err(problems)) => whole.extend(problems.0),
            (Err(_), Ok(_)) => {}
        }
    }
    // A problem of the fixtures is found with each scenario.
    let once = |found: Diagnostics| {
        let mut found = found.sorted();
        found.0.dedup();
        found
    };
    match whole {
        Ok(checked) => Ok(Checked { warnings: once(checked.warnings), ..checked }),
        Err(problems) => Err(once(problems)),
    }
}

/// Separates scenarios from fixtures: a file with top-level `rules`, `tokens`, `generate` or `timeline` is a
/// scenario, all others are fixtures. A directory without a scenario is one of fixtures.
fn sort(paths: &[PathBuf], ignore: &[String]) -> Result<(Vec<PathBuf>, Vec<String>), CommandError> {
    let ignored =
        IgnoredFiles::new(ignore).map_err(|why| CommandError::Usage(format!("--ignore: {why}")))?;
    let (mut fixtures, mut scenarios) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.exists() {
            let problem = Diagnostic::error(path, "there is no such file or directory");
            return Err(CommandError::invalid(Diagnostics(vec![problem])));
        }
        sort_one(path, &scenarios_below(path, &ignored), &mut fixtures, &mut scenarios);
        if path.is_dir() {
            scenarios.extend(recorded_faults(path));
        }
    }
    Ok((fixtures, scenarios))
}

/// The faults that were recorded with the fixtures at a path: scenarios that a replay adds.
fn recorded_faults(path: &Path) -> Vec<String> {
    let files = disk::files_below(path, &|_| false, &mut Diagnostics::default());
    let around = files.iter().filter_map(|file| file.parent()).chain([path]);
    let directories: BTreeSet<&Path> = around.collect();
    let faults = directories.into_iter().map(|directory| directory.join(fixtures::FAULTS));
    faults.filter(|file| file.is_file()).map(|file| file.to_string_lossy().into_owned()).collect()
}

/// The scenario files under a path. Unreadable files are reported when they are loaded.
fn scenarios_below(path: &Path, ignored: &IgnoredFiles) -> Vec<PathBuf> {
    let files = if path.is_dir() {
        disk::files_below(path, &|_| false, &mut Diagnostics::default())
    } else {
        vec![path.to_owned()]
    };
    files.into_iter().filter(|file| !ignored.has(file, path) && is_scenario(file)).collect()
}

/// Adds a path to the fixtures or to the scenarios; a directory with scenarios is searched.
fn sort_one(
    path: &Path,
    known: &[PathBuf],
    fixtures: &mut Vec<PathBuf>,
    scenarios: &mut Vec<String>,
) {
    if !known.iter().any(|scenario| scenario.starts_with(path)) {
        fixtures.push(path.to_owned());
    } else if path.is_dir() {
        for inner in inside(path) {
            // A directory without files of fixtures is there for something else.
            if fixtures::has_files(&inner) || Format::of(&inner).is_some() {
                sort_one(&inner, known, fixtures, scenarios);
            }
        }
    } else {
        scenarios.push(path.to_string_lossy().into_owned());
    }
}

/// The entries of a directory, sorted.
fn inside(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The keys by one of which a scenario is known.
const SCENARIO_KEYS: [&str; 6] = ["rules", "tokens", "generate", "timeline", "listen", "life"];

/// Whether a line begins with the key of a scenario's rules, in YAML or in JSON.
fn begins_with_rules(line: &str) -> bool {
    let key = line.trim_start_matches(['{', '"', '\'', ' ']);
    let is_key = |rest: &str| rest.trim_start_matches(['"', '\'']).starts_with(':');
    // Of YAML only the keys of the whole document are in the first column.
    !line.starts_with("  ") && key.strip_prefix("rules").is_some_and(is_key)
}

fn is_scenario(path: &Path) -> bool {
    let Some(format) = Format::of(path) else {
        return false;
    };
    let source = disk::read(path, MAX_FILE_BYTES)
        .ok()
        .and_then(|bytes| Source::from_bytes(path.to_owned(), format, bytes).ok());
    match source.as_ref().map(Source::parse) {
        Some(Ok(documents)) => documents.iter().any(|document| {
            SCENARIO_KEYS.iter().any(|key| document.get(key).is_some())
                // The roles of Kubernetes have rules too.
                && document.get("kind").is_none()
        }),
        // A file that cannot be parsed is recognized by a line, so that it is reported as a scenario.
        Some(Err(_)) => source.is_some_and(|source| {
            let of_object = source.text.lines().any(|line| line.starts_with("kind:"));
            !of_object && source.text.lines().any(begins_with_rules)
        }),
        None => false,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "commands have one signature")]
pub(super) fn scenarios() -> Result<(), CommandError> {
    for (name, description) in scenario::shipped() {
        println!("{name:<34} {description}");
    }
    Ok(())
}
