//! A store whose worlds are in several clusters of etcd. Each test has etcds of its own, where the machine has the program.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use standin::{Error, RunningServer, Server};

use crate::store::Etcd;
use crate::support::{ask, post, send};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

async fn start(addresses: &[&str]) -> Result<RunningServer, Error> {
    Server::builder().store(&addresses.join(","), false).graded(true).start().await
}

/// The names of all worlds that a server lists.
async fn worlds(server: &RunningServer) -> BTreeSet<String> {
    let all = ask(server, "GET", "/__admin/worlds").await.json();
    let all = all["worlds"].as_array().expect("a list");
    all.iter().map(|world| world["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_world_is_in_one_of_several_clusters() {
    let (Some(first), Some(second)) = (Etcd::start(), Etcd::start()) else { return };
    let addresses = [&*first.address, &*second.address];
    let one = start(&addresses).await.expect("it starts");
    let other = start(&addresses).await.expect("it starts");
    let names: Vec<String> = (0..12).map(|n| format!("w{n}")).collect();
    let rules = "rules: [{match: {path: /steps}, steps: [{times: 3, then: {status: 418}}]}]";
    let stub = json!({"request": {"url": "/stub"}, "response": {"body": "of all"}});
    assert_eq!(post(&one, "POST", "/__admin/mappings", &stub).await.status, 201);
    for (n, name) in names.iter().enumerate() {
        let (writer, reader) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let at = |path: &str| format!("/worlds/{name}{path}");
        let made = post(writer, "POST", &at(MAPS), &json!({"metadata": {"name": name}})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let read = ask(reader, "GET", &at(&format!("{MAPS}/{name}"))).await;
        assert_eq!(read.json(), made.json());
        // What is of the world, and what is of all.
        let put = send(writer, "PUT", &at("/__admin/scenarios/s"), &[], rules).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let mut codes = Vec::new();
        for server in [reader, writer, reader, writer] {
            codes.push(ask(server, "GET", &at("/steps")).await.status.as_u16());
        }
        assert_eq!(codes, [418, 418, 418, 404], "{name}");
        assert_eq!(ask(reader, "GET", &at("/stub")).await.text(), "of all");
        assert_eq!(ask(writer, "POST", &at("/__admin/clock/freeze")).await.status, 200);
        assert_eq!(ask(reader, "GET", &at("/__admin/clock")).await.at("/frozen"), true);
    }
    // Both have a part of them.
    let list = addresses.join(",");
    let checking = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["store", "check", "--json", "--store", &list])
        .output()
        .expect("it runs");
    assert!(checking.status.success(), "{}", String::from_utf8_lossy(&checking.stderr));
    let checked: Value = serde_json::from_slice(&checking.stdout).expect("JSON");
    let of = |at: usize| {
        let worlds = checked["clusters"][at]["worlds"].as_object().expect("worlds");
        worlds.keys().filter(|name| *name != "default").cloned().collect::<BTreeSet<_>>()
    };
    assert!(!of(0).is_empty() && !of(1).is_empty(), "{checked}");
    assert_eq!(of(0).union(&of(1)).cloned().collect::<Vec<_>>().len(), names.len());
    // Who names one alone, or in another order, is refused and told why.
    for (wrong, why) in [
        (vec![addresses[0]], "number 1 of 2 clusters"),
        (vec![addresses[1]], "number 2 of 2 clusters"),
        (vec![addresses[1], addresses[0]], "number 2 of 2 clusters"),
    ] {
        let refused = start(&wrong).await.expect_err("it is refused").to_string();
        assert!(refused.contains(why) && refused.contains("in the same order"), "{refused}");
    }
    // One that starts later has all worlds.
    let third = start(&addresses).await.expect("it starts");
    let all: BTreeSet<String> = names.iter().cloned().chain(["default".to_owned()]).collect();
    assert_eq!(worlds(&third).await, all);
    for name in &names {
        let path = format!("/worlds/{name}{MAPS}/{name}");
        assert_eq!(ask(&third, "GET", &path).await.status, 200);
        let deleted = ask(&other, "DELETE", &format!("/__admin/worlds/{name}")).await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        assert_eq!(ask(&third, "GET", &path).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_with_worlds_of_others_is_no_part_of_several() {
    let (Some(first), Some(second)) = (Etcd::start(), Etcd::start()) else { return };
    let alone = start(&[&first.address]).await.expect("it starts");
    for n in 0..12 {
        let path = format!("/worlds/w{n}{MAPS}");
        let made = post(&alone, "POST", &path, &json!({"metadata": {"name": "a"}})).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let refused = start(&[&first.address, &second.address]).await.expect_err("it is refused");
    let text = refused.to_string();
    assert!(text.contains("belongs to number 2 of 2") && text.contains("import --raw"), "{text}");
    // Nothing of it was changed: alone it goes on.
    assert!(start(&[&first.address]).await.is_ok());
}
