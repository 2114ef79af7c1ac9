//! Loading and checking everything as a server would, without serving it.

use std::path::PathBuf;

use crate::document::Diagnostics;
use crate::k8s::DEFAULT_HISTORY;
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
    let _ = build_world(&mut loaded.fixtures, &loaded.scenarios, DEFAULT_HISTORY)?;
    Ok(Checked {
        stubs: loaded.fixtures.stubs.len(),
        objects: loaded.fixtures.objects.len(),
        resource_types: loaded.fixtures.crds.len(),
        rules: loaded.scenarios.len(),
        warnings: loaded.warnings,
    })
}
