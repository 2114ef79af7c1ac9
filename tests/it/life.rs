//! Simulated jobs go through their documented phases on the clock of the world.

use serde_json::{Value, json};
use standin::{Error, RunningServer, Server};

use crate::support::{TFJOBS, ask, eventually, post, send};

const VOLCANO: &str = "/apis/batch.volcano.sh/v1alpha1/namespaces/cci-namespace-42263891/jobs";

async fn advance(server: &RunningServer, by: &str) {
    let moved =
        send(server, "POST", "/__admin/clock/advance", &[], &json!({"by": by}).to_string()).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
}

/// The types of the conditions that hold.
fn conditions(job: &Value) -> Vec<String> {
    let all = job["status"]["conditions"].as_array().into_iter().flatten();
    let held = all.filter(|condition| condition["status"] == "True");
    held.map(|condition| condition["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn jobs_go_through_their_phases_at_the_times_of_the_clock() {
    let scenario = "
life:
- resource: tfjobs.kubeflow.org
  name: \"train-*\"
  phases: [{phase: Created}, {phase: Running, at: 2s}, {phase: Restarting, at: 5s}, {phase: Running, at: 6s}, {phase: Failed, at: 10s}]
- resource: tfjobs.kubeflow.org
  phases: [{phase: Created}, {phase: Running, at: 1s}, {phase: Succeeded, at: 3s}]
";
    let server = Server::builder().scenario_yaml(scenario).start().await.unwrap();
    assert_eq!(ask(&server, "POST", "/__admin/clock/freeze").await.status, 200);
    for name in ["train-1", "other"] {
        let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": name},
            "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 2, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}}});
        assert_eq!(post(&server, "POST", TFJOBS, &job).await.status, 201);
    }
    let get = async |name: &str| ask(&server, "GET", &format!("{TFJOBS}/{name}")).await.json();
    for (by, first, second) in [
        ("1s", &["Created"][..], &["Created", "Running"][..]),
        ("1s", &["Created", "Running"], &["Created", "Running"]),
        ("1s", &["Created", "Running"], &["Created", "Succeeded"]),
        ("2s", &["Created", "Restarting"], &["Created", "Succeeded"]),
        ("1s", &["Created", "Running"], &["Created", "Succeeded"]),
        ("10s", &["Created", "Failed"], &["Created", "Succeeded"]),
    ] {
        advance(&server, by).await;
        assert_eq!(conditions(&get("train-1").await), first);
        assert_eq!(conditions(&get("other").await), second);
    }
    let failed = get("train-1").await;
    let last = failed["status"]["conditions"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["reason"]), (&json!("Failed"), &json!("TFJobFailed")));
    assert!(failed["status"]["completionTime"].is_string(), "{failed}");
    let running = &failed["status"]["conditions"][1];
    assert_eq!((&running["type"], &running["status"]), (&json!("Running"), &json!("False")));
}

#[tokio::test]
async fn existing_jobs_go_too_and_watchers_see_each_phase() {
    let scenario = "life: [{resource: jobs.batch.volcano.sh, phases: [{phase: Pending}, {phase: Running, at: 10ms}, {phase: Restarting, at: 20ms}, \
        {phase: Aborting, at: 30ms}, {phase: Aborted, at: 40ms}, {phase: Terminating, at: 50ms}, {phase: Terminated, at: 60ms}, \
        {phase: Completing, at: 70ms}, {phase: Completed, at: 80ms}, {phase: Failed, at: 90ms}]}]";
    let server = Server::builder().start().await.unwrap();
    let before = ask(&server, "GET", VOLCANO).await.json();
    let name =
        before["items"][0]["metadata"]["name"].as_str().expect("a documented job").to_owned();
    let revision = before["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    assert_eq!(send(&server, "PUT", "/__admin/scenarios/life", &[], scenario).await.status, 200);
    let phase = async || {
        let job = ask(&server, "GET", &format!("{VOLCANO}/{name}")).await.json();
        job["status"]["state"]["phase"] == "Failed"
    };
    eventually("the last phase", phase).await;
    let watch = format!("{VOLCANO}?watch=true&resourceVersion={revision}&timeoutSeconds=1");
    let events = ask(&server, "GET", &watch).await;
    let phases: Vec<String> = events
        .text()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["object"]["metadata"]["name"] == *name)
        .map(|event| event["object"]["status"]["state"]["phase"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        phases,
        [
            "Pending",
            "Running",
            "Restarting",
            "Aborting",
            "Aborted",
            "Terminating",
            "Terminated",
            "Completing",
            "Completed",
            "Failed"
        ]
    );
    // Another world has its own time, and not these scenarios.
    let other = ask(&server, "GET", &format!("/worlds/other{VOLCANO}/{name}")).await.json();
    assert_ne!(other["status"]["state"]["phase"], "Failed");
}

#[tokio::test]
async fn wrong_phases_are_named_with_the_nearest() {
    let wrong = "life:\n- resource: tfjobs.kubeflow.org\n  phases: [{phase: Runing}, {phase: Failed, at: 5s}, {phase: Running, at: 2s}]\n- resource: pods\n  phases: [{phase: Running}]\n";
    let started = Server::builder().scenario_yaml(wrong).start().await;
    let Err(Error::Invalid(problems)) = started else { panic!("{started:?}") };
    let text = problems.to_string();
    assert!(text.contains("inline:3:54: ") && text.contains("before the one"), "{text}");
    let right = wrong.replace("at: 2s", "at: 6s");
    let started = Server::builder().scenario_yaml(right).start().await;
    let Err(Error::Invalid(problems)) = started else { panic!("{started:?}") };
    let text = problems.to_string();
    for part in [
        "inline:3:12: ",
        "have no phase \"Runing\"; did you mean \"Running\"?",
        "inline:4:3: no phases of \"pods\" are known",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// A rig of a cluster waits for the default account before it writes anything (`kubectl get serviceaccount default`).
#[tokio::test]
async fn who_only_reads_sees_what_controllers_make() {
    let server = Server::builder().stages(true).start().await.unwrap();
    for world in ["", "/worlds/reader"] {
        let account = format!("{world}/api/v1/namespaces/default/serviceaccounts/default");
        eventually("the default account", async || {
            ask(&server, "GET", &account).await.status == 200
        })
        .await;
    }
}

const PODS: &str = "/api/v1/namespaces/default/pods";

/// A pod with a node, whose containers get ten seconds to end.
async fn placed_pod(server: &RunningServer, name: &str) {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "nodeName": "one", "terminationGracePeriodSeconds": 10, "containers": [{"name": "c", "image": "i"}],
    }});
    let made = post(server, "POST", PODS, &pod).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

/// A kubelet ends the containers of a deleted pod before it is gone.
#[tokio::test]
async fn a_running_pod_ends_before_it_is_gone() {
    let server = Server::builder().stages(true).start().await.unwrap();
    assert_eq!(ask(&server, "POST", "/__admin/clock/freeze").await.status, 200);
    placed_pod(&server, "runs").await;
    let pod = format!("{PODS}/runs");
    advance(&server, "2s").await;
    let phase = async || ask(&server, "GET", &pod).await.at("/status/phase");
    eventually("a running pod", async || phase().await == "Running").await;
    let deleted = ask(&server, "DELETE", &pod).await;
    assert_eq!(deleted.at("/metadata/deletionGracePeriodSeconds"), 10, "{}", deleted.text());
    eventually("ended containers", async || {
        let pod = ask(&server, "GET", &pod).await;
        !pod.at("/status/containerStatuses/0/state/terminated").is_null()
            && !conditions(&pod.json()).contains(&"Ready".to_owned())
    })
    .await;
    advance(&server, "2s").await;
    eventually("no pod", async || ask(&server, "GET", &pod).await.status == 404).await;
}

/// Nobody ends the containers where there is no kubelet: as in envtest.
#[tokio::test]
async fn without_a_kubelet_a_deleted_pod_waits() {
    let server = Server::builder().keeps_deleted_pods(true).start().await.unwrap();
    assert_eq!(ask(&server, "POST", "/__admin/clock/freeze").await.status, 200);
    placed_pod(&server, "waits").await;
    let pod = format!("{PODS}/waits");
    let grace = async |query: &str| {
        let deleted = ask(&server, "DELETE", &format!("{pod}{query}")).await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        deleted.at("/metadata/deletionGracePeriodSeconds")
    };
    assert_eq!(grace("").await, 10);
    assert_eq!(grace("?gracePeriodSeconds=20").await, 10, "it does not become longer");
    assert_eq!(grace("?gracePeriodSeconds=6").await, 6);
    assert_eq!(ask(&server, "GET", &pod).await.at("/metadata/deletionGracePeriodSeconds"), 6);
    let end = async || ask(&server, "GET", &pod).await.at("/metadata/deletionTimestamp");
    let first = end().await;
    advance(&server, "9s").await;
    assert_eq!(grace("?gracePeriodSeconds=3").await, 1, "what has passed is the least time");
    assert!(end().await.as_str() > first.as_str(), "and the end is now");
    assert_eq!(grace("?gracePeriodSeconds=-5").await, 1, "a negative time is a second");
    assert_eq!(grace("?gracePeriodSeconds=0").await, 0);
    assert_eq!(ask(&server, "GET", &pod).await.status, 404);
}
