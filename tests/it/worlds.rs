//! Worlds: their selection, isolation and bounds.

use std::time::Duration;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, TFJOBS, ask, bounds, files, post, raw, send, server};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn map(name: &str) -> Value {
    json!({"metadata": {"name": name}})
}

async fn names(server: &RunningServer, world: &str) -> Vec<String> {
    ask(server, "GET", &format!("/worlds/{world}{MAPS}")).await.names()
}

#[tokio::test]
async fn what_is_written_in_one_world_is_not_seen_in_another() {
    let server = server().await;
    assert_eq!(post(&server, "POST", &format!("/worlds/a{MAPS}"), &map("of-a")).await.status, 201);
    assert_eq!(post(&server, "POST", MAPS, &map("of-all")).await.status, 201);
    assert_eq!(names(&server, "a").await, ["of-a"]);
    assert_eq!(names(&server, "b").await, Vec::<String>::new());
    assert_eq!(names(&server, "default").await, ["of-all"]);
    // Each is forked from the fixtures, and counts its own revisions.
    assert_eq!(ask(&server, "DELETE", &format!("/worlds/a{TFJOBS}")).await.status, 200);
    assert_eq!(
        ask(&server, "GET", &format!("/worlds/a{TFJOBS}")).await.names(),
        Vec::<String>::new()
    );
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["tfjob-test"]);
    let revision = async |world: &str| {
        ask(&server, "GET", &format!("/worlds/{world}{MAPS}")).await.at("/metadata/resourceVersion")
    };
    assert_ne!(revision("a").await, revision("b").await);
    // Definitions are a world's own, too.
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tfjobs.kubeflow.org";
    assert_eq!(ask(&server, "DELETE", &format!("/worlds/a{definition}")).await.status, 200);
    assert_eq!(ask(&server, "GET", &format!("/worlds/a{TFJOBS}")).await.status, 404);
    assert_eq!(ask(&server, "GET", &format!("/worlds/b{TFJOBS}")).await.status, 200);
}

#[tokio::test]
async fn a_world_is_named_by_url_header_or_token() {
    let own = files(&[("tokens.csv", "t1,one,1,\"standin:world:of-token\"\nt2,two,2,\"other\"\n")]);
    let server =
        Server::builder().token_auth_file(own.path().join("tokens.csv")).start().await.unwrap();
    let world = async |target: &str, headers: &[(&str, &str)]| {
        let answer = send(&server, "GET", target, headers, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        server.journal().exchanges().pop().unwrap().world.to_string()
    };
    let (one, two) = (("authorization", "Bearer t1"), ("authorization", "Bearer t2"));
    let header = ("x-standin-world", "of-header");
    assert_eq!(world("/version", &[two]).await, "default");
    assert_eq!(world("/version", &[one]).await, "of-token");
    assert_eq!(world("/version", &[one, header]).await, "of-header");
    assert_eq!(world("/worlds/of-url/version?x=y", &[one, header]).await, "of-url");
    let last = server.journal().exchanges().pop().unwrap();
    assert_eq!(
        (last.target.to_string(), last.to_line()),
        ("/version?x=y".to_owned(), "[of-url] GET /version?x=y → 200 kubernetes".to_owned(),)
    );
}

#[tokio::test]
async fn names_are_checked() {
    let server = server().await;
    let long = "x".repeat(64);
    for name in ["", "-a", "a%2fb", "a%20b", &long, ".."] {
        let answer = ask(&server, "GET", &format!("/worlds/{name}/version")).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert!(answer.text().contains("is not the name of a world"), "{}", answer.text());
    }
    let answer = send(&server, "GET", "/version", &[("x-standin-world", "a b")], "").await;
    assert_eq!(answer.status, 400);
    assert_eq!(ask(&server, "GET", "/__admin/worlds").await.at("/meta/total"), 1);
}

#[tokio::test]
async fn a_client_that_invents_worlds_meets_the_cap() {
    let server =
        Server::builder().bounds(bounds(|bounds| bounds.worlds = 3)).start().await.unwrap();
    for name in ["a", "b", "c"] {
        post(&server, "POST", &format!("/worlds/{name}{MAPS}"), &map("kept")).await;
    }
    let mut watch = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET /worlds/b{MAPS}?watch=true HTTP/1.1\r\nhost: x\r\n\r\n");
    watch.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 64];
    watch.read_exact(&mut head).await.unwrap();
    // The one unused for longest goes: `b`, once the others were used.
    names(&server, "a").await;
    names(&server, "c").await;
    names(&server, "d").await;
    let listed = ask(&server, "GET", "/__admin/worlds").await;
    let all = listed.at("/worlds");
    let all: Vec<_> =
        all.as_array().unwrap().iter().map(|world| world["name"].as_str().unwrap()).collect();
    assert_eq!(all, ["default", "d", "c", "a"]);
    assert_eq!((listed.at("/meta/limit"), listed.at("/meta/dropped")), (json!(3), json!(1)));
    // Its watch ends, in an orderly way; what was in it is gone.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, async {
        while !rest.ends_with(b"\r\n0\r\n\r\n") {
            assert_ne!(watch.read_buf(&mut rest).await.unwrap(), 0, "{rest:?}");
        }
    });
    assert!(ended.await.is_ok(), "the watch ends with its world");
    assert_eq!(names(&server, "b").await, Vec::<String>::new());
    for n in 0..500 {
        names(&server, &format!("invented-{n}")).await;
    }
    assert_eq!(ask(&server, "GET", "/__admin/worlds").await.at("/meta/total"), 4);
}

