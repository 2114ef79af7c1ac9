//! A kubeconfig → the backend that it names: its URL, whom to trust, and the credentials of its user.
//!
//! Read by itself: the client library of Kubernetes brings more crates than all of the recorder has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::document::disk;

use super::credentials::Credentials;
use super::exec_plugin::ExecPlugin;
use super::options::{PemSource, UpstreamOptions};

/// The largest kubeconfig, in bytes.
const MOST: u64 = 16 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Config {
    current_context: Option<String>,
    contexts: Vec<NamedContext>,
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
}

#[derive(Debug, Deserialize)]
struct NamedContext {
    name: String,
    context: Context,
}

#[derive(Debug, Deserialize)]
struct Context {
    cluster: String,
    #[serde(default)]
    user: String,
}

#[derive(Debug, Deserialize)]
struct NamedCluster {
    name: String,
    cluster: Cluster,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Cluster {
    server: String,
    certificate_authority: Option<PathBuf>,
    certificate_authority_data: Option<String>,
    insecure_skip_tls_verify: bool,
    tls_server_name: Option<String>,
}

#[derive(Deserialize)]
struct NamedUser {
    name: String,
    #[serde(default)]
    user: User,
}

impl std::fmt::Debug for NamedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NamedUser").field(&self.name).finish()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct User {
    client_certificate: Option<PathBuf>,
    client_certificate_data: Option<String>,
    client_key: Option<PathBuf>,
    client_key_data: Option<String>,
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
    username: Option<String>,
    password: Option<String>,
    exec: Option<ExecPlugin>,
    auth_provider: Option<AuthProvider>,
}

#[derive(Deserialize)]
struct AuthProvider {
    name: String,
    #[serde(default)]
    config: BTreeMap<String, String>,
}

impl UpstreamOptions {
    /// The backend of a kubeconfig, by a context or the current one: its URL, and how it is reached. Requests without
    /// credentials get those of the user: a client certificate, a token, a password, or what an exec plugin gives.
    ///
    /// ```no_run
    /// let (url, options) = standin::UpstreamOptions::from_kubeconfig("kubeconfig".as_ref(), None)?;
    /// let builder = standin::Server::builder().upstream(url, options);
    /// # Ok::<(), standin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Upstream`](crate::Error::Upstream): what is wrong with the file, or missing in it.
    pub fn from_kubeconfig(
        file: &Path,
        context: Option<&str>,
    ) -> Result<(String, Self), crate::Error> {
        read(file, context).map_err(|why| {
            crate::Error::Upstream(format!("the kubeconfig {}: {why}", file.display()))
        })
    }
}

fn read(file: &Path, context: Option<&str>) -> Result<(String, UpstreamOptions), String> {
    let bytes = disk::read(file, MOST).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    // The error of the parser may quote the file, which has secrets: only its place is shown.
    let config: Config = serde_saphyr::from_str(&text).map_err(|error| {
        let place =
            error.location().map(|at| format!(" (line {}, column {})", at.line(), at.column()));
        format!("it is not a kubeconfig in YAML{}", place.unwrap_or_default())
    })?;
    let folder = file.parent().unwrap_or(Path::new(""));
    backend(&config, context, folder)
}

fn backend(
    config: &Config,
    context: Option<&str>,
    folder: &Path,
) -> Result<(String, UpstreamOptions), String> {
    let wanted = context.or(config.current_context.as_deref()).filter(|name| !name.is_empty());
    let wanted = wanted.ok_or("it has no current-context; name one with --context")?;
    let names: Vec<&str> = config.contexts.iter().map(|one| &*one.name).collect();
    let found = config.contexts.iter().find(|one| one.name == wanted).ok_or_else(|| {
        format!("there is no context {wanted:?}; its contexts are {}", names.join(", "))
    })?;
    let Context { cluster, user } = &found.context;
    let cluster = config.clusters.iter().find(|one| one.name == *cluster).map(|one| &one.cluster);
    let cluster = cluster.ok_or_else(|| {
        format!(
            "the context {wanted:?} names the cluster {:?}, which is not there",
            found.context.cluster
        )
    })?;
    if cluster.server.is_empty() {
        return Err(format!("the cluster {:?} has no server", found.context.cluster));
    }
    let mut options = UpstreamOptions::default().insecure(cluster.insecure_skip_tls_verify);
    options.ca = pem(
        cluster.certificate_authority.as_deref(),
        cluster.certificate_authority_data.as_deref(),
        folder,
        "certificate-authority-data",
    )?;
    options.server_name.clone_from(&cluster.tls_server_name);
    if user.is_empty() {
        return Ok((cluster.server.clone(), options));
    }
    let user = config.users.iter().find(|one| one.name == *user).map(|one| &one.user);
    let user = user.ok_or_else(|| {
        format!(
            "the context {wanted:?} names the user {:?}, which is not there",
            found.context.user
        )
    })?;
    authenticate(user, folder, &mut options)?;
    Ok((cluster.server.clone(), options))
}

