//! The compiled policies of a world: each is compiled once for each of its revisions (`generic/policy_source.go`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::super::super::resource::GroupResource;
use super::super::super::store::Snapshot;
use super::compiled::{Binding, Policy, Rules};
use super::rules::{Mutations, Validations};

/// The types of policies and of their bindings.
type Types = LazyLock<[GroupResource; 2]>;

static VALIDATING: Types = LazyLock::new(|| types("validatingadmissionpolic"));
static MUTATING: Types = LazyLock::new(|| types("mutatingadmissionpolic"));

fn types(stem: &str) -> [GroupResource; 2] {
    ["ies", "ybindings"]
        .map(|end| GroupResource::new("admissionregistration.k8s.io", &format!("{stem}{end}")))
}

/// A policy with its bindings.
#[derive(Debug)]
pub(super) struct Bound<R> {
    pub(super) policy: Arc<Policy<R>>,
    pub(super) bindings: Vec<Binding>,
}

/// The compiled policies of a world.
#[derive(Debug, Default)]
pub(in super::super::super) struct PolicyCache {
    validating: Mutex<Compiled<Validations>>,
    mutating: Mutex<Compiled<Mutations>>,
}

#[derive(Debug)]
struct Compiled<R> {
    /// Of which content of both collections.
    content: (u64, u64),
    bound: Option<Arc<[Bound<R>]>>,
}

impl<R> Default for Compiled<R> {
    fn default() -> Self {
        Self { content: (0, 0), bound: None }
    }
}

impl PolicyCache {
    /// The validating policies with their bindings, both by name; nothing where there are none.
    pub(super) fn validating(&self, snapshot: &Snapshot) -> Option<Arc<[Bound<Validations>]>> {
        bound(&self.validating, &VALIDATING, snapshot)
    }

    /// The mutating policies with their bindings, both by name; nothing where there are none.
    pub(super) fn mutating(&self, snapshot: &Snapshot) -> Option<Arc<[Bound<Mutations>]>> {
        bound(&self.mutating, &MUTATING, snapshot)
    }
}

fn bound<R: Rules>(
    cache: &Mutex<Compiled<R>>,
    types: &[GroupResource; 2],
    snapshot: &Snapshot,
) -> Option<Arc<[Bound<R>]>> {
    if !has_any(snapshot, types) {
        return None;
    }
    let (policies, bindings) = (snapshot.collection(&types[0])?, snapshot.collection(&types[1])?);
    let content = (policies.content(), bindings.content());
    let mut cached = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if cached.content == content
        && let Some(bound) = &cached.bound
    {
        return Some(Arc::clone(bound));
    }
    let known: HashMap<&str, &Arc<Policy<R>>> = cached
        .bound
        .iter()
        .flat_map(|bound| bound.iter())
        .map(|bound| (bound.policy.name.as_str(), &bound.policy))
        .collect();
    let kind = format!("{}Binding", R::KIND);
    let mut of: HashMap<String, Vec<Binding>> = HashMap::new();
    for object in bindings.range("", "") {
        let (policy, binding) = Binding::of(object, &kind);
        of.entry(policy).or_default().push(binding);
    }
    let bound = policies.range("", "").filter_map(|object| {
        let bindings = of.remove(&*object.meta.name)?;
        let known = known.get(&*object.meta.name);
        let policy = match known.filter(|known| known.revision == object.meta.revision.0) {
            Some(known) => Arc::clone(known),
            None => Arc::new(Policy::of(object)),
        };
        Some(Bound { policy, bindings })
    });
    let bound: Arc<[Bound<R>]> = bound.collect();
    *cached = Compiled { content, bound: Some(Arc::clone(&bound)) };
    Some(bound)
}

/// Whether a world has validating policies that are bound.
pub(in super::super::super) fn has_validating(snapshot: &Snapshot) -> bool {
    has_any(snapshot, &VALIDATING)
}

/// Whether a world has mutating policies that are bound.
pub(in super::super::super) fn has_mutating(snapshot: &Snapshot) -> bool {
    has_any(snapshot, &MUTATING)
}

fn has_any(snapshot: &Snapshot, types: &[GroupResource; 2]) -> bool {
    types
        .iter()
        .all(|resource| snapshot.collection(resource).is_some_and(|found| found.count("") > 0))
}
