//! `open.txt`: the cases that do not pass yet. The list only gets shorter.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::case::Case;

const HEAD: &str = "\
# The cases that do not pass yet, a name a line. A case that is not here must pass, and one that passes
# must not be here. STANDIN_WIREMOCK_UPDATE=1 cargo test --test wiremock writes this file.
";

/// Names of cases.
pub(crate) type Open = BTreeSet<String>;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wiremock/open.txt")
}

pub(crate) fn read() -> Open {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let names = text.lines().map(str::trim);
    names.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

pub(crate) fn write(open: &Open) -> std::io::Result<()> {
    let names: String = open.iter().map(|name| format!("{name}\n")).collect();
    std::fs::write(path(), format!("{HEAD}{names}"))
}

/// Fails where the list names a case that there is not.
pub(crate) fn check(open: &Open, cases: &[Case]) -> Result<(), String> {
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let unknown: Vec<&str> =
        open.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(format!(
        "no case has these names: take them out of tests/wiremock/open.txt: {}",
        unknown.join(", ")
    ))
}
