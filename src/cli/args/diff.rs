//! The options of `standin diff`, and of all commands that ask a backend themselves.

use std::path::PathBuf;

use clap::Args;

use super::Backend;

/// A backend that is asked.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Backend to ask.
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub(crate) upstream: String,
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
    /// Compare with an `OpenAPI` document or `CustomResourceDefinitions` in place of the backend (repeatable).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["upstream", "update"], required_unless_present = "upstream")]
    pub(crate) against: Vec<PathBuf>,
    /// Header field of all requests, such as credentials (repeatable).
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// File with a bearer token for all requests.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
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
