//! Life cycles on a store without a server: time is an argument.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::store::Object;
use super::super::testing::TestStore;
use super::super::{Seed, SeedObject};
use super::*;
use crate::document::{Decoder, Format, Source};

const FILE: &str = r#"
stages:
- resource: tfjobs.kubeflow.org
  selector: app=fast
  life:
  - {stage: Done, after: 0s, status: {startTime: "{{now}}"}}
- resource: tfjobs.kubeflow.org
  life:
  - stage: Created
    after: 0s
    status: {startTime: "{{now}}"}
    conditions: [{type: Created, reason: Made, message: "TFJob {{$.metadata.name}} is created."}]
  - stage: Running
    after: 10s
    status: {replicaStatuses: {Worker: {active: "{{$.spec.n}}"}}}
    conditions: [{type: Running}]
  - stage: Succeeded
    after: 1m
    status: {completionTime: "{{now}}", replicaStatuses: {Worker: {active: null, succeeded: "{{$.spec.n}}"}}}
    conditions: [{type: Running, status: "False"}, {type: Succeeded}]
"#;

fn lists(text: &str) -> Result<Vec<StageList>, String> {
    let source = Source { path: "stages.yaml".into(), format: Format::Yaml, text: text.into() };
    let value = source.parse().unwrap().remove(0);
    let decoder = Decoder::new(&source, 0);
    let path: Arc<std::path::Path> = source.path.as_path().into();
    let lists = {
        let keys = decoder.root(&value).keys().unwrap();
        let items = keys.get("stages").unwrap().items();
        items.iter().filter_map(|node| StageList::decode(node, &path)).collect()
    };
    let problems: Vec<String> = decoder.finish().iter().map(ToString::to_string).collect();
    if problems.is_empty() { Ok(lists) } else { Err(problems.join("\n")) }
}

