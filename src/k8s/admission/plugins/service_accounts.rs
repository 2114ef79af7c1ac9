//! `ServiceAccount`: a new pod has an account that is there, the account's secrets for pulling images, and a volume with
//! a token of the account (`plugin/pkg/admission/serviceaccount`).

use serde_json::{Value, json};

use super::super::super::meta;
use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::Request;
use super::secret_references;

/// The account of pods that name none.
const DEFAULT: &str = "default";

/// The beginning of the names of volumes with tokens.
const VOLUME: &str = "kube-api-access-";

/// Where containers have the token.
const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The annotation of pods of files on a node, which the server only mirrors.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The annotation of an account whose pods may use its secrets alone.
const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

fn name(pod: &Value) -> &str {
    pod["spec"]["serviceAccountName"].as_str().unwrap_or_default()
}

fn is_mirror(pod: &Value) -> bool {
    !pod["metadata"]["annotations"][MIRROR].is_null()
}

/// The account of a pod.
///
/// # Errors
/// 403 for one that is not there.
fn account(request: &Request<'_>, pod: &Value) -> Result<Value, ApiError> {
    let (namespace, name) = (request.namespace, name(pod));
    let accounts = GroupResource::new("", "serviceaccounts");
    match request.snapshot.get(&accounts, &format!("{namespace}/{name}")) {
        Some(account) => Ok(account.value("v1", "ServiceAccount")),
        // Upstream waits for it.
        None if name == DEFAULT && request.makes_accounts => {
            Ok(json!({"metadata": {"name": DEFAULT, "namespace": namespace}}))
        }
        None => {
            let why = format!(
                "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
            );
            Err(request.forbidden(pod, &why))
        }
    }
}

/// Gives a new pod its account, the token and the secrets.
pub(super) fn mutate(request: &Request<'_>, pod: &mut Value) -> Result<(), ApiError> {
    if is_mirror(pod) {
        return check_mirror(request, pod);
    }
    if name(pod).is_empty() {
        pod["spec"]["serviceAccountName"] = DEFAULT.into();
        pod["spec"]["serviceAccount"] = DEFAULT.into();
    }
    let account = account(request, pod)?;
    let field = "automountServiceAccountToken";
    let mounts = pod["spec"][field].as_bool().or_else(|| account[field].as_bool()).unwrap_or(true);
    if mounts {
        mount(pod, request.suffix);
    }
    let lacks = pod["spec"]["imagePullSecrets"].as_array().is_none_or(Vec::is_empty);
    let secrets = account["imagePullSecrets"].as_array().filter(|all| !all.is_empty());
    if let Some(secrets) = secrets.filter(|_| lacks) {
        let named = |secret: &Value| json!({"name": secret["name"]});
        pod["spec"]["imagePullSecrets"] = secrets.iter().map(named).collect();
    }
    check_new(request, pod)
}

/// Mounts a token in all containers that have nothing at its place (`mountServiceAccountToken`).
fn mount(pod: &mut Value, suffix: &str) {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let mut names = volumes.filter_map(|volume| volume["name"].as_str());
    let known = names.find(|name| name.starts_with(VOLUME)).map(str::to_owned);
    let has_volume = known.is_some();
    let volume = known.unwrap_or_else(|| format!("{VOLUME}{suffix}"));
    let mut is_needed = false;
    for list in ["initContainers", "containers"] {
        let all = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in all.into_iter().flatten().filter(|container| container.is_object()) {
            let mut mounts = container["volumeMounts"].as_array().cloned().unwrap_or_default();
            if mounts.iter().any(|mount| mount["mountPath"] == PATH) {
                continue;
            }
            mounts.push(json!({"name": volume, "readOnly": true, "mountPath": PATH}));
            container["volumeMounts"] = mounts.into();
            is_needed = true;
        }
    }
    if has_volume || !is_needed {
        return;
    }
    let mut volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    volumes.push(json!({"name": volume, "projected": {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
            ]}},
        ],
        "defaultMode": 420,
    }}));
    pod["spec"]["volumes"] = volumes.into();
}

/// Checks a new pod, or the debug containers of one, once all is set.
pub(super) fn validate(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    match (request.subresource, old) {
        ("", None) if is_mirror(new) => check_mirror(request, new),
        ("", None) => check_new(request, new),
        ("ephemeralcontainers", Some(_)) => {
            let account = named_account(request, new)?;
            if !is_enforced(&account) {
                return Ok(());
            }
            // Upstream forgets to make it a 403.
            secret_references::check_ephemeral(&account, new).map_err(ApiError::unclassified)
        }
        _ => Ok(()),
    }
}

fn named_account(request: &Request<'_>, pod: &Value) -> Result<Value, ApiError> {
    if name(pod).is_empty() {
        let (namespace, name) = (request.namespace, meta::text(pod, "name"));
        let why = format!("no service account specified for pod {namespace}/{name}");
        return Err(request.forbidden(pod, &why));
    }
    account(request, pod)
}

/// Whether pods of an account may use its secrets alone.
fn is_enforced(account: &Value) -> bool {
    let text = account["metadata"]["annotations"][ENFORCE].as_str();
    matches!(text, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}

fn check_new(request: &Request<'_>, pod: &Value) -> Result<(), ApiError> {
    let account = named_account(request, pod)?;
    if !is_enforced(&account) {
        return Ok(());
    }
    secret_references::check(&account, pod).map_err(|why| request.forbidden(pod, &why))
}

fn check_mirror(request: &Request<'_>, pod: &Value) -> Result<(), ApiError> {
    let why = if !name(pod).is_empty() {
        "a mirror pod may not reference service accounts"
    } else if secret_references::has_any(pod) {
        "a mirror pod may not reference secrets"
    } else if secret_references::projects_token(pod) {
        "a mirror pod may not use ServiceAccountToken volume projections"
    } else {
        return Ok(());
    };
    Err(request.forbidden(pod, why))
}
