//! Generated requests, on a real API server and on this one: both must answer the same.
//!
//! A round is a few requests on one resource type (`generate`), drawn from a seed (`draw`). It is played on both
//! servers in a namespace of its own (`play`, `client`), and the answers are compared without what a server chooses by
//! itself (`normal`, `compare`). What differs is made small (`shrink`) and printed as commands. Differences with a
//! known reason are in `explained`.
//!
//! It does nothing unless `STANDIN_REAL_APISERVER` names a server, with the token of an administrator:
//!
//! ```console
//! $ STANDIN_REAL_APISERVER=https://127.0.0.1:6443 STANDIN_REAL_TOKEN=TOKEN STANDIN_DIFFERENTIAL_SECONDS=120 \
//!       cargo test --test differential
//! ```
//! `STANDIN_DIFFERENTIAL_SEED` repeats a run (a run prints its own), `STANDIN_DIFFERENTIAL_ONLY=patches,paths` takes
//! some generators alone, `STANDIN_DIFFERENTIAL_MOST` ends it after so many differences, and
//! `STANDIN_DIFFERENTIAL_TARGET=URL` plays on a server that runs already in place of one in this process.
//! `STANDIN_REAL_AUTHORIZATION=ABAC,RBAC` says which modes of authorization the real server has.

mod client;
mod compare;
mod definitions;
mod draw;
mod explained;
mod generate;
mod kinds;
mod normal;
mod play;
mod shrink;
mod step;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use client::Client;
use draw::Draw;
use play::{Pair, Target};

/// How long it runs where the environment does not say.
const SECONDS: u64 = 60;

/// After so many differences it ends, where the environment does not say.
const MOST_DIFFERENCES: u64 = 25;

fn main() -> ExitCode {
    let Some(real) = variable("STANDIN_REAL_APISERVER") else {
        println!("differential: skipped, STANDIN_REAL_APISERVER names no server");
        return ExitCode::SUCCESS;
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let result = match runtime.worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&real)),
        Err(error) => Err(format!("no runtime: {error}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("differential: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(real: &str) -> Result<(), String> {
    let seconds = number("STANDIN_DIFFERENTIAL_SECONDS")?.unwrap_or(SECONDS);
    let seed = number("STANDIN_DIFFERENTIAL_SEED")?.unwrap_or_else(new_seed);
    let only = variable("STANDIN_DIFFERENTIAL_ONLY").unwrap_or_default();
    let modes = variable("STANDIN_REAL_AUTHORIZATION").unwrap_or_default();
    let modes: Vec<&str> = modes.split(',').filter(|mode| !mode.is_empty()).collect();
    let generators = generate::chosen(&only, modes.contains(&"RBAC"))?;
    println!("differential: seed {seed}, {seconds} s");
    let token = variable("STANDIN_REAL_TOKEN").unwrap_or_default();
    let client = Client::new()?;
    let (server, url) = if let Some(url) = variable("STANDIN_DIFFERENTIAL_TARGET") {
        (None, url)
    } else {
        let server = start(&modes).await?;
        let url = server.url();
        (Some(server), url)
    };
    let pair = Pair {
        client,
        real: Target::new(real, token),
        standin: Target::new(&url, "admin-token".to_owned()),
    };
    pair.install().await?;
    let result = rounds(&pair, &generators, seed, Duration::from_secs(seconds)).await;
    pair.uninstall().await;
    if let Some(server) = server {
        server.shutdown().await;
    }
    result
}

/// A server in this process, with the tokens that the conformance cases use.
async fn start(modes: &[&str]) -> Result<standin::RunningServer, String> {
    let auth = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/auth");
    let mut builder = standin::Server::builder()
        .token_auth_file(auth.join("tokens.csv"))
        .authorization_policy_file(auth.join("policy.jsonl"));
    if !modes.is_empty() {
        builder = builder.authorization_mode(modes.iter().copied());
    }
    builder.start().await.map_err(|error| error.to_string())
}

/// Plays rounds until the time is over or there are many differences.
async fn rounds(
    pair: &Pair,
    generators: &[generate::Generator],
    seed: u64,
    time: Duration,
) -> Result<(), String> {
    let end = Instant::now() + time;
    let mut played: BTreeMap<&str, u64> = BTreeMap::new();
    let mut explained: BTreeMap<&str, u64> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let most = number("STANDIN_DIFFERENTIAL_MOST")?.unwrap_or(MOST_DIFFERENCES);
    let (mut round, mut found) = (0, 0);
    while Instant::now() < end && found < most {
        let mut draw = Draw::new(seed.wrapping_add(round));
        let generator = draw.one(generators);
        let steps = generator.round(&mut draw);
        round += 1;
        *played.entry(generator.name).or_default() += 1;
        let outcome = pair.play(&steps).await?;
        for reason in outcome.explained {
            *explained.entry(reason).or_default() += 1;
        }
        let Some(difference) = outcome.difference else { continue };
        if !seen.insert(difference.signature.clone()) {
            continue;
        }
        let (steps, difference) = shrink::smallest(pair, steps, difference).await?;
        seen.insert(difference.signature.clone());
        let seed = seed.wrapping_add(round - 1);
        found += 1;
        println!("--- difference {found} ({}, seed {seed})", generator.name);
        println!("{}\n{}", step::commands(&steps, &pair.real.base), difference.text);
    }
    let counts: Vec<String> =
        played.iter().map(|(name, count)| format!("{name} {count}")).collect();
    println!("differential: {round} rounds ({})", counts.join(", "));
    for (reason, count) in explained {
        println!("explained, {count} times: {reason}");
    }
    match found {
        0 => Ok(()),
        count => Err(format!("{count} differences, seed {seed}")),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn number(name: &str) -> Result<Option<u64>, String> {
    let Some(text) = variable(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("{name} must be a whole number, not {text:?}"))
}

/// Differs from run to run.
fn new_seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs()) * 1000 + u64::from(std::process::id() % 1000)
}
