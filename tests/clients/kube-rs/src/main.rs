//! What controllers do with kube-rs, each outcome compared.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt, pin_mut};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::discovery::Discovery;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::finalizer::{Event as FinalizerEvent, finalizer};
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Client, CustomResource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A Volcano Job, as far as this program reads it.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "batch.volcano.sh", version = "v1alpha1", kind = "Job", plural = "jobs", namespaced)]
#[kube(status = "JobStatus")]
#[serde(rename_all = "camelCase")]
struct JobSpec {
    min_available: i32,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
struct JobStatus {
    state: Option<State>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
struct State {
    phase: String,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn ok(what: &str, holds: bool) -> Result<(), Failed> {
    if !holds {
        return Err(what.into());
    }
    println!("ok: {what}");
    Ok(())
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Result<(), Failed> {
    for _ in 0..1500 {
        if holds().await {
            return ok(what, true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ok(what, false)
}

fn job(name: &str) -> Job {
    let mut job = Job::new(name, JobSpec { min_available: 1 });
    job.metadata.labels = Some([("app".to_owned(), "demo".to_owned())].into());
    job
}

/// Forgets everything before now, as a real server does after some minutes.
async fn compact(client: &Client, jobs: &Api<Job>) -> Result<(), Failed> {
    let revision = jobs.list(&ListParams::default()).await?.metadata.resource_version;
    let body = json!({"revision": revision}).to_string().into_bytes();
    let request = http::Request::post("/__admin/store/compact").body(body)?;
    client.request::<Value>(request).await?;
    Ok(())
}

#[tokio::main]
async fn main() {
    let done = tokio::time::timeout(Duration::from_secs(200), run()).await;
    if let Err(error) = done.unwrap_or_else(|_| Err("not done within 200 s".into())) {
        println!("FAILED: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Failed> {
    let client = Client::try_default().await?;
    discover(&client).await?;
    let jobs: Api<Job> = Api::namespaced(client.clone(), "default");
    pages(&jobs).await?;
    watch(&client, &jobs, Config::default().page_size(3), "watcher").await?;
    watch(&client, &jobs, Config::default().streaming_lists(), "watcher by a streamed list").await?;
    reflect(&jobs).await?;
    control(&client, &jobs).await?;
    typed(&client).await
}

async fn discover(client: &Client) -> Result<(), Failed> {
    for (how, discovery) in [
        ("discovery", Discovery::new(client.clone()).run().await?),
        ("aggregated discovery", Discovery::new(client.clone()).run_aggregated().await?),
    ] {
        let kinds: BTreeSet<String> = discovery
            .groups()
            .flat_map(|group| group.recommended_resources())
            .map(|(resource, _)| format!("{}/{}", resource.api_version, resource.plural))
            .collect();
        for kind in ["kubeflow.org/v1/tfjobs", "batch.volcano.sh/v1alpha1/jobs", "v1/configmaps"] {
            ok(&format!("{how} knows {kind}"), kinds.contains(kind))?;
        }
    }
    let gvk = kube::core::GroupVersionKind::gvk("kubeflow.org", "v1", "TFJob");
    let (resource, _) = kube::discovery::pinned_kind(client, &gvk).await?;
    let fixtures: Api<DynamicObject> = Api::namespaced_with(client.clone(), "kube-test", &resource);
    ok("a fixture", fixtures.get("tfjob-test").await?.metadata.uid.is_some())
}

async fn pages(jobs: &Api<Job>) -> Result<(), Failed> {
    for n in 0..10 {
        jobs.create(&PostParams::default(), &job(&format!("job-{n}"))).await?;
    }
    let again = jobs.create(&PostParams::default(), &job("job-0")).await;
    ok("a name twice", matches!(again, Err(kube::Error::Api(status)) if status.code == 409))?;
    let (mut names, mut token) = (Vec::new(), None);
    loop {
        let mut params = ListParams::default().limit(4);
        params.continue_token = token;
        let page = jobs.list(&params).await?;
        token = page.metadata.continue_.clone().filter(|token| !token.is_empty());
        names.extend(page.items.iter().map(ResourceExt::name_any));
        if token.is_none() {
            break;
        }
    }
    ok("pages", names == (0..10).map(|n| format!("job-{n}")).collect::<Vec<_>>())
}

/// Reads events until one fits.
async fn until(
    events: &mut (impl Stream<Item = watcher::Result<Event<Job>>> + Unpin),
    mut fits: impl FnMut(&Event<Job>) -> bool,
) -> Result<(), Failed> {
    let search = async {
        loop {
            match events.next().await {
                Some(Ok(event)) if fits(&event) => return Ok(()),
                // An error is told, and the watcher goes on.
                Some(Ok(_) | Err(_)) => {}
                None => return Err("the stream ended".into()),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), search).await?
}

async fn watch(client: &Client, jobs: &Api<Job>, config: Config, what: &str) -> Result<(), Failed> {
    let events = watcher(jobs.clone(), config.timeout(2)).default_backoff();
    pin_mut!(events);
    let mut first = BTreeSet::new();
    until(&mut events, |event| {
        if let Event::InitApply(job) = event {
            first.insert(job.name_any());
        }
        matches!(event, Event::InitDone)
    })
    .await?;
    ok(&format!("{what}: what is there"), first.len() == 10)?;
    jobs.create(&PostParams::default(), &job("extra")).await?;
    until(&mut events, |event| matches!(event, Event::Apply(job) if job.name_any() == "extra")).await?;
    ok(&format!("{what}: what comes"), true)?;
    // Nobody reads while the server forgets where this watch is; its timeout ends it meanwhile.
    jobs.delete("extra", &DeleteParams::default()).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    compact(client, jobs).await?;
    jobs.create(&PostParams::default(), &job("later")).await?;
    until(&mut events, |event| {
        matches!(event, Event::Apply(job) | Event::InitApply(job) if job.name_any() == "later")
    })
    .await?;
    ok(&format!("{what}: what came while it was away"), true)?;
    jobs.delete("later", &DeleteParams::default()).await?;
    until(&mut events, |event| matches!(event, Event::Delete(job) if job.name_any() == "later")).await?;
    ok(&format!("{what}: what goes"), true)
}

async fn reflect(jobs: &Api<Job>) -> Result<(), Failed> {
    let (store, writer) = reflector::store();
    let stream = reflector(writer, watcher(jobs.clone(), Config::default().streaming_lists()));
    let task = tokio::spawn(stream.default_backoff().touched_objects().try_for_each(|_| async { Ok(()) }));
    store.wait_until_ready().await?;
    ok("reflector: what is there", store.state().len() == 10)?;
    let patch = json!({"spec": {"minAvailable": 5}});
    jobs.patch("job-3", &PatchParams::default(), &Patch::Merge(&patch)).await?;
    eventually("reflector: what changes", async || {
        store.state().iter().any(|job| job.spec.min_available == 5)
    })
    .await?;
    // By kube-rs either the list that was deleted or a Status.
    jobs.delete_collection(&DeleteParams::default(), &ListParams::default().labels("app=demo")).await?;
    eventually("reflector: delete_collection", async || store.state().is_empty()).await?;
    task.abort();
    Ok(())
}

struct Context {
    client: Client,
    cleaned: AtomicUsize,
}

/// Drives a job on by one phase at a time.
async fn reconcile(job: Arc<Job>, context: Arc<Context>) -> Result<Action, kube::runtime::finalizer::Error<kube::Error>> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), "default");
    finalizer(&jobs, "example.com/kube-rs", job, |event| async {
        match event {
            FinalizerEvent::Apply(job) => {
                let state = job.status.as_ref().and_then(|status| status.state.as_ref());
                let next = match state.map(|state| state.phase.as_str()) {
                    None => "Pending",
                    Some("Pending") => "Running",
                    Some("Running") => "Completed",
                    Some(_) => return Ok(Action::await_change()),
                };
                let status = json!({"status": {"state": {"phase": next}}});
                jobs.patch_status(&job.name_any(), &PatchParams::default(), &Patch::Merge(status)).await?;
                Ok(Action::await_change())
            }
            FinalizerEvent::Cleanup(_) => {
                context.cleaned.fetch_add(1, Ordering::SeqCst);
                Ok(Action::await_change())
            }
        }
    })
    .await
}

async fn control(client: &Client, jobs: &Api<Job>) -> Result<(), Failed> {
    let context = Arc::new(Context { client: client.clone(), cleaned: AtomicUsize::new(0) });
    let controller = Controller::new(jobs.clone(), Config::default())
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_millis(100)), Arc::clone(&context))
        .for_each(|_| async {});
    let task = tokio::spawn(controller);
    for n in 0..10 {
        jobs.create(&PostParams::default(), &job(&format!("driven-{n}"))).await?;
    }
    eventually("controller: all jobs are completed", async || {
        let Ok(list) = jobs.list(&ListParams::default()).await else { return false };
        let completed = |job: &Job| {
            let state = job.status.as_ref().and_then(|status| status.state.as_ref());
            state.is_some_and(|state| state.phase == "Completed")
        };
        list.items.len() == 10 && list.items.iter().all(completed)
    })
    .await?;
    jobs.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    eventually("controller: all jobs are gone", async || {
        jobs.list(&ListParams::default()).await.is_ok_and(|list| list.items.is_empty())
    })
    .await?;
    ok("controller: each was cleaned up after", context.cleaned.load(Ordering::SeqCst) == 10)?;
    task.abort();
    Ok(())
}

async fn typed(client: &Client) -> Result<(), Failed> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let apply = PatchParams::apply("kube-rs");
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "1"}});
    let applied = maps.patch("applied", &apply, &Patch::Apply(&map)).await?;
    ok("server-side apply", applied.managed_fields().len() == 1)?;
    let other = PatchParams::apply("other");
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "2"}});
    let conflict = maps.patch("applied", &other, &Patch::Apply(&map)).await;
    ok("a conflict", matches!(conflict, Err(kube::Error::Api(status)) if status.code == 409))?;
    let forced = maps.patch("applied", &other.force(), &Patch::Apply(&map)).await?;
    ok("by force", forced.data.is_some_and(|data| data["a"] == "2"))
}
