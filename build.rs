//! What `standin --version` says of the build: the target, and the commit of a release build. How it is linked.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=STANDIN_BUILD_COMMIT");
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=STANDIN_BUILD_TARGET={target}");
    link_at_a_fixed_address();
    link_what_runs_together();
    let commit = commit().unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=STANDIN_BUILD_COMMIT={commit}");
}

/// Links the program for a fixed address where the system's compiler driver links it. A program that may lie anywhere
/// adjusts each pointer in its static data when it starts: 60,000 of them, in 250 pages of memory that each process
/// then has for itself. That is a seventh of the time that a start with one stub takes.
fn link_at_a_fixed_address() {
    let is = |name: &str, value: &str| {
        env::var(name).is_ok_and(|values| values.split(',').any(|found| found == value))
    };
    let is_glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is_glibc && !is("CARGO_CFG_TARGET_FEATURE", "crt-static") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

/// Puts the functions that servers execute beside each other, in optimised builds for Linux: `link/order.ld`, a linker
/// script that GNU ld and lld take and others (mold) do not. So a program without code is linked with it first, and the
/// order stays the linker's own where that fails.
fn link_what_runs_together() {
    println!("cargo::rerun-if-changed=link/order.ld");
    if env::var("PROFILE").as_deref() != Ok("release")
        || env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux")
    {
        return;
    }
    let (Ok(root), Ok(out)) = (env::var("CARGO_MANIFEST_DIR"), env::var("OUT_DIR")) else { return };
    let script = format!("-T{}", Path::new(&root).join("link/order.ld").display());
    if links(Path::new(&out), &script).unwrap_or(false) {
        println!("cargo::rustc-link-arg-bins={script}");
    }
}

/// Whether an empty program links with an argument, by the compiler, the flags and the linker of this build.
fn links(out: &Path, argument: &str) -> Option<bool> {
    let source = out.join("empty.rs");
    fs::write(&source, "fn main() {}").ok()?;
    let mut compiler = Command::new(env::var("RUSTC").ok()?);
    compiler.args(["--edition=2024", "--target", &env::var("TARGET").ok()?]);
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        compiler.arg(format!("-Clinker={linker}"));
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    compiler.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    compiler.arg(format!("-Clink-arg={argument}")).arg("-o").arg(out.join("empty")).arg(source);
    Some(compiler.output().ok()?.status.success())
}

/// The commit: of the environment where an image is built, of the package where it is built from one, else of the
/// repository. Debug builds have none: each commit would build everything anew.
fn commit() -> Option<String> {
    let short = |commit: &str| commit.trim().chars().take(12).collect::<String>();
    if let Ok(commit) = env::var("STANDIN_BUILD_COMMIT")
        && !commit.is_empty()
    {
        return Some(short(&commit));
    }
    let root = env::var("CARGO_MANIFEST_DIR").ok()?;
    if let Ok(packaged) = fs::read_to_string(Path::new(&root).join(".cargo_vcs_info.json")) {
        let commit = packaged.split("\"sha1\": \"").nth(1)?.split('"').next()?;
        return Some(short(commit));
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return None;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(&root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    // A copy of the sources within another repository is not of its commit.
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?) != Path::new(&root) {
        return None;
    }
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={}", Path::new(&root).join(log).display());
    }
    git(&["rev-parse", "HEAD"]).map(|commit| short(&commit))
}
