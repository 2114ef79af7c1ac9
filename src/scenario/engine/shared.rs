//! The state of rules as entries that servers share: each has a key and a text, and is written as a whole.
//!
//! ```text
//! tentatively: a decision on the local copy, with what it changes noted → taken back → what it would have changed
//! a store: writes the entries where none was written meanwhile → set_entry on all servers; else: decide again
//! ```
//!
//! What only counts for reports (how often a rule matched and acted) is that of each server, and so is all that a rule
//! with `local: true` keeps. Where no server shares anything, nothing is noted.

use std::sync::Arc;

use super::entry::{Entries, EntryKey, Issued, Notes};
use super::limits::Count;
use super::state::{Memory, ScenarioState};

/// An entry as a decision leaves it: nothing where it is gone.
pub(crate) type EntryChange = (EntryKey, Option<String>);

/// What a decision would change, and what it relied on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EntryChanges {
    /// The entries that it changes.
    pub(crate) changed: Vec<EntryChange>,
    /// The others whose state it depends on.
    pub(crate) relied: Vec<EntryKey>,
}

impl ScenarioState {
    /// The state of a world that servers share: its time began before this server did.
    #[must_use]
    pub(crate) fn shared() -> Self {
        let state = Self::default();
        state.lock().began = None;
        state
    }

    /// Decides, and takes back what the decision has changed of what is shared. Returns the decision, and those changes.
    /// `is_again` says that the same request was decided before. One decision at a time.
    pub(crate) fn tentatively<T>(
        &self,
        is_again: bool,
        decide: impl FnOnce() -> T,
    ) -> (T, EntryChanges) {
        self.lock().noted = Some(Notes { is_again, ..Notes::default() });
        let decided = decide();
        let mut memory = self.lock();
        let Notes { before, mut relied, .. } = memory.noted.take().unwrap_or_default();
        let mut changed = Vec::with_capacity(before.len());
        for (key, before) in &before {
            relied.remove(key);
            let after = memory.entry(key);
            if after != *before {
                changed.push((key.clone(), after));
            }
        }
        memory.restore(before);
        (decided, EntryChanges { changed, relied: relied.into_iter().collect() })
    }

    /// Whether a decision would change what is shared. It is taken back as a whole. One decision at a time.
    pub(crate) fn would_change<T>(&self, decide: impl FnOnce() -> T) -> bool {
        self.lock().noted = Some(Notes { is_again: true, is_dry: true, ..Notes::default() });
        drop(decide());
        let mut memory = self.lock();
        let Notes { before, own, .. } = memory.noted.take().unwrap_or_default();
        let changes = before.iter().any(|(key, before)| memory.entry(key) != *before);
        memory.restore(own);
        memory.restore(before);
        changes
    }

    /// Sets an entry to what another server, or this one, has made of it.
    ///
    /// # Errors
    /// The text is not that of such an entry.
    pub(crate) fn set_entry(&self, key: &EntryKey, text: Option<&str>) -> Result<(), String> {
        let set = self.lock().set(key, text);
        set.ok_or_else(|| format!("{:?} is not the state of a rule", text.unwrap_or_default()))
    }
}

impl Memory {
    /// Notes an entry before it is changed, where that is noted.
    pub(super) fn note(&mut self, key: impl FnOnce() -> EntryKey) {
        if !self.notes() {
            return;
        }
        let key = key();
        let text = self.entry(&key);
        if let Some(Notes { before, own, is_local, .. }) = &mut self.noted {
            let of = if *is_local { own } else { before };
            of.entry(key).or_insert(text);
        }
    }

    /// Notes that the decision depends on an entry, where that is noted.
    pub(super) fn rely(&mut self, key: impl FnOnce() -> EntryKey) {
        if let Some(notes) = self.noted.as_mut().filter(|notes| !notes.is_local) {
            notes.relied.insert(key());
        }
    }

    /// Whether changes are noted.
    pub(super) fn notes(&self) -> bool {
        self.noted.as_ref().is_some_and(|notes| !notes.is_local || notes.is_dry)
    }

