//! Loads scenarios: names and files → one [`ScenarioSet`].

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::document::{
    Diagnostic, Diagnostics, Format, InlineText, MAX_FILE_BYTES, Severity, Source, disk,
};

use super::file::{self, Offsets};
use super::narrow::Narrowing;
use crate::scenario::rule::set::{Parts, ScenarioInfo, ScenarioSet};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A set of scenarios, with warnings about them.
#[derive(Debug)]
pub(crate) struct LoadedScenarios {
    /// The rules.
    pub set: ScenarioSet,
    /// The warnings.
    pub warnings: Diagnostics,
}

/// One scenario among several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its display name: theme and name of a shipped scenario, or the path of a file.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The argument for [`load`] that names it alone.
    pub source: String,
}

/// Returns the single scenarios that names refer to: those of a directory or theme each; without
/// names, all shipped ones.
///
/// # Errors
/// Names that do not exist, and files that cannot be read.
pub fn expand(named: &[String]) -> Result<Vec<Entry>, Diagnostics> {
    if named.is_empty() {
        let entry = |(name, description): (String, String)| Entry {
            source: name.clone(),
            name,
            description,
        };
        return Ok(shipped().into_iter().map(entry).collect());
    }
    let mut entries = Vec::new();
    let mut problems = Diagnostics::default();
    for name in named {
        match find(name, &mut Diagnostics::default()) {
            Ok(files) => entries.extend(files.iter().map(|file| {
                let (scenario, _) = file.read(Offsets::default());
                let path = &file.source.path;
                // The name of a shipped one has its theme.
                let source = match &file.directory {
                    Some(_) => path.clone(),
                    None => path.strip_prefix("scenarios").unwrap_or(path).with_extension(""),
                };
                let source = source.to_string_lossy().into_owned() + &file.narrowing.suffix();
                Entry { name: source.clone(), description: scenario.description, source }
            })),
            Err(found) => problems.extend(found.0),
        }
    }
    if problems.is_empty() { Ok(entries) } else { Err(problems.sorted()) }
}

/// One file to read.
struct File {
    source: Source,
    name: String,
    directory: Option<PathBuf>,
    /// The requests that its rules are narrowed to.
    narrowing: Narrowing,
}

impl File {
    /// Creates one that is part of the program.
    fn shipped(source: Source, name: &str) -> Self {
        let narrowing = Narrowing::default();
        Self { source, name: bare(name).to_owned(), directory: None, narrowing }
    }

    fn read(&self, offsets: Offsets) -> (file::Scenario, Vec<Diagnostic>) {
        let directory = self.directory.as_deref();
        file::read_narrowed(&self.source, &self.name, directory, offsets, &self.narrowing)
    }
}

/// Returns the scenarios that are part of the program: name and description, in order.
#[must_use]
pub fn shipped() -> Vec<(String, String)> {
    let named = shipped_files().map(|(name, path, text)| {
        let source = Source { path, format: Format::Yaml, text: text.to_owned() };
        let (scenario, _) = file::read(&source, &name, None, Offsets::default());
        (name, scenario.description)
    });
    let mut all: Vec<_> = named.collect();
    all.sort();
    all
}

