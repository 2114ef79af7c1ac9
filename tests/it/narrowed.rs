//! Scenarios that are narrowed to some requests: their faults reach these, and no others.

use standin::Server;

use crate::commands::run;
use crate::support::{MPIJOBS, TFJOBS, ask};

const VOLCANO_JOBS: &str = "/apis/batch.volcano.sh/v1alpha1/namespaces/kube-test/jobs";
const TYPES: [(&str, &str); 3] = [
    ("tfjobs.kubeflow.org", TFJOBS),
    ("mpijobs.kubeflow.org", MPIJOBS),
    ("jobs.batch.volcano.sh", VOLCANO_JOBS),
];

/// The statuses of the pages of a list, until one fails or the list ends.
async fn pages(server: &standin::RunningServer, list: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    let mut next = String::new();
    loop {
        let answer = ask(server, "GET", &format!("{list}?limit=10{next}")).await;
        statuses.push(answer.status.as_u16());
        let json = answer.json();
        match json["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() && answer.status == 200 => {
                next = format!("&continue={token}");
            }
            _ => return statuses,
        }
    }
}

#[tokio::test]
async fn the_faults_of_paging_reach_each_resource_type_alone() {
    for (scenario, expected) in [
        ("continue-gone", &[200, 200, 410][..]),
        ("continue-expired", &[200, 200, 410]),
        ("page-fails-twice", &[200, 500]),
        ("compacted-mid-chain", &[200, 410]),
    ] {
        for (resource, _) in TYPES {
            let name = format!("paging/{scenario}?resource={resource}");
            let server = Server::builder().scenario(&name).start().await;
            let server = server.unwrap_or_else(|error| panic!("{name}: {error}"));
            for (other, list) in TYPES {
                let statuses = pages(&server, list).await;
                let expected = if other == resource { expected } else { &[200] };
                assert_eq!(statuses, expected, "{name}: {other}");
            }
            server.shutdown().await;
        }
    }
}

#[tokio::test]
async fn commands_narrow_scenarios() {
    let (code, plan, errors) = run(&[
        "plan",
        "status-503",
        "--resource",
        "mpijobs.kubeflow.org",
        "--namespace",
        "a",
        "--verb",
        "create",
        "-n",
        "1",
    ])
    .await;
    assert_eq!(code, 0, "{errors}");
    for part in ["mpijobs.kubeflow.org", "namespace", "create"] {
        assert!(plan.contains(part), "{part} is not in\n{plan}");
    }
    assert!(!plan.contains("tfjobs"), "{plan}");
    let get = format!("curl -s -o /dev/null $STANDIN_URL{MPIJOBS}");
    let (code, table, _) =
        run(&["drill", "status-404", "--resource", "mpijobs.kubeflow.org", "--", "sh", "-c", &get])
            .await;
    assert_eq!(code, 0, "{table}");
    assert!(table.contains("status/status-404?resource=mpijobs.kubeflow.org"), "{table}");
    for (arguments, expected) in [
        (["plan", "status-503?resource=pods", "-n", "1"], "none of its rules is about"),
        (["plan", "status-503?path=/x", "-n", "1"], "not narrowed by \"path\""),
        (["plan", "status-503?verb=", "-n", "1"], "not one value"),
        (["plan", "status-5x3?verb=get", "-n", "1"], "did you mean"),
    ] {
        let (code, _, errors) = run(&arguments).await;
        assert_eq!(code, 3, "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}
