//! A round on both servers, up to the first difference.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::compare::{self, Difference};
use crate::definitions;
use crate::explained;
use crate::normal::Normal;
use crate::step::Step;

/// A server.
pub(crate) struct Target {
    /// Its URL without a path.
    pub(crate) base: String,
    token: String,
}

impl Target {
    pub(crate) fn new(base: &str, token: String) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), token }
    }
}

/// Both servers.
pub(crate) struct Pair {
    pub(crate) client: Client,
    pub(crate) real: Target,
    pub(crate) standin: Target,
}

/// How a round ended.
pub(crate) struct Outcome {
    pub(crate) difference: Option<Difference>,
    /// The reasons of the differences that are explained.
    pub(crate) explained: Vec<&'static str>,
}

/// One server's side of a round.
struct Side<'a> {
    target: &'a Target,
    /// What the places of later steps stand for.
    places: BTreeMap<&'static str, String>,
    normal: Normal,
}

impl<'a> Side<'a> {
    fn new(target: &'a Target, namespace: &str) -> Self {
        let mut places = BTreeMap::new();
        for name in ["@rv@", "@rv0@", "@uid@", "@continue@"] {
            places.insert(name, String::new());
        }
        places.insert("@ns@", namespace.to_owned());
        Self { target, places, normal: Normal::new(namespace, &target.base) }
    }

    fn filled(&self, step: &Step) -> Step {
        let fill = |text: &String| {
            let mut text = text.clone();
            if text.contains('@') {
                for (name, value) in &self.places {
                    text = text.replace(name, value);
                }
            }
            text
        };
        Step {
            path: fill(&step.path),
            query: step.query.iter().map(fill).collect(),
            headers: step.headers.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            body: step.body.as_ref().map(fill),
            ..step.clone()
        }
    }

    /// Keeps what later steps may refer to.
    fn keep(&mut self, reply: &Reply) {
        if reply.status >= 300 {
            return;
        }
        let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else { return };
        let text = |field: &str| value["metadata"][field].as_str().filter(|text| !text.is_empty());
        if let Some(token) = text("continue") {
            self.places.insert("@continue@", token.to_owned());
        }
        if let Some(revision) = text("resourceVersion") {
            if self.places["@rv0@"].is_empty() {
                self.places.insert("@rv0@", revision.to_owned());
            }
            self.places.insert("@rv@", revision.to_owned());
        }
        if let Some(uid) = text("uid") {
            self.places.insert("@uid@", uid.to_owned());
        }
    }
}

