//! The secrets that a pod refers to, and whether its account may use them (`limitSecretReferences` of the plugin
//! `ServiceAccount`).

use serde_json::Value;

use super::super::super::meta;

/// The lists of containers, and what messages call their containers.
const LISTS: [(&str, &str); 3] = [
    ("initContainers", "init container"),
    ("containers", "container"),
    ("ephemeralContainers", "ephemeral container"),
];

fn items<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value[field].as_array().into_iter().flatten()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// The names in a list of references.
fn named<'v>(value: &'v Value, field: &str) -> Vec<&'v str> {
    items(value, field).map(|one| text(one, "name")).collect()
}

/// Checks the containers of a list.
fn check_containers(account: &Value, pod: &Value, list: &str, shown: &str) -> Result<(), String> {
    let allowed = named(account, "secrets");
    let end = format!(
        "is not allowed because service account {} does not reference that secret",
        meta::text(account, "name")
    );
    for container in items(&pod["spec"], list) {
        let of = text(container, "name");
        for env in items(container, "env") {
            let reference = &env["valueFrom"]["secretKeyRef"];
            let secret = text(reference, "name");
            if reference.is_object() && !allowed.contains(&secret) {
                return Err(format!(
                    "{shown} {of} with envVar {} referencing secret.secretName=\"{secret}\" {end}",
                    text(env, "name")
                ));
            }
        }
        for source in items(container, "envFrom") {
            let reference = &source["secretRef"];
            let secret = text(reference, "name");
            if reference.is_object() && !allowed.contains(&secret) {
                return Err(format!(
                    "{shown} {of} with envFrom referencing secret.secretName=\"{secret}\" {end}"
                ));
            }
        }
    }
    Ok(())
}

/// Whether a new pod refers to secrets of its account alone.
///
/// # Errors
/// Upstream's reason.
pub(super) fn check(account: &Value, pod: &Value) -> Result<(), String> {
    let allowed = named(account, "secrets");
    let name = meta::text(account, "name");
    for volume in items(&pod["spec"], "volumes").filter(|volume| volume["secret"].is_object()) {
        let secret = text(&volume["secret"], "secretName");
        if !allowed.contains(&secret) {
            return Err(format!(
                "volume with secret.secretName=\"{secret}\" is not allowed because service account {name} does not \
                 reference that secret"
            ));
        }
    }
    for (list, shown) in &LISTS[..2] {
        check_containers(account, pod, list, shown)?;
    }
    let pulls = named(account, "imagePullSecrets");
    let own = named(&pod["spec"], "imagePullSecrets");
    match own.iter().position(|secret| !pulls.contains(secret)) {
        None => Ok(()),
        Some(index) => Err(format!(
            "imagePullSecrets[{index}].name=\"{}\" is not allowed because service account {name} does not reference \
             that imagePullSecret",
            own[index]
        )),
    }
}

/// Whether the debug containers of a pod refer to secrets of its account alone.
///
/// # Errors
/// Upstream's reason.
pub(super) fn check_ephemeral(account: &Value, pod: &Value) -> Result<(), String> {
    let (list, shown) = LISTS[2];
    check_containers(account, pod, list, shown)
}

/// Whether a pod refers to a secret anywhere (`VisitPodSecretNames`).
pub(super) fn has_any(pod: &Value) -> bool {
    let spec = &pod["spec"];
    let containers = LISTS.into_iter().flat_map(|(list, _)| items(spec, list));
    let mut env = containers.flat_map(|one| items(one, "env").chain(items(one, "envFrom")));
    let volumes = || items(spec, "volumes");
    let sources = volumes().flat_map(|volume| items(&volume["projected"], "sources"));
    items(spec, "imagePullSecrets").next().is_some()
        || env
            .any(|env| env["secretRef"].is_object() || env["valueFrom"]["secretKeyRef"].is_object())
        || volumes().chain(sources).any(|volume| {
            let mut all = volume.as_object().into_iter().flatten();
            all.any(|(name, source)| {
                name == "secret"
                    || (name == "azureFile" && source["secretName"].is_string())
                    || ["secretRef", "nodePublishSecretRef"]
                        .iter()
                        .any(|field| source[*field].is_object())
            })
        })
}

/// Whether a volume of a pod holds a token.
pub(super) fn projects_token(pod: &Value) -> bool {
    let volumes = items(&pod["spec"], "volumes");
    let mut sources = volumes.flat_map(|volume| items(&volume["projected"], "sources"));
    sources.any(|source| source["serviceAccountToken"].is_object())
}
