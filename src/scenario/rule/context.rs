//! What rules refer to: tokens and clients by name, and files next to the scenario.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::document::{Node, disk};

use super::matcher::Matcher;

/// The largest file that a `reply` may name, in bytes.
const MAX_REPLY: u64 = 64 << 20;

/// The files that replies may name: those in the scenario's directory.
#[derive(Debug)]
pub(in crate::scenario) struct Files<'a> {
    pub(in crate::scenario) directory: Option<&'a Path>,
}

impl Files<'_> {
    /// Reads a file from the scenario's own directory.
    pub(in crate::scenario) fn read(&self, name: &str) -> Result<Bytes, String> {
        let directory = self.directory.ok_or("a shipped scenario has no files beside it")?;
        let failed = |error: std::io::Error| format!("{name:?} cannot be read: {error}");
        let root = directory.canonicalize().map_err(failed)?;
        let path = root.join(name).canonicalize().map_err(failed)?;
        if !path.starts_with(&root) {
            return Err(format!("{name:?} lies outside of the scenario's directory"));
        }
        disk::read(&path, MAX_REPLY).map(Bytes::from).map_err(failed)
    }
}

/// What rules refer to.
pub(in crate::scenario) struct Context<'a> {
    pub(in crate::scenario) files: Files<'a>,
    /// Tokens by their names, with their index among those of all files.
    pub(in crate::scenario) tokens: Vec<(String, usize)>,
    pub(in crate::scenario) clients: Vec<(String, Arc<Matcher>)>,
}

/// Returns what a name refers to. Reports a name that is not declared.
pub(in crate::scenario) fn named<T: Clone>(
    (name, node): &(&str, Node<'_>),
    what: &str,
    declared: &[(String, T)],
) -> Option<T> {
    let found = declared.iter().find(|(known, _)| known == *name);
    if found.is_none() {
        let known: Vec<&str> = declared.iter().map(|(known, _)| known.as_str()).collect();
        let hint = if known.is_empty() {
            format!("declare it under the key \"{what}s\"")
        } else {
            format!("declared: {}", known.join(", "))
        };
        node.error(format!("no {what} is called {name:?}"), hint);
    }
    found.map(|(_, found)| found.clone())
}
