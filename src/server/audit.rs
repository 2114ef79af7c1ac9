//! The audit of a server: its policy file → [`AuditPolicy`], and its log.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{Format, Source};
use crate::error::Error;
use crate::k8s::AuditPolicy;
use crate::serve::{AuditLog, AuditTarget};
use crate::transport::Logger;

use super::Builder;

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
        self.audit = Some((policy.into(), log.into()));
        self
    }

    /// Opens the audit log, where there is one.
    pub(super) fn open_audit(&mut self, log: &Logger) -> Result<Option<Arc<AuditLog>>, Error> {
        let Some((policy, path)) = self.audit.take() else { return Ok(None) };
        let policy = read(&policy)
            .map_err(|why| Error::Setting(format!("loading audit policy file: {why}")))?;
        let target =
            if path.as_os_str() == "-" { AuditTarget::Output } else { AuditTarget::File(path) };
        let opened = AuditLog::open(policy, &target, Arc::clone(log));
        opened.map(|opened| Some(Arc::new(opened))).map_err(|error| {
            let AuditTarget::File(path) = &target else { return Error::Setting(error.to_string()) };
            let path = path.display();
            Error::Setting(format!("ensureLogFile: open {path}: {}", text(&error)))
        })
    }
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