fn authenticate(user: &User, folder: &Path, options: &mut UpstreamOptions) -> Result<(), String> {
    let chain = pem(
        user.client_certificate.as_deref(),
        user.client_certificate_data.as_deref(),
        folder,
        "client-certificate-data",
    )?;
    let key = pem(
        user.client_key.as_deref(),
        user.client_key_data.as_deref(),
        folder,
        "client-key-data",
    )?;
    options.identity = match (chain, key) {
        (Some(chain), Some(key)) => Some((chain, key)),
        (None, None) => None,
        _ => return Err("its user has a client certificate or a key without the other".to_owned()),
    };
    options.credentials = if let Some(path) = &user.token_file {
        Some(Credentials::file(folder.join(path)))
    } else if let Some(token) = user.token.as_ref().filter(|token| !token.is_empty()) {
        Some(Credentials::bearer(token)?)
    } else if let (Some(name), Some(password)) = (&user.username, &user.password) {
        Some(Credentials::basic(name, password)?)
    } else if let Some(plugin) = &user.exec {
        let mut plugin = plugin.clone();
        plugin.folder = folder.to_path_buf();
        let given = plugin.run()?;
        if let Some((chain, key)) = given.identity {
            let from = || PathBuf::from(format!("the exec plugin {}", plugin.command));
            let text = |pem: String| PemSource::Text(from(), pem.into_bytes());
            options.identity = Some((text(chain), text(key)));
        }
        given.token.map(|token| Credentials::plugin(plugin, token)).transpose()?
    } else if let Some(provider) = &user.auth_provider {
        let token = provider.config.get("id-token").or_else(|| provider.config.get("access-token"));
        let token = token.ok_or_else(|| {
            format!(
                "the auth provider {:?} has no token; log in with kubectl first, or use an exec plugin",
                provider.name
            )
        })?;
        Some(Credentials::bearer(token)?)
    } else {
        None
    };
    Ok(())
}

/// The PEM of a file or of base64; base64 comes first, as in kubectl.
fn pem(
    file: Option<&Path>,
    data: Option<&str>,
    folder: &Path,
    name: &str,
) -> Result<Option<PemSource>, String> {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        let text: String = data.split_whitespace().collect();
        let bytes = STANDARD.decode(text).map_err(|_| format!("its {name} is not base64"))?;
        return Ok(Some(PemSource::Text(PathBuf::from(name), bytes)));
    }
    let file = file.filter(|file| !file.as_os_str().is_empty());
    Ok(file.map(|file| PemSource::File(folder.join(file))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
apiVersion: v1
kind: Config
current-context: one
preferences: {}
contexts:
- {name: one, context: {cluster: a, user: token, namespace: x}}
- {name: two, context: {cluster: b, user: certificate}}
- {name: none, context: {cluster: gone}}
clusters:
- {name: a, cluster: {server: 'https://a.test:6443', certificate-authority: ca.pem, tls-server-name: kubernetes}}
- {name: b, cluster: {server: 'https://b.test', insecure-skip-tls-verify: true}}
users:
- {name: token, user: {token: secret-1}}
- {name: certificate, user: {client-certificate-data: LS0t, client-key: k.pem}}
";

    #[test]
    fn a_context_names_a_backend() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, TEXT).unwrap();
        let (url, options) = UpstreamOptions::from_kubeconfig(&file, None).unwrap();
        assert_eq!(url, "https://a.test:6443");
        assert_eq!(options.ca.as_ref().unwrap().name(), folder.path().join("ca.pem"));
        assert_eq!(options.server_name.as_deref(), Some("kubernetes"));
        assert!(options.credentials.is_some() && !format!("{options:?}").contains("secret-1"));
        let (url, options) = UpstreamOptions::from_kubeconfig(&file, Some("two")).unwrap();
        assert!(url == "https://b.test" && options.insecure && options.credentials.is_none());
        assert_eq!(options.identity.unwrap().1.name(), folder.path().join("k.pem"));
        for (context, why) in [("none", "\"gone\""), ("three", "one, two, none")] {
            let error = UpstreamOptions::from_kubeconfig(&file, Some(context)).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        std::fs::write(&file, "users: [{name: x, user: {token: [secret-2]}}]").unwrap();
        let error = UpstreamOptions::from_kubeconfig(&file, None).unwrap_err().to_string();
        assert!(error.contains("line 1") && !error.contains("secret-2"), "{error}");
    }
}
