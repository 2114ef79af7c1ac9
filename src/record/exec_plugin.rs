//! Exec plugins of a kubeconfig: programs that give credentials (`client.authentication.k8s.io`).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// A program that gives credentials.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecPlugin {
    pub(super) command: String,
    #[serde(default)]
    args: Option<Vec<String>>,
    #[serde(default)]
    env: Option<Vec<Variable>>,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    install_hint: Option<String>,
    /// That of the kubeconfig: a command with a slash is relative to it.
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

#[derive(Clone, Deserialize)]
struct Variable {
    name: String,
    value: String,
}

impl std::fmt::Debug for ExecPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ExecPlugin").field(&self.command).finish()
    }
}

/// What a plugin gives.
pub(super) struct Given {
    pub(super) token: Option<GivenToken>,
    /// A certificate and its key, in PEM.
    pub(super) identity: Option<(String, String)>,
}

/// A token, and when it expires.
pub(super) struct GivenToken {
    pub(super) text: String,
    pub(super) expires: Option<Timestamp>,
}

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

impl ExecPlugin {
    /// Runs the program and waits for its end.
    ///
    /// # Errors
    /// Why it gives no credentials. What it prints may be secret and is left out.
    pub(super) fn run(&self) -> Result<Given, String> {
        let has_slash = self.command.contains(std::path::MAIN_SEPARATOR);
        let program =
            if has_slash { self.folder.join(&self.command) } else { self.command.clone().into() };
        let version = self.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
        let info = json!({
            "apiVersion": version,
            "kind": "ExecCredential",
            "spec": {"interactive": false},
        });
        let variables = self.env.iter().flatten().map(|one| (&one.name, &one.value));
        let output = Command::new(program)
            .args(self.args.iter().flatten())
            .envs(variables)
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let failed = |why: String| {
            let hint = self.install_hint.as_deref().unwrap_or_default();
            format!(
                "the exec plugin {} {why}{}{hint}",
                self.command,
                if hint.is_empty() { "" } else { "; " }
            )
        };
        let output = output.map_err(|error| failed(format!("does not run: {error}")))?;
        if !output.status.success() {
            return Err(failed(format!("fails: {}", output.status)));
        }
        let read: ExecCredential = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed("prints no ExecCredential".to_owned()))?;
        let Some(status) = read.status else {
            return Err(failed("gives no status".to_owned()));
        };
        let identity = status.client_certificate_data.zip(status.client_key_data);
        let expires = status.expiration_timestamp.and_then(|time| time.parse().ok());
        let token = status.token.map(|text| GivenToken { text, expires });
        if token.is_none() && identity.is_none() {
            return Err(failed("gives neither a token nor a certificate".to_owned()));
        }
        Ok(Given { token, identity })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn plugin(script: &str) -> ExecPlugin {
        let text = json!({"command": "sh", "args": ["-c", script], "env": [{"name": "T", "value": "secret-1"}]});
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_plugin_gives_a_token_or_says_why_not() {
        let script = r#"case $KUBERNETES_EXEC_INFO in *ExecCredential*) ;; *) exit 3;; esac
            echo '{"kind": "ExecCredential", "status": {"token": "'$T'", "expirationTimestamp": "2030-01-01T00:00:00Z"}}'"#;
        let token = plugin(script).run().unwrap().token.unwrap();
        assert_eq!(token.text, "secret-1");
        assert_eq!(token.expires.unwrap().to_string(), "2030-01-01T00:00:00Z");
        for (script, why) in [
            ("exit 2", "fails: exit status: 2"),
            ("echo secret-1", "prints no ExecCredential"),
            ("echo '{\"status\": {}}'", "gives neither"),
        ] {
            let error = plugin(script).run().err().unwrap();
            assert!(error.contains(why) && !error.contains("secret-1"), "{error}");
        }
    }
}
