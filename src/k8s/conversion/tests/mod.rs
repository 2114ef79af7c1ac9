//! Conversions of the engine, with a webhook that is a function.

mod answers;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::testing::TestStore;
use super::super::webhook::WebhookReply;
use super::super::{
    Aggregation, ApiRequest, Auth, AuthCache, Config, Faults, HistoryLimits, Listed, Outcome,
    Reviews, Seed, SeedObject, User, WebhookCache,
};
use super::*;
use crate::message::{Body, Query, RequestInfo};

const GROUP: &str = "e.com";
const THINGS: &str = "/apis/e.com/v2/namespaces/default/things";
const OLD_THINGS: &str = "/apis/e.com/v1/namespaces/default/things";

fn definition(storage: &str) -> Value {
    let version = |name: &str, field: &str| {
        let spec = json!({"type": "object", "properties": {field: {"type": "integer"}}});
        json!({
            "name": name, "served": true, "storage": name == storage,
            "selectableFields": [{"jsonPath": format!(".spec.{field}")}],
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.e.com"},
        "spec": {
            "group": GROUP, "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [version("v1", "size"), version("v2", "length")],
            "conversion": {"strategy": "Webhook", "webhook": {
                "conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://localhost"},
            }},
        },
    })
}

fn thing(version: &str, name: &str, number: i64) -> Value {
    let field = if version == "v1" { "size" } else { "length" };
    json!({
        "apiVersion": format!("{GROUP}/{version}"), "kind": "Thing",
        "metadata": {"name": name, "namespace": "default"}, "spec": {field: number},
    })
}

/// A server, and how often its webhook was called.
struct Rig {
    store: TestStore,
    calls: usize,
    fails: bool,
}

impl Rig {
    fn new(storage: &str, objects: &[Value]) -> Self {
        let seed = Seed {
            crds: vec![SeedObject::new(definition(storage))],
            objects: objects.iter().cloned().map(SeedObject::new).collect(),
            history: HistoryLimits::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        Self { store: TestStore::new(seed.state().unwrap()), calls: 0, fails: false }
    }

    /// Sends a request; its conversions are carried out.
    fn outcome(&mut self, method: &Method, target: &str, body: &Value) -> Outcome {
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let query = Query::parse(query).unwrap();
        let info = RequestInfo::parse(method, path, &query).unwrap();
        let media = if method == Method::PATCH { "application/merge-patch+json" } else { "" };
        let headers =
            HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_static(media))]);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let conversions = Conversions::default();
        for _ in 0..8 {
            let request = ApiRequest {
                method,
                path,
                info: &info,
                query: &query,
                headers: &headers,
                body: text.as_bytes(),
                now: Timestamp::UNIX_EPOCH,
                nonce: 7,
                faults: &Faults::NONE,
                user: &User::default(),
                auth: &Auth::default(),
                auth_cache: &AuthCache::default(),
                conversions: &conversions,
                webhooks: &WebhookCache::default(),
                reviews: &Reviews::default(),
                listed: &Listed::default(),
                aggregation: &Aggregation::default(),
            };
            match self.store.answer(&Config::default(), &request) {
                Outcome::Convert(requests) => self.convert(&conversions, requests),
                outcome => return outcome,
            }
        }
        panic!("{target} needs conversions for ever");
    }

    fn convert(&mut self, conversions: &Conversions, requests: Vec<ConversionRequest>) {
        for request in requests {
            self.calls += 1;
            let answer = hook(&request.review("u").unwrap(), self.fails);
            let result = request.read("u", &answer);
            conversions.add(request, result);
        }
    }

    fn send(&mut self, method: &Method, target: &str, body: &Value) -> (u16, Value) {
        let Outcome::Plan(plan) = self.outcome(method, target, body) else { panic!("{target}") };
        let text = match plan.body {
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::Pieces(pieces) => pieces.concat(),
            _ => Vec::new(),
        };
        (plan.status.as_u16(), serde_json::from_slice(&text).unwrap())
    }

    fn get(&mut self, target: &str) -> Value {
        let (status, value) = self.send(&Method::GET, target, &Value::Null);
        assert_eq!(status, 200, "{value}");
        value
    }
}

