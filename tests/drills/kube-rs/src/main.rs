//! What programs on kube-rs do under one scenario, with what the library itself has against failures and
//! nothing besides: whatever error it hands on ends the program.

mod jobs;

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, DeleteParams, ListParams};
use kube::runtime::watcher::Config;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Client, ResourceExt};

use jobs::{Jobs, NAMESPACE, TFJob};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Less than a drill takes: the program says itself that it has come to nothing.
const DEADLINE: Duration = Duration::from_secs(15);
/// How long a cache may take to be filled before its user goes on without it.
const SYNC_LIMIT: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    let done = tokio::time::timeout(DEADLINE, run()).await;
    if let Err(error) = done.unwrap_or_else(|_| Err(format!("not done within {DEADLINE:?}").into()))
    {
        println!("FAILED: {error}");
        std::process::exit(1);
    }
    println!("ok");
}

async fn run() -> Result<(), Failed> {
    let scenario = std::env::var("STANDIN_SCENARIO")?;
    let theme = scenario.rsplit('/').nth(1).unwrap_or_default();
    match theme {
        "status" => status(&scenario).await,
        "paging" => paging().await,
        "watch" => watch().await,
        "auth" => cycles(Jobs::with_token().await?, 3, Duration::ZERO).await,
        "throttling" | "network" | "control-plane" | "semantics" => {
            cycles(Jobs::new().await?, 3, Duration::ZERO).await
        }
        "brownout" => cycles(Jobs::new().await?, 5, Duration::from_millis(1200)).await,
        "delete" => delete_all().await,
        _ => Err(format!("no task for the scenario {scenario:?}").into()),
    }
}

/// Wants exactly the status that the scenario is named after.
async fn status(scenario: &str) -> Result<(), Failed> {
    let expected: u16 = scenario.rsplit('-').next().unwrap_or_default().parse()?;
    let api: Api<TFJob> = Api::namespaced(Client::try_default().await?, NAMESPACE);
    match api.list(&ListParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == expected => Ok(()),
        Err(error) => {
            Err(format!("the list ended with {error:?}, not with a status {expected}").into())
        }
        Ok(_) => Err("the list was answered".into()),
    }
}

async fn paging() -> Result<(), Failed> {
    let names = Jobs::new().await?.list().await?;
    let seen: BTreeSet<&String> = names.iter().collect();
    if seen.len() < 31 || seen.len() != names.len() {
        return Err(format!("the list has {} entries for {} jobs", names.len(), seen.len()).into());
    }
    Ok(())
}

/// The life of a job, seen by whoever asked for it, again and again.
async fn cycles(mut jobs: Jobs, times: usize, pause: Duration) -> Result<(), Failed> {
    for n in 0..times {
        if n > 0 {
            tokio::time::sleep(pause).await;
        }
        jobs.list().await?;
        jobs.create("good").await?;
        jobs.get("good").await?;
        jobs.label("good").await?;
        jobs.delete("good").await?;
    }
    Ok(())
}

/// Wants a reflector's store to show in the end what is true.
async fn watch() -> Result<(), Failed> {
    let mut jobs = Jobs::new().await?;
    let api: Api<TFJob> = Api::namespaced(Client::try_default().await?, NAMESPACE);
    let (store, writer) = reflector::store();
    let events = watcher(api, Config::default()).default_backoff().reflect(writer);
    tokio::spawn(events.for_each(|event| async move {
        // The watcher says what went wrong and goes on by itself.
        if let Err(error) = event {
            println!("watcher: {error}");
        }
    }));
    if tokio::time::timeout(SYNC_LIMIT, store.wait_until_ready()).await.is_err() {
        println!("not in sync after {SYNC_LIMIT:?}");
    }
    for name in ["w-1", "w-2", "w-3"] {
        jobs.create(name).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // A watch that does not last is another one by now.
    tokio::time::sleep(Duration::from_secs(1)).await;
    jobs.delete("w-2").await?;
    let holds = |name: &str| store.state().iter().any(|job| job.name_any() == name);
    while !holds("w-1") || holds("w-2") || !holds("w-3") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn delete_all() -> Result<(), Failed> {
    let api: Api<TFJob> = Api::namespaced(Client::try_default().await?, NAMESPACE);
    api.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    while !api.list(&ListParams::default()).await?.items.is_empty() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
