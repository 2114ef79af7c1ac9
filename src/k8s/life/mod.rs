//! The life of jobs: what controllers and kubelets would make of a created object, told by a file.
//!
//! ```text
//! files → [stage] (what happens, when; its values: [template]) ─┐
//! store's events → [Life] (what is due when) ───────────────────┴→ status writes, in the order due
//! ```
//!
//! Pure as the rest of the engine: the time comes in, and a clock that is moved on by an hour makes an
//! hour of life happen at once, each stage with the time at which it was due.

mod stage;
mod template;

#[cfg(test)]
mod tests;

pub use stage::StageList;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::meta;
use super::resource::GroupResource;
use super::store::{EventKind, Object, Revision, State, StoreChange};

/// Follows a store's events and lets what was created live.
#[derive(Debug)]
pub struct Life {
    seen: Revision,
    /// What happens when: at the same time in the order it was planned.
    due: BTreeMap<(Duration, u64), Due>,
    planned: u64,
}

/// A stage that is due.
#[derive(Debug)]
pub struct DueStage {
    /// When it was due, as time since the world began.
    when: Duration,
    due: Due,
}

/// A stage that an object comes to.
#[derive(Debug, Clone)]
struct Due {
    resource: Arc<GroupResource>,
    key: Arc<str>,
    /// Another object of the same name has a life of its own.
    uid: Box<str>,
    list: usize,
    stage: usize,
}

impl Life {
    /// The life of what is created after a state. What is in it already stays as it is.
    #[must_use]
    pub fn after(state: &State) -> Self {
        Self { seen: state.revision, due: BTreeMap::new(), planned: 0 }
    }

    /// When something happens next, as time since the world began.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.due.keys().next().map(|(when, _)| *when)
    }

    /// The next stage that is due by now, taken off the plan; then it is [`Life::went_on`].
    pub fn take_due(&mut self, elapsed: Duration) -> Option<DueStage> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= elapsed)?;
        let (when, _) = *entry.key();
        let due = entry.remove();
        Some(DueStage { when, due })
    }

    /// Puts a stage back that was taken: it was not written.
    pub fn put_back(&mut self, stage: DueStage) {
        self.plan(stage.when, stage.due);
    }

    /// Plans the stage after one that was taken, for an object that is still there.
    pub fn went_on(&mut self, from: DueStage, lists: &[StageList]) {
        let DueStage { when, due } = from;
        let next = lists.get(due.list).and_then(|list| list.stages.get(due.stage + 1));
        if let Some(next) = next {
            self.plan(when + next.after, Due { stage: due.stage + 1, ..due });
        }
    }

    /// Plans the lives of what was created since the last look.
    pub fn observe(&mut self, state: &State, lists: &[StageList], elapsed: Duration) {
        if state.revision == self.seen {
            return;
        }
        let mut born: Vec<Arc<Object>> = Vec::new();
        if self.seen < state.history.floor() {
            // What happened is forgotten: whoever has no status yet and no plan has just come.
            let planned: HashSet<&str> = self.due.values().map(|due| &*due.uid).collect();
            for (resource, collection) in state.snapshot.collections() {
                if lists.iter().any(|list| list.resource == resource.to_string()) {
                    let unborn = collection.range("", "").filter(|object| {
                        !planned.contains(&*object.meta.uid)
                            && object.value("", "")["status"].is_null()
                    });
                    born.extend(unborn.cloned());
                }
            }
        } else {
            let added = state
                .history
                .after(self.seen)
                .filter(|event| event.kind == EventKind::Added && !event.seeded);
            born.extend(added.map(|event| Arc::clone(&event.object)));
        }
        self.seen = state.revision;
        for object in born {
            let resource = object.resource.to_string();
            // The first list that fits is the one.
            let found = lists.iter().position(|list| {
                list.resource == resource && list.selector.matches(|key| object.label(key))
            });
            let Some(list) = found else { continue };
            if let Some(first) = lists[list].stages.first() {
                let due = Due {
                    resource: Arc::clone(&object.resource),
                    key: Arc::clone(&object.key),
                    uid: object.meta.uid.as_ref().into(),
                    list,
                    stage: 0,
                };
                self.plan(elapsed + first.after, due);
            }
        }
    }

    fn plan(&mut self, when: Duration, due: Due) {
        self.due.insert((when, self.planned), due);
        self.planned += 1;
    }
}

impl DueStage {
    /// The status that the stage writes, and whether the object is still there to go on. `epoch` is the time at
    /// which the world began.
    #[must_use]
    pub fn decide(
        &self,
        state: &Arc<State>,
        lists: &[StageList],
        epoch: jiff::Timestamp,
    ) -> (StoreChange, bool) {
        let mut change = StoreChange::on(state);
        // A reload may have taken the list away.
        let list = lists.get(self.due.list);
        let Some(stage) = list.and_then(|list| list.stages.get(self.due.stage)) else {
            return (change, false);
        };
        let now = meta::time_text(epoch.checked_add(self.when).unwrap_or(jiff::Timestamp::MAX));
        let lives = come_to(&mut change, &self.due, stage, &now);
        (change, lives)
    }
}

/// Writes a stage's status; says whether the object is still there.
fn come_to(change: &mut StoreChange, due: &Due, stage: &stage::Stage, now: &str) -> bool {
    let Some(object) = change.snapshot().get(&due.resource, &due.key).cloned() else {
        return false;
    };
    if *object.meta.uid != *due.uid || object.meta.terminating {
        return false;
    }
    let Some(of) = change.types().get(&due.resource).cloned() else {
        return false;
    };
    let mut value = object.value(&of.api_version(&of.storage().name), &of.kind);
    let status = stage.status_of(&value, now);
    if value.get("status") == Some(&status) {
        return true;
    }
    value["status"] = status;
    meta::set(&mut value, "resourceVersion", change.next_revision().to_string().into());
    let resource = Arc::clone(&of.group_resource);
    change.put(Arc::new(Object::render(resource, value, &of.selectable_paths())));
    true
}