/// A webhook that renames a field.
fn hook(review: &[u8], fails: bool) -> WebhookReply {
    let review: Value = serde_json::from_slice(review).unwrap();
    let request = &review["request"];
    assert_eq!(
        review["response"],
        json!({"uid": "", "convertedObjects": null, "result": {"metadata": {}}})
    );
    let mut object = request["objects"][0].clone();
    assert_eq!(object["metadata"]["resourceVersion"], Value::Null, "storage has no revisions");
    let desired = &request["desiredAPIVersion"];
    assert_ne!(object["apiVersion"], *desired);
    let (from, to) = if desired == "e.com/v2" { ("size", "length") } else { ("length", "size") };
    object["apiVersion"] = desired.clone();
    object["spec"] = json!({to: object["spec"][from], "unknown": true});
    object["metadata"]["labels"] = json!({"version": to});
    object["metadata"]["generation"] = json!(99);
    let result = if fails {
        json!({"status": "Failure", "message": "no"})
    } else {
        json!({"status": "Success"})
    };
    let response = json!({"uid": request["uid"], "convertedObjects": [object], "result": result});
    let answer = json!({
        "apiVersion": review["apiVersion"], "kind": "ConversionReview", "response": response,
    });
    answered(200, &answer.to_string())
}

fn answered(status: u16, body: &str) -> WebhookReply {
    WebhookReply {
        status: StatusCode::from_u16(status).unwrap(),
        content_type: "text/plain".to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

#[test]
fn every_verb_shows_the_requested_version() {
    let mut rig = Rig::new("v1", &[]);
    let (status, created) = rig.send(&Method::POST, THINGS, &thing("v2", "a", 3));
    assert_eq!((status, &created["spec"]), (201, &json!({"length": 3})));
    assert_eq!(rig.calls, 2, "to the stored version, and back");
    assert_eq!(
        created["metadata"]["generation"], 1,
        "a webhook changes labels and annotations alone"
    );
    let path = format!("{THINGS}/a");
    assert_eq!(rig.get(&path)["spec"], json!({"length": 3}));
    let list = rig.get(THINGS);
    assert_eq!(list["items"][0]["spec"], json!({"length": 3}));
    assert_eq!(
        list["items"][0]["metadata"]["resourceVersion"],
        created["metadata"]["resourceVersion"]
    );
    let patch = json!({"spec": {"length": 4}});
    let (status, patched) = rig.send(&Method::PATCH, &path, &patch);
    assert_eq!((status, &patched["spec"]), (200, &json!({"length": 4})));
    let calls = rig.calls;
    assert_eq!(rig.get(&format!("{OLD_THINGS}/a"))["spec"], json!({"size": 4}));
    assert_eq!(rig.calls, calls, "the stored version needs no webhook");
    let (status, _) = rig.send(&Method::DELETE, &path, &Value::Null);
    assert_eq!(status, 200);
}

#[test]
fn objects_are_selected_as_they_are_shown() {
    let objects: Vec<Value> = (1..=3).map(|n| thing("v1", &format!("t{n}"), n)).collect();
    let mut rig = Rig::new("v1", &objects);
    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&rig.get(&format!("{THINGS}?fieldSelector=spec.length%3D2"))), ["t2"]);
    assert_eq!(rig.calls, 3, "each object once");
    assert_eq!(
        names(&rig.get(&format!("{THINGS}?labelSelector=version%3Dlength&limit=1"))),
        ["t1"]
    );
    let calls = rig.calls;
    assert_eq!(names(&rig.get(&format!("{THINGS}?limit=1"))), ["t1"]);
    assert_eq!(rig.calls, calls + 1, "only those on the page");
    assert_eq!(names(&rig.get(&format!("{OLD_THINGS}?fieldSelector=spec.size%3D3"))), ["t3"]);
    let (status, _) = rig.send(
        &Method::GET,
        &format!("{OLD_THINGS}?fieldSelector=spec.length%3D3"),
        &Value::Null,
    );
    assert_eq!(status, 400, "a field of another version");
}

#[test]
fn an_object_of_an_older_stored_version_stays_in_it_until_it_is_written() {
    let mut rig = Rig::new("v1", &[thing("v1", "a", 3)]);
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.e.com";
    let mut changed = rig.get(definitions);
    changed["spec"]["versions"][0]["storage"] = json!(false);
    changed["spec"]["versions"][1]["storage"] = json!(true);
    assert_eq!(rig.send(&Method::PUT, definitions, &changed).0, 200);
    assert_eq!(rig.get(&format!("{OLD_THINGS}/a"))["spec"], json!({"size": 3}));
    assert_eq!(rig.calls, 0);
    assert_eq!(rig.get(&format!("{THINGS}/a"))["spec"], json!({"length": 3}));
    assert_eq!(rig.calls, 1);
    let patch = json!({"spec": {"size": 5}});
    assert_eq!(
        rig.send(&Method::PATCH, &format!("{OLD_THINGS}/a"), &patch).1["spec"],
        json!({"size": 5})
    );
    let calls = rig.calls;
    assert_eq!(rig.get(&format!("{THINGS}/a"))["spec"], json!({"length": 5}));
    assert_eq!(rig.calls, calls, "it is stored in the new version now");
}

