//! Workloads from their creation to their end, on a store without a server.

use serde_json::{Value, json};

use super::super::testing::TestStore;
use super::super::{HistoryLimits, Seed};
use super::objects::{
    CLAIMS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINTS, JOBS, NODES, PODS, POLICIES,
    REPLICA_SETS, SERVICES, SLICES, STATEFUL_SETS, Type,
};
use super::*;

/// A world whose controllers are followed.
struct World {
    store: TestStore,
    controllers: Controllers,
    on: ControllerSet,
    now: Duration,
}

impl World {
    fn new() -> Self {
        let seed = Seed {
            crds: Vec::new(),
            objects: Vec::new(),
            history: HistoryLimits::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        let store = TestStore::new(seed.state().unwrap());
        let controllers = Controllers::after(&store.state());
        Self { store, controllers, on: ControllerSet::default(), now: Duration::ZERO }
    }

    fn work(&self, write: impl FnOnce(&mut Work)) {
        let now = Timestamp::UNIX_EPOCH.checked_add(self.now).unwrap();
        let mut work = Work::on(&self.store.state(), now);
        write(&mut work);
        self.store.commit(work.change).unwrap();
    }

    fn create(&mut self, of: Type, name: &str, spec: &Value) {
        let metadata = match of {
            NODES | POLICIES => json!({"name": name}),
            _ => json!({"name": name, "namespace": "default"}),
        };
        self.work(|work| assert!(work.create(of, json!({"metadata": metadata, "spec": spec}))));
        self.settle();
    }

    fn change(&mut self, of: Type, name: &str, change: impl FnOnce(&mut Value)) {
        let old = self.get(of, name);
        let mut new = old.clone();
        change(&mut new);
        self.work(|work| work.update(of, &old, new));
        self.settle();
    }

    /// Carries out what is due by now.
    fn settle(&mut self) {
        let mut at = self.now;
        for _ in 0..10_000 {
            self.controllers.observe(&self.store.state(), &self.on, at);
            let Some(run) = self.controllers.take_due(self.now) else { return };
            at = run.when;
            let (change, again) = run.decide(&self.store.state(), &[], Timestamp::UNIX_EPOCH);
            self.store.commit(change).unwrap();
            self.controllers.again(run, again);
        }
        panic!("the controllers come to no end");
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.settle();
    }

    fn list(&self, of: Type) -> Vec<Value> {
        Work::on(&self.store.state(), Timestamp::UNIX_EPOCH).list(of, "")
    }

    fn get(&self, of: Type, name: &str) -> Value {
        let is_global = of == NODES || of == POLICIES;
        let key = if is_global { name.to_owned() } else { format!("default/{name}") };
        Work::on(&self.store.state(), Timestamp::UNIX_EPOCH).get(of, &key).unwrap_or_default()
    }

    fn names(&self, of: Type) -> Vec<String> {
        let all = self.list(of);
        all.iter()
            .map(|one| one["metadata"]["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{
            "name": "c", "image": image, "ports": [{"name": "http", "containerPort": 8080}],
        }]},
    })
}

fn labelled(replicas: i64, image: &str) -> Value {
    json!({
        "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
        "template": template(image),
    })
}

fn condition(object: &Value, kind: &str) -> Value {
    conditions::find(object, kind)
        .map(|one| json!([one["status"], one["reason"]]))
        .unwrap_or_default()
}

