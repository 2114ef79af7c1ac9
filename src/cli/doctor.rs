//! `standin doctor`: whether a server can run here, each check with what to do about it.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, getrlimit};

use crate::Bounds;
use crate::document::{Diagnostics, disk};

use super::args::Doctor;
use super::ask::Server;
use super::error::CommandError;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Ok,
    /// A server runs, and something of it may not work.
    Warning,
    /// A server does not run.
    Failure,
}

/// One check.
#[derive(Debug)]
struct Finding {
    health: Health,
    what: &'static str,
    text: String,
}

impl Finding {
    fn ok(what: &'static str, text: impl Into<String>) -> Self {
        Self { health: Health::Ok, what, text: text.into() }
    }

    fn warning(what: &'static str, text: impl Into<String>) -> Self {
        Self { health: Health::Warning, what, text: text.into() }
    }

    fn failure(what: &'static str, text: impl Into<String>) -> Self {
        Self { health: Health::Failure, what, text: text.into() }
    }
}

pub(super) fn doctor(args: &Doctor) -> Result<(), CommandError> {
    let mut findings = vec![address(args.listen)];
    findings.extend(args.fixtures.iter().map(|path| fixtures(path)));
    findings.extend([
        notifications(&args.fixtures),
        open_files(),
        temporary_files(),
        clock(SystemTime::now()),
    ]);
    findings.extend(container(args.listen, is_container()));
    let mut out = io::stdout().lock();
    for Finding { health, what, text } in &findings {
        let word = match health {
            Health::Ok => "ok",
            Health::Warning => "warning",
            Health::Failure => "failure",
        };
        let _ = writeln!(out, "{word:<8} {what:<16} {text}");
    }
    let failures = findings.iter().filter(|finding| finding.health == Health::Failure).count();
    match failures {
        0 => Ok(()),
        1 => Err(CommandError::Failed("1 check failed".to_owned())),
        many => Err(CommandError::Failed(format!("{many} checks failed"))),
    }
}

/// Whether the address is free.
fn address(listen: SocketAddr) -> Finding {
    const WHAT: &str = "address";
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok(WHAT, format!("{listen} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let asked = Server::ask(&listen.to_string(), "/__admin/health", None);
            let who = match asked {
                Ok((_, answer))
                    if answer.status == 200 && answer.body.contains("uptimeInSeconds") =>
                {
                    "by a server that is healthy"
                }
                _ => "by another program",
            };
            let hint = "choose another with --listen, or port 0 for a free one";
            Finding::failure(WHAT, format!("{listen} is in use {who}; {hint}"))
        }
        Err(error) => {
            let hint =
                "ports below 1024 need a privilege, and the address must be one of this machine";
            Finding::failure(WHAT, format!("{listen} cannot be bound: {error}; {hint}"))
        }
    }
}

/// Whether all files of a path can be read.
fn fixtures(path: &Path) -> Finding {
    const WHAT: &str = "fixtures";
    let shown = path.display();
    if let Err(error) = fs::metadata(path) {
        return Finding::failure(WHAT, format!("{shown}: {error}"));
    }
    let mut problems = Diagnostics::default();
    let files = if path.is_dir() {
        disk::files_below(path, &|_| false, &mut problems)
    } else {
        vec![path.to_path_buf()]
    };
    let unreadable = |file: &PathBuf| Some((file.clone(), fs::File::open(file).err()?));
    if let Some((file, error)) = files.iter().find_map(unreadable) {
        let hint = "the user of this process needs to read it; an image runs as user 65534";
        return Finding::failure(WHAT, format!("{}: {error}; {hint}", file.display()));
    }
    if let Some(problem) = problems.0.first() {
        return Finding::failure(WHAT, problem.to_string());
    }
    Finding::ok(
        WHAT,
        format!("{shown}: {} files can be read; `standin check` reads them", files.len()),
    )
}

/// Whether changed files can be noticed.
fn notifications(paths: &[PathBuf]) -> Finding {
    const WHAT: &str = "file changes";
    let hint = "changed files are not reloaded; raise fs.inotify.max_user_instances and \
                fs.inotify.max_user_watches, or POST /__admin/reload";
    // A path that is not there: its directory is watched, and nothing below that.
    let absent = [std::env::temp_dir().join("standin-doctor")];
    let paths = if paths.is_empty() { &absent[..] } else { paths };
    match crate::fixtures::watch(paths, || ()) {
        Ok(_) => Finding::ok(WHAT, "changed files are noticed"),
        Err(error) => Finding::warning(WHAT, format!("{error}; {hint}")),
    }
}

