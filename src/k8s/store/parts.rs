//! A change in the parts in which a store that several servers share carries it out.
//!
//! A part is one transaction, and all its writes get one revision. A watch is of one resource, and goes on after the
//! revision of the last event that it was sent; so the writes of a part are of different resources, as upstream writes
//! each object in a transaction of its own. A change of one object, with what is written beside it, is one part.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::definitions;
use super::change::{Committed, Dependency, OnConflict, StoreChange, Write};
use super::{GroupResource, Object, Revision, State};

/// The most writes of one part.
const MOST_WRITES: usize = 16;

/// The most demands of one part. Where there are more, the world has to be unchanged.
const MOST_DEMANDS: usize = 64;

/// A resource and a key: the place of an object.
pub(crate) type Place = (Arc<GroupResource>, Arc<str>);

/// A part of a change.
#[derive(Debug)]
pub(crate) struct Part {
    /// What is written: the object, or nothing where it is removed.
    pub(crate) writes: Vec<(Place, Option<Arc<Object>>)>,
    /// What has to be as it was when the change was decided.
    pub(crate) demands: Vec<Demand>,
    /// Whether others are decided by what is written.
    pub(crate) decides: bool,
}

/// Something that has to be as it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Demand {
    /// The object was written last then.
    Object(Place, Since),
    /// There is no object, and was none since.
    Absent(Place, Since),
    /// No object of the resource was written since.
    Collection(Arc<GroupResource>, Since),
    /// No object was written since by which others are decided: see [`decides`].
    Deciding(Since),
    /// No object of the world was written since.
    World(Since),
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Since {
    /// A revision that was known when the change was decided.
    Revision(Revision),
    /// That of an earlier part of the same change.
    Part(usize),
}

impl StoreChange {
    /// The revision of the state on which it was decided.
    pub(crate) fn base(&self) -> Revision {
        self.base.revision
    }

    /// The new compaction floor, where it changes.
    pub(crate) fn floor(&self) -> Option<Revision> {
        self.floor
    }

    /// Whether it comes from files.
    pub(crate) fn seeds(&self) -> bool {
        self.seeded
    }

    /// Its parts, in order.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut planned = Planned::default();
        for group in self.groups() {
            let number = parts.len();
            let mut demands = Vec::new();
            let mut add = |demand| {
                if !demands.contains(&demand) {
                    demands.push(demand);
                }
            };
            if self.on_conflict == OnConflict::DecideAgain {
                let written = group.iter().map(|write| place(&write.object));
                written.for_each(|place| add(planned.object(&self.base, place)));
                // Decisions depend on the types of objects, and on what admission goes by. A deleted collection is decided
                // once, with its first object: again it would be another one.
                let creates = |write: &Write| write.previous.is_none() && !write.removed;
                if number == 0 || group.iter().any(creates) {
                    add(Demand::Deciding(since(&self.base, planned.deciding)));
                }
            }
            for dependency in &self.relied {
                add(match dependency {
                    Dependency::Object(resource, key) => {
                        planned.object(&self.base, (Arc::clone(resource), Arc::clone(key)))
                    }
                    Dependency::Collection(resource) => {
                        let last = planned.resources.get(resource).copied();
                        Demand::Collection(Arc::clone(resource), since(&self.base, last))
                    }
                });
            }
            if demands.len() > MOST_DEMANDS {
                let last = number.checked_sub(1);
                demands = vec![Demand::World(since(&self.base, last))];
            }
            let writes = group.iter().map(|write| {
                let object = (!write.removed).then(|| Arc::clone(&write.object));
                (place(&write.object), object)
            });
            let decides = group.iter().any(decides);
            parts.push(Part { writes: writes.collect(), demands, decides });
            for write in group {
                planned.note(write, number);
            }
        }
        parts
    }

    /// Its writes in groups of different resources.
    fn groups(&self) -> Vec<&[Write]> {
        let mut groups = Vec::new();
        let (mut start, mut resources) = (0, HashSet::new());
        for (at, write) in self.writes.iter().enumerate() {
            if !resources.insert(&write.object.resource) || at - start == MOST_WRITES {
                groups.push(&self.writes[start..at]);
                start = at;
                resources = HashSet::from([&write.object.resource]);
            }
        }
        if start < self.writes.len() {
            groups.push(&self.writes[start..]);
        }
        groups
    }

    /// What is committed once its first parts are, with their revisions.
    pub(crate) fn committed(self, revisions: &[Revision]) -> Committed {
        let sizes: Vec<usize> = self.groups().iter().map(|group| group.len()).collect();
        let of_writes = sizes.iter().zip(revisions).flat_map(|(size, at)| vec![*at; *size]);
        let of_writes: Vec<Revision> = of_writes.collect();
        let written = self.writes.into_iter().zip(of_writes).map(|(write, revision)| {
            let object = if write.object.meta.revision == revision {
                write.object
            } else {
                Arc::new(write.object.at_revision(revision))
            };
            Write { object, ..write }
        });
        Committed { writes: written.collect(), seeded: self.seeded }
    }
}

impl Committed {
    /// Adds what another change has committed.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.seeded |= other.seeded;
        self.writes.append(&mut other.writes);
    }
}

/// What the parts before have written.
#[derive(Default)]
struct Planned {
    /// The last part that wrote an object, and whether it removed it.
    objects: HashMap<Place, (usize, bool)>,
    resources: HashMap<Arc<GroupResource>, usize>,
    /// The last part by which others are decided.
    deciding: Option<usize>,
}

/// Whether others are decided by what a write leaves: by definitions, and by what admission goes by. Upstream's servers
/// see such objects a moment later (informers); here one answers as if it were alone.
fn decides(write: &Write) -> bool {
    let resource = &*write.object.resource;
    match &*resource.to_string() {
        // Who is counted by a quota relies on that quota; its use is written with each of them.
        "resourcequotas" => write.previous.is_none() || write.removed,
        "limitranges"
        | "ingressclasses.networking.k8s.io"
        | "mutatingadmissionpolicies.admissionregistration.k8s.io"
        | "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
        | "mutatingwebhookconfigurations.admissionregistration.k8s.io"
        | "priorityclasses.scheduling.k8s.io"
        | "runtimeclasses.node.k8s.io"
        | "storageclasses.storage.k8s.io"
        | "validatingadmissionpolicies.admissionregistration.k8s.io"
        | "validatingadmissionpolicybindings.admissionregistration.k8s.io"
        | "validatingwebhookconfigurations.admissionregistration.k8s.io" => true,
        _ => *resource == definitions::resource(),
    }
}

impl Planned {
    fn note(&mut self, write: &Write, part: usize) {
        if decides(write) {
            self.deciding = Some(part);
        }
        self.objects.insert(place(&write.object), (part, write.removed));
        self.resources.insert(Arc::clone(&write.object.resource), part);
    }

    /// The demand that an object is as the base and the parts before have it.
    fn object(&self, base: &State, place: Place) -> Demand {
        match self.objects.get(&place) {
            Some((part, false)) => Demand::Object(place, Since::Part(*part)),
            Some((part, true)) => Demand::Absent(place, Since::Part(*part)),
            None => match base.snapshot.get(&place.0, &place.1) {
                Some(object) => Demand::Object(place, Since::Revision(object.meta.revision)),
                None => Demand::Absent(place, Since::Revision(base.revision)),
            },
        }
    }
}

/// The time of a part, or else that of the base.
fn since(base: &State, part: Option<usize>) -> Since {
    part.map_or(Since::Revision(base.revision), Since::Part)
}

fn place(object: &Object) -> Place {
    (Arc::clone(&object.resource), Arc::clone(&object.key))
}
