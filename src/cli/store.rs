//! `standin store`: what is in an etcd that servers share.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::EXIT_INVALID;
use crate::etcd::StoreAddress;
use crate::fixtures::{self, ObjectSet};
use crate::k8s::State;
use crate::message::WorldName;
use crate::objects::{self, ObjectCollection};
use crate::serve::{StoreContents, StoreTools, first_state};

use super::args::{
    StoreArgs, StoreCheck, StoreCommand, StoreCompact, StoreExport, StoreImport, StoreRemove,
};
use super::error::CommandError;
use super::output::{Files, refuse_changes, write_all};

pub(super) fn store(command: &StoreCommand) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CommandError::Start)?;
    runtime.block_on(async {
        match command {
            StoreCommand::Check(args) => check(&args.0).await,
            StoreCommand::Worlds(args) => worlds(&args.0).await,
            StoreCommand::Export(args) => export(&args.0).await,
            StoreCommand::Import(args) => import(&args.0).await,
            StoreCommand::Compact(args) => compact(&args.0).await,
            StoreCommand::Remove(args) => remove(&args.0).await,
        }
    })
}

/// Opens the store that the options name.
async fn open(args: &StoreArgs) -> Result<StoreTools, CommandError> {
    let usage = |why: String| CommandError::Usage(format!("--store: {why}"));
    let (address, access) = args.access()?.ok_or_else(|| {
        usage("which store? --store etcd://HOST:PORT/PREFIX, or STANDIN_STORE".to_owned())
    })?;
    let addresses = StoreAddress::list(&address).map_err(|error| usage(error.to_string()))?;
    let mut clusters = Vec::with_capacity(addresses.len());
    for address in addresses {
        let access = access.clone().of(&address).map_err(usage)?;
        clusters.push((address, access));
    }
    StoreTools::open(clusters).await.map_err(CommandError::Failed)
}

fn world(name: &str) -> Result<WorldName, CommandError> {
    WorldName::parse(name).map_err(|error| CommandError::Usage(error.to_string()))
}

async fn check(args: &StoreCheck) -> Result<(), CommandError> {
    let clusters = contents(&args.store).await?;
    match clusters.as_slice() {
        [(_, contents)] if args.json => println!("{:#}", as_json(contents)),
        [(_, contents)] => print_contents(contents),
        all if args.json => {
            let shown = all.iter().map(|(address, contents)| {
                let mut shown = as_json(contents);
                shown["address"] = address.as_str().into();
                shown
            });
            println!("{:#}", json!({"clusters": shown.collect::<Vec<_>>()}));
        }
        all => {
            for (number, (address, contents)) in all.iter().enumerate() {
                println!("cluster {}: {address}", number + 1);
                print_contents(contents);
            }
        }
    }
    let is_wrong = clusters.iter().any(|(_, contents)| contents.problems.0 > 0);
    if is_wrong { Err(CommandError::Reported(EXIT_INVALID)) } else { Ok(()) }
}

/// What is in each cluster, with its address.
async fn contents(args: &StoreArgs) -> Result<Vec<(String, StoreContents)>, CommandError> {
    let tools = open(args).await?;
    let mut all = Vec::with_capacity(tools.count());
    for tool in tools.iter() {
        let contents = tool.contents().await.map_err(CommandError::Failed)?;
        all.push((tool.address().to_string(), contents));
    }
    Ok(all)
}

fn print_contents(contents: &StoreContents) {
    println!("revision {}, fixtures {}", contents.revision, contents.fingerprint);
    print_worlds(contents);
    for (world, of) in &contents.worlds {
        for (resource, (count, bytes)) in &of.resources {
            println!("  {world}: {resource}: {}, {bytes} bytes", counted(*count, "object"));
        }
    }
    println!("besides objects: {} keys", contents.besides_objects);
    if let Some((key, bytes)) = &contents.largest {
        println!("largest object: {bytes} bytes, {key}");
    }
    print_some("keys of other programs, which are ignored", &contents.foreign);
    print_some("problems", &contents.problems);
}

async fn worlds(args: &StoreCheck) -> Result<(), CommandError> {
    let mut all = StoreContents::default();
    for (_, contents) in contents(&args.store).await? {
        all.worlds.extend(contents.worlds);
    }
    if args.json {
        println!("{:#}", as_json(&all)["worlds"]);
    } else {
        print_worlds(&all);
    }
    Ok(())
}

fn print_worlds(contents: &StoreContents) {
    for (world, of) in &contents.worlds {
        let ((count, bytes), revision) = (of.total(), of.revision);
        let ended = if of.ended { ", deleted" } else { "" };
        let removed = match of.removed {
            0 => String::new(),
            removed => format!(", {removed} of the fixtures removed"),
        };
        println!(
            "world {world}: {}, {bytes} bytes{removed}, last write {revision}{ended}",
            counted(count, "object")
        );
    }
}

fn print_some(what: &str, (count, named): &(usize, Vec<String>)) {
    if *count > 0 {
        println!("{what}: {count}");
        for line in named {
            println!("  {line}");
        }
    }
}

fn as_json(contents: &StoreContents) -> Value {
    let worlds: serde_json::Map<String, Value> = contents
        .worlds
        .iter()
        .map(|(name, of)| {
            let (count, bytes) = of.total();
            let resources: serde_json::Map<String, Value> = of
                .resources
                .iter()
                .map(|(name, (count, bytes))| {
                    (name.clone(), json!({"objects": count, "bytes": bytes}))
                })
                .collect();
            let value = json!({
                "objects": count, "bytes": bytes, "removed": of.removed, "revision": of.revision,
                "deleted": of.ended, "resources": resources,
            });
            (name.clone(), value)
        })
        .collect();
    let some = |(count, named): &(usize, Vec<String>)| json!({"count": count, "first": named});
    json!({
        "revision": contents.revision,
        "fingerprint": contents.fingerprint,
        "worlds": worlds,
        "besidesObjects": contents.besides_objects,
        "largest": contents.largest.as_ref().map(|(key, bytes)| json!({"key": key, "bytes": bytes})),
        "foreign": some(&contents.foreign),
        "problems": some(&contents.problems),
    })
}