fn epoch() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn store() -> TestStore {
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "tfjobs.kubeflow.org"},
        "spec": {
            "group": "kubeflow.org", "scope": "Namespaced",
            "names": {"plural": "tfjobs", "singular": "tfjob", "kind": "TFJob", "listKind": "TFJobList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    });
    let crds = vec![SeedObject::new(crd)];
    let seed = Seed {
        crds,
        objects: Vec::new(),
        history: crate::k8s::HistoryLimits { events: 8, ..crate::k8s::HistoryLimits::default() },
        now: epoch(),
    };
    TestStore::new(seed.state().unwrap())
}

fn create(store: &TestStore, name: &str, app: &str) {
    store.write(|change| {
        let value = json!({
            "metadata": {
                "name": name, "namespace": "default", "labels": {"app": app}, "uid": format!("uid-{name}-{app}"),
                "resourceVersion": change.next_revision().to_string(),
            },
            "spec": {"n": 3},
        });
        let resource = Arc::new(GroupResource::new("kubeflow.org", "tfjobs"));
        change.put(Arc::new(Object::render(resource, value, &[])));
    });
}

fn delete(store: &TestStore, name: &str) {
    store.write(|change| {
        change.remove(&GroupResource::new("kubeflow.org", "tfjobs"), &format!("default/{name}"));
    });
}

/// Writes the stages that are due by now.
fn run(life: &mut LifeCycle, store: &TestStore, lists: &[StageList], elapsed: Duration) {
    life.observe(&store.state(), lists, elapsed);
    while let Some(due) = life.take_due(elapsed) {
        let (change, exists) = due.decide(&store.state(), lists, epoch());
        store.commit(change).unwrap();
        if exists {
            life.plan_next(due, lists);
        }
    }
}

fn status(store: &TestStore, name: &str) -> Value {
    let state = store.state();
    let all = state.snapshot.collection(&GroupResource::new("kubeflow.org", "tfjobs")).cloned();
    let all = all.into_iter().flat_map(|all| all.range("", "").cloned().collect::<Vec<_>>());
    let found = all.into_iter().find(|object| *object.meta.name == *name);
    found.map(|object| object.value("", "")["status"].clone()).unwrap_or_default()
}

#[test]
fn each_stage_writes_its_status_with_the_time_it_was_due() {
    let (store, lists) = (store(), lists(FILE).unwrap());
    let mut life = LifeCycle::after(&store.state());
    let at = |seconds| Duration::from_secs(seconds);
    create(&store, "a", "x");
    run(&mut life, &store, &lists, at(5));
    let made = json!({
        "startTime": "2026-01-01T00:00:05Z",
        "conditions": [{
            "type": "Created", "status": "True", "reason": "Made", "message": "TFJob a is created.",
            "lastUpdateTime": "2026-01-01T00:00:05Z", "lastTransitionTime": "2026-01-01T00:00:05Z",
        }],
    });
    assert_eq!(status(&store, "a"), made);
    assert_eq!(life.next(), Some(at(15)));
    run(&mut life, &store, &lists, at(14));
    assert_eq!(status(&store, "a"), made);
    // An hour at once: each stage has the time at which it was due.
    let before = store.state().revision.0;
    run(&mut life, &store, &lists, at(3600));
    let status = status(&store, "a");
    assert_eq!(status["completionTime"], "2026-01-01T00:01:15Z");
    assert_eq!(status["replicaStatuses"], json!({"Worker": {"succeeded": 3}}));
    let conditions = status["conditions"].as_array().unwrap();
    let kinds: Vec<_> = conditions
        .iter()
        .map(|one| {
            [&one["type"], &one["status"], &one["lastTransitionTime"]]
                .map(|value| value.as_str().unwrap())
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ["Created", "True", "2026-01-01T00:00:05Z"],
            ["Running", "False", "2026-01-01T00:01:15Z"],
            ["Succeeded", "True", "2026-01-01T00:01:15Z"],
        ]
    );
    assert_eq!((store.state().revision.0 - before, life.next()), (2, None));
}

#[test]
fn a_life_cycle_ends_with_its_object_and_selectors_choose_it() {
    let (store, lists) = (store(), lists(FILE).unwrap());
    let mut life = LifeCycle::after(&store.state());
    create(&store, "fast", "fast");
    create(&store, "gone", "x");
    run(&mut life, &store, &lists, Duration::ZERO);
    assert_eq!(status(&store, "fast"), json!({"startTime": "2026-01-01T00:00:00Z"}));
    delete(&store, "gone");
    create(&store, "gone", "y");
    run(&mut life, &store, &lists, Duration::from_secs(10));
    // The second object of the name is new; the stages of the first were dropped with it.
    assert_eq!(status(&store, "gone")["conditions"].as_array().unwrap().len(), 1);
    assert_eq!(life.next(), Some(Duration::from_secs(20)));
}

#[test]
fn objects_created_in_compacted_events_are_found() {
    let (store, lists) = (store(), lists(FILE).unwrap());
    let mut life = LifeCycle::after(&store.state());
    for n in 0..30 {
        create(&store, &format!("job-{n}"), "x");
    }
    run(&mut life, &store, &lists, Duration::ZERO);
    assert!((0..30).all(|n| status(&store, &format!("job-{n}"))["startTime"].is_string()));
    run(&mut life, &store, &lists, Duration::from_secs(10));
    assert!(
        (0..30).all(|n| status(&store, &format!("job-{n}"))["conditions"][1]["type"] == "Running")
    );
}

#[test]
fn diagnostics_name_the_place_in_the_file() {
    for (text, words) in [
        ("stages: [{resource: a.b, life: [{stage: A, after: soon}]}]", "stages.yaml:1:"),
        ("stages: [{life: []}]", "\"resource\" is missing"),
        ("stages: [{resource: a.b, life: [{stage: A, after: 1s, state: {}}]}]", "did you mean"),
        (
            "stages: [{resource: a.b, life: [{stage: A, after: 1s, status: {a: \"{{x}}\"}}]}]",
            "is not a placeholder",
        ),
        ("stages: [{resource: a.b, selector: \"a in\", life: []}]", "selector"),
        (
            "stages: [{resource: a.b, life: [{stage: A, after: 1s, conditions: [{type: B, status: Yes}]}]}]",
            "status",
        ),
    ] {
        let problems = lists(text).unwrap_err();
        assert!(problems.contains(words), "{problems}");
    }
}
