//! The servers under test: programs that are started here, or one that runs already.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_secs(30);

/// A server, and the directory that it was started with.
pub(crate) struct Server {
    /// The host as clients write it.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    /// Holds `mappings/` and `__files/`.
    pub(crate) root: PathBuf,
    process: Option<Process>,
}

/// Ends, and takes its files along, when it is dropped.
struct Process {
    child: Child,
    _directory: TempDir,
}

/// How the program is started on a root directory. It takes a free port, and says which on standard output.
fn command(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--fixtures"]).arg(root.join("mappings"));
    // Pseudonyms are the same in each run.
    command.env("STANDIN_REDACT_KEY", "tests");
    command
}

impl Server {
    /// Starts the program on a root directory of its own.
    pub(crate) fn start() -> Result<Self, String> {
        Self::started(command)
    }

    /// Starts WireMock itself on a root directory of its own.
    pub(crate) fn start_wiremock(jar: &Path) -> Result<Self, String> {
        Self::started(|root| {
            let mut command = Command::new("java");
            command.args(["-Xmx512m", "-jar"]).arg(jar);
            command.args(["--port", "0", "--bind-address", "127.0.0.1", "--root-dir"]).arg(root);
            command
        })
    }

    fn started(command: impl Fn(&Path) -> Command) -> Result<Self, String> {
        let problem = |error: std::io::Error| format!("the server does not start: {error}");
        let directory = TempDir::new().map_err(problem)?;
        let root = directory.path().join("root");
        for folder in ["mappings", "__files"] {
            std::fs::create_dir_all(root.join(folder)).map_err(problem)?;
        }
        let log = directory.path().join("log");
        let child = command(&root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(problem)?)
            .spawn()
            .map_err(problem)?;
        let mut process = Process { child, _directory: directory };
        let address = process.address().ok_or_else(|| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            format!("the server does not say its address within {} s: {log}", START.as_secs())
        })?;
        Ok(Self { host: address.ip().to_string(), address, root, process: Some(process) })
    }

    /// A server that runs at `http://HOST:PORT`, started with the directory `root`.
    pub(crate) fn running(url: &str, root: &Path) -> Result<Self, String> {
        let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        let mut addresses = authority
            .to_socket_addrs()
            .map_err(|error| format!("{url:?} must be http://HOST:PORT: {error}"))?;
        let address = addresses.next().ok_or_else(|| format!("{url:?} has no address"))?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned();
        Ok(Self { host, address, root: root.to_owned(), process: None })
    }

    /// Whether the process has not ended by itself.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| matches!(process.child.try_wait(), Ok(None)))
    }
}

impl Process {
    /// Waits for the address on standard output. The rest of the output is read and forgotten, so that
    /// the server never waits for a reader.
    fn address(&mut self) -> Option<SocketAddr> {
        let out = self.child.stdout.take()?;
        let (found, address) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    let _ = found.send(address);
                }
            }
        });
        address.recv_timeout(START).ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the first URL in a line, or of WireMock's line about its port.
fn address_in(line: &str) -> Option<SocketAddr> {
    if let Some(port) = line.strip_prefix("port:") {
        return Some(SocketAddr::from(([127, 0, 0, 1], port.trim().parse().ok()?)));
    }
    let (_, rest) = line.split_once("http://")?;
    let end = rest
        .find(|char: char| char.is_whitespace() || matches!(char, '/' | ','))
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}