#[tokio::test]
async fn worlds_are_listed_reset_and_deleted() {
    let server = server().await;
    let new = ask(&server, "GET", "/__admin/worlds/default").await.at("/objects");
    post(&server, "POST", &format!("/worlds/a{MAPS}"), &map("x")).await;
    let one = ask(&server, "GET", "/__admin/worlds/a").await;
    assert_eq!(
        (one.at("/name"), one.at("/objects"), one.at("/requests")),
        (json!("a"), json!(new.as_u64().unwrap() + 1), json!(1))
    );
    assert_eq!(ask(&server, "POST", "/__admin/worlds/a/reset").await.status, 200);
    assert_eq!(ask(&server, "GET", "/__admin/worlds/a").await.at("/objects"), new);
    assert_eq!(names(&server, "a").await, Vec::<String>::new());
    assert_eq!(ask(&server, "DELETE", "/__admin/worlds/a").await.status, 200);
    for (method, path, status) in [
        ("GET", "/__admin/worlds/a", 404),
        ("DELETE", "/__admin/worlds/a", 404),
        ("POST", "/__admin/worlds/a/reset", 404),
        ("PUT", "/__admin/worlds/a", 200),
        ("PUT", "/__admin/worlds/-", 400),
        ("DELETE", "/__admin/worlds/default", 405),
        ("POST", "/__admin/worlds/a", 405),
        ("GET", "/__admin/worlds/a/nothing", 404),
        ("PATCH", "/__admin/worlds", 405),
    ] {
        assert_eq!(ask(&server, method, path).await.status.as_u16(), status, "{method} {path}");
    }
    assert_eq!(ask(&server, "DELETE", "/__admin/worlds").await.at("/deleted"), 1);
    // What is a world's own is asked for inside of it.
    post(&server, "POST", MAPS, &map("x")).await;
    ask(&server, "GET", "/worlds/b/version").await;
    assert_eq!(ask(&server, "GET", "/worlds/b/__admin").await.at("/objects"), new);
    let requests = ask(&server, "GET", "/__admin/requests?world=b").await.at("/requests");
    assert_eq!(requests[0]["request"]["url"], "/version", "{requests}");
    assert_eq!(ask(&server, "POST", "/__admin/reset").await.status, 200);
    assert_eq!(ask(&server, "GET", "/__admin").await.at("/objects"), new);
}

#[tokio::test]
async fn each_world_has_its_own_scenario_counters() {
    let rules = "rules:\n- {id: twice, match: {path: /apis/**}, steps: [{times: 2, then: {status: 500}}]}\n";
    let own = files(&[("twice.yaml", rules)]);
    let path = own.path().join("twice.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    for world in ["a", "b"] {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(
                ask(&server, "GET", &format!("/worlds/{world}{TFJOBS}")).await.status.as_u16(),
            );
        }
        assert_eq!(statuses, [500, 500, 200], "{world}");
    }
}

#[tokio::test]
async fn the_library_returns_world_handles() {
    let server = server().await;
    let world = server.world("mine").unwrap();
    assert_eq!(world.url(), format!("{}/worlds/mine", server.url()));
    assert_eq!(server.world("default").unwrap().url(), server.url());
    assert!(server.world("not a name").is_err());
    post(&server, "POST", &format!("/worlds/mine{MAPS}"), &map("x")).await;
    ask(&server, "GET", "/version").await;
    assert_eq!(world.exchanges().len(), 1);
    assert_eq!(world.exchanges()[0].path(), MAPS);
    world.reset();
    assert_eq!(names(&server, "mine").await, Vec::<String>::new());
    world.freeze();
    let then = world.now();
    world.advance(Duration::from_secs(3600));
    assert_eq!(world.now(), then + Duration::from_secs(3600));
    world.release();
    assert!(world.now() >= then + Duration::from_secs(3600));
    // The clock of another world goes its own way.
    assert!(server.world("other").unwrap().now() < then + Duration::from_secs(3000));
}

