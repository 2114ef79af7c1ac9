//! Takes a snapshot of all objects of some types in a cluster.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::record::Upstream;
use crate::redact::{Media, Redacted, Redactor};

use super::collection::ObjectCollection;
use super::discovery::{ListedType, discover, get, refused};
use super::recorded::items_of;

/// Objects of a page.
const PAGE: usize = 500;

/// The most pages of one type.
const MOST_PAGES: usize = 10_000;

/// How often a list starts again because its token has expired.
const ATTEMPTS: usize = 3;

/// Types that are excluded unless they are named: they change constantly.
const PASSING: [&str; 4] =
    ["events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"];

/// The options of a snapshot.
pub(crate) struct SnapshotOptions<'a> {
    pub(crate) upstream: &'a Upstream,
    /// Header fields for all requests: credentials.
    pub(crate) headers: HeaderMap,
    /// Names of types in kubectl's notation; empty means all.
    pub(crate) resources: Vec<String>,
    /// Namespaces; empty means all, including cluster-scoped objects.
    pub(crate) namespaces: Vec<String>,
    pub(crate) redactor: Arc<Redactor>,
}

/// The result of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) objects: ObjectCollection,
    /// Kind and group of the types, with `plural.group`.
    pub(crate) kinds: HashMap<(String, String), String>,
    /// Messages about types that could not be listed.
    pub(crate) notes: Vec<String>,
}

/// Takes the objects, and the definitions of their types.
///
/// # Errors
/// A message if the server does not answer or has none of the types.
pub(crate) async fn snapshot(options: &SnapshotOptions<'_>) -> Result<Snapshot, String> {
    let mut taken = Snapshot::default();
    let all = discover(options.upstream, &options.headers, &mut taken.notes).await?;
    for name in &options.resources {
        if !all.iter().any(|of| of.is_named(name)) {
            return Err(format!("the server has no resource type {name:?} that can be listed"));
        }
    }
    let wanted: Vec<&ListedType> = all.iter().filter(|of| is_wanted(of, options)).collect();
    for of in &wanted {
        taken.kinds.insert((of.kind.clone(), of.group.clone()), of.name());
        let listed = if options.namespaces.is_empty() {
            list(options, of, &of.path(None), &mut taken.objects).await
        } else if of.namespaced {
            let mut listed = Ok(());
            for namespace in &options.namespaces {
                listed = listed
                    .and(list(options, of, &of.path(Some(namespace)), &mut taken.objects).await);
            }
            listed
        } else {
            continue;
        };
        if let Err(why) = listed {
            taken.notes.push(why);
        }
    }
    let definitions = all.iter().find(|of| of.name() == DEFINITIONS);
    if let Some(of) = definitions.filter(|of| !wanted.contains(of)) {
        take_definitions(options, of, &wanted, &mut taken).await;
    }
    Ok(taken)
}

const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

fn is_wanted(of: &ListedType, options: &SnapshotOptions<'_>) -> bool {
    if options.resources.is_empty() {
        // Definitions follow from the selected types.
        return !PASSING.contains(&&*of.name()) && of.name() != DEFINITIONS;
    }
    options.resources.iter().any(|name| of.is_named(name))
}

/// Takes the definitions of the types that were taken.
async fn take_definitions(
    options: &SnapshotOptions<'_>,
    of: &ListedType,
    wanted: &[&ListedType],
    taken: &mut Snapshot,
) {
    let mut all = ObjectCollection::default();
    if let Err(why) = list(options, of, &of.path(None), &mut all).await {
        taken.notes.push(format!("{why}; custom resources are served without their schemas"));
        return;
    }
    taken.kinds.insert((of.kind.clone(), of.group.clone()), of.name());
    for definition in all.objects() {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        if wanted.iter().any(|of| of.name() == name) {
            taken.objects.add(definition.clone());
        }
    }
}

/// Takes all pages of a list.
async fn list(
    options: &SnapshotOptions<'_>,
    of: &ListedType,
    path: &str,
    objects: &mut ObjectCollection,
) -> Result<(), String> {
    let mut token = String::new();
    let mut attempts = 0;
    for _ in 0..MOST_PAGES {
        let mut target = format!("{path}?limit={PAGE}");
        if !token.is_empty() {
            target
                .push_str(&format!("&continue={}", utf8_percent_encode(&token, NON_ALPHANUMERIC)));
        }
        let (status, answer, body) = get(options.upstream, &options.headers, &target).await?;
        if status == 410 && attempts < ATTEMPTS {
            // The included token continues with the newest objects; without one the list starts again.
            attempts += 1;
            answer["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut token);
            continue;
        }
        if status != 200 || answer.get("items").is_none() {
            return Err(refused(path, status, &answer));
        }
        let mut page = without_secrets(options, path, body)?;
        let items = page["items"].take();
        let mut kind = page.clone();
        if kind["kind"].as_str().unwrap_or_default().is_empty() {
            kind["kind"] = format!("{}List", of.kind).into();
        }
        for object in items_of(&kind, items) {
            objects.add(object);
        }
        answer["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut token);
        if token.is_empty() {
            return Ok(());
        }
    }
    Err(format!("GET {path}: more than {MOST_PAGES} pages; the rest is left out"))
}

/// Returns a page without its secrets.
fn without_secrets(
    options: &SnapshotOptions<'_>,
    path: &str,
    body: bytes::Bytes,
) -> Result<Value, String> {
    let pass = options.redactor.pass(path);
    let plain = match pass.body(&Media::default(), &body) {
        Redacted::Same => body,
        Redacted::Changed(new) => new.into(),
        Redacted::Opaque(why) => {
            return Err(format!("GET {path}: the answer may hold secrets: {why}"));
        }
    };
    options.redactor.learn(&pass);
    serde_json::from_slice(&plain).map_err(|error| format!("GET {path}: {error}"))
}
