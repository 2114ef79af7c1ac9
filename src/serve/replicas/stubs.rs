//! The stubs and their settings, which belong to all worlds, as entries of the store.
//!
//! ```text
//! server/stubs/base     what the others lie over: `files`, the stubs of the files; or `none`
//! server/stubs/of/ID    a stub that the admin API has added or edited; `removed` for one of the files
//! server/settings       the settings of all stubs
//! ```
//!
//! A stub is a line about its place and the text of its mapping. Every server has the stubs of the files itself.

use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::document::{Diagnostic, Diagnostics};
use crate::matching::{STARTED, Stub, StubChange, StubSet};

use super::super::commit::{Cluster, MOST_BYTES, MOST_KEYS, Proposal, ServerChange, ShareError};
use super::super::state::Shared;
use super::super::stub_settings::GlobalSettings;
use super::held::Held;

const BASE: &str = "stubs/base";
const OF: &str = "stubs/of/";
const SETTINGS: &str = "settings";

/// What a stub of the files becomes that is removed.
const REMOVED: &[u8] = b"removed";
/// The stubs lie over those of the files.
const FILES: &[u8] = b"files";
/// They lie over none.
const NONE: &[u8] = b"none";

/// How often a change is decided while other servers change the same.
const TRIES: usize = 20;

/// The place of a stub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Whether it was added, and not put in place of another one.
    added: bool,
    /// Its place among those that were added in the same transaction.
    at: usize,
}

impl Shared {
    /// Changes the stubs, on all servers that share them. A scenario whose last stub is gone is forgotten in all worlds.
    ///
    /// # Errors
    /// [`ShareError`]: nothing has happened here, or a first part of many changes.
    pub(crate) fn change_stubs<T>(
        &self,
        mut change: impl FnMut(&mut StubSet) -> T,
    ) -> Result<T, ShareError> {
        let Some(cluster) = self.seeding.cluster() else {
            return Ok(self.change_own_stubs(change));
        };
        for _ in 0..TRIES {
            let (before, set, result, proposals) = {
                let mut held = self.replicas.0.lock().unwrap_or_else(PoisonError::into_inner);
                self.take_over(&cluster, &mut held);
                let before = self.stubs.load_full();
                let mut set = StubSet::clone(&before);
                set.begin_notes();
                let result = change(&mut set);
                let proposals = held.proposals(&before, set.take_notes())?;
                (before, set, result, proposals)
            };
            if !propose_all(&cluster, proposals)? {
                continue;
            }
            for gone in before.scenarios().filter(|name| !set.has_scenario(name)) {
                for world in self.worlds.all() {
                    if *world.stub_states.get(gone) != *STARTED {
                        world.set_stub_state(gone, STARTED)?;
                    }
                }
            }
            self.catch_up_stubs();
            return Ok(result);
        }
        Err(ShareError::Contended)
    }

    /// Serves the stubs of the files alone, which are loaded again, on all servers that share them. Where something is
    /// wrong with them, those that were loaded last are served.
    ///
    /// # Errors
    /// Everything that is wrong with the files of this server; the store was not reached.
    pub(crate) fn reset_stubs(&self) -> Result<Diagnostics, Diagnostics> {
        let Some(cluster) = self.seeding.cluster() else { return self.reset_own_stubs() };
        let base = Proposal {
            cleared: vec![below(OF)],
            written: vec![(below(BASE), FILES.to_vec())],
            ..Proposal::default()
        };
        let made = propose_all(&cluster, vec![base]);
        made.map_err(|error| Diagnostics(vec![Diagnostic::error("--store", error.to_string())]))?;
        self.catch_up_stubs();
        let mut held = self.replicas.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.reset.take().unwrap_or_else(|| Ok(Diagnostics::default()))
    }

