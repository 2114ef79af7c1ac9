//! The root directory: where the admin API keeps stubs and body files, as `WireMock`'s `--root-dir`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::matching::BodyFiles;

/// The directories of a root directory that hold stub mappings and body files.
const MAPPINGS: &str = "mappings";
const FILES: &str = "__files";

/// A directory with `mappings/` and `__files/`. Either may be missing: it is made when something is written.
#[derive(Debug, Clone)]
pub(crate) struct RootDirectory {
    pub(crate) mappings: PathBuf,
    pub(crate) files: PathBuf,
}

impl RootDirectory {
    /// The root directory among the paths of the fixtures: the first directory that holds one of the two, or
    /// that is named `mappings`.
    pub(crate) fn of(paths: &[PathBuf]) -> Option<Self> {
        paths.iter().filter(|path| path.is_dir()).find_map(|path| Self::at(path))
    }

    fn at(path: &Path) -> Option<Self> {
        if path.join(MAPPINGS).is_dir() || path.join(FILES).is_dir() {
            return Some(Self { mappings: path.join(MAPPINGS), files: path.join(FILES) });
        }
        if path.file_name()? == MAPPINGS {
            let files = path.parent()?.join(FILES);
            return Some(Self { mappings: path.to_owned(), files });
        }
        None
    }
}

/// The bodies that stubs of the admin API may name. They are looked for when a stub answers.
#[derive(Debug)]
pub(crate) struct RootFiles<'a>(pub(crate) Option<&'a RootDirectory>);

impl BodyFiles for RootFiles<'_> {
    fn directory(&self) -> Option<Arc<Path>> {
        self.0.map(|root| root.files.as_path().into())
    }

    fn check(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }
}
