//! Lists by name, as tables, and as cached pages.

use super::*;

#[test]
fn names_are_looked_up_in_one_namespace_and_in_all() {
    let store = store(1_000);
    for n in 0..20 {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}, "data": {"n": "1"}});
        call(&store, &Method::POST, MAPS, &map);
        call(&store, &Method::POST, "/api/v1/namespaces/kube-system/configmaps", &map);
    }
    let names = |target: &str| -> Vec<String> {
        let (status, list) = call(&store, &Method::GET, target, &json!({}));
        assert_eq!(status, 200, "{list}");
        let key = |item: &Value| {
            let text = |field: &str| item["metadata"][field].as_str().unwrap().to_owned();
            format!("{}/{}", text("namespace"), text("name"))
        };
        list["items"].as_array().unwrap().iter().map(key).collect()
    };
    assert_eq!(names(&format!("{MAPS}?fieldSelector=metadata.name%3Dm7")), ["default/m7"]);
    assert_eq!(
        names("/api/v1/configmaps?fieldSelector=metadata.name%3Dm7"),
        ["default/m7", "kube-system/m7"]
    );
    let other = "/api/v1/configmaps?fieldSelector=metadata.name%3Dm7,metadata.namespace!%3Ddefault";
    assert_eq!(names(other), ["kube-system/m7"]);
    assert!(
        names(&format!("{MAPS}?fieldSelector=metadata.name%3Dm7,metadata.name%3Dm8")).is_empty()
    );
    let (_, page) = call(
        &store,
        &Method::GET,
        "/api/v1/configmaps?fieldSelector=metadata.name%3Dm7&limit=1",
        &json!({}),
    );
    let next = page["metadata"]["continue"].as_str().unwrap();
    let next =
        format!("/api/v1/configmaps?fieldSelector=metadata.name%3Dm7&limit=1&continue={next}");
    assert_eq!(names(&next), ["kube-system/m7"]);
}

#[test]
fn a_table_shows_current_objects_and_ages() {
    let store = store(1_000);
    let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a", "labels": {"x": "1"}}});
    call(&store, &Method::POST, jobs, &job);
    let table = |shape: &str, at: i64| {
        let accept = format!("application/json;as={shape};v=v1;g=meta.k8s.io");
        let accept = HeaderValue::from_str(&accept).unwrap();
        let headers = HeaderMap::from_iter([(http::header::ACCEPT, accept)]);
        let now = Timestamp::from_second(at).unwrap();
        let sent = Sent { headers, now, ..Sent::get(jobs) };
        plain(sent.to(&store, &Config::default()).unwrap()).1
    };
    let first = table("Table", 60);
    let age = first["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .position(|column| column["name"] == "Age");
    let age = age.unwrap();
    assert_eq!(first["rows"][0]["cells"][0], "a");
    assert_eq!(first["rows"][0]["cells"][age], "60s");
    assert_eq!(table("Table", 3600)["rows"][0]["cells"][age], "60m", "the age has grown");
    let metadata = table("PartialObjectMetadataList", 0)["items"][0]["metadata"].clone();
    assert_eq!(metadata, first["rows"][0]["object"]["metadata"]);
    assert_eq!(
        metadata,
        call(&store, &Method::GET, &format!("{jobs}/a"), &json!({})).1["metadata"]
    );
    assert_eq!(first["metadata"]["resourceVersion"], metadata["resourceVersion"]);
}

/// A server that joins no pages.
fn without_cache() -> Config {
    Config { pages: Arc::new(PageCache::new(0)), ..Config::default() }
}

#[test]
fn cached_pages_equal_new_ones() {
    let store = store(10_000);
    let put = |name: &str, text: &str| {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": text}});
        call(&store, &Method::POST, MAPS, &map);
    };
    for n in 0..120 {
        put(&format!("m{n:03}"), &"x".repeat(2_000));
    }
    let config = Config::default();
    let page = |config: &Config, target: &str| {
        let outcome = Sent::get(target).to(&store, config);
        let Some(Outcome::Plan(plan)) = outcome else { panic!("a plan") };
        bytes(plan)
    };
    let check = |target: &str| {
        let fresh = page(&without_cache(), target);
        for _ in 0..4 {
            assert!(page(&config, target) == fresh, "{target}");
        }
        serde_json::from_slice::<Value>(&fresh).unwrap()
    };
    let all = check("/api/v1/configmaps");
    assert_eq!(all["items"].as_array().unwrap().len(), 120);
    let once = Config::default();
    page(&once, "/api/v1/configmaps");
    assert!(once.pages.held().0 > 200_000, "it is kept when it is requested for the first time");
    let mut target = format!("{MAPS}?limit=50");
    let mut seen = 0;
    loop {
        let page = check(&target);
        seen += page["items"].as_array().unwrap().len();
        let Some(token) = page["metadata"]["continue"].as_str() else { break };
        target = format!("{MAPS}?limit=50&continue={token}");
    }
    assert_eq!(seen, 120);
    assert!(config.pages.held().0 > 400_000, "{:?}", config.pages.held());
    // A write to another collection changes the revision, a write to this one the objects too.
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "a"}});
    call(&store, &Method::POST, "/apis/kubeflow.org/v1/namespaces/default/tfjobs", &job);
    let later = check("/api/v1/configmaps");
    assert_ne!(later["metadata"]["resourceVersion"], all["metadata"]["resourceVersion"]);
    put("m000-more", "y");
    assert_eq!(check("/api/v1/configmaps")["items"].as_array().unwrap().len(), 121);
    // The chain that began before sees the objects of its revision.
    assert_eq!(check(&target)["items"].as_array().unwrap().len(), 20);
    check("/api/v1/configmaps?labelSelector=a");
    check(&format!("{MAPS}?limit=1"));
}

#[test]
fn cached_pages_of_tables_and_metadata_equal_new_ones() {
    let store = store(10_000);
    let jobs = "/apis/kubeflow.org/v1/namespaces/default/tfjobs";
    for n in 0..200 {
        let labels = json!({"long": "x".repeat(60), "other": "y".repeat(60)});
        let metadata = json!({"name": format!("job-{n:03}"), "labels": labels});
        let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": metadata});
        call(&store, &Method::POST, jobs, &job);
    }
    let target = format!("{jobs}?limit=190");
    let page = |config: &Config, shape: &str, at: i64| {
        let accept = HeaderValue::from_str(&format!("application/json;{shape};g=meta.k8s.io"));
        let headers = HeaderMap::from_iter([(http::header::ACCEPT, accept.unwrap())]);
        let now = Timestamp::from_second(at).unwrap();
        let sent = Sent { headers, now, ..Sent::get(&target) };
        let Some(Outcome::Plan(plan)) = sent.to(&store, config) else { panic!("a plan") };
        bytes(plan)
    };
    let config = Config::default();
    let shapes = ["as=Table;v=v1", "as=Table;v=v1beta1", "as=PartialObjectMetadataList;v=v1"];
    // Ages that are the same, ages that have changed, and a clock that was set back.
    for at in [10, 11, 100_000, 100_001, 103_700, 103_701, 100_000] {
        for shape in shapes {
            let fresh = page(&without_cache(), shape, at);
            for _ in 0..3 {
                assert!(page(&config, shape, at) == fresh, "{shape} at {at}");
            }
        }
    }
    let one = page(&config, shapes[0], 100_000).len();
    assert!(config.pages.held().0 > 3 * one / 2, "{:?}", config.pages.held());
}