impl Pair {
    /// Plays a round.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub(crate) async fn play(&self, steps: &[Step]) -> Result<Outcome, String> {
        let namespace = format!("d-{}", &uuid::Uuid::new_v4().simple().to_string()[..10]);
        let body =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        let made = Step::new("POST", "/api/v1/namespaces").body(body);
        for target in [&self.real, &self.standin] {
            let reply = self.client.send(&target.base, &target.token, &made).await?;
            if reply.status != 201 {
                return Err(format!("{} refuses the namespace: {}", target.base, reply.status));
            }
        }
        let outcome = self.compare(steps, &namespace).await;
        for target in [&self.real, &self.standin] {
            self.remove(target, steps, &namespace).await?;
        }
        outcome
    }

    async fn compare(&self, steps: &[Step], namespace: &str) -> Result<Outcome, String> {
        let mut real = Side::new(&self.real, namespace);
        let mut standin = Side::new(&self.standin, namespace);
        let mut outcome = Outcome { difference: None, explained: Vec::new() };
        for step in steps {
            let (there, here) = tokio::join!(self.send(&real, step), self.send(&standin, step));
            let (there, here) = (there?, here?);
            real.keep(&there);
            standin.keep(&here);
            let (want, got) = (real.normal.reply(step, &there), standin.normal.reply(step, &here));
            if want == got {
                // Here a collector acts on such objects, and the round cannot go on.
                if awaits_collector(&there) {
                    break;
                }
                continue;
            }
            if let Some(reason) = explained::reason(step, &want, &got) {
                outcome.explained.push(reason);
                if want["status"] != got["status"] {
                    break;
                }
                continue;
            }
            outcome.difference = Some(compare::difference(step, &want, &got));
            break;
        }
        Ok(outcome)
    }

    async fn send(&self, side: &Side<'_>, step: &Step) -> Result<Reply, String> {
        self.client.send(&side.target.base, &side.target.token, &side.filled(step)).await
    }

    /// Removes what a round made: also on a server without controllers.
    async fn remove(&self, target: &Target, steps: &[Step], namespace: &str) -> Result<(), String> {
        let send =
            |step: Step| async move { self.client.send(&target.base, &target.token, &step).await };
        for collection in collections(steps, namespace) {
            let list = send(Step::get(&collection)).await?;
            let list: Value = serde_json::from_slice(&list.body).unwrap_or_default();
            for item in list["items"].as_array().into_iter().flatten() {
                if item["metadata"]["finalizers"].is_array() {
                    let name = item["metadata"]["name"].as_str().unwrap_or_default();
                    let step = Step::new("PATCH", format!("{collection}/{name}"))
                        .header("content-type", "application/merge-patch+json")
                        .body(json!({"metadata": {"finalizers": null}}));
                    send(step).await?;
                }
            }
            send(Step::new("DELETE", &collection).query("gracePeriodSeconds=0")).await?;
        }
        let path = format!("/api/v1/namespaces/{namespace}");
        send(Step::new("DELETE", &path)).await?;
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}, "spec": {}});
        send(Step::new("PUT", format!("{path}/finalize")).body(body)).await?;
        Ok(())
    }

    /// Makes the definitions of the custom resources.
    pub(crate) async fn install(&self) -> Result<(), String> {
        for target in [&self.real, &self.standin] {
            for definition in definitions::all() {
                let step = Step::new("POST", definitions::COLLECTION).body(&definition);
                let reply = self.client.send(&target.base, &target.token, &step).await?;
                if !matches!(reply.status, 201 | 409) {
                    let text = String::from_utf8_lossy(&reply.body).into_owned();
                    return Err(format!("{} refuses a definition: {text}", target.base));
                }
            }
            for definition in definitions::all() {
                self.established(target, &definition).await?;
            }
        }
        Ok(())
    }

    /// Waits until a custom resource is served.
    async fn established(&self, target: &Target, definition: &Value) -> Result<(), String> {
        for _ in 0..100 {
            let step = Step::get(definitions::served_at(definition));
            if self.client.send(&target.base, &target.token, &step).await?.status == 200 {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Err(format!("{} does not serve {}", target.base, definition["metadata"]["name"]))
    }

    /// Removes the definitions, as far as that works.
    pub(crate) async fn uninstall(&self) {
        for target in [&self.real, &self.standin] {
            for definition in definitions::all() {
                let name = definition["metadata"]["name"].as_str().unwrap_or_default();
                let step = Step::new("DELETE", format!("{}/{name}", definitions::COLLECTION));
                let _ = self.client.send(&target.base, &target.token, &step).await;
            }
        }
    }
}

/// Whether an object waits for the garbage collector.
fn awaits_collector(reply: &Reply) -> bool {
    let value: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let waits = |object: &Value| {
        let finalizers = object["metadata"]["finalizers"].as_array();
        !object["metadata"]["deletionTimestamp"].is_null()
            && finalizers
                .into_iter()
                .flatten()
                .any(|one| one == "foregroundDeletion" || one == "orphan")
    };
    waits(&value) || value["items"].as_array().into_iter().flatten().any(waits)
}

/// The collections in which steps made objects.
fn collections(steps: &[Step], namespace: &str) -> Vec<String> {
    let mut found = Vec::new();
    for step in steps {
        let path = step.path.replace("@ns@", namespace);
        let Some((before, after)) = path.split_once(&format!("/namespaces/{namespace}/")) else {
            continue;
        };
        let plural = after.split(['/', '?']).next().unwrap_or_default();
        if plural.is_empty() || !plural.bytes().all(|byte| byte.is_ascii_lowercase()) {
            continue;
        }
        let collection = format!("{before}/namespaces/{namespace}/{plural}");
        if !found.contains(&collection) {
            found.push(collection);
        }
    }
    found
}
