//! What is of one world besides its objects, as this server knows it: the local copy that [`super::follow`] keeps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::matching::{STARTED, ScenarioStates};
use crate::message::WorldName;
use crate::scenario::{EntryKey, ScenarioState};

use super::super::super::clock::Clock;

/// What the keys of stubs' scenarios begin with.
pub(super) const STUB_STATES: &str = "stub-states/";
/// What the keys of the state of rules begin with.
pub(super) const RULES: &str = "rules/";
/// The key of the clock's hands.
pub(super) const CLOCK: &str = "clock";
/// The key of the scenarios that the admin API has chosen.
pub(super) const CHOSEN: &str = "scenarios";
/// Written when counters, draws, tokens and timelines begin anew.
pub(super) const COUNTERS: &str = "counters";
/// Written when the world begins anew.
pub(super) const RESTARTED: &str = "restarted";

/// What is of one world besides its objects.
#[derive(Debug)]
pub(super) struct SharedWorld {
    pub(super) name: WorldName,
    pub(super) stub_states: Arc<ScenarioStates>,
    pub(super) rules: Arc<ScenarioState>,
    pub(super) clock: Arc<Clock>,
    known: Mutex<Known>,
    /// Held by who changes it: one at a time of this server.
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// What is known of its keys.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The revisions at which they were written last.
    revisions: HashMap<String, u64>,
    /// The revision of the last change that was taken over.
    applied: u64,
    /// The scenarios that the admin API has chosen, and since which revision.
    chosen: (u64, Option<Bytes>),
    /// The revision at which the world began anew.
    restarted: u64,
}