    /// Changes the settings of all stubs, on all servers that share them.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn change_settings(
        &self,
        change: impl Fn(&mut GlobalSettings),
    ) -> Result<(), ShareError> {
        let Some(cluster) = self.seeding.cluster() else {
            self.change_own_settings(change);
            return Ok(());
        };
        for _ in 0..TRIES {
            let proposal = {
                let mut held = self.replicas.0.lock().unwrap_or_else(PoisonError::into_inner);
                self.take_over(&cluster, &mut held);
                let mut settings = self.stub_settings();
                change(&mut settings);
                Proposal {
                    expected: vec![(below(SETTINGS), held.at(SETTINGS))],
                    written: vec![(below(SETTINGS), settings.to_json().to_string().into())],
                    ..Proposal::default()
                }
            };
            if propose_all(&cluster, vec![proposal])? {
                self.catch_up_stubs();
                return Ok(());
            }
        }
        Err(ShareError::Contended)
    }

    /// Takes over what other servers have changed of stubs and settings.
    pub(super) fn catch_up_stubs(&self) {
        let Some(cluster) = self.seeding.cluster() else { return };
        let mut held = self.replicas.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.take_over(&cluster, &mut held);
    }

    fn take_over(&self, cluster: &Cluster, held: &mut Held) {
        let changes = cluster.take_changes();
        if changes.is_empty() {
            return;
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut is_loaded = false;
        for change in in_order(changes) {
            let ServerChange::Entry { key, value, revision, .. } = change else {
                held.revisions.clear();
                is_loaded = true;
                steps.push(Step::Base { files: true, read: false });
                continue;
            };
            match &value {
                Some(_) => drop(held.revisions.insert(key.clone(), revision)),
                None => drop(held.revisions.remove(&key)),
            }
            if key == BASE {
                let files = value.as_deref() != Some(NONE);
                steps.push(Step::Base { files, read: !is_loaded });
            } else if key == SETTINGS {
                let read =
                    value.map_or(Ok(GlobalSettings::default()), |text| GlobalSettings::read(&text));
                match read {
                    Ok(settings) => self.change_own_settings(|now| *now = settings.clone()),
                    Err(why) => self.ignore(&key, &why.to_json().to_string()),
                }
            } else if let Some(id) = key.strip_prefix(OF).and_then(|id| id.parse().ok()) {
                match value.filter(|value| **value != *REMOVED) {
                    None => steps.push(Step::Remove(id)),
                    Some(value) => match self.read_entry(id, &value) {
                        Ok((place, stub)) => steps.push(Step::Put {
                            stub: Arc::new(stub),
                            is_latest: is_loaded && place.added,
                        }),
                        Err(why) => self.ignore(&key, &why),
                    },
                }
            } else {
                self.ignore(&key, "it is none of this program");
            }
        }
        // A reset reads files, which changes the stubs by itself.
        for part in steps.chunk_by(|_, next| !matches!(next, Step::Base { read: true, .. })) {
            if let Some(Step::Base { files: true, read: true }) = part.first() {
                held.reset = Some(self.reset_own_stubs());
                self.journal.clear();
            }
            self.change_own_stubs(|set| part.iter().for_each(|step| step.take(set)));
        }
    }

    fn read_entry(&self, id: Uuid, value: &[u8]) -> Result<(Place, Stub), String> {
        let end = value.iter().position(|byte| *byte == b'\n').ok_or("it has no place")?;
        let place = serde_json::from_slice(&value[..end]).map_err(|error| error.to_string())?;
        let files = self.body_files();
        let stub = self.stubs.reader(&files).one(&value[end + 1..], Some(id));
        Ok((place, stub.map_err(|refusal| refusal.to_json().to_string())?))
    }

    fn ignore(&self, key: &str, why: &str) {
        let line = format!("--store: the key server/{key} in etcd is ignored: {why}");
        self.settings.log.line(&line);
    }
}

/// A step by which a set becomes that of the other servers.
enum Step {
    /// What the others lie over: the stubs of the files, which are to be read again, or none.
    Base {
        files: bool,
        read: bool,
    },
    /// A stub in place of the one with its id, or as the most recent one.
    Put {
        stub: Arc<Stub>,
        is_latest: bool,
    },
    Remove(Uuid),
}

impl Step {
    fn take(&self, set: &mut StubSet) {
        match self {
            Self::Base { files: true, read: false } => set.discard_changes(),
            Self::Base { files: true, read: true } => {}
            Self::Base { files: false, .. } => set.clear(),
            Self::Put { stub, is_latest } => {
                if *is_latest || !set.replace(Arc::clone(stub)) {
                    set.add(Arc::clone(stub));
                }
            }
            Self::Remove(id) => drop(set.remove(*id)),
        }
    }
}

