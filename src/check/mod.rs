//! Loads and checks files as a server does, without serving them.
//!
//! ```text
//! sources → loaded sets → errors
//!               └ warnings: scenarios against [served] requests, [stubs] against each other
//! ```

mod served;
mod stubs;

use std::path::PathBuf;

use crate::document::Diagnostics;
use crate::k8s::{HistoryLimits, Registry};
use crate::matching::StubSet;
use crate::scenario::ScenarioSet;
use crate::serve::{Sources, build_world};

/// What valid files contain, from [`check`].
///
/// ```
/// let checked = standin::check(&[], &["throttled".to_owned()])?;
/// println!("{} stubs, {} objects, {} rules", checked.stubs, checked.objects, checked.rules);
/// assert!(checked.warnings.is_empty());
/// # Ok::<(), standin::Diagnostics>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The number of stubs.
    pub stubs: usize,
    /// The number of Kubernetes objects.
    pub objects: usize,
    /// The number of resource types that the files define.
    pub resource_types: usize,
    /// The number of scenario rules.
    pub rules: usize,
    /// What is valid and has no effect, or another one than it seems to have.
    pub warnings: Diagnostics,
}

/// Loads and checks fixtures and scenarios as a server does, without serving them.
///
/// Without fixtures the embedded ones are checked; scenarios are files, or names of embedded ones.
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("stub.json");
/// std::fs::write(&path, r#"{"request": {"urll": "/a"}, "response": {}}"#)?;
/// let problems = standin::check(&[path], &[]).unwrap_err();
/// assert!(problems.to_string().contains("urll"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Every problem of every file.
pub fn check(fixtures: &[PathBuf], scenarios: &[String]) -> Result<Checked, Diagnostics> {
    check_without(fixtures, &[], scenarios)
}

/// As [`check`], without the files that the globs of `ignore` name.
///
/// # Errors
/// Every problem of every file; a glob that is invalid.
pub fn check_without(
    fixtures: &[PathBuf],
    ignore: &[String],
    scenarios: &[String],
) -> Result<Checked, Diagnostics> {
    let sources = Sources {
        fixtures: fixtures.to_vec(),
        ignore: ignore.to_vec(),
        scenarios: scenarios.to_vec(),
        ..Sources::default()
    };
    let mut loaded = sources.load()?;
    // The objects are checked against the schemas of their types.
    let (world, _) = build_world(
        &mut loaded.fixtures.objects,
        &loaded.scenarios,
        HistoryLimits::default(),
        None,
    )?;
    let stubs = StubSet::of_files(loaded.fixtures.stubs);
    let mut warnings = loaded.warnings;
    warnings.extend(loaded.fixtures.objects.warnings.0);
    warnings.extend(of_scenarios(&loaded.scenarios, &world.store.state().types, &stubs, false).0);
    warnings.extend(of_stubs(&stubs, !loaded.fixtures.objects.objects.is_empty()).0);
    Ok(Checked {
        stubs: stubs.len(),
        objects: loaded.fixtures.objects.objects.len(),
        resource_types: loaded.fixtures.objects.crds.len(),
        rules: loaded.scenarios.len(),
        warnings: warnings.sorted(),
    })
}

/// The warnings about scenarios; `open` says whether a backend may serve what these do not.
pub(crate) fn of_scenarios(
    scenarios: &ScenarioSet,
    types: &Registry,
    stubs: &StubSet,
    open: bool,
) -> Diagnostics {
    if scenarios.has_nothing() {
        return Diagnostics::default();
    }
    let mut served = served::requests(types, stubs);
    served.open |= open;
    scenarios.lint(&served)
}

/// The warnings about stubs that never answer, and about objects that stubs hide.
pub(crate) fn of_stubs(stubs: &StubSet, has_objects: bool) -> Diagnostics {
    stubs::unreachable(stubs, has_objects)
}
