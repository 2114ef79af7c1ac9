//! Writes exchanges to files on threads of its own, each file whole or not at all.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::fixtures::manifest_problems;
use crate::links::Links;
use crate::redact::{Key, Redactor, compile_patterns};
use crate::transport::Logger;

use super::backlog;
use super::exchange::{Arrivals, ReceivedAnswer, SentRequest, path_of};
use super::failures::Failures;
use super::faults::{BackendFault, FaultLog};
use super::files::{
    BODIES, Folder, FolderLock, ManifestOf, begin_manifest, links_of, remove_blank,
    remove_unfinished, try_to_write, unfinished_bytes, write_manifest,
};
use super::key_file;
use super::ledger::{Earlier, Ledger, RecordingOf};
use super::links::recorded;
use super::order_key::order_key;
use super::queue::{Budget, Queue, QueueLimits, Reserved, Sink};
use super::spool::{SpoolFolder, SpoolThread};

/// Writes exchanges into a directory. Clones share their threads; once the last one is dropped, everything is on
/// disk.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Inner>);

struct Inner {
    /// Nothing once it is dropped.
    queue: Option<Queue>,
    budget: Arc<Budget>,
    redactor: Arc<Redactor>,
    ledger: Arc<Ledger>,
    log: Logger,
    folder: Folder,
    /// Writes large bodies.
    spools: SpoolThread,
    /// The URL of the backend.
    backend: String,
    /// The name of the profile of the server that records.
    profile: &'static str,
    /// The links that are rewritten.
    links: Option<Arc<Links>>,
    /// The faults of the backend, where they are recorded.
    faults: Option<FaultLog>,
    /// The largest body that is recorded, in bytes.
    most_of_body: u64,
    /// Dropped last, once everything is on disk.
    _lock: FolderLock,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Waits for its threads.
        self.queue = None;
        let Self { folder, backend, profile, links, ledger, redactor, log, .. } = self;
        let of = ManifestOf { backend, profile, links: links.as_deref() };
        if let Err(error) = write_manifest(&folder.0, folder, &of, ledger.counts()) {
            log(&format!("the manifest of {} cannot be written: {error}", folder.0.display()));
        }
        log(&format!("{} in {}", ledger.counts(), folder.0.display()));
        if let Some(Err(error)) = self.faults.as_ref().map(|faults| faults.write(folder, backend)) {
            log(&format!("the faults of the backend cannot be written: {error}"));
        }
        let secrets = redactor.secrets();
        if !secrets.is_empty() {
            let kinds = secrets.iter().map(|(kind, many)| format!("{many} {kind}"));
            let kinds: Vec<String> = kinds.collect();
            log(&format!("secrets replaced: {}", kinds.join(", ")));
        }
    }
}

