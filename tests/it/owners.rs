//! Owner references: dependents go with their owner, before it, or are left behind.

use serde_json::{Value, json};
use standin::RunningServer;

use crate::support::{ask, eventually, post, server};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Makes a config map owned by others; gives its uid.
async fn make(server: &RunningServer, name: &str, owners: &[(&str, &str)]) -> String {
    let reference = |(name, uid): &(&str, &str)| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid, "blockOwnerDeletion": true});
    let owners: Vec<Value> = owners.iter().map(reference).collect();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "ownerReferences": owners}});
    let made = post(server, "POST", MAPS, &object).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.at("/metadata/uid").as_str().expect("a uid").to_owned()
}

async fn left(server: &RunningServer) -> Vec<String> {
    ask(server, "GET", MAPS).await.names()
}

#[tokio::test]
async fn dependents_of_what_is_gone_go_too() {
    let server = server().await;
    let owner = make(&server, "owner", &[]).await;
    let other = make(&server, "other", &[]).await;
    let child = make(&server, "child", &[("owner", &owner)]).await;
    make(&server, "grandchild", &[("child", &child)]).await;
    make(&server, "shared", &[("owner", &owner), ("other", &other)]).await;
    make(&server, "stranger", &[("owner", "another-uid")]).await;
    assert_eq!(ask(&server, "DELETE", &format!("{MAPS}/owner")).await.status, 200);
    eventually("the dependents are gone", async || left(&server).await == ["other", "shared"])
        .await;
}

#[tokio::test]
async fn a_foreground_delete_waits_for_the_dependents() {
    let server = server().await;
    let owner = make(&server, "owner", &[]).await;
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "held", "finalizers": ["example.com/hold"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner, "blockOwnerDeletion": true}],
    }});
    assert_eq!(post(&server, "POST", MAPS, &object).await.status, 201);
    let options =
        json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground"});
    let deleted = post(&server, "DELETE", &format!("{MAPS}/owner"), &options).await;
    assert_eq!(deleted.at("/metadata/finalizers"), json!(["foregroundDeletion"]));
    eventually("the dependent is being deleted", async || {
        ask(&server, "GET", &format!("{MAPS}/held"))
            .await
            .at("/metadata/deletionTimestamp")
            .is_string()
    })
    .await;
    assert_eq!(left(&server).await, ["held", "owner"], "the owner waits");
    let headers = [("content-type", "application/merge-patch+json")];
    let patch = "{\"metadata\": {\"finalizers\": null}}";
    assert_eq!(
        crate::support::send(&server, "PATCH", &format!("{MAPS}/held"), &headers, patch)
            .await
            .status,
        200
    );
    eventually("both are gone", async || left(&server).await.is_empty()).await;
}

#[tokio::test]
async fn orphans_forget_their_owner() {
    let server = server().await;
    let owner = make(&server, "owner", &[]).await;
    make(&server, "child", &[("owner", &owner)]).await;
    let options =
        json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan"});
    assert_eq!(post(&server, "DELETE", &format!("{MAPS}/owner"), &options).await.status, 200);
    eventually("the owner is gone", async || left(&server).await == ["child"]).await;
    let child = ask(&server, "GET", &format!("{MAPS}/child")).await;
    assert_eq!(child.at("/metadata/ownerReferences"), Value::Null);
}