    fn restore(&mut self, before: Entries) {
        // What makes room for others comes first.
        let (gone, there): (Vec<_>, Vec<_>) =
            before.into_iter().partition(|(_, text)| text.is_none());
        for (key, text) in gone.into_iter().chain(there) {
            let had_made_room = text.is_some() && self.entry(&key).is_none();
            // The text was written a moment ago.
            let _ = self.set(&key, text.as_deref());
            if had_made_room {
                self.make_oldest(&key);
            }
        }
    }

    /// Says whether what is changed from now on is of this server alone. Returns what was said before.
    pub(in crate::scenario) fn keep_local(&mut self, is_local: bool) -> bool {
        let notes = self.noted.as_mut();
        notes.is_some_and(|notes| std::mem::replace(&mut notes.is_local, is_local))
    }

    /// Whether this server has counted the request under way already.
    pub(super) fn is_counted(&self) -> bool {
        self.noted.as_ref().is_some_and(|notes| notes.is_again)
    }

    /// Lets an entry be the first that makes room again.
    fn make_oldest(&mut self, key: &EntryKey) {
        match key {
            EntryKey::Attempt(rule, of) => {
                self.attempts().demote(&(Arc::clone(rule), *of));
            }
            EntryKey::Limit(rule, of) => self.limits.make_oldest(rule, of),
            EntryKey::Token(token) => self.make_token_oldest(token),
            _ => {}
        }
    }

    /// The text of an entry; nothing where there is none.
    fn entry(&self, key: &EntryKey) -> Option<String> {
        match key {
            EntryKey::Counter(rule, part) => {
                self.counters.get(&(Arc::clone(rule), *part)).map(u64::to_string)
            }
            EntryKey::Attempt(rule, of) => {
                let attempts = self.attempts.as_ref()?;
                attempts.peek(&(Arc::clone(rule), *of)).map(u64::to_string)
            }
            EntryKey::Limit(rule, of) => self.limits.get(rule, of).map(Count::text),
            EntryKey::Token(text) => self.tokens.get(text).map(Issued::text),
            EntryKey::Issued => (self.issued > 0).then(|| self.issued.to_string()),
            EntryKey::Revoked(kind) => self.revoked.get(kind).map(u64::to_string),
            EntryKey::Forgotten => (self.forgotten > 0).then(|| self.forgotten.to_string()),
            EntryKey::Timeline(scenario) => {
                let (start, ahead) = self.starts.get(scenario)?;
                Some(format!("{} {}", start.as_nanos(), ahead.as_nanos()))
            }
        }
    }

    /// Sets an entry; nothing where the text is not one of such an entry.
    fn set(&mut self, key: &EntryKey, text: Option<&str>) -> Option<()> {
        let number = |text: Option<&str>| text.map_or(Some(0), |text| text.parse::<u64>().ok());
        match key {
            EntryKey::Counter(rule, part) => {
                let at = (Arc::clone(rule), *part);
                match text {
                    Some(text) => drop(self.counters.insert(at, text.parse().ok()?)),
                    None => drop(self.counters.remove(&at)),
                }
            }
            EntryKey::Attempt(rule, of) => {
                let at = (Arc::clone(rule), *of);
                match text {
                    Some(text) => drop(self.attempts().put(at, text.parse().ok()?)),
                    None => drop(self.attempts().pop(&at)),
                }
            }
            EntryKey::Limit(rule, of) => match text {
                Some(text) => self.limits.set(rule, *of, Some(Count::of_text(text)?)),
                None => self.limits.set(rule, *of, None),
            },
            EntryKey::Token(token) => match text {
                Some(text) => self.put_token(token, Issued::of_text(text)?),
                None => self.remove_token(token),
            },
            EntryKey::Issued => self.issued = number(text)?,
            EntryKey::Revoked(kind) => match text {
                Some(text) => drop(self.revoked.insert(kind.clone(), text.parse().ok()?)),
                None => drop(self.revoked.remove(kind)),
            },
            EntryKey::Forgotten => self.forgotten = number(text)?,
            EntryKey::Timeline(scenario) => match text {
                Some(text) => {
                    let (start, ahead) = text.split_once(' ')?;
                    let of = |text: &str| text.parse().ok().map(std::time::Duration::from_nanos);
                    self.starts.insert(Arc::clone(scenario), (of(start)?, of(ahead)?));
                }
                None => drop(self.starts.remove(scenario)),
            },
        }
        Some(())
    }
}
