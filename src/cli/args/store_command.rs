//! The options of `standin store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Deferred, StoreArgs};

/// What is done with a store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Count and check what is in the store.
    ///
    /// Exit code: 0 if it is sound, 1 if it could not be read, 3 if something in it is wrong. Keys of other programs are
    /// named, and are no problem.
    Check(Deferred<StoreCheck>),
    /// List the worlds of the store.
    Worlds(Deferred<StoreCheck>),
    /// Write the objects of a world as fixtures, or those of all worlds as a dump.
    ///
    /// The objects of the servers' own fixtures are not in the store, unless they were changed.
    Export(Deferred<StoreExport>),
    /// Write objects of fixtures, or a dump, into the store.
    Import(Deferred<StoreImport>),
    /// Compact the history of a world on all servers, or that of etcd.
    ///
    /// Watches and lists of older revisions are answered with 410 from then on.
    Compact(Deferred<StoreCompact>),
    /// Remove what was written in worlds: their next use makes them anew.
    Remove(Deferred<StoreRemove>),
}

#[derive(Debug, Args)]
pub(crate) struct StoreCheck {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StoreExport {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// World to write; default: the default one, with --raw all.
    #[arg(long, value_name = "NAME")]
    pub(crate) world: Option<String>,
    /// Directory for the objects: a folder for each type, a file for each namespace. With --raw: file of the dump;
    /// default: the standard output.
    #[arg(long, value_name = "DIR|FILE", required_unless_present = "raw")]
    pub(crate) to: Option<PathBuf>,
    /// Write a dump, which `import --raw` reads: a line of JSON for each key.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Replace files that are there with another content.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StoreImport {
    /// Fixture files and directories, with the definitions of their types; with --raw: the file of a dump.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// World to write into; default: the default one, with --raw those of the dump.
    #[arg(long, value_name = "NAME")]
    pub(crate) world: Option<String>,
    /// Read a dump of `export --raw`.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Write into a world that has objects already, and over those of the same names.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StoreCompact {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// World whose history is compacted.
    #[arg(long, value_name = "NAME", default_value = crate::message::DEFAULT_WORLD)]
    pub(crate) world: String,
    /// Compact etcd itself, for all who use it.
    #[arg(long, conflicts_with = "world")]
    pub(crate) etcd: bool,
    /// Revision up to which it is compacted; default: the newest.
    #[arg(long, value_name = "N")]
    pub(crate) revision: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct StoreRemove {
    /// Worlds to remove.
    #[arg(required = true, value_name = "WORLD")]
    pub(crate) worlds: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
