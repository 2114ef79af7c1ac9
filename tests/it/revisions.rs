//! A revision in a new object: what refuses it, and in which order.

use serde_json::json;

use crate::support::{ask, post, server};

const CONFIGS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn a_revision_in_a_new_object_is_refused_by_the_storage_alone() {
    let server = server().await;
    let object = |name: &str| json!({"metadata": {"name": name, "resourceVersion": "7"}});
    let answer = post(&server, "POST", CONFIGS, &object("a")).await;
    let why = "resourceVersion should not be set on objects to be created";
    assert_eq!((answer.status.as_u16(), answer.at("/message")), (500, json!(why)));
    // What is wrong with the object comes first, and a dry run does not come to the storage.
    let answer = post(&server, "POST", CONFIGS, &object("A_b")).await;
    assert_eq!((answer.status.as_u16(), answer.at("/reason")), (422, json!("Invalid")));
    let dry = format!("{CONFIGS}?dryRun=All");
    assert_eq!(post(&server, "POST", &dry, &object("a")).await.status, 201);
    assert_eq!(ask(&server, "GET", &format!("{CONFIGS}/a")).await.status, 404);
}
