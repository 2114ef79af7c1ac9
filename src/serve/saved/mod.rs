//! Persistent stubs: each is kept in a file of the root directory, under the name that `WireMock` gives it
//! (`C/common/filemaker/FilenameMaker.java`).

mod files;

use std::sync::{Arc, PoisonError};

use uuid::Uuid;

use crate::matching::{Stub, StubSet};

use super::root;
use super::state::Shared;
use files::Saved;

pub(crate) use files::{SaveError, SavedStubs};

/// The longest name of a file, in characters and without the id.
const MAX_NAME: usize = 150;

impl Shared {
    /// Writes a stub of the set to its file.
    ///
    /// # Errors
    /// [`SaveError`].
    pub(crate) fn save_stub(&self, stub: &Stub) -> Result<(), SaveError> {
        let root = self.root.as_ref().ok_or(SaveError::NoRoot)?;
        let set = self.stubs.load_full();
        let mut saved = self.saved.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match saved.get(&stub.id) {
            Some(file) => file.clone(),
            None => match known(&set, stub.id)? {
                Some(file) => file,
                None => Saved {
                    path: root.mappings.join(file_name(stub)),
                    index: set.insertion_index(stub.id),
                },
            },
        };
        let text = pretty(&stub.file_text(file.index));
        root::write(&file.path, text.as_bytes())
            .map_err(|error| SaveError::Write { path: file.path.clone(), error })?;
        saved.insert(stub.id, file);
        Ok(())
    }

    /// Removes the file of a stub that is removed, if it is persistent.
    ///
    /// # Errors
    /// [`SaveError`].
    pub(crate) fn remove_saved(&self, stub: &Stub) -> Result<(), SaveError> {
        let mut saved = self.saved.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match saved.remove(&stub.id) {
            _ if !stub.is_persistent() => return Ok(()),
            Some(file) => Some(file),
            None => known(&self.stubs.load_full(), stub.id)?,
        };
        let Some(Saved { path, .. }) = file else { return Ok(()) };
        root::remove(&path).map_err(|error| SaveError::Write { path, error })
    }

    /// Removes all files that were written for stubs.
    ///
    /// # Errors
    /// [`SaveError`]: the first; the others are tried all the same.
    pub(crate) fn remove_all_saved(&self) -> Result<(), SaveError> {
        let saved =
            std::mem::take(&mut *self.saved.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut result = Ok(());
        for Saved { path, .. } in saved.into_values() {
            let removed = root::remove(&path);
            result = result.and(removed.map_err(|error| SaveError::Write { path, error }));
        }
        result
    }
}

/// Whether a stub is in a file as it is served.
pub(crate) fn is_in_file(set: &StubSet, stub: &Arc<Stub>) -> bool {
    set.file_of(stub.id).is_some_and(|(_, read)| Arc::ptr_eq(read, stub))
}

/// The file that a stub was read from, if it is one that can be written: JSON, and it holds nothing else.
fn known(set: &StubSet, id: Uuid) -> Result<Option<Saved>, SaveError> {
    let Some((file, stub)) = set.file_of(id) else { return Ok(None) };
    let path = file.path();
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    if file.stubs().len() > 1 || !is_json {
        return Err(SaveError::SeveralInFile { id, path: path.to_owned() });
    }
    Ok(Some(Saved { path: path.to_owned(), index: stub.insertion_index() }))
}

/// The name of a stub's file: its own name, or its method and URL, and its id.
fn file_name(stub: &Stub) -> String {
    let title = if let Some(name) = stub.name().filter(|name| !name.is_empty()) {
        name.to_owned()
    } else {
        let request = &stub.mapping()["request"];
        let text = |key: &str| request[key].as_str().map(str::to_owned);
        let urls = ["url", "urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate"];
        let url = urls.into_iter().find_map(text).unwrap_or_else(|| "(always)".to_owned());
        format!("{}-{url}", text("method").unwrap_or_else(|| "ANY".to_owned()))
    };
    // Files whose names begin with a dot are not loaded.
    let title = sanitized(&title);
    format!("{}-{}.json", title.trim_start_matches('.'), stub.id)
}

fn sanitized(title: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let title: String =
        title.trim_end_matches(' ').replace(' ', "-").chars().filter(|c| kept(*c)).collect();
    title.to_ascii_lowercase().chars().take(MAX_NAME).collect()
}

/// The text with an entry on each line, as people read it.
fn pretty(json: &str) -> String {
    crate::matching::pretty_json(json).unwrap_or_else(|| json.to_owned()) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_wiremock() {
        for (title, name) in [
            ("keep me", "keep-me"),
            ("POST-/a-b/c", "post-a-bc"),
            ("Größe / 100%", "gre--100"),
            ("a.b_C", "a.b_c"),
            ("../../etc", "....etc"),
        ] {
            assert_eq!(sanitized(title), name);
        }
    }
}
