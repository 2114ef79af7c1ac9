//! Loads and checks files as a server does, without serving them.

use std::path::PathBuf;

use crate::document::Diagnostics;
use crate::k8s::{HistoryLimits, Registry};
use crate::matching::StubSet;
use crate::profile::TOKENS_PATH;
use crate::scenario::Served;
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
    let (world, _) =
        build_world(&mut loaded.fixtures.objects, &loaded.scenarios, HistoryLimits::default())?;
    let stubs = StubSet::of_files(loaded.fixtures.stubs);
    let mut warnings = loaded.warnings;
    warnings.extend(loaded.fixtures.objects.warnings.0);
    if !loaded.scenarios.is_empty() {
        let served = served(&world.store.state().types, &stubs);
        warnings.extend(loaded.scenarios.lint(&served).0);
    }
    Ok(Checked {
        stubs: stubs.len(),
        objects: loaded.fixtures.objects.objects.len(),
        resource_types: loaded.fixtures.objects.crds.len(),
        rules: loaded.scenarios.len(),
        warnings: warnings.sorted(),
    })
}

/// The paths that are served with any fixtures.
const ALWAYS: [&str; 12] = [
    "/api",
    "/apis",
    "/api/v1",
    "/version",
    "/healthz",
    "/livez",
    "/readyz",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/*",
    "/openapi/v3/*/*",
    TOKENS_PATH,
];

/// The resources and paths that rules can match.
fn served(types: &Registry, stubs: &StubSet) -> Served {
    let (mut paths, open) = stubs.paths();
    paths.extend(ALWAYS.map(str::to_owned));
    let mut resources = Vec::new();
    for of in types.types() {
        resources.push(of.group_resource.to_string());
        for version in &of.versions {
            let root = match of.group() {
                "" => format!("/api/{}", version.name),
                group => format!("/apis/{group}/{}", version.name),
            };
            let plural = of.plural();
            let mut collections = vec![format!("{root}/{plural}")];
            if of.namespaced {
                collections.push(format!("{root}/namespaces/*/{plural}"));
            }
            paths.push(root);
            for collection in collections {
                paths.push(format!("{collection}/*"));
                paths.push(format!("{collection}/*/*"));
                paths.push(collection);
            }
        }
        if !of.group().is_empty() {
            paths.push(format!("/apis/{}", of.group()));
        }
    }
    resources.sort_unstable();
    resources.dedup();
    Served { resources, paths, open }
}
