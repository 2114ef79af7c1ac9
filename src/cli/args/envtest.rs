//! The options of `standin envtest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Envtest {
    /// Directory for kube-apiserver, etcd and kubectl; it becomes the value of `KUBEBUILDER_ASSETS`.
    #[arg(long, value_name = "DIR", required_unless_present = "bin_dir")]
    pub(crate) to: Option<PathBuf>,
    /// Directory with a folder for each version, as setup-envtest has it: the programs go to
    /// DIR/k8s/VERSION-OS-ARCH.
    #[arg(long, value_name = "DIR", conflicts_with = "to")]
    pub(crate) bin_dir: Option<PathBuf>,
    /// Kubernetes version that the API server emulates, from 1.30 to 1.36.
    #[arg(long, value_name = "VERSION")]
    pub(crate) kubernetes_version: Option<crate::server::KubernetesVersion>,
    /// What to print: the directory alone, a line for a shell, or both with the version.
    #[arg(long, short, value_name = "WHAT", default_value = "path")]
    pub(crate) print: Printed,
    /// Replace programs that are there and are not Standin.
    #[arg(long)]
    pub(crate) force: bool,
}

/// What the command prints, by setup-envtest's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Printed {
    Path,
    Env,
    Overview,
}

const AFTER: &str = "\
Examples:
  KUBEBUILDER_ASSETS=$(standin envtest --to bin) go test ./...
  eval $(standin envtest --bin-dir bin -p env)
  STANDIN_SCENARIO=conflicts KUBEBUILDER_ASSETS=$PWD/bin go test ./...

kube-apiserver takes upstream's flags. The variables of the options of `standin serve` hold for it too, such as
STANDIN_SCENARIO, STANDIN_FIXTURES, STANDIN_STAGES and STANDIN_LOG_FORMAT. Both programs end with the process that
started them. docs/envtest.md says which flags have an effect.";