/// Whether as many connections can be open as the bound says.
fn open_files() -> Finding {
    const WHAT: &str = "open files";
    let wanted = u64::try_from(Bounds::default().transport.connections).unwrap_or(u64::MAX);
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < wanted + 256 => Finding::warning(
            WHAT,
            format!(
                "at most {limit}, for {wanted} connections (--bound connections=N): raise it with `ulimit -n`, \
                 or lower the bound"
            ),
        ),
        Some(limit) => Finding::ok(WHAT, format!("at most {limit}, for {wanted} connections")),
        None => Finding::ok(WHAT, "without a limit"),
    }
}

/// Whether files can be written where temporary ones belong.
fn temporary_files() -> Finding {
    const WHAT: &str = "temporary files";
    let path = std::env::temp_dir().join(format!("standin-doctor-{}", std::process::id()));
    let written = fs::write(&path, "x").and_then(|()| fs::remove_file(&path));
    let directory = std::env::temp_dir();
    match written {
        Ok(()) => Finding::ok(WHAT, format!("can be written to {}", directory.display())),
        Err(error) => Finding::warning(
            WHAT,
            format!(
                "{}: {error}; `serve` does without, `drill` writes a kubeconfig there: set TMPDIR",
                directory.display()
            ),
        ),
    }
}

/// The beginning of 2025: no correct clock shows an earlier time.
const EARLIEST: u64 = 1_735_689_600;

/// Whether the clock can be right: certificates and tokens are valid by it.
fn clock(now: SystemTime) -> Finding {
    const WHAT: &str = "clock";
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let shown = jiff::Timestamp::try_from(now).unwrap_or_default();
    let shown = shown.strftime("%Y-%m-%d %H:%M:%S UTC");
    if seconds < EARLIEST {
        let hint = "clients refuse certificates that are made now; set the clock";
        return Finding::warning(WHAT, format!("{shown} is in the past: {hint}"));
    }
    Finding::ok(WHAT, shown.to_string())
}

/// Whether this process runs in a container, as far as that can be seen.
fn is_container() -> bool {
    Path::new("/.dockerenv").exists()
        || Path::new("/run/.containerenv").exists()
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}

/// What is different in a container.
fn container(listen: SocketAddr, is_container: bool) -> Option<Finding> {
    const WHAT: &str = "container";
    if !is_container {
        return None;
    }
    Some(if listen.ip().is_loopback() {
        let hint = "listen on all addresses: --listen 0.0.0.0:8080 or STANDIN_LISTEN";
        Finding::warning(WHAT, format!("{listen} is not reached from outside of it; {hint}"))
    } else {
        Finding::ok(WHAT, format!("{listen} is reached from outside of it"))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_address_in_use_is_a_failure() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        // Nobody answers on it: the question must not wait.
        let listen = taken.local_addr().unwrap();
        std::thread::spawn(move || drop(taken.accept()));
        let found = address(listen);
        assert_eq!(found.health, Health::Failure, "{found:?}");
        assert!(found.text.contains("in use by another program"), "{found:?}");
        assert_eq!(address("127.0.0.1:0".parse().unwrap()).health, Health::Ok);
        // An address of documentation (RFC 5737) is nobody's.
        let found = address("192.0.2.1:1".parse().unwrap());
        assert!(
            found.health == Health::Failure && found.text.contains("cannot be bound"),
            "{found:?}"
        );
    }

    #[test]
    fn files_are_looked_at_one_by_one() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.yaml"), "").unwrap();
        assert!(fixtures(directory.path()).text.contains("1 files can be read"));
        assert_eq!(fixtures(&directory.path().join("absent")).health, Health::Failure);
    }

    #[test]
    fn clocks_and_containers_have_hints() {
        assert_eq!(clock(UNIX_EPOCH).health, Health::Warning);
        assert_eq!(clock(UNIX_EPOCH + Duration::from_secs(EARLIEST)).health, Health::Ok);
        let loopback = "127.0.0.1:8080".parse().unwrap();
        assert!(container(loopback, false).is_none());
        assert!(container(loopback, true).unwrap().text.contains("--listen 0.0.0.0:8080"));
        assert_eq!(container("0.0.0.0:80".parse().unwrap(), true).unwrap().health, Health::Ok);
    }
}
