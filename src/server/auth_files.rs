//! The files of `--token-auth-file` and `--authorization-policy-file` → [`Auth`]. The engine reads texts, not
//! files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::document::{Diagnostic, Diagnostics};
use crate::k8s::{Auth, AuthorizationWebhook};

/// How large a file may be, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Reads both files, and sets the authorization modes where there are any.
///
/// # Errors
/// Every file that cannot be read, every line that is wrong, and what is wrong with the modes.
pub(super) fn load(
    tokens: Option<&Path>,
    policies: Option<&Path>,
    modes: &[String],
    webhooks: Vec<AuthorizationWebhook>,
) -> Result<Auth, Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut text = |path: Option<&Path>| {
        let path = path?;
        match read(path) {
            Ok(text) => Some((path.to_owned(), text)),
            Err(error) => {
                problems.push(Diagnostic::error(path, format!("cannot be read: {error}")));
                None
            }
        }
    };
    let (tokens, policies) = (text(tokens), text(policies));
    let parsed = Auth::parse(
        tokens.as_ref().map(|(path, text)| (path.as_path(), text.as_slice())),
        policies.as_ref().map(|(path, text)| (path.as_path(), text.as_slice())),
    );
    let parsed = parsed.and_then(|auth| {
        if modes.is_empty() {
            return Ok(auth);
        }
        let wrong = |why| Diagnostics(vec![Diagnostic::error("--authorization-mode", why)]);
        auth.with_modes(modes, webhooks).map_err(wrong)
    });
    match parsed {
        Ok(auth) if problems.is_empty() => Ok(auth),
        parsed => {
            problems.extend(parsed.err().unwrap_or_default().0);
            Err(problems.sorted())
        }
    }
}

/// Reads the keys of service accounts' tokens.
///
/// # Errors
/// Upstream's message about the first file that cannot be read, or has no key.
#[cfg(feature = "tls")]
pub(super) fn with_account_keys(
    auth: Auth,
    signing: &Path,
    accepted: &[std::path::PathBuf],
    jwks_uri: Option<String>,
) -> Result<Auth, String> {
    let text = |path: &Path| {
        read(path).map_err(|error| {
            // Go has the texts of C in lower case, without their numbers.
            let why = error.to_string();
            let why = why.split(" (os error").next().unwrap_or_default().to_lowercase();
            format!("open {}: {why}", path.display())
        })
    };
    let mut keys = Vec::new();
    for path in accepted {
        keys.push((path.as_path(), text(path)?));
    }
    let signer = text(signing)
        .map_err(|why| format!("failed to parse service-account-issuer-key-file: {why}"))?;
    auth.with_account_keys((signing, &signer), &keys, jwks_uri)
}

/// The bytes of a file, which may be a pipe.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        let why = format!("it is larger than {MAX_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_both_files_is_reported() {
        let directory = tempfile::TempDir::new().unwrap();
        let policies = directory.path().join("policy.jsonl");
        std::fs::write(&policies, "{\n").unwrap();
        let missing = directory.path().join("missing.csv");
        let problems = load(Some(&missing), Some(&policies), &[], Vec::new()).unwrap_err();
        let told: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("missing.csv: cannot be read: "), "{told:?}");
        assert!(told[1].contains("policy.jsonl:1:"), "{told:?}");
    }

    #[cfg(feature = "token-file")]
    #[test]
    fn good_files_say_whose_tokens_are_known() {
        let directory = tempfile::TempDir::new().unwrap();
        let tokens = directory.path().join("tokens.csv");
        std::fs::write(&tokens, "secret,ann,u1\n").unwrap();
        let auth = load(Some(&tokens), None, &[], Vec::new()).unwrap();
        assert_eq!(auth.user_of("secret").unwrap().name, "ann");
        assert!(load(None, None, &[], Vec::new()).unwrap().is_open());
        let modes = ["RBAC".to_owned()];
        assert!(load(None, None, &modes, Vec::new()).unwrap().has_rbac());
        let modes = ["ABAC".to_owned()];
        let problems = load(None, None, &modes, Vec::new()).unwrap_err();
        assert!(problems.to_string().contains("policy file not passed"), "{problems}");
    }
}
