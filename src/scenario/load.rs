//! Names and files → one set of rules.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::document::{Diagnostic, Diagnostics, Format, MAX_FILE_BYTES, Severity, Source};

use super::format::{self, Scenario};
use super::rule::ScenarioSet;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A set of scenarios that can be used, with what was noticed on the way.
#[derive(Debug)]
pub struct LoadedScenarios {
    /// The rules.
    pub set: ScenarioSet,
    /// What will not do what it seems to say.
    pub warnings: Diagnostics,
}

/// One file to read.
struct File {
    source: Source,
    name: String,
    directory: Option<PathBuf>,
}

/// The scenarios that come with the program: name and description, in order.
#[must_use]
pub fn shipped() -> Vec<(String, String)> {
    let named = shipped_files().map(|(name, path, text)| {
        let source = Source { path, format: Format::Yaml, text: text.to_owned() };
        let (scenario, _) = format::read(&source, &name, None, 0);
        (name, scenario.description)
    });
    let mut all: Vec<_> = named.collect();
    all.sort();
    all
}

/// name, path, text.
fn shipped_files() -> impl Iterator<Item = (String, PathBuf, &'static str)> {
    let yaml = SHIPPED.files().filter(|file| Format::of(file.path()) == Some(Format::Yaml));
    yaml.filter_map(|file| {
        let name = file.path().file_stem()?.to_str()?.to_owned();
        Some((name, Path::new("scenarios").join(file.path()), file.contents_utf8()?))
    })
}

/// Loads scenarios: each is a file, a directory of files, or the name of a shipped one (`throttled` or
/// `throttled.yaml`). `fallback_seed` is used where neither the files nor the caller name one.
///
/// # Errors
/// Every problem of every file.
pub fn load(named: &[String], fallback_seed: u64) -> Result<LoadedScenarios, Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut files = Vec::new();
    for name in named {
        match find(name) {
            Ok(found) => files.extend(found),
            Err(found) => problems.extend(found.0),
        }
    }
    let (mut rules, mut tokens, mut generate, mut seed) =
        (Vec::new(), Vec::new(), Vec::new(), None);
    for file in &files {
        let (scenario, found) =
            format::read(&file.source, &file.name, file.directory.as_deref(), tokens.len());
        problems.extend(found);
        let Scenario {
            seed: own,
            rules: mut own_rules,
            tokens: own_tokens,
            generate: own_generate,
            ..
        } = scenario;
        for rule in &mut own_rules {
            rule.seed = own.unwrap_or(fallback_seed);
        }
        seed = seed.or(own);
        rules.extend(own_rules);
        tokens.extend(own_tokens);
        generate.extend(own_generate);
    }
    if problems.has_errors() {
        return Err(problems.sorted());
    }
    debug_assert!(problems.0.iter().all(|problem| problem.severity == Severity::Warning));
    let set = ScenarioSet::new(rules, tokens, generate, seed.unwrap_or(fallback_seed));
    Ok(LoadedScenarios { set, warnings: problems.sorted() })
}

fn find(name: &str) -> Result<Vec<File>, Diagnostics> {
    let path = Path::new(name);
    let one = |problem: Diagnostic| Diagnostics(vec![problem]);
    if path.is_dir() {
        let read = std::fs::read_dir(path)
            .map_err(|error| one(Diagnostic::error(path, error.to_string())))?;
        let mut paths: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.is_file() && Format::of(path).is_some());
        paths.sort();
        if paths.is_empty() {
            return Err(one(Diagnostic::error(path, "there is no scenario in this directory")));
        }
        return paths.iter().map(|path| read_file(path).map_err(one)).collect();
    }
    if path.exists() {
        return read_file(path).map(|file| vec![file]).map_err(one);
    }
    let wanted = name.strip_suffix(".yaml").unwrap_or(name);
    if let Some((name, path, text)) = shipped_files().find(|(name, _, _)| name == wanted) {
        let source = Source { path, format: Format::Yaml, text: text.to_owned() };
        return Ok(vec![File { source, name, directory: None }]);
    }
    let names: Vec<String> = shipped_files().map(|(name, _, _)| name).collect();
    let nearest = names.iter().min_by_key(|known| strsim::damerau_levenshtein(known, wanted));
    let hint = match nearest {
        Some(nearest) if strsim::damerau_levenshtein(nearest, wanted) <= 3 => {
            format!("did you mean {nearest:?}?")
        }
        _ => "`standin scenarios` lists the shipped ones".to_owned(),
    };
    Err(one(Diagnostic::error(path, "there is no such file, and no shipped scenario of this name")
        .hint(hint)))
}

fn read_file(path: &Path) -> Result<File, Diagnostic> {
    let failed =
        |error: std::io::Error| Diagnostic::error(path, format!("cannot be read: {error}"));
    let Some(format) = Format::of(path) else {
        return Err(Diagnostic::error(path, "this is not a scenario file")
            .hint("name it .yaml, .yml or .json"));
    };
    let size = path.metadata().map_err(failed)?.len();
    if size > MAX_FILE_BYTES {
        return Err(Diagnostic::error(
            path,
            format!("the file has {size} bytes; at most {MAX_FILE_BYTES} are read"),
        ));
    }
    let source =
        Source::from_bytes(path.to_path_buf(), format, std::fs::read(path).map_err(failed)?)?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("scenario").to_owned();
    let directory = path.parent().map(|parent| {
        if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() }
    });
    Ok(File { source, name, directory })
}