async fn export(args: &StoreExport) -> Result<(), CommandError> {
    let tools = open(&args.store).await?;
    if args.raw {
        let of = args.world.as_deref().map(world).transpose()?;
        let lines = tools.dump(of.as_ref()).await.map_err(CommandError::Failed)?;
        let text = lines.join("\n") + "\n";
        let Some(to) = &args.to else {
            print!("{text}");
            return Ok(());
        };
        let files = Files::from([(to.clone(), text.into_bytes())]);
        return write(&files, args.force, &counted(lines.len() - 1, "object"), to);
    }
    // Without --raw there is a directory.
    let to = args.to.as_deref().unwrap_or(Path::new("."));
    let name = world(args.world.as_deref().unwrap_or(crate::message::DEFAULT_WORLD))?;
    let (mut collection, mut kinds) = (ObjectCollection::default(), HashMap::new());
    let mut removed = Vec::new();
    for stored in tools.of(&name).objects(&name).await.map_err(CommandError::Failed)? {
        let Some(object) = stored.value else {
            removed.push(format!("{}/{}", stored.resource, stored.key));
            continue;
        };
        let text = |field| object[field].as_str().unwrap_or_default();
        let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
        kinds.insert((text("kind").to_owned(), group.to_owned()), stored.resource);
        collection.add(object);
    }
    if !removed.is_empty() {
        eprintln!(
            "standin: not in the files: {} objects of the servers' fixtures are removed in this world: {}",
            removed.len(),
            removed.join(", ")
        );
    }
    let files = objects::to_files(&collection, &kinds);
    let files: Files = files.into_iter().map(|(path, content)| (to.join(path), content)).collect();
    let objects = counted(collection.objects().count(), "object");
    let what = format!("{objects} in {}", counted(files.len(), "file"));
    write(&files, args.force, &what, to)
}

fn write(files: &Files, force: bool, what: &str, to: &Path) -> Result<(), CommandError> {
    if !force {
        refuse_changes(files)?;
    }
    write_all(files)?;
    println!("wrote {what} to {}", to.display());
    Ok(())
}

async fn import(args: &StoreImport) -> Result<(), CommandError> {
    let into = args.world.as_deref().map(world).transpose()?;
    let count = if args.raw {
        let mut dumps = Vec::new();
        for path in &args.paths {
            let text = fs::read_to_string(path);
            dumps.push(text.map_err(|source| CommandError::Read { path: path.clone(), source })?);
        }
        let tools = open(&args.store).await?;
        let mut count = 0;
        for dump in dumps {
            let restored = tools.restore(&dump, into.as_ref(), args.force).await;
            count += restored.map_err(CommandError::Failed)?;
        }
        count
    } else {
        let loaded = fixtures::load(&args.paths).map_err(CommandError::invalid)?;
        let state = state(loaded.set.objects)?;
        let bare = state_of_none()?;
        let tools = open(&args.store).await?;
        let into = into.unwrap_or_default();
        let imported = tools.of(&into).import(&into, &state, &bare, args.force).await;
        imported.map_err(CommandError::Failed)?
    };
    println!("wrote {}", counted(count, "object"));
    Ok(())
}

/// How many there are of something.
fn counted(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

/// What objects of files make.
fn state(mut objects: ObjectSet) -> Result<State, CommandError> {
    first_state(&mut objects).map_err(CommandError::invalid)
}

/// What is in every world: the namespaces that a cluster begins with, and the types that come with the program.
fn state_of_none() -> Result<State, CommandError> {
    state(ObjectSet { with_shipped: true, ..ObjectSet::default() })
}

async fn compact(args: &StoreCompact) -> Result<(), CommandError> {
    let tools = open(&args.store).await?;
    if !args.etcd {
        let world = world(&args.world)?;
        let compacted = tools.of(&world).compact(&world, args.revision).await;
        let revision = compacted.map_err(CommandError::Failed)?;
        println!("the history of the world {world} is compacted up to {revision}");
        return Ok(());
    }
    if args.revision.is_some() && tools.count() > 1 {
        let why = "--revision: each of several clusters has revisions of its own; leave it out";
        return Err(CommandError::Usage(why.to_owned()));
    }
    for tool in tools.iter() {
        let revision = tool.compact_etcd(args.revision).await.map_err(CommandError::Failed)?;
        println!("the history of etcd at {} is compacted up to {revision}", tool.address());
    }
    Ok(())
}

async fn remove(args: &StoreRemove) -> Result<(), CommandError> {
    let names: Vec<WorldName> =
        args.worlds.iter().map(|name| world(name)).collect::<Result<_, _>>()?;
    let tools = open(&args.store).await?;
    let mut missing = Vec::new();
    for name in &names {
        if !tools.of(name).remove(name).await.map_err(CommandError::Failed)? {
            missing.push(&**name);
        }
    }
    println!("removed {}", counted(names.len() - missing.len(), "world"));
    if missing.is_empty() {
        return Ok(());
    }
    Err(CommandError::Failed(format!(
        "nothing was written in {}: `standin store worlds` lists them",
        missing.join(", ")
    )))
}