#[test]
fn a_deployment_rolls_out_and_keeps_its_history() {
    let mut world = World::new();
    world.create(DEPLOYMENTS, "web", &labelled(4, "a:1"));
    assert_eq!((world.list(REPLICA_SETS).len(), world.list(PODS).len()), (1, 4));
    let deployment = world.get(DEPLOYMENTS, "web");
    assert_eq!(condition(&deployment, "Available"), json!(["False", "MinimumReplicasUnavailable"]));
    world.pass(2);
    let deployment = world.get(DEPLOYMENTS, "web");
    assert_eq!(deployment["status"]["readyReplicas"], 4);
    assert_eq!(condition(&deployment, "Progressing"), json!(["True", "NewReplicaSetAvailable"]));
    assert_eq!(deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    assert_eq!(deployment["metadata"]["generation"], 1);
    world.change(DEPLOYMENTS, "web", |web| {
        web["spec"]["template"]["spec"]["containers"][0]["image"] = "a:2".into();
    });
    assert!(world.list(PODS).len() <= 5, "a surge of 25%");
    for _ in 0..20 {
        world.pass(1);
    }
    let deployment = world.get(DEPLOYMENTS, "web");
    let status = &deployment["status"];
    assert_eq!((&status["updatedReplicas"], &status["replicas"]), (&json!(4), &json!(4)));
    assert_eq!(status["observedGeneration"], deployment["metadata"]["generation"]);
    let images: Vec<Value> =
        world.list(PODS).iter().map(|pod| pod["spec"]["containers"][0]["image"].clone()).collect();
    assert_eq!(images, ["a:2"; 4]);
    let revisions: Vec<(Value, Value)> = world
        .list(REPLICA_SETS)
        .iter()
        .map(|set| {
            let revision = &set["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
            (revision.clone(), set["spec"]["replicas"].clone())
        })
        .collect();
    assert!(
        revisions.contains(&(json!("1"), json!(0))) && revisions.contains(&(json!("2"), json!(4)))
    );
    world.change(DEPLOYMENTS, "web", |web| web["spec"]["replicas"] = json!(1));
    assert_eq!(world.list(PODS).len(), 1);
}

#[test]
fn jobs_complete_and_expire() {
    let mut world = World::new();
    let pods =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a"}]}});
    let spec = json!({
        "completions": 3, "parallelism": 2, "completionMode": "Indexed", "template": pods,
        "ttlSecondsAfterFinished": 60,
    });
    world.create(JOBS, "sum", &spec);
    assert_eq!(world.get(JOBS, "sum")["status"]["active"], 2);
    world.pass(30);
    let job = world.get(JOBS, "sum");
    assert_eq!(condition(&job, "Complete"), json!(["True", "CompletionsReached"]));
    let status = &job["status"];
    assert_eq!((&status["succeeded"], &status["completedIndexes"]), (&json!(3), &json!("0-2")));
    assert_eq!(status["completionTime"], "1970-01-01T00:00:12Z", "two rounds of 6 s");
    world.pass(50);
    assert!(world.list(JOBS).is_empty(), "it expires 60 s after its end");
}

#[test]
fn jobs_fail_after_too_many_failed_pods() {
    let mut world = World::new();
    world.on = ControllerSet::parse(&["*".to_owned(), "-kubelet".to_owned()]).unwrap();
    let pods =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a"}]}});
    world.create(JOBS, "bad", &json!({"backoffLimit": 1, "template": pods}));
    for _ in 0..2 {
        let names = world.names(PODS);
        for name in names {
            world.change(PODS, &name, |pod| pod["status"]["phase"] = "Failed".into());
        }
    }
    let job = world.get(JOBS, "bad");
    assert_eq!(condition(&job, "Failed"), json!(["True", "BackoffLimitExceeded"]));
    assert_eq!((&job["status"]["failed"], &job["status"]["active"]), (&json!(2), &Value::Null));
}

#[test]
fn cron_jobs_start_jobs_on_the_clock_of_the_world() {
    let mut world = World::new();
    let pods =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a"}]}});
    let spec = json!({
        "schedule": "*/10 * * * *", "jobTemplate": {"spec": {"template": pods}},
        "successfulJobsHistoryLimit": 2,
    });
    world.create(CRON_JOBS, "tick", &spec);
    assert!(world.list(JOBS).is_empty());
    world.pass(3600);
    assert_eq!(world.names(JOBS), ["tick-40", "tick-50", "tick-60"]);
    let cron = world.get(CRON_JOBS, "tick");
    assert_eq!(cron["status"]["lastScheduleTime"], "1970-01-01T01:00:00Z");
    assert_eq!(cron["status"]["active"][0]["name"], "tick-60");
}

#[test]
fn stateful_sets_start_in_order_with_their_claims() {
    let mut world = World::new();
    let mut spec = labelled(3, "db:1");
    spec["serviceName"] = "db".into();
    spec["volumeClaimTemplates"] = json!([{
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }]);
    world.create(STATEFUL_SETS, "db", &spec);
    assert_eq!(world.names(PODS), ["db-0"]);
    world.pass(10);
    assert_eq!(world.names(PODS), ["db-0", "db-1", "db-2"]);
    assert_eq!(world.names(CLAIMS), ["data-db-0", "data-db-1", "data-db-2"]);
    assert!(world.list(CLAIMS).iter().all(|claim| claim["status"]["phase"] == "Bound"));
    world.change(STATEFUL_SETS, "db", |db| db["spec"]["template"] = template("db:2"));
    world.pass(10);
    let set = world.get(STATEFUL_SETS, "db");
    assert_eq!(
        (&set["status"]["updatedReplicas"], &set["status"]["readyReplicas"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(set["status"]["currentRevision"], set["status"]["updateRevision"]);
}

#[test]
fn daemon_sets_have_a_pod_on_each_node() {
    let mut world = World::new();
    world.create(NODES, "n1", &json!({}));
    let mut spec = labelled(1, "a:1");
    spec.as_object_mut().unwrap().remove("replicas");
    world.create(DAEMON_SETS, "agent", &spec);
    world.create(NODES, "n2", &json!({}));
    world.pass(2);
    let nodes: Vec<Value> =
        world.list(PODS).iter().map(|pod| pod["spec"]["nodeName"].clone()).collect();
    assert_eq!(nodes.len(), 2);
    let set = world.get(DAEMON_SETS, "agent");
    assert_eq!(
        (&set["status"]["desiredNumberScheduled"], &set["status"]["numberReady"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn services_have_the_addresses_of_ready_pods() {
    let mut world = World::new();
    let spec = json!({
        "selector": {"app": "web"}, "ports": [{"name": "web", "port": 80, "targetPort": "http"}],
    });
    world.create(SERVICES, "web", &spec);
    world.create(DEPLOYMENTS, "web", &labelled(2, "a:1"));
    world.pass(2);
    let endpoints = world.get(ENDPOINTS, "web");
    assert_eq!(endpoints["subsets"][0]["addresses"].as_array().map(Vec::len), Some(2));
    let slice = &world.list(SLICES)[0];
    assert_eq!(slice["ports"], json!([{"name": "web", "port": 8080, "protocol": "TCP"}]));
    assert_eq!(slice["endpoints"][0]["conditions"]["ready"], true);
    world.change(DEPLOYMENTS, "web", |web| web["spec"]["replicas"] = json!(0));
    assert!(world.get(ENDPOINTS, "web")["subsets"].is_null());
}

/// The texts are those of `typechecking_test.go`.
#[test]
#[cfg(feature = "cel")]
fn a_policy_says_which_of_its_expressions_do_not_fit_the_types() {
    let mut world = World::new();
    let rule = |groups: &str, resource: &str| {
        json!({
            "apiGroups": [groups], "apiVersions": ["v1"], "resources": [resource], "operations": ["*"],
        })
    };
    let spec = json!({
        "matchConstraints": {"resourceRules": [rule("apps", "deployments"), rule("", "pods"), rule("*", "x")]},
        "variables": [{"name": "count", "expression": "object.spec.replicas"}],
        "validations": [
            {"expression": "object.metadata.name == 'a' || variables.count > 1"},
            {"expression": "object.kind == 1", "messageExpression": "object.spec.containers[0].name"},
        ],
    });
    world.create(POLICIES, "p", &spec);
    let status = world.get(POLICIES, "p")["status"].clone();
    assert_eq!(status["observedGeneration"], 1);
    let warnings = status["typeChecking"]["expressionWarnings"].as_array().unwrap();
    let fields: Vec<&str> = warnings.iter().map(|one| one["fieldRef"].as_str().unwrap()).collect();
    assert_eq!(fields, ["spec.validations[1].expression", "spec.validations[1].messageExpression"]);
    let text = warnings[0]["warning"].as_str().unwrap();
    let no_overload = "ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(string, int)'\n \
                       | object.kind == 1\n | ............^";
    assert_eq!(
        text,
        format!("/v1, Kind=Pod: {no_overload}\n\napps/v1, Kind=Deployment: {no_overload}\n")
    );
    let text = warnings[1]["warning"].as_str().unwrap();
    assert!(
        text.starts_with(
            "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'containers'"
        ),
        "{text}"
    );
    // A changed policy is looked at again.
    world.change(POLICIES, "p", |policy| {
        policy["spec"]["validations"] = json!([{"expression": "object.kind == 'x'"}]);
    });
    let status = world.get(POLICIES, "p")["status"].clone();
    assert_eq!(status, json!({"observedGeneration": 2, "typeChecking": {}}));
}
