//! The directory of `KUBEBUILDER_ASSETS`: `kube-apiserver`, `etcd` and `kubectl`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::server::KubernetesVersion;

use super::super::args::{Envtest, Printed};
use super::super::error::CommandError;

/// The file with the version that the API server of a directory emulates.
const VERSION: &str = "kubernetes-version";

/// The programs that are this one.
const PROGRAMS: [&str; 2] = ["kube-apiserver", "etcd"];

/// Writes the programs, and prints where they are.
pub(super) fn write(args: &Envtest) -> Result<(), CommandError> {
    let version = args.kubernetes_version.unwrap_or_default();
    let directory = match (&args.to, &args.bin_dir) {
        (Some(directory), _) => directory.clone(),
        (None, Some(store)) => store.join("k8s").join(folder(version)),
        (None, None) => {
            return Err(CommandError::Usage("name a directory with --to or --bin-dir".to_owned()));
        }
    };
    fs::create_dir_all(&directory).map_err(CommandError::write(&directory))?;
    // Tests run in the folders of their packages: the path has to hold there too.
    let directory = fs::canonicalize(&directory).map_err(CommandError::write(&directory))?;
    let own = env::current_exe().map_err(CommandError::Start)?;
    let own = fs::canonicalize(&own).unwrap_or(own);
    for name in PROGRAMS {
        put(&own, &directory.join(name), args.force)?;
    }
    if let Some(kubectl) = on_path("kubectl", &directory) {
        put(&kubectl, &directory.join("kubectl"), args.force)?;
    }
    let file = directory.join(VERSION);
    fs::write(&file, format!("{version}\n")).map_err(CommandError::write(&file))?;
    let shown = directory.display();
    match args.print {
        Printed::Path => println!("{shown}"),
        Printed::Env => println!("export KUBEBUILDER_ASSETS='{shown}'"),
        Printed::Overview => {
            println!("Version: {version}.0\nOS/Arch: {}\nPath: {shown}", platform("/"));
        }
    }
    Ok(())
}

/// The folder of a version, by setup-envtest's names.
fn folder(version: KubernetesVersion) -> String {
    format!("{version}.0-{}", platform("-"))
}

/// The operating system and the processor, by Go's names.
fn platform(between: &str) -> String {
    let os = match env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}{between}{arch}")
}

/// The version of the directory that a program lies in; nothing where its file does not name one.
pub(super) fn version_of(program: &Path) -> Option<KubernetesVersion> {
    let text = fs::read_to_string(program.parent()?.join(VERSION)).ok()?;
    text.trim().parse().ok()
}

/// Puts a program at a path: as a link, or as a copy where there are no links. What is there already is replaced at
/// once, so that tests that start it meanwhile find a program.
fn put(program: &Path, at: &Path, force: bool) -> Result<(), CommandError> {
    if let Ok(there) = fs::symlink_metadata(at) {
        let is_ours = there.is_symlink() || same_size(program, &there);
        if !is_ours && !force {
            let why = format!(
                "{}: there is another program already; name another directory, or replace it with --force",
                at.display()
            );
            return Err(CommandError::Failed(why));
        }
    }
    let beside = at.with_extension(format!("new-{}", std::process::id()));
    let placed = link(program, &beside).or_else(|_| fs::copy(program, &beside).map(drop));
    placed.and_then(|()| fs::rename(&beside, at)).map_err(|error| {
        // Nothing is left of it.
        let _ = fs::remove_file(&beside);
        CommandError::write(at)(error)
    })
}

fn same_size(program: &Path, there: &fs::Metadata) -> bool {
    fs::metadata(program).is_ok_and(|own| own.len() == there.len())
}

#[cfg(unix)]
fn link(program: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(program, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A program on the path, outside of the directory that it is linked in.
fn on_path(name: &str, directory: &Path) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let all = env::split_paths(&path).filter(|folder| folder.is_absolute() && folder != directory);
    all.map(|folder| folder.join(name)).find(|file| file.is_file())
}
