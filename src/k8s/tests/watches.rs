//! Watches that are behind, and watches of types without writes.

use super::*;

#[test]
fn a_watch_outlives_a_history_of_other_resources() {
    let store = store(8);
    let Some(Outcome::Watch(mut watch)) = ask(
        &store,
        &Method::GET,
        "/apis/kubeflow.org/v1/tfjobs?watch=1&resourceVersion=1",
        "",
        b"",
    ) else {
        panic!("a watch")
    };
    assert!(
        watch.step(&store.state(), Timestamp::UNIX_EPOCH, &Conversions::default()).lines.is_empty()
    );
    for n in 0..50 {
        let map =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}});
        assert_eq!(call(&store, &Method::POST, MAPS, &map).0, 201);
    }
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}});
    let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
    assert_eq!(call(&store, &Method::POST, jobs, &job).0, 201);
    let step = watch.step(&store.state(), Timestamp::UNIX_EPOCH, &Conversions::default());
    assert_eq!(step.lines.len(), 1);
    assert!(step.lines[0].starts_with(b"{\"type\":\"ADDED\""), "{:?}", step.lines);
    // A watch that starts at that revision now is too late.
    let Some(Outcome::Watch(mut late)) = ask(
        &store,
        &Method::GET,
        "/apis/kubeflow.org/v1/tfjobs?watch=1&resourceVersion=1",
        "",
        b"",
    ) else {
        panic!("a watch")
    };
    let step = late.step(&store.state(), Timestamp::UNIX_EPOCH, &Conversions::default());
    assert!(step.end && step.lines[0].starts_with(b"{\"type\":\"ERROR\""), "{:?}", step.lines);
}

#[test]
fn a_watch_that_is_behind_gets_bounded_batches() {
    let store = store(1_000);
    for n in 0..40 {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}, "data": {"n": "x".repeat(20_000)}});
        assert_eq!(call(&store, &Method::POST, MAPS, &map).0, 201);
    }
    for target in ["resourceVersion=1", "resourceVersion=0"] {
        let target = format!("{MAPS}?watch=1&{target}");
        let Some(Outcome::Watch(mut watch)) = ask(&store, &Method::GET, &target, "", b"") else {
            panic!("a watch")
        };
        let (mut lines, mut more) = (0, true);
        while more {
            let step = watch.step(&store.state(), Timestamp::UNIX_EPOCH, &Conversions::default());
            assert!(step.lines.iter().map(bytes::Bytes::len).sum::<usize>() < 90_000);
            lines += step.lines.len();
            more = step.more;
        }
        assert_eq!(lines, 40);
    }
}
