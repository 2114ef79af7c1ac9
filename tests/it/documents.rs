//! Links between the documents of the repository have valid targets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The documents: every Markdown file of the repository.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy().into_owned();
            let is_made = ["target", "node_modules", "vendor"].contains(&&*name);
            if path.is_dir() && !is_made && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text outside of code, line by line.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push(line);
        }
    }
    lines
}

/// The anchors of a document, as GitHub makes them of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// The targets of the links of a line.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once("](") {
        let Some((target, behind)) = after.split_once(')') else { break };
        found.push(target);
        rest = behind;
    }
    found
}

/// The problem of a link in a document.
fn problem(document: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(f, a)| (f, Some(a)));
    let path =
        if file.is_empty() { document.to_owned() } else { document.parent().unwrap().join(file) };
    if !path.exists() {
        return Some(format!("{}: no such file: {target}", document.display()));
    }
    let anchor = anchor?;
    let text = fs::read_to_string(&path).ok()?;
    (!anchors(&text).contains(anchor))
        .then(|| format!("{}: no such heading: {target}", document.display()))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut seen = 0;
    let mut problems = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in prose(&text).into_iter().flat_map(targets) {
            seen += 1;
            problems.extend(problem(&document, target));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(seen > 30, "only {seen} links were found");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    assert!(problem(&document, "docs/nothing.md").unwrap().contains("no such file"));
    assert!(problem(&document, "docs/options.md#nothing").unwrap().contains("no such heading"));
    assert_eq!(problem(&document, "docs/options.md#bounds"), None);
    assert_eq!(problem(&document, "#documentation"), None);
}
