//! Every file that is shipped, and every example in the documents, is loaded.

use std::path::{Path, PathBuf};

use standin::{check, internals};

use crate::support::files;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a directory and those below it, in order.
pub(crate) fn files_of(directory: &str) -> Vec<PathBuf> {
    fn below(directory: &Path, all: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, all) } else { all.push(path) }
        }
    }
    let mut all = Vec::new();
    below(&root().join(directory), &mut all);
    all.sort();
    all
}

#[test]
fn every_scenario_loads_without_a_warning() {
    let mut names = Vec::new();
    for path in files_of("scenarios") {
        if path.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        let checked =
            check(&[], &[path.to_string_lossy().into_owned()]).unwrap_or_else(|p| panic!("{p}"));
        assert!(
            checked.rules > 0 && checked.warnings.is_empty(),
            "{}: {}",
            path.display(),
            checked.warnings
        );
        let name = path.strip_prefix(root().join("scenarios")).unwrap().with_extension("");
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    let shipped: Vec<String> =
        internals::shipped_scenarios().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, shipped, "on disk, and in the program");
    assert!(
        internals::shipped_scenarios().iter().all(|(_, description)| description.ends_with('.'))
    );
}

#[test]
fn every_fixture_loads_without_a_warning() {
    let checked =
        check(&[root().join("fixtures")], &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((checked.objects, checked.resource_types), (3, 5));
    assert!(checked.warnings.is_empty(), "{}", checked.warnings);
}

/// The fenced blocks of a document: the words after the fence, the text.
pub(crate) fn blocks(document: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => open = Some((info.to_owned(), String::new())),
            (None, Some((_, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{document}: a block without an end");
    blocks
}

#[test]
fn the_examples_in_the_documents_are_what_they_say() {
    let mut seen = 0;
    let pages = [
        "fixtures",
        "kubernetes",
        "tls",
        "worlds",
        "importing",
        "drilling",
        "recording",
        "library",
        "options",
        "architecture",
    ];
    let pages = pages.map(|page| format!("docs/{page}.md"));
    let guides = ["README.md", "scenarios/README.md"].map(str::to_owned);
    for document in &[&guides[..], &pages[..]].concat() {
        for (info, text) in blocks(document) {
            let extension = match info.split_whitespace().next() {
                Some("yaml") => "yaml",
                Some("json") => "json",
                _ => continue,
            };
            let name = format!("example.{extension}");
            // A body that an example names is beside it.
            let directory = files(&[(&name, &text), ("__files/hello.html", "<p>hello</p>")]);
            let path = directory.path().join(&name);
            // Roles have rules too.
            let is_object = text.starts_with("apiVersion:");
            let is_scenario = !is_object && text.contains("rules:") || text.starts_with("life:");
            let (fixtures, scenarios) = if is_scenario {
                (Vec::new(), vec![path.to_string_lossy().into_owned()])
            } else {
                (vec![path], Vec::new())
            };
            let checked = check(&fixtures, &scenarios)
                .unwrap_or_else(|problems| panic!("{document}: {problems}\n{text}"));
            assert!(checked.warnings.is_empty(), "{document}: {}\n{text}", checked.warnings);
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen} examples");
}
