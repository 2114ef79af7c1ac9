//! The audit of a server: its policy file → [`AuditPolicy`], and its log.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use crate::document::{Format, Source};
use crate::error::Error;
use crate::k8s::AuditPolicy;
#[cfg(feature = "record")]
use crate::serve::send_audit_events;
use crate::serve::{AuditLog, AuditRotation, AuditTarget, EventSender};
use crate::transport::Logger;

use super::Builder;
#[cfg(feature = "record")]
use super::access_webhooks;
use super::webhook_settings::AuditOptions;

/// How long a webhook has for an answer.
#[cfg(feature = "record")]
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// # Audit
///
/// ```
/// let builder = standin::Server::builder().audit("policy.yaml", "audit.log");
/// ```
impl Builder {
    /// Writes requests to the Kubernetes side to a log, as `kube-apiserver --audit-policy-file --audit-log-path` does: one
    /// event of `audit.k8s.io/v1` a line, at the end of the file; `-` is standard output. Secrets have pseudonyms, unless
    /// [`Builder::show_secrets`] is on. [`Builder::start`] fails for a policy that is invalid, and for a log that cannot
    /// be written.
    pub fn audit(mut self, policy: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        let rotation = AuditRotation { most_bytes: 0, backups: 0, days: 0 };
        let log = Some((log.into(), rotation));
        self.audit = Some(AuditOptions { policy: policy.into(), log, ..AuditOptions::default() });
        self
    }

    /// The audit, as the flags of kube-apiserver describe it.
    #[cfg(feature = "cli")]
    pub(crate) fn audit_options(mut self, options: AuditOptions) -> Self {
        self.audit = Some(options);
        self
    }

    /// Opens the audit log, where there is one.
    pub(super) fn open_audit(
        &mut self,
        log: &Logger,
        stopping: &watch::Receiver<bool>,
    ) -> Result<Option<Arc<AuditLog>>, Error> {
        let Some(options) = self.audit.take() else { return Ok(None) };
        let policy = read(&options.policy)
            .map_err(|why| Error::Setting(format!("loading audit policy file: {why}")))?;
        let webhook = open_webhook(&options, log, stopping)?;
        let target = options.log.map(|(path, rotation)| {
            let is_output = path.as_os_str() == "-";
            (if is_output { AuditTarget::Output } else { AuditTarget::File(path) }, rotation)
        });
        let open = target.as_ref().map(|(target, rotation)| (target, *rotation));
        let opened = AuditLog::open(policy, open, webhook, Arc::clone(log));
        opened.map(|opened| Some(Arc::new(opened))).map_err(|error| {
            let Some((AuditTarget::File(path), _)) = &target else {
                return Error::Setting(error.to_string());
            };
            let path = path.display();
            Error::Setting(format!("ensureLogFile: open {path}: {}", text(&error)))
        })
    }
}

/// Begins to send events to the webhook, where there is one.
#[cfg(feature = "record")]
fn open_webhook(
    options: &AuditOptions,
    log: &Logger,
    stopping: &watch::Receiver<bool>,
) -> Result<Option<EventSender>, Error> {
    let Some((file, batches)) = &options.webhook else { return Ok(None) };
    let webhook = access_webhooks::client(file, TIMEOUT)?;
    let (lines, events) = tokio::sync::mpsc::channel(batches.waiting.max(1));
    let (stopping, log) = (stopping.clone(), Arc::clone(log));
    let task = tokio::spawn(send_audit_events(webhook, *batches, events, stopping, log));
    Ok(Some(EventSender { lines, task }))
}

/// There is none: this build has no client.
#[cfg(not(feature = "record"))]
#[expect(clippy::unnecessary_wraps, reason = "as in a build with a client")]
fn open_webhook(
    _: &AuditOptions,
    _: &Logger,
    _: &watch::Receiver<bool>,
) -> Result<Option<EventSender>, Error> {
    Ok(None)
}

/// Reads a policy (`LoadPolicyFromFile`).
fn read(path: &Path) -> Result<AuditPolicy, String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| {
        format!("failed to read file path \"{shown}\": open {shown}: {}", text(&error))
    })?;
    let parsed = Source::from_bytes(path.to_owned(), Format::Yaml, bytes).and_then(|of| of.parse());
    let of_file = |why: String| format!("{why}: from file {shown}");
    let documents = parsed.map_err(|problem| of_file(format!("failed decoding: {problem}")))?;
    AuditPolicy::of(documents.into_iter().next().unwrap_or_default()).map_err(of_file)
}

/// An error as Go prints it: the text of C in lower case, without its number.
fn text(error: &std::io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_is_wrong_is_told_of_with_its_file() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("policy.yaml");
        let shown = path.display();
        let why = read(&path).unwrap_err();
        assert_eq!(
            why,
            format!(
                "failed to read file path \"{shown}\": open {shown}: no such file or directory"
            )
        );
        for (text, why) in [
            ("", "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"),
            ("apiVersion: audit.k8s.io/v1\n", "loaded illegal policy with 0 rules"),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap_err(), format!("{why}: from file {shown}"));
        }
        fs::write(&path, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n")
            .unwrap();
        assert!(read(&path).is_ok());
    }
}