/// Where everything was loaded, stubs are taken over in the order in which they were added.
fn in_order(changes: Vec<ServerChange>) -> Vec<ServerChange> {
    let loaded = changes.iter().rposition(|change| *change == ServerChange::Restart);
    let Some(loaded) = loaded else { return changes };
    let mut changes: Vec<_> = changes.into_iter().skip(loaded).collect();
    changes.sort_by_cached_key(|change| match change {
        ServerChange::Entry { key, created, value, .. } if key.starts_with(OF) => {
            let place =
                value.as_deref().and_then(|value| value.split(|byte| *byte == b'\n').next());
            let place = place.and_then(|place| serde_json::from_slice(place).ok());
            (2, *created, place.unwrap_or(Place::default()).at)
        }
        ServerChange::Entry { .. } => (1, 0, 0),
        ServerChange::Restart => (0, 0, 0),
    });
    changes
}

impl Held {
    /// What is proposed for changes of a set. Many changes are several proposals.
    fn proposals(
        &self,
        before: &StubSet,
        changes: Vec<StubChange>,
    ) -> Result<Vec<Proposal>, ShareError> {
        let mut all = Vec::new();
        let mut next = self.over_base();
        for (at, change) in changes.into_iter().enumerate() {
            let (id, value) = match change {
                StubChange::Cleared => {
                    // What was changed before is gone with it.
                    all = vec![Proposal {
                        cleared: vec![below(OF)],
                        written: vec![(below(BASE), NONE.to_vec())],
                        ..Proposal::default()
                    }];
                    next = Proposal::default();
                    continue;
                }
                StubChange::Added(stub) => (stub.id, Some(entry(&stub, Place { added: true, at }))),
                StubChange::Replaced(stub) => {
                    // One that was added stays where it is.
                    let place = Place { added: before.file_of(stub.id).is_none(), at };
                    (stub.id, Some(entry(&stub, place)))
                }
                StubChange::Removed(id) => {
                    (id, before.file_of(id).is_some().then(|| REMOVED.to_vec()))
                }
            };
            let key = format!("{OF}{id}");
            let bytes = key.len() + value.as_ref().map_or(0, Vec::len);
            if bytes > MOST_BYTES {
                return Err(ShareError::TooLarge { bytes });
            }
            let keys = next.written.len() + next.removed.len();
            let is_twice = next.expected.iter().any(|(of, _)| *of == below(&key));
            if keys >= MOST_KEYS || next.bytes() + bytes > MOST_BYTES || is_twice {
                all.push(std::mem::replace(&mut next, self.over_base()));
            }
            let is_again = all
                .iter()
                .any(|of: &Proposal| of.expected.iter().any(|(of, _)| *of == below(&key)));
            if !is_again {
                next.expected.push((below(&key), self.at(&key)));
            }
            match value {
                Some(value) => next.written.push((below(&key), value)),
                None => next.removed.push(below(&key)),
            }
        }
        if !(next.written.is_empty() && next.removed.is_empty()) {
            all.push(next);
        }
        Ok(all)
    }

    /// A proposal for stubs that lie over what is known.
    fn over_base(&self) -> Proposal {
        Proposal { expected: vec![(below(BASE), self.at(BASE))], ..Proposal::default() }
    }
}

fn entry(stub: &Stub, place: Place) -> Vec<u8> {
    let place = serde_json::to_string(&place).unwrap_or_default();
    format!("{place}\n{}", stub.mapping_text()).into()
}

/// The key below `PREFIX/standin/`.
fn below(key: &str) -> String {
    format!("server/{key}")
}

/// Makes changes, one after the other. Returns whether all were made; else the local copies have what came in
/// between.
fn propose_all(cluster: &Cluster, all: Vec<Proposal>) -> Result<bool, ShareError> {
    for proposal in all {
        if cluster.wait(cluster.change(proposal))?.is_none() {
            cluster.wait(cluster.refresh())?;
            return Ok(false);
        }
    }
    Ok(true)
}