#[test]
fn a_file_holds_its_object_in_any_version() {
    let mut rig = Rig::new("v2", &[thing("v1", "a", 3), thing("v2", "b", 4)]);
    let list = rig.get(THINGS);
    assert_eq!(list["items"][0]["spec"], json!({"length": 3}));
    assert_eq!(list["items"][1]["spec"], json!({"length": 4}));
    assert_eq!(rig.calls, 1);
}

#[test]
fn a_webhook_that_fails_lets_the_request_fail_and_changes_nothing() {
    let mut rig = Rig::new("v1", &[thing("v1", "a", 3)]);
    rig.fails = true;
    let revision = rig.store.state().revision;
    let path = format!("{THINGS}/a");
    let failed =
        |version: &str| format!("conversion webhook for e.com/{version}, Kind=Thing failed: no");
    for (method, target, body, version) in [
        (Method::GET, path.as_str(), Value::Null, "v1"),
        (Method::GET, THINGS, Value::Null, "v1"),
        (Method::PATCH, &path, json!({"spec": {"length": 1}}), "v1"),
        (Method::DELETE, &path, Value::Null, "v1"),
        (Method::DELETE, THINGS, Value::Null, "v1"),
        (Method::POST, THINGS, thing("v2", "b", 1), "v2"),
        // A name that is taken is seen later.
        (Method::POST, THINGS, thing("v2", "a", 1), "v2"),
    ] {
        let (status, error) = rig.send(&method, target, &body);
        assert_eq!(
            (status, &error["message"]),
            (500, &json!(failed(version))),
            "{method} {target}"
        );
        assert_eq!(error["reason"], Value::Null);
    }
    let invalid = json!({
        "apiVersion": "e.com/v2", "kind": "Thing", "metadata": {"name": "b"}, "spec": {"length": "x"},
    });
    assert_eq!(rig.send(&Method::POST, THINGS, &invalid).0, 422, "validation comes first");
    assert_eq!(rig.send(&Method::DELETE, &format!("{THINGS}/none"), &Value::Null).0, 404);
    assert_eq!(rig.store.state().revision, revision);
}

#[test]
fn the_deletion_of_a_namespace_needs_no_webhook() {
    let mut object = thing("v1", "a", 3);
    object["metadata"]["namespace"] = json!("other");
    object["metadata"]["finalizers"] = json!(["e.com/held"]);
    let mut rig = Rig::new("v2", &[object]);
    rig.fails = true;
    assert_eq!(rig.send(&Method::DELETE, "/api/v1/namespaces/other", &Value::Null).0, 200);
    let left = rig.get("/apis/e.com/v1/namespaces/other/things/a");
    assert_eq!(
        (rig.calls, &left["spec"]),
        (0, &json!({"size": 3})),
        "it is still written in its version"
    );
    assert!(left["metadata"]["deletionTimestamp"].is_string());
}

#[test]
fn a_watch_takes_a_step_again_when_its_objects_are_converted() {
    let mut rig = Rig::new("v1", &[thing("v1", "a", 3)]);
    let Outcome::Watch(mut watch) =
        rig.outcome(&Method::GET, &format!("{THINGS}?watch=1"), &Value::Null)
    else {
        panic!("a watch")
    };
    let mut lines = |rig: &mut Rig| -> Vec<Value> {
        let conversions = Conversions::default();
        let state = rig.store.state();
        loop {
            let step = watch.step(&state, Timestamp::UNIX_EPOCH, &conversions);
            if step.convert.is_empty() {
                let line = |line: &Bytes| serde_json::from_slice(line).unwrap();
                return step.lines.iter().map(line).collect();
            }
            rig.convert(&conversions, step.convert);
        }
    };
    let first = lines(&mut rig);
    assert_eq!(
        (&first[0]["type"], &first[0]["object"]["spec"]),
        (&json!("ADDED"), &json!({"length": 3}))
    );
    assert_eq!(rig.send(&Method::POST, OLD_THINGS, &thing("v1", "b", 4)).0, 201);
    assert_eq!(rig.send(&Method::DELETE, &format!("{OLD_THINGS}/b"), &Value::Null).0, 200);
    let next = lines(&mut rig);
    let shown: Vec<_> = next.iter().map(|line| (&line["type"], &line["object"]["spec"])).collect();
    let spec = json!({"length": 4});
    assert_eq!(shown, [(&json!("ADDED"), &spec), (&json!("DELETED"), &spec)]);
    assert!(lines(&mut rig).is_empty());
    rig.fails = true;
    assert_eq!(rig.send(&Method::POST, OLD_THINGS, &thing("v1", "c", 5)).0, 201);
    assert!(lines(&mut rig).is_empty(), "it waits for the webhook");
    rig.fails = false;
    let last = lines(&mut rig);
    assert_eq!(last[0]["object"]["spec"], json!({"length": 5}));
}
