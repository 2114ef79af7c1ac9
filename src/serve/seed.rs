//! Fixtures and scenarios → the objects a world begins with, and the world.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::document::{Diagnostic, Diagnostics, Severity};
use crate::fixtures::{ObjectFixture, ObjectSet, add_shipped, shipped_types};
use crate::k8s::{
    self, ClusterObjects, EnabledApis, HistoryLimits, KubernetesVersion, ObjectError, Registry,
    Seed, SeedObject, State,
};
use crate::message::WorldName;
use crate::scenario::{Generate, ScenarioSet};

use super::clock::Clock;
use super::commit::Reached;
use super::seeding::{self, Lazy, Seeding};
use super::world::World;

/// Builds the default world. The objects are moved out of the fixtures: the store keeps them. Where neither files nor
/// scenarios define any, the store is made when it is first needed: a server of stubs alone starts without it. With a
/// store that several servers share, the world is there.
///
/// # Errors
/// Every object that its type does not allow, with its file; a store that holds the objects of other files.
pub(crate) fn build_world(
    fixtures: &mut ObjectSet,
    scenarios: &ScenarioSet,
    history: HistoryLimits,
    store: Option<Reached>,
) -> Result<(World, Seeding), Diagnostics> {
    let clock = Clock::start();
    let began = store.as_ref().map_or(clock.epoch(), Reached::began);
    let shipped = if fixtures.with_shipped { shipped_types() } else { 0 };
    let objects = fixtures.cluster.map_or(0, ClusterObjects::count);
    let mut cluster = None;
    let is_lazy = store.is_none() && fixtures.defines_nothing();
    let state = if is_lazy && scenarios.generated().is_empty() {
        let mut fixtures = std::mem::take(fixtures);
        Lazy::new(Box::new(move || {
            let state = state(&mut fixtures, &[], history, began);
            state.expect("the definitions that come with the program are valid")
        }))
    } else {
        let mut first = state(fixtures, scenarios.generated(), history, began)?;
        if let Some(store) = store {
            let joined = store.join(&first);
            let joined =
                joined.map_err(|why| Diagnostics(vec![Diagnostic::error("--store", why)]))?;
            (cluster, first) = (Some(joined.0), joined.1);
        }
        seeding::made(first)
    };
    let unmade = k8s::NAMESPACES.len() + shipped + objects;
    let seeding = Seeding::new(state, cluster, fixtures, unmade);
    Ok((World::new(WorldName::default(), seeding.current(), clock), seeding))
}

/// What fixtures make, for who has no server.
///
/// # Errors
/// Every object that its type does not allow, with its file.
#[cfg(all(feature = "etcd", feature = "cli"))]
pub(crate) fn first_state(fixtures: &mut ObjectSet) -> Result<State, Diagnostics> {
    state(fixtures, &[], HistoryLimits::default(), Timestamp::now())
}

