//! Behaves under one scenario like programs on kube-rs, with only the library's own handling of
//! failures: any error that it returns ends the program.

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

/// Shorter than a drill: the program itself reports that it made no progress.
const DEADLINE: Duration = Duration::from_secs(15);
/// How long a cache may take to be filled before its user continues without it.
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

/// Expects exactly the status that the scenario is named after.
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

/// The life of a job, from the view of its creator, repeatedly.
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

/// Expects a reflector's store to be correct in the end.
async fn watch() -> Result<(), Failed> {
    let mut jobs = Jobs::new().await?;
    let api: Api<TFJob> = Api::namespaced(Client::try_default().await?, NAMESPACE);
    let (store, writer) = reflector::store();
    let events = watcher(api, Config::default()).default_backoff().reflect(writer);
    tokio::spawn(events.for_each(|event| async move {
        // The watcher reports errors and continues by itself.
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
    // A watch that has ended was replaced by now.
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