#[tokio::test]
async fn worlds_are_made_while_the_files_are_loaded_again() {
    let server =
        Server::builder().bounds(bounds(|bounds| bounds.worlds = 20)).start().await.unwrap();
    let (reloaded, all_reloaded) = std::sync::mpsc::channel();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (server, over) = (&server, &over);
        scope.spawn(move || {
            (0..60).for_each(|_| server.reload().unwrap());
            reloaded.send(()).unwrap();
        });
        scope.spawn(move || {
            let mut n = 0;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                server.world(&format!("w-{n}")).unwrap();
                n += 1;
            }
        });
        if all_reloaded.recv_timeout(PATIENCE).is_err() {
            // Threads that wait for each other cannot be joined.
            eprintln!("a reload and a new world wait for each other");
            std::process::abort();
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(names(&server, "after").await, Vec::<String>::new());
}

#[tokio::test]
async fn continue_chains_and_watches_stay_in_their_world() {
    let server = server().await;
    for n in 0..5 {
        post(&server, "POST", &format!("/worlds/a{MAPS}"), &map(&format!("m{n}"))).await;
    }
    let page = ask(&server, "GET", &format!("/worlds/a{MAPS}?limit=2")).await;
    let token = page.at("/metadata/continue");
    let target = format!("{MAPS}?limit=9&continue={}", token.as_str().unwrap());
    assert_eq!(
        ask(&server, "GET", &format!("/worlds/a{target}")).await.names(),
        ["m2", "m3", "m4"]
    );
    let revision = page.at("/metadata/resourceVersion");
    let (elsewhere, _) = raw(
        server.address(),
        format!("GET /worlds/b{MAPS}?watch=true&timeoutSeconds=1&resourceVersion={} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", revision.as_str().unwrap()).as_bytes(),
    )
    .await;
    assert!(!elsewhere.contains("\"m0\""), "{elsewhere}");
}

/// TFJob's documented phases, by the clock.
#[tokio::test]
async fn created_jobs_go_through_their_phases_by_the_worlds_clock() {
    let server = Server::builder().stages(true).start().await.unwrap();
    let world = server.world("life").unwrap();
    world.freeze();
    let replicas = json!({"replicas": 2, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}});
    let jobs = [
        (
            "/apis/kubeflow.org/v1/namespaces/default/tfjobs",
            "kubeflow.org/v1",
            "TFJob",
            json!({"tfReplicaSpecs": {"Worker": replicas}}),
        ),
        (
            "/apis/kubeflow.org/v1alpha2/namespaces/default/mpijobs",
            "kubeflow.org/v1alpha2",
            "MPIJob",
            json!({"mpiReplicaSpecs": {"Launcher": replicas}}),
        ),
        (
            "/apis/batch.volcano.sh/v1alpha1/namespaces/default/jobs",
            "batch.volcano.sh/v1alpha1",
            "Job",
            json!({"minAvailable": 1, "tasks": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 2}]}),
        ),
    ];
    for (path, version, kind, spec) in &jobs {
        let job =
            json!({"apiVersion": version, "kind": kind, "metadata": {"name": "j"}, "spec": spec});
        let made = post(&server, "POST", &format!("/worlds/life{path}"), &job).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let status = async |n: usize| {
        ask(&server, "GET", &format!("/worlds/life{}/j", jobs[n].0)).await.at("/status")
    };
    let conditions = |status: &Value| -> Vec<String> {
        let all = status["conditions"].as_array().cloned().unwrap_or_default();
        all.iter()
            .filter(|one| one["status"] == "True")
            .map(|one| one["type"].as_str().unwrap().to_owned())
            .collect()
    };
    world.advance(Duration::ZERO);
    assert_eq!(conditions(&status(0).await), ["Created"]);
    assert_eq!(status(1).await["conditions"][0]["message"], "MPIJob default/j is created.");
    assert_eq!(
        (&status(2).await["state"]["phase"], &status(2).await["pending"]),
        (&json!("Pending"), &json!(3))
    );
    world.advance(Duration::from_secs(2));
    assert_eq!(conditions(&status(0).await), ["Created", "Running"]);
    assert_eq!(status(0).await["replicaStatuses"], json!({"PS": {}, "Worker": {"active": 2}}));
    assert_eq!(
        (&status(2).await["state"]["phase"], &status(2).await["running"]),
        (&json!("Running"), &json!(3))
    );
    world.advance(Duration::from_secs(30));
    for n in [0, 1] {
        let status = status(n).await;
        assert_eq!(conditions(&status), ["Created", "Succeeded"], "{status}");
        assert!(status["completionTime"].is_string());
    }
    assert_eq!(status(2).await["state"]["phase"], "Completed");
    // Fixtures stay as they are, and so does everything where it is not asked for.
    assert_eq!(
        ask(&server, "GET", TFJOBS).await.at("/items/0/status/conditions/1/type"),
        "Running"
    );
    let off = crate::support::server().await;
    let job = json!({"apiVersion": jobs[0].1, "kind": "TFJob", "metadata": {"name": "j"}, "spec": jobs[0].3});
    post(&off, "POST", jobs[0].0, &job).await;
    off.world("default").unwrap().advance(Duration::from_secs(3600));
    assert_eq!(ask(&off, "GET", &format!("{}/j", jobs[0].0)).await.at("/status"), Value::Null);
}

