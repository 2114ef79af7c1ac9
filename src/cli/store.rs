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
use crate::serve::{StoreContents, StoreTool, first_state};

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
async fn open(args: &StoreArgs) -> Result<StoreTool, CommandError> {
    let usage = |why: String| CommandError::Usage(format!("--store: {why}"));
    let (address, access) = args.access()?.ok_or_else(|| {
        usage("which store? --store etcd://HOST:PORT/PREFIX, or STANDIN_STORE".to_owned())
    })?;
    let address = address.parse::<StoreAddress>().map_err(|error| usage(error.to_string()))?;
    let access = access.of(&address).map_err(usage)?;
    StoreTool::open(address, access).await.map_err(CommandError::Failed)
}

fn world(name: &str) -> Result<WorldName, CommandError> {
    WorldName::parse(name).map_err(|error| CommandError::Usage(error.to_string()))
}

async fn check(args: &StoreCheck) -> Result<(), CommandError> {
    let tool = open(&args.store).await?;
    let contents = tool.contents().await.map_err(CommandError::Failed)?;
    if args.json {
        println!("{:#}", as_json(&contents));
    } else {
        println!("revision {}, fixtures {}", contents.revision, contents.fingerprint);
        print_worlds(&contents);
        for (world, of) in &contents.worlds {
            for (resource, (count, bytes)) in &of.resources {
                println!("  {world}: {resource}: {count} objects, {bytes} bytes");
            }
        }
        println!("besides objects: {} keys", contents.besides_objects);
        if let Some((key, bytes)) = &contents.largest {
            println!("largest object: {bytes} bytes, {key}");
        }
        print_some("keys of other programs, which are ignored", &contents.foreign);
        print_some("problems", &contents.problems);
    }
    if contents.problems.0 > 0 { Err(CommandError::Reported(EXIT_INVALID)) } else { Ok(()) }
}

async fn worlds(args: &StoreCheck) -> Result<(), CommandError> {
    let contents = open(&args.store).await?.contents().await.map_err(CommandError::Failed)?;
    if args.json {
        println!("{:#}", as_json(&contents)["worlds"]);
    } else {
        print_worlds(&contents);
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
            "world {world}: {count} objects, {bytes} bytes{removed}, last write {revision}{ended}"
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
    let tool = open(&args.store).await?;
    if args.raw {
        let of = args.world.as_deref().map(world).transpose()?;
        let lines = tool.dump(of.as_ref()).await.map_err(CommandError::Failed)?;
        let text = lines.join("\n") + "\n";
        let Some(to) = &args.to else {
            print!("{text}");
            return Ok(());
        };
        let files = Files::from([(to.clone(), text.into_bytes())]);
        return write(&files, args.force, &format!("{} objects", lines.len() - 1), to);
    }
    // Without --raw there is a directory.
    let to = args.to.as_deref().unwrap_or(Path::new("."));
    let name = world(args.world.as_deref().unwrap_or(crate::message::DEFAULT_WORLD))?;
    let (mut collection, mut kinds) = (ObjectCollection::default(), HashMap::new());
    let mut removed = Vec::new();
    for stored in tool.objects(&name).await.map_err(CommandError::Failed)? {
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
    let what = format!("{} objects in {} files", collection.objects().count(), files.len());
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
        let tool = open(&args.store).await?;
        let mut count = 0;
        for dump in dumps {
            let restored = tool.restore(&dump, into.as_ref(), args.force).await;
            count += restored.map_err(CommandError::Failed)?;
        }
        count
    } else {
        let loaded = fixtures::load(&args.paths).map_err(CommandError::invalid)?;
        let state = state(loaded.set.objects)?;
        let bare = state_of_none()?;
        let tool = open(&args.store).await?;
        let into = into.unwrap_or_default();
        let imported = tool.import(&into, &state, &bare, args.force).await;
        imported.map_err(CommandError::Failed)?
    };
    println!("wrote {count} objects");
    Ok(())
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
    let tool = open(&args.store).await?;
    let (what, compacted) = if args.etcd {
        ("etcd".to_owned(), tool.compact_etcd(args.revision).await)
    } else {
        let world = world(&args.world)?;
        (format!("the world {world}"), tool.compact(&world, args.revision).await)
    };
    let revision = compacted.map_err(CommandError::Failed)?;
    println!("the history of {what} is compacted up to {revision}");
    Ok(())
}

async fn remove(args: &StoreRemove) -> Result<(), CommandError> {
    let names: Vec<WorldName> =
        args.worlds.iter().map(|name| world(name)).collect::<Result<_, _>>()?;
    let tool = open(&args.store).await?;
    for name in &names {
        tool.remove(name).await.map_err(CommandError::Failed)?;
    }
    println!("removed {} worlds", names.len());
    Ok(())
}