/// The first state of a world, with the objects that are `wanted` besides; `now` is the time of objects that name
/// none.
pub(super) fn state(
    fixtures: &mut ObjectSet,
    wanted: &[Generate],
    history: HistoryLimits,
    now: Timestamp,
) -> Result<State, Diagnostics> {
    add_shipped(fixtures)?;
    let mut problems = Diagnostics::default();
    let generated = generated(fixtures, wanted, &mut problems);
    let taken = |object: &mut ObjectFixture| std::mem::take(&mut object.object);
    let crds = fixtures.crds.iter_mut().chain(&mut fixtures.shipped).map(taken).collect();
    let mut objects: Vec<SeedObject> = fixtures.objects.iter_mut().map(taken).collect();
    objects.extend(generated.into_iter().map(|value| {
        // Bare objects lack what their types require.
        let mut object = SeedObject::new(value);
        object.trust();
        object
    }));
    let release = fixtures.release;
    if let Some(cluster) = fixtures.cluster {
        let of_cluster = cluster.beside(&objects, now, &fixtures.services).into_iter();
        objects.extend(of_cluster.filter(|object| {
            release.has_object(&object.kind, &object.name) && is_of_served(object, &fixtures.apis)
        }));
    }
    let rbac = fixtures.with_bootstrap_roles;
    if rbac {
        objects.extend(bootstrap_roles(&objects));
    }
    let seed = Seed { crds, objects, history, now };
    let built = seed.build();
    if let Ok((state, _)) = &built {
        unknown_types(fixtures, state, &mut problems);
    }
    let all: Vec<&ObjectFixture> = fixtures.definitions().chain(&fixtures.objects).collect();
    match built {
        Ok((state, unknown)) if problems.is_empty() => {
            let warnings = unknown.iter().map(|(index, field)| {
                let message = "the field is not in the definition of the type: it is left out";
                let hint = "remove it, or add it to the schema";
                let found = all.get(*index).copied();
                let found = placed(found, field, message).hint(hint);
                Diagnostic { severity: Severity::Warning, ..found }
            });
            let warnings = first(warnings, unknown.len());
            fixtures.warnings = warnings;
            let mut state = state;
            if release != KubernetesVersion::default() {
                state.types = Arc::new(Arc::unwrap_or_clone(state.types).of_release(release));
            }
            if !fixtures.apis.is_default() {
                let types = Arc::unwrap_or_clone(state.types);
                state.types = Arc::new(types.with_apis(&fixtures.apis));
            }
            Ok(if rbac { k8s::with_aggregated_roles(state) } else { state })
        }
        Ok(_) => Err(problems),
        Err(errors) => {
            let found =
                errors.iter().map(|(index, error)| diagnostic(all.get(*index).copied(), error));
            problems.extend(first(found, errors.len()).0);
            Err(problems.sorted())
        }
    }
}

/// Whether an object of a new cluster is there: an API service is where its version is served.
fn is_of_served(object: &SeedObject, apis: &EnabledApis) -> bool {
    if &*object.kind != "APIService" {
        return true;
    }
    let (version, group) = object.name.split_once('.').unwrap_or((&object.name, ""));
    apis.serves_version(group, version)
}

/// The roles and bindings of every API server with RBAC, but for those that the files define themselves.
fn bootstrap_roles(objects: &[SeedObject]) -> Vec<SeedObject> {
    let identity = |object: &SeedObject| {
        (object.kind.to_string(), object.namespace.to_string(), object.name.to_string())
    };
    let is_rbac = |object: &&SeedObject| object.api_version.starts_with("rbac.authorization");
    let own: HashSet<_> = objects.iter().filter(is_rbac).map(identity).collect();
    let bootstrap = k8s::bootstrap_objects().map(|value| {
        let mut object = SeedObject::new(value);
        object.trust();
        object
    });
    bootstrap.filter(|object| !own.contains(&identity(object))).collect()
}

/// How many problems of objects are reported: the place of each is looked for in its file.
const MAX_PROBLEMS: usize = 200;

/// The first problems, and how many there are besides.
fn first(found: impl Iterator<Item = Diagnostic>, count: usize) -> Diagnostics {
    let mut first = Diagnostics(found.take(MAX_PROBLEMS).collect());
    if let (Some(last), Some(more @ 1..)) = (first.0.last_mut(), count.checked_sub(MAX_PROBLEMS)) {
        last.message = format!("{}; {more} more problems are not shown", last.message);
    }
    first
}

/// Stages of a type that is not served. Those that come with the program do not come to it.
fn unknown_types(fixtures: &ObjectSet, state: &State, problems: &mut Diagnostics) {
    let mut known: Vec<String> =
        state.types.types().map(|of| of.group_resource.to_string()).collect();
    known.sort_unstable();
    for list in fixtures.stages.iter().filter(|list| !known.contains(&list.resource)) {
        problems.push(list.unknown(&known));
    }
}