#[tokio::test]
async fn a_stub_below_the_prefix_comes_before_a_world_that_was_not_made() {
    let own = files(&[
        ("w.json", r#"{"request": {"urlPath": "/worlds/1"}, "response": {"body": "planet"}}"#),
        (
            "r.json",
            r#"{"request": {"urlPathPattern": "/worlds/[0-9]+/moons"}, "response": {"body": "moons"}}"#,
        ),
        ("any.json", r#"{"priority": 9, "request": {}, "response": {"body": "any"}}"#),
    ]);
    let server = Server::builder().fixtures(own.path()).start().await.unwrap();
    let text = async |path: &str| ask(&server, "GET", path).await.text().to_owned();
    assert_eq!(text("/worlds/1").await, "planet");
    assert_eq!(text("/worlds/7/moons").await, "moons");
    // A stub for any URL takes no world away.
    assert_eq!(text("/worlds/a/worlds/1").await, "planet");
    assert_eq!(server.journal().exchanges().pop().unwrap().world.as_ref(), "a");
    // Once it was made, the world has the path.
    assert_eq!(ask(&server, "PUT", "/__admin/worlds/1").await.status, 200);
    assert_eq!(text("/worlds/1").await, "any");
}

#[tokio::test]
async fn the_prefix_of_worlds_is_a_setting() {
    let own = files(&[("any.json", r#"{"request": {}, "response": {"body": "any"}}"#)]);
    let builder = || Server::builder().fixtures(own.path());
    let world = async |server: &RunningServer, path: &str| {
        assert_eq!(ask(server, "GET", path).await.status, 200);
        server.journal().exchanges().pop().unwrap().world.to_string()
    };
    let other = builder().world_prefix(Some("/in/w")).start().await.unwrap();
    assert_eq!(world(&other, "/in/w/a/x").await, "a");
    assert_eq!(world(&other, "/worlds/a/x").await, "default");
    assert_eq!(other.world("b").unwrap().url(), format!("{}/in/w/b", other.url()));
    let off = builder().world_prefix(None).start().await.unwrap();
    assert_eq!(world(&off, "/worlds/a/x").await, "default");
    assert_eq!(off.world("b").unwrap().url(), off.url());
    for wrong in ["", "/", "w", "/w/", "/w?x", "/__admin", "/apis/w", "/a b"] {
        let error = builder().world_prefix(Some(wrong)).start().await.unwrap_err();
        assert!(error.to_string().contains("world prefix"), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_do_not_reach_the_admin_api() {
    let server = server().await;
    let own = server.address().to_string();
    let status = async |headers: &[(&str, &str)]| {
        send(&server, "POST", "/__admin/reset", headers, "").await.status.as_u16()
    };
    assert_eq!(status(&[]).await, 200);
    assert_eq!(status(&[("origin", &format!("http://{own}"))]).await, 200);
    assert_eq!(status(&[("origin", "http://evil.example")]).await, 403);
    assert_eq!(status(&[("sec-fetch-site", "cross-site")]).await, 403);
}

#[tokio::test]
async fn a_reset_sets_the_clock_back() {
    let server = server().await;
    let elapsed = async || {
        ask(&server, "GET", "/__admin/clock").await.at("/elapsedSeconds").as_f64().unwrap()
    };
    let by = json!({"by": "100h"});
    assert_eq!(post(&server, "POST", "/__admin/clock/advance", &by).await.status, 200);
    assert!(elapsed().await >= 360_000.0);
    assert_eq!(post(&server, "POST", "/__admin/reset", &json!({})).await.status, 200);
    assert!(elapsed().await < 3600.0);
}