impl Recorder {
    /// A recorder for a directory, which is made if it is missing. What a killed recorder left in it is made into
    /// mappings.
    ///
    /// # Errors
    /// When the directory cannot be made or written, or a thread cannot be started.
    pub(crate) fn new(
        directory: &Path,
        of: RecordingOf,
        limits: QueueLimits,
        redactor: &Arc<Redactor>,
        log: &Logger,
    ) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let lock = FolderLock::take(directory)?;
        if let Some(problem) = manifest_problems(directory).first() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem.to_string()));
        }
        try_to_write(directory)?;
        for name in remove_blank(directory) {
            log(&format!(
                "{} is removed: it has no content, as the machine stopped before it was on disk",
                directory.join(name).display()
            ));
        }
        recover(directory, of.links.as_ref(), redactor, log)?;
        // Behind it: the backlog refers to some of them.
        remove_unfinished(directory);
        remove_unfinished(&directory.join(BODIES));
        let ledger = Arc::new(Ledger::open(directory, of.earlier)?);
        let folder = Folder(directory.into());
        let links = of.links.as_ref();
        let manifest =
            ManifestOf { backend: &of.backend, profile: of.profile, links: links.map(Arc::as_ref) };
        begin_manifest(directory, &folder, &manifest, ledger.counts())?;
        let sink = MappingSink::new(directory, &ledger, links, redactor, log);
        let spools = sink.spools.clone();
        let (queue, _) =
            Queue::start(directory, limits, Arc::clone(redactor), spools.clone(), Box::new(sink))?;
        Ok(Self(Arc::new(Inner {
            budget: Arc::clone(queue.budget()),
            queue: Some(queue),
            redactor: Arc::clone(redactor),
            ledger,
            log: Arc::clone(log),
            folder,
            spools: SpoolThread::start(spools)?,
            backend: of.backend,
            profile: of.profile,
            links: links.cloned(),
            faults: of.keeps_faults.then(FaultLog::default),
            most_of_body: of.most_of_body,
            _lock: lock,
        })))
    }

    /// Makes mappings of what a killed recorder left in a directory, if it left something. A directory that a
    /// recorder uses is left to it.
    ///
    /// # Errors
    /// When there is something that cannot be read, or mappings that cannot be written.
    pub(crate) fn recover(directory: &Path, key: Option<Key>, log: &Logger) -> io::Result<()> {
        if !directory.join(backlog::FILE).is_file() {
            return Ok(());
        }
        let lock = match FolderLock::take(directory) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => return Ok(()),
            lock => lock?,
        };
        let redactor = Self::redactor(directory, key)?;
        let links = links_of(directory).map(Arc::new);
        recover(directory, links.as_ref(), &redactor, log)?;
        drop(lock);
        Ok(())
    }

    /// The redactor of a recording, with this key or the one in its directory, which is made if it is missing.
    ///
    /// # Errors
    /// When the directory or the key cannot be made or read.
    pub(crate) fn redactor(directory: &Path, key: Option<Key>) -> io::Result<Arc<Redactor>> {
        fs::create_dir_all(directory)?;
        let key = key.map_or_else(|| key_file::key(directory), Ok)?;
        Ok(Arc::new(Redactor::new(key)))
    }

    /// Waits until the budget has room for another exchange.
    pub(super) async fn wait_for_room(&self) {
        self.0.budget.wait().await;
    }

    /// Where the body of an answer arrives.
    pub(super) fn arrivals(&self) -> Arrivals {
        Arrivals::spooled(self.0.spools.clone())
    }

    /// The largest body of an answer that is recorded, in bytes.
    pub(super) fn most_of_body(&self) -> u64 {
        self.0.most_of_body
    }

    /// The share of one exchange in the budget.
    pub(super) fn reserve(&self) -> Reserved {
        self.0.budget.reserve()
    }

    /// What was recorded so far, for programs.
    #[must_use]
    pub(crate) fn progress(&self) -> serde_json::Value {
        let counts = self.0.ledger.counts();
        serde_json::json!({
            "directory": self.0.folder.0.to_string_lossy(),
            "exchanges": counts.exchanges(),
            "bytes": counts.bytes(),
            "skipped": counts.skipped(),
            "lost": counts.lost(),
            "mappings": counts.files(),
            "requestsWithSeveralAnswers": counts.sequences(),
            "secrets": self.0.redactor.secrets(),
        })
    }

    /// How many bytes of exchanges are held, and the budget.
    #[must_use]
    pub(crate) fn held(&self) -> (usize, usize) {
        self.0.budget.held()
    }

    /// Queues an exchange to be written.
    pub(super) fn write(&self, sent: SentRequest, answer: ReceivedAnswer, reserved: Reserved) {
        if let Some(queue) = &self.0.queue {
            queue.push(sent, answer, reserved);
        }
    }

    /// Waits until all queued exchanges are mappings on disk.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) async fn flush(&self) {
        if let Some(queue) = &self.0.queue {
            queue.drained().await;
        }
    }

    /// Ends the recording. What is not a mapping by then stays in the directory, and the next start makes mappings
    /// of it.
    pub(crate) async fn end(&self, within: Duration) {
        let Some(queue) = &self.0.queue else { return };
        let left = queue.end(within).await;
        if left > 0 {
            let file = self.0.folder.0.join(backlog::FILE);
            (self.0.log)(&format!(
                "{left} exchanges are in {} and no mappings yet; the next record or serve with this directory makes them",
                file.display()
            ));
        }
    }

    /// Hides what the body of a request holds, before its exchange is written too.
    pub(super) fn expect(&self, sent: &SentRequest) {
        self.0.redactor.expect(&sent.headers, sent.body.pending());
    }

    /// Counts a request whose fault would be recorded.
    pub(super) fn count(&self, sent: &SentRequest) -> Option<u64> {
        self.0.faults.as_ref()?.count(sent)
    }

    /// Records a fault of the backend for the request of this number; returns whether it is recorded.
    pub(super) fn add_fault(&self, sent: &SentRequest, number: u64, fault: BackendFault) -> bool {
        let Inner { faults, folder, backend, log, redactor, .. } = &*self.0;
        let Some(faults) = faults.as_ref().filter(|faults| faults.add(sent, number, fault)) else {
            return false;
        };
        // Faults are few: after each one the file has all of them.
        if let Err(error) = faults.write(folder, backend) {
            log(&format!("the faults of the backend cannot be written: {error}"));
        }
        let target = redactor.pass("").target(&sent.target);
        log(&format!("fault of the backend: {} {target}: {fault}", sent.method));
        true
    }

    /// Reports an exchange that is not recorded.
    pub(super) fn report_skipped(&self, sent: &SentRequest, why: &str, error: &str) {
        self.0.ledger.counts().add_skipped();
        let target = self.0.redactor.pass("").target(&sent.target);
        (self.0.log)(&format!("not recorded: {why} {} {target}{error}", sent.method));
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

/// Makes exchanges into mappings.
struct MappingSink {
    folder: Folder,
    spools: SpoolFolder,
    ledger: Arc<Ledger>,
    /// Links to the backends, for exchanges that come back from the disk.
    links: Option<Arc<Links>>,
    redactor: Arc<Redactor>,
    failures: Failures,
    hasher: foldhash::quality::RandomState,
}

impl MappingSink {
    fn new(
        folder: &Path,
        ledger: &Arc<Ledger>,
        links: Option<&Arc<Links>>,
        redactor: &Arc<Redactor>,
        log: &Logger,
    ) -> Self {
        Self {
            folder: Folder(folder.into()),
            spools: SpoolFolder::new(folder, redactor),
            ledger: Arc::clone(ledger),
            links: links.cloned(),
            redactor: Arc::clone(redactor),
            failures: Failures::new(log),
            hasher: foldhash::quality::RandomState::default(),
        }
    }
}

/// So much of bodies, in MiB, takes so long that the log says why nothing else happens.
const LONG_RECOVERY: u64 = 64;

/// Makes mappings of what an earlier recorder left in a directory: they come after those that it wrote.
fn recover(
    directory: &Path,
    links: Option<&Arc<Links>>,
    redactor: &Arc<Redactor>,
    log: &Logger,
) -> io::Result<()> {
    if !directory.join(backlog::FILE).is_file() {
        return Ok(());
    }
    let ledger = Arc::new(Ledger::open(directory, Earlier::Extend)?);
    let sink = MappingSink::new(directory, &ledger, links, redactor, log);
    let limits = QueueLimits { memory: usize::MAX, backlog: u64::MAX, gives_way: false };
    let spools = sink.spools.clone();
    let folder = directory.display();
    let large = unfinished_bytes(directory) >> 20;
    if large >= LONG_RECOVERY {
        log(&format!(
            "{folder} has {large} MiB of bodies that an earlier recorder left; they are searched for secrets first, which takes a while"
        ));
    }
    let (queue, left) =
        Queue::start(directory, limits, Arc::clone(redactor), spools, Box::new(sink))?;
    // Waits until all of them are mappings.
    drop(queue);
    if left > 0 {
        log(&format!(
            "{left} exchanges that an earlier recorder left in {folder} are mappings now"
        ));
    }
    Ok(())
}

impl Sink for MappingSink {
    fn prepare(&self) {
        compile_patterns();
    }

    fn repeats(&self, sent: &SentRequest, answer: &ReceivedAnswer) -> bool {
        self.ledger.repeat(sent, answer)
    }

    fn record(
        &self,
        mut sent: SentRequest,
        answer: ReceivedAnswer,
        learned: &dyn Fn() -> bool,
    ) -> bool {
        let links = self.links.as_ref().map(|links| recorded(links, &sent.target));
        sent.links = sent.links.or(links);
        let Self { folder, redactor, .. } = self;
        let has_file = answer.body.file().is_some();
        if let Err(error) = self.ledger.record(&sent, answer, (redactor, learned), folder) {
            let is_left = has_file || error.kind() == io::ErrorKind::Interrupted;
            if is_left && self.spools.is_ending() {
                return false;
            }
            self.ledger.counts().add_lost(1);
            self.failures.report(1, || {
                format!(
                    "not recorded: {} {}: it cannot be written to {}: {error}; is the disk full, may the directory be written?",
                    sent.method,
                    redactor.pass("").target(&sent.target),
                    folder.0.display()
                )
            });
        }
        true
    }

    fn lost(&self, count: usize, why: &str) {
        self.ledger.counts().add_lost(count);
        self.failures.report(count, || match count {
            0 => why.to_owned(),
            1 => format!("not recorded: an exchange: {why}"),
            _ => format!("not recorded: {count} exchanges: {why}"),
        });
    }

    fn key(&self, sent: &SentRequest) -> u64 {
        order_key(&self.hasher, &sent.method, path_of(&sent.target))
    }
}