fn diagnostic(object: Option<&ObjectFixture>, error: &ObjectError) -> Diagnostic {
    match error {
        ObjectError::Crd(error) => placed(object, &error.key, &error.message),
        ObjectError::Object(message) => placed(object, "", message),
        ObjectError::Field { key, message } => placed(object, key, message),
    }
}

/// A problem at a key of an object.
fn placed(object: Option<&ObjectFixture>, key: &str, message: &str) -> Diagnostic {
    match object {
        Some(object) => object.diagnostic(key, message),
        None => Diagnostic::error(PathBuf::from("(generated objects)"), message),
    }
}

/// The objects that scenarios ask for: copies of a fixture, or bare ones.
fn generated(fixtures: &ObjectSet, wanted: &[Generate], problems: &mut Diagnostics) -> Vec<Value> {
    if wanted.is_empty() {
        return Vec::new();
    }
    // Types only: what else is wrong with them is reported elsewhere.
    let types = k8s::types_of(
        fixtures.definitions().map(|fixture| &fixture.object),
        fixtures.objects.iter().map(|fixture| &fixture.object),
    );
    let mut objects = Vec::new();
    for generate in wanted {
        match template(fixtures, &types, generate) {
            Ok(template) => {
                objects.extend((1..=generate.count).map(|n| instance(&template, generate, n)));
            }
            Err(diagnostic) => problems.push(diagnostic),
        }
    }
    objects
}

fn template(
    fixtures: &ObjectSet,
    types: &Registry,
    generate: &Generate,
) -> Result<Value, Diagnostic> {
    let failed = |message: String, hint: &str| {
        let diagnostic = Diagnostic::error(generate.source.to_path_buf(), message).hint(hint);
        match generate.place {
            Some(place) => diagnostic.at(place),
            None => diagnostic,
        }
    };
    let Some(of) = types.types().find(|of| of.group_resource.to_string() == generate.resource)
    else {
        let known: BTreeSet<String> =
            types.types().map(|of| of.group_resource.to_string()).collect();
        let known: Vec<String> = known.into_iter().collect();
        let message = format!("no resource type {:?} is served", generate.resource);
        return Err(failed(message, &format!("served: {}", known.join(", "))));
    };
    let api_version = of.api_version(&of.storage().name);
    let Some(like) = &generate.like else {
        return Ok(json!({"apiVersion": api_version, "kind": of.kind, "metadata": {}, "spec": {}}));
    };
    let found = fixtures.objects.iter().map(|fixture| &fixture.object).find(|object| {
        *object.kind == *of.kind && *object.api_version == *api_version && *object.name == **like
    });
    let mut template = found.map(|object| object.value().into_owned()).ok_or_else(|| {
        failed(
            format!("there is no {} named {like:?} to copy", of.kind),
            "name one of the fixtures",
        )
    })?;
    if let Some(metadata) = template["metadata"].as_object_mut() {
        for own in ["uid", "resourceVersion", "selfLink", "creationTimestamp"] {
            metadata.remove(own);
        }
    }
    Ok(template)
}

fn instance(template: &Value, generate: &Generate, n: u64) -> Value {
    let mut object = template.clone();
    let metadata = &mut object["metadata"];
    metadata["name"] = generate.name(n).into();
    metadata["namespace"] = generate.namespace.as_str().into();
    for (key, value) in &generate.labels {
        metadata["labels"][key] = value.as_str().into();
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_that_are_not_made_yet_are_counted() {
        for (with_shipped, cluster) in [(false, None), (true, Some(ClusterObjects::Auto))] {
            let mut fixtures = ObjectSet { with_shipped, cluster, ..ObjectSet::default() };
            let (scenarios, history) = (ScenarioSet::default(), HistoryLimits::default());
            let (world, seeding) = build_world(&mut fixtures, &scenarios, history, None).unwrap();
            let counted = seeding.unmade_objects();
            let made = world.store.state().snapshot.len();
            assert_eq!((counted, seeding.unmade_objects()), (Some(made), None));
        }
    }
}