/// Name, path and text. A name is the theme's folder and the file's name without its extension.
pub(in crate::scenario) fn shipped_files() -> impl Iterator<Item = (String, PathBuf, &'static str)>
{
    fn all(directory: &'static Dir<'static>) -> Vec<&'static include_dir::File<'static>> {
        directory.files().chain(directory.dirs().flat_map(all)).collect()
    }
    let yaml =
        all(&SHIPPED).into_iter().filter(|file| Format::of(file.path()) == Some(Format::Yaml));
    yaml.filter_map(|file| {
        let name = file.path().with_extension("").to_str()?.to_owned();
        Some((name, Path::new("scenarios").join(file.path()), file.contents_utf8()?))
    })
}

/// Loads scenarios: each is a file, a directory of files, or the name of a shipped one (`throttled`
/// or `throttled.yaml`) or of a theme of them (`auth`), followed by `?resource=TYPE` to narrow its
/// rules to such requests. `fallback_seed` is used where neither the files nor the caller name one.
///
/// # Errors
/// Every problem of every file.
pub(crate) fn load(named: &[String], fallback_seed: u64) -> Result<LoadedScenarios, Diagnostics> {
    load_all(named, &[], fallback_seed)
}

/// Loads scenarios as [`load`] does, followed by those given as texts with names.
///
/// # Errors
/// Every problem of every file and text.
pub(crate) fn load_all(
    named: &[String],
    inline: &[InlineText],
    fallback_seed: u64,
) -> Result<LoadedScenarios, Diagnostics> {
    let (mut problems, mut noticed) = (Diagnostics::default(), Diagnostics::default());
    let mut files = Vec::new();
    for name in named {
        match find(name, &mut noticed) {
            Ok(found) => files.extend(found),
            Err(found) => problems.extend(found.0),
        }
    }
    files.extend(inline.iter().map(|text| File {
        source: text.source(),
        name: text.name.clone(),
        directory: None,
        narrowing: Narrowing::default(),
    }));
    let mut parts = Parts::default();
    let mut seed = None;
    for file in &files {
        let offsets = Offsets { tokens: parts.tokens.len(), scenarios: parts.scenarios.len() };
        let (mut scenario, found) = file.read(offsets);
        problems.extend(found);
        for rule in &mut scenario.rules {
            rule.seed = scenario.seed.unwrap_or(fallback_seed);
        }
        seed = seed.or(scenario.seed);
        parts.rules.append(&mut scenario.rules);
        parts.tokens.append(&mut scenario.tokens);
        parts.generate.append(&mut scenario.generate);
        parts.life.append(&mut scenario.life);
        parts.http2 = parts.http2.and(scenario.http2);
        parts.scenarios.push(ScenarioInfo {
            name: file.name.as_str().into(),
            path: file.source.path.clone(),
            timeline: scenario.timeline,
            listening: scenario.listening,
            grading: scenario.grading,
            unused: scenario.unused,
        });
    }
    problems.extend(noticed.0);
    if problems.has_errors() {
        return Err(problems.sorted());
    }
    debug_assert!(problems.0.iter().all(|problem| problem.severity == Severity::Warning));
    parts.seed = seed.unwrap_or(fallback_seed);
    Ok(LoadedScenarios { set: ScenarioSet::new(parts), warnings: problems.sorted() })
}

fn find(name: &str, noticed: &mut Diagnostics) -> Result<Vec<File>, Diagnostics> {
    let one = |problem: Diagnostic| Diagnostics(vec![problem]);
    if Path::new(name).exists() {
        return find_bare(name, noticed);
    }
    let (bare, narrowing) = Narrowing::split(name).map_err(|why| {
        let usable = "write NAME?resource=TYPE&namespace=NAME&verb=VERB, with one value each";
        one(Diagnostic::error(name, why).hint(usable))
    })?;
    let mut files = find_bare(bare, noticed)?;
    for file in &mut files {
        file.narrowing = narrowing.clone();
    }
    Ok(files)
}

fn find_bare(name: &str, noticed: &mut Diagnostics) -> Result<Vec<File>, Diagnostics> {
    let path = Path::new(name);
    let one = |problem: Diagnostic| Diagnostics(vec![problem]);
    if path.is_dir() {
        let mut problems = Diagnostics::default();
        let paths = disk::files_below(path, &|_| false, &mut problems);
        if problems.has_errors() {
            return Err(problems);
        }
        noticed.extend(problems.0);
        if paths.is_empty() {
            return Err(one(Diagnostic::error(path, "there is no scenario in this directory")));
        }
        return paths.iter().map(|path| read_file(path).map_err(one)).collect();
    }
    if path.exists() {
        return read_file(path).map(|file| vec![file]).map_err(one);
    }
    let wanted = name.strip_suffix(".yaml").unwrap_or(name);
    // The theme is optional.
    let is_wanted = |name: &str| name == wanted || bare(name) == wanted;
    if let Some((name, path, text)) = shipped_files().find(|(name, _, _)| is_wanted(name)) {
        let source = Source { path, format: Format::Yaml, text: text.to_owned() };
        return Ok(vec![File::shipped(source, &name)]);
    }
    let theme: Vec<File> = shipped_files()
        .filter(|(name, _, _)| name.split('/').next() == Some(wanted.trim_end_matches('/')))
        .map(|(name, path, text)| {
            let source = Source { path, format: Format::Yaml, text: text.to_owned() };
            File::shipped(source, &name)
        })
        .collect();
    if !theme.is_empty() {
        return Ok(theme);
    }
    let names: Vec<String> = shipped_files().map(|(name, _, _)| name).collect();
    let distance = |known: &str| {
        strsim::damerau_levenshtein(known, wanted)
            .min(strsim::damerau_levenshtein(bare(known), wanted))
    };
    let hint = match names.iter().min_by_key(|known| distance(known)) {
        Some(nearest) if distance(nearest) <= 3 => format!("did you mean {nearest:?}?"),
        _ => "`standin scenarios` lists the shipped ones".to_owned(),
    };
    Err(one(Diagnostic::error(path, "there is no such file, and no shipped scenario of this name")
        .hint(hint)))
}

/// Returns a shipped scenario's name without its theme.
fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn read_file(path: &Path) -> Result<File, Diagnostic> {
    let Some(format) = Format::of(path) else {
        return Err(Diagnostic::error(path, "this is not a scenario file")
            .hint("name it .yaml, .yml or .json"));
    };
    let bytes = disk::read(path, MAX_FILE_BYTES).map_err(|error| disk::unreadable(path, &error))?;
    let source = Source::from_bytes(path.to_path_buf(), format, bytes)?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("scenario").to_owned();
    let directory = path.parent().map(|parent| {
        if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() }
    });
    Ok(File { source, name, directory, narrowing: Narrowing::default() })
}
