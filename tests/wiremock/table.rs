//! `docs/wiremock.md`: how many cases of each theme pass. It follows from the cases and `open.txt` alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::case::Case;
use crate::compare::text_difference;
use crate::open::Open;

const HEAD: &str = "\
# WireMock compatibility

Conversations recorded from WireMock 3.13.2 ([the corpus](../tests/wiremock/README.md)) are played against
Standin, and each answer is compared with the recorded one. This table says how many cases of each theme
pass, and names those that do not pass yet. `cargo test --test wiremock` holds it against the run, and
`STANDIN_WIREMOCK_UPDATE=1 cargo test --test wiremock` writes it.
";

/// What is different on purpose.
const DIFFERENCES: &str = "
## Deliberate differences

| what | WireMock | here | why |
|---|---|---|---|
| address | all interfaces | loopback; `--bind-address` | a test server is no service of the network |
| journal | unbounded | 10,000 requests, 32 MiB; drops are counted | memory is bounded; `--max-request-journal-entries`, `--bound` |
| secrets in the journal, in near misses and lines | in clear | pseudonyms of the same shape; counting and finding compare the true values | logs and reports are shared; `--show-secrets` |
| DELETE of all mappings | deletes every file in `mappings/` | deletes files that the server wrote | nobody's fixtures are lost |
| order of files | the file system's | sorted by path | the same on each machine |
| state of scenarios | select and change are two steps | one step | parallel requests do not see the old state twice |
| regular expressions, JSONPaths, XPaths, schemas, templates | unbounded | a limit of steps; then no match or an error that names stub and field | a pattern cannot stop the server |
| an exception in an operator (a null among what a JSONPath finds) | the request gets 500, whatever other stubs say | the stub does not match | one stub does not break the others |
| bodies | unbounded | a limit, named in the 413 | memory is bounded |
| POST `/__admin/requests/reset` | gone in 3.x: 404 | empties the journal | client packages call it |
| secrets in recordings | in clear | pseudonyms; the patterns match any value in their place | recordings are committed |
| admin API | for every page | refuses browsers of other origins | a web page cannot change the stubs |
| extensions, custom matchers and transformers in Java, JKS key stores | loaded | accepted with a warning; a custom matcher never matches | there is no JVM |
";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/wiremock.md")
}

pub(crate) fn write(cases: &[Case], open: &Open) -> std::io::Result<()> {
    std::fs::write(path(), table(cases, open))
}

/// Fails where the file says anything else than the cases and the list of open ones.
pub(crate) fn check(cases: &[Case], open: &Open) -> Result<(), String> {
    let (want, got) = (table(cases, open), std::fs::read_to_string(path()).unwrap_or_default());
    if want == got {
        return Ok(());
    }
    let difference = text_difference(&want, &got);
    Err(format!(
        "docs/wiremock.md is out of date: write it with STANDIN_WIREMOCK_UPDATE=1 cargo test --test wiremock\n{difference}"
    ))
}

/// The page.
pub(crate) fn table(cases: &[Case], open: &Open) -> String {
    let mut themes: BTreeMap<&str, Theme<'_>> = BTreeMap::new();
    let mut total = Theme::default();
    for case in cases {
        let theme = themes.entry(&case.theme).or_default();
        theme.cases += 1;
        total.cases += 1;
        if open.contains(&case.name) {
            theme.open.push(&case.name);
            total.open.push(&case.name);
        }
    }
    let passing = total.passing();
    let mut out = format!("{HEAD}\n{passing} of {} cases pass.\n\n", total.cases);
    out += "| theme | cases | passing | open |\n|---|---:|---:|---|\n";
    for (name, theme) in themes {
        out +=
            &format!("| {name} | {} | {} | {} |\n", theme.cases, theme.passing(), theme.folded());
    }
    out + DIFFERENCES
}

#[derive(Default)]
struct Theme<'a> {
    cases: usize,
    open: Vec<&'a str>,
}

impl Theme<'_> {
    fn passing(&self) -> usize {
        self.cases - self.open.len()
    }

    /// The number of open cases, with their names behind a click.
    fn folded(&self) -> String {
        if self.open.is_empty() {
            return String::new();
        }
        let mut names = self.open.clone();
        names.sort_unstable();
        let (count, names) = (names.len(), names.join(", "));
        format!("<details><summary>{count}</summary>{names}</details>")
    }
}