impl SharedWorld {
    /// A world in which nothing has happened, whose time began with the data of the store.
    pub(super) fn new(name: &WorldName, began: Timestamp) -> Self {
        Self {
            name: name.clone(),
            stub_states: Arc::default(),
            rules: Arc::new(ScenarioState::shared()),
            clock: Arc::new(Clock::since(began)),
            known: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The key of the state of a stub's scenario.
    pub(super) fn stub_state(scenario: &str) -> String {
        format!("{STUB_STATES}{}", utf8_percent_encode(scenario, NON_ALPHANUMERIC))
    }

    /// Whether a change of a key has to be taken over by what is not part of the local copy.
    pub(super) fn is_news(key: &str) -> bool {
        matches!(key, CHOSEN | RESTARTED | COUNTERS) || key.starts_with("rules/timeline/")
    }

    /// The key below `PREFIX/standin/`.
    pub(super) fn below(&self, key: &str) -> String {
        format!("state/{}/{key}", self.name)
    }

    /// Takes over a change of another server, or of this one, unless it is known.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn apply(
        &self,
        key: &str,
        value: Option<&Bytes>,
        revision: u64,
    ) -> Result<(), String> {
        let mut known = self.known();
        let is_new = revision > known.at(key);
        known.applied = known.applied.max(revision);
        if is_new { self.take_over(&mut known, key, value, revision) } else { Ok(()) }
    }

    /// Takes over a change that this server has made, unless it, or a later one, came meanwhile.
    pub(super) fn wrote(&self, key: &str, value: Option<&Bytes>, revision: u64) {
        let mut known = self.known();
        if revision > known.applied && revision > known.at(key) {
            // What this server writes is right.
            let _ = self.take_over(&mut known, key, value, revision);
        }
    }

    fn take_over(
        &self,
        known: &mut Known,
        key: &str,
        value: Option<&Bytes>,
        revision: u64,
    ) -> Result<(), String> {
        match value {
            Some(_) => drop(known.revisions.insert(key.to_owned(), revision)),
            None => drop(known.revisions.remove(key)),
        }
        match key {
            CLOCK => {
                let hands = value.map(|value| serde_json::from_slice(value)).transpose();
                self.clock.show(hands.map_err(|error| error.to_string())?);
            }
            CHOSEN => known.chosen = (revision, value.cloned()),
            COUNTERS => self.rules.reset(self.clock.elapsed()),
            RESTARTED => known.restarted = revision,
            _ => {
                let text = value.map(|text| String::from_utf8_lossy(text));
                if let Some(entry) = key.strip_prefix(RULES).and_then(EntryKey::parse) {
                    return self.rules.set_entry(&entry, text.as_deref());
                }
                let scenario = key.strip_prefix(STUB_STATES).ok_or("it is none of this program")?;
                let scenario = percent_decode_str(scenario).decode_utf8_lossy();
                self.stub_states.set(&scenario, text.as_deref().unwrap_or(STARTED));
            }
        }
        Ok(())
    }

    /// The world is deleted: all of it is gone.
    pub(super) fn end(&self, revision: u64) {
        self.clear();
        let mut known = self.known();
        known.applied = revision;
        known.restarted = revision;
    }

    /// Forgets all, before it is loaded.
    pub(super) fn clear(&self) {
        let mut known = self.known();
        let Known { chosen: (since, chosen), restarted, applied, .. } = std::mem::take(&mut *known);
        // Who has taken over what was chosen sees that it is not any more.
        let since = if chosen.is_some() { since + 1 } else { since };
        *known = Known { chosen: (since, None), restarted, applied, ..Known::default() };
        self.stub_states.reset();
        self.rules.reset(self.clock.elapsed());
        self.clock.show(None);
    }

    /// The scenarios that the admin API has chosen, and since which revision.
    pub(super) fn chosen(&self) -> (u64, Option<Bytes>) {
        self.known().chosen.clone()
    }

    /// The revisions of what was chosen, and at which the world began anew.
    pub(super) fn versions(&self) -> (u64, u64) {
        let known = self.known();
        (known.chosen.0, known.restarted)
    }

    /// Whether something was written.
    pub(super) fn has_entries(&self) -> bool {
        !self.known().revisions.is_empty()
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The revision of the last choice of scenarios.
    pub(super) fn chosen_at(&self) -> u64 {
        self.chosen.0
    }

    /// The revision at which a key was written last; 0 where it is absent.
    pub(super) fn at(&self, key: &str) -> u64 {
        self.revisions.get(key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> SharedWorld {
        SharedWorld::new(&WorldName::default(), Timestamp::now())
    }

    #[test]
    fn a_change_that_is_known_already_changes_nothing() {
        let world = world();
        let key = SharedWorld::stub_state("a/b c");
        let state = |state: &'static str| Bytes::from_static(state.as_bytes());
        world.wrote(&key, Some(&state("two")), 7);
        world.apply(&key, Some(&state("one")), 6).unwrap();
        assert_eq!((&*world.stub_states.get("a/b c"), world.known().at(&key)), ("two", 7));
        world.apply(&key, None, 9).unwrap();
        // The watch reports the own write after it was seen, and after what came then.
        world.wrote(&key, Some(&state("two")), 7);
        assert_eq!((&*world.stub_states.get("a/b c"), world.known().at(&key)), (STARTED, 0));
        assert!(world.apply("other", None, 10).is_err());
    }

    #[test]
    fn the_end_of_a_world_is_the_end_of_all_that_is_its() {
        let world = world();
        let one = Bytes::from_static(b"1");
        world.apply(&SharedWorld::stub_state("s"), Some(&one), 3).unwrap();
        world.apply(CHOSEN, Some(&one), 4).unwrap();
        let before = world.versions();
        world.end(5);
        assert_eq!((&*world.stub_states.get("s"), world.chosen().1), (STARTED, None));
        let after = world.versions();
        assert!(after.0 > before.0 && after.1 == 5, "{before:?} {after:?}");
        // The removal of each key comes with it.
        world.apply(CHOSEN, None, 5).unwrap();
        assert_eq!(world.chosen(), (5, None));
    }
}
