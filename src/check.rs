//! Loading and checking everything as a server would, without serving it.

use std::path::PathBuf;

use crate::document::Diagnostics;
use crate::k8s::{HistoryLimits, Registry};
use crate::matching::StubSet;
use crate::profile::TOKENS_PATH;
use crate::scenario::Served;
use crate::serve::{Sources, build_world};

/// What [`check`] found in files that can be loaded.
#[derive(Debug)]
pub struct Checked {
    /// How many stubs.
    pub stubs: usize,
    /// How many objects.
    pub objects: usize,
    /// How many resource types are defined besides those that come with the program.
    pub resource_types: usize,
    /// How many scenario rules.
    pub rules: usize,
    /// What will not do what it seems to say.
    pub warnings: Diagnostics,
}

/// Loads and checks fixtures and scenarios as a server would, without serving them.
///
/// Gives the number of stubs, objects and rules, and the warnings.
///
/// # Errors
/// Every problem of every file.
pub fn check(fixtures: &[PathBuf], scenarios: &[String]) -> Result<Checked, Diagnostics> {
    let sources = Sources {
        fixtures: fixtures.to_vec(),
        scenarios: scenarios.to_vec(),
        ..Sources::default()
    };
    let mut loaded = sources.load()?;
    // What the objects say is checked against their types.
    let (world, _) =
        build_world(&mut loaded.fixtures.objects, &loaded.scenarios, HistoryLimits::default())?;
    let stubs = StubSet::of_files(loaded.fixtures.stubs);
    let mut warnings = loaded.warnings;
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

/// What is served whatever the fixtures say.
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

/// What there is for rules to match.
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
