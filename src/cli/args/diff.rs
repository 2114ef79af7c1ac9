//! The options of `standin diff` and `standin snapshot`: the commands that ask a backend themselves.

use std::path::PathBuf;

use clap::Args;

use super::Backend;

/// A backend that is asked.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Backend to ask.
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub(crate) upstream: String,
    /// Header field of all requests, such as credentials (repeatable).
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// File with a bearer token for all requests.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) backend: Backend,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Recorded files and directories.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) fixtures: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) backend: Asked,
    /// Compare with an OpenAPI document or `CustomResourceDefinitions` in place of the backend (repeatable).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["upstream", "kubeconfig", "update"])]
    pub(crate) against: Vec<PathBuf>,
    /// Part that is not compared: a JSON path such as $.items[*].status, or "header NAME" (repeatable).
    #[arg(long, value_name = "RULE")]
    pub(crate) ignore: Vec<String>,
    /// YAML file with rules: ignore: [RULE, ..] (repeatable); .standin-diff.yaml beside the fixtures is read too.
    #[arg(long, value_name = "FILE")]
    pub(crate) ignore_file: Vec<PathBuf>,
    /// Replace the recorded answers that have drifted.
    #[arg(long)]
    pub(crate) update: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    pub(crate) backend: Asked,
    /// Resource types to take, as kubectl names them, separated by commas; default: all but events and leases.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) resources: Vec<String>,
    /// Namespace to take objects from (repeatable); default: all, and the objects that are in none.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Vec<String>,
    /// Directory for the objects: a folder for each type, a file for each namespace.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Replace files that are there with another content.
    #[arg(long)]
    pub(crate) force: bool,
}
