//! `AuthorizationConfiguration`, the file of `--authorization-config`: the modes in their order, and the webhooks among
//! them (`k8s.io/apiserver/pkg/apis/apiserver/{v1,validation}`, `k8s.io/kubernetes/pkg/kubeapiserver/authorizer`).

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::golang::{parse_duration, quote};
use super::super::names;
use super::super::status::FieldError;
use super::authorization_webhook::AuthorizationWebhook;
#[cfg(feature = "cel")]
use super::match_conditions::MatchConditions;

const GROUP: &str = "apiserver.config.k8s.io";
const V1: &str = "apiserver.config.k8s.io/v1";
const KIND: &str = "AuthorizationConfiguration";

/// The types of authorizers, in the order in which upstream names them.
const TYPES: [&str; 6] = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];

/// The longest time that a webhook may have.
const MOST_TIME: SignedDuration = SignedDuration::from_secs(30);

/// How long a yes holds where nothing else is said, and another answer.
const LIFETIMES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_mins(5), SignedDuration::from_secs(30));

/// A webhook of a configuration, and how it is reached.
#[derive(Debug)]
pub(crate) struct ConfiguredWebhook {
    /// What it is asked.
    pub(crate) webhook: AuthorizationWebhook,
    /// The kubeconfig that says where it is.
    pub(crate) kubeconfig: PathBuf,
    /// How long it has.
    pub(crate) timeout: SignedDuration,
}

/// A configuration.
#[derive(Debug)]
pub(crate) struct AuthorizationConfiguration {
    /// The names of the modes, in their order.
    pub(crate) modes: Vec<String>,
    /// The webhook of each `Webhook` among them.
    pub(crate) webhooks: Vec<ConfiguredWebhook>,
}

impl AuthorizationConfiguration {
    /// A configuration as its file has it, whose text is in messages.
    ///
    /// # Errors
    /// Upstream's message.
    pub(crate) fn of(value: &Value, text: &str) -> Result<Self, String> {
        let empty = json!({"apiVersion": V1, "kind": KIND});
        let (value, shown) = if text.is_empty() { (&empty, "") } else { (value, text) };
        let text = |field: &str| value[field].as_str().unwrap_or_default();
        let failed = |why: String| {
            Err(format!("failed to load AuthorizationConfiguration from file: {why}"))
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        for (field, found) in [("Kind", kind), ("apiVersion", api_version)] {
            if found.is_empty() {
                return failed(format!("Object '{field}' is missing in '{shown}'"));
            }
        }
        let version = api_version.strip_prefix(GROUP).and_then(|rest| rest.strip_prefix('/'));
        if !matches!(version, Some("v1" | "v1beta1" | "v1alpha1")) || kind != KIND {
            return failed(format!(
                "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
                quote(kind),
                quote(api_version),
            ));
        }
        let mut errors = Vec::new();
        let (mut modes, mut webhooks): (Vec<String>, _) = (Vec::new(), Vec::new());
        let authorizers = value["authorizers"].as_array().cloned().unwrap_or_default();
        if authorizers.is_empty() {
            let why = "at least one authorization mode must be defined";
            errors.push(FieldError::required("authorizers", why));
        }
        let mut names_seen: Vec<&str> = Vec::new();
        for (index, authorizer) in authorizers.iter().enumerate() {
            let path = format!("authorizers[{index}]");
            let text = |field: &str| authorizer[field].as_str().unwrap_or_default();
            let at = |field: &str| format!("{path}.{field}");
            let (kind, name) = (text("type"), text("name"));
            if kind.is_empty() {
                errors.push(FieldError::required(at("type"), ""));
                continue;
            }
            if !TYPES.contains(&kind) {
                errors.push(unsupported(&at("type"), kind, &TYPES));
                continue;
            }
            if kind != "Webhook" && modes.iter().any(|mode| mode == kind) {
                errors.push(FieldError::duplicate(at("type"), quote(kind)));
                continue;
            }
            modes.push(kind.to_owned());
            let wrong = names::subdomain(name);
            if name.is_empty() {
                errors.push(FieldError::required(at("name"), ""));
            } else if names_seen.contains(&name) {
                errors.push(FieldError::duplicate(at("name"), quote(name)));
            } else if !wrong.is_empty() {
                let why = format!("authorizer name is invalid: {}", wrong.join(", "));
                errors.push(FieldError::invalid(at("name"), quote(name), &why));
            }
            names_seen.push(name);
            let webhook = &authorizer["webhook"];
            match (kind, webhook.is_null()) {
                ("Webhook", true) => {
                    errors.push(FieldError::required(at("webhook"), "required when type=Webhook"));
                }
                ("Webhook", false) => webhooks.push(read(webhook, &path, &mut errors)),
                (_, false) => {
                    let why = "may only be specified when type=Webhook";
                    errors.push(FieldError::invalid(at("webhook"), quote("non-null"), why));
                }
                _ => {}
            }
        }
        refuse(&errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let expected = authorizers.iter().filter_map(|authorizer| {
            let (kind, name) = (authorizer["type"].as_str()?, authorizer["name"].as_str()?);
            let expected = kind.to_lowercase();
            (kind != "Webhook" && expected != name).then(|| {
                format!("expected name {expected} for authorizer {kind} instead of {name}")
            })
        });
        refuse(&expected.collect::<Vec<_>>())?;
        Ok(Self { modes, webhooks })
    }
}

/// All that is wrong as one error (`utilerrors.NewAggregate`).
fn refuse(errors: &[String]) -> Result<(), String> {
    match errors {
        [] => Ok(()),
        [one] => Err(one.clone()),
        all => Err(format!("[{}]", all.join(", "))),
    }
}

/// `ValidateWebhookConfiguration`, whose paths are those of the authorizer.
fn read(value: &Value, path: &str, errors: &mut Vec<FieldError>) -> ConfiguredWebhook {
    let at = |field: &str| format!("{path}.{field}");
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let timeout = duration(text("timeout")).unwrap_or_default();
    if timeout.is_zero() {
        errors.push(FieldError::required(at("timeout"), ""));
    } else if timeout > MOST_TIME || timeout.is_negative() {
        let why = "must be > 0s and <= 30s";
        errors.push(FieldError::invalid(at("timeout"), shown(timeout), why));
    }
    let mut time = |field: &str, default: SignedDuration| {
        let given = duration(text(field));
        let given = given.filter(|given| !given.is_zero()).unwrap_or(default);
        if given.is_negative() {
            errors.push(FieldError::invalid(at(field), shown(given), "must be > 0s"));
        }
        given
    };
    let authorized = time("authorizedTTL", LIFETIMES.0);
    let unauthorized = time("unauthorizedTTL", LIFETIMES.1);
    one_of(
        errors,
        &at("subjectAccessReviewVersion"),
        text("subjectAccessReviewVersion"),
        &["v1", "v1beta1"],
    );
    let conditions = value["matchConditions"].as_array().cloned().unwrap_or_default();
    let field = "matchConditionSubjectAccessReviewVersion";
    match text(field) {
        "" if conditions.is_empty() => {}
        "" => {
            let why = "required if match conditions are specified";
            errors.push(FieldError::required(at(field), why));
        }
        version => one_of(errors, &at(field), version, &["v1"]),
    }
    one_of(errors, &at("failurePolicy"), text("failurePolicy"), &["NoOpinion", "Deny"]);
    let kubeconfig = connection(&value["connectionInfo"], &at("connectionInfo"), errors);
    let is_kept = |field: &str| value[field] != json!(false);
    let lifetime =
        |kept: bool, time: SignedDuration| if kept { time } else { SignedDuration::ZERO };
    let webhook = AuthorizationWebhook {
        version: text("subjectAccessReviewVersion").to_owned(),
        authorized: lifetime(is_kept("cacheAuthorizedRequests"), authorized),
        unauthorized: lifetime(is_kept("cacheUnauthorizedRequests"), unauthorized),
        denies_on_failure: text("failurePolicy") == "Deny",
        #[cfg(feature = "cel")]
        conditions: compile(&conditions, &at("matchConditions"), errors),
    };
    ConfiguredWebhook { webhook, kubeconfig, timeout }
}

/// A time as Go prints it (`time.Duration.String`), for those of some milliseconds at least.
fn shown(time: SignedDuration) -> String {
    let sign = if time.is_negative() { "-" } else { "" };
    let time = time.unsigned_abs();
    let (seconds, rest) = (time.as_secs(), time.subsec_millis());
    if seconds == 0 {
        return quote(&format!("{sign}{rest}ms"));
    }
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!(".{rest:03}");
    let fraction = if rest == 0 { "" } else { fraction.trim_end_matches('0') };
    let text = match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    };
    quote(&format!("{sign}{text}"))
}

fn duration(text: &str) -> Option<SignedDuration> {
    let nanoseconds = parse_duration(text).ok()?;
    i64::try_from(nanoseconds).ok().map(SignedDuration::from_nanos)
}

/// A value that is none of those that there are.
fn unsupported(path: &str, value: &str, known: &[&str]) -> FieldError {
    let known: Vec<String> = known.iter().map(|&one| one.to_owned()).collect();
    FieldError::not_supported(path, quote(value), &known)
}

/// Checks a field that has one of some values.
fn one_of(errors: &mut Vec<FieldError>, path: &str, value: &str, known: &[&str]) {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else if !known.contains(&value) {
        errors.push(unsupported(path, value, known));
    }
}

/// The kubeconfig of a webhook. Whether the file is there is seen when it is read.
fn connection(info: &Value, path: &str, errors: &mut Vec<FieldError>) -> PathBuf {
    let file = info["kubeConfigFile"].as_str().unwrap_or_default();
    let at = format!("{path}.kubeConfigFile");
    match info["type"].as_str().unwrap_or_default() {
        "" => errors.push(FieldError::required(format!("{path}.type"), "")),
        "KubeConfigFile" if file.is_empty() => errors.push(FieldError::required(at, "")),
        "KubeConfigFile" if !Path::new(file).is_absolute() => {
            errors.push(FieldError::invalid(at, quote(file), "must be an absolute path"));
        }
        "KubeConfigFile" => {}
        kind => {
            let known = ["InClusterConfig", "KubeConfigFile"];
            let known = known.map(str::to_owned);
            // Upstream shows the whole.
            let file = info["kubeConfigFile"].clone();
            let shown = format!("{{\"Type\":{},\"KubeConfigFile\":{file}}}", json!(kind));
            errors.push(FieldError::not_supported(format!("{path}.type"), shown, &known));
        }
    }
    file.into()
}

/// `compileMatchConditions`.
#[cfg(feature = "cel")]
fn compile(conditions: &[Value], path: &str, errors: &mut Vec<FieldError>) -> MatchConditions {
    const MOST: u64 = 64;
    let mut all = MatchConditions::default();
    if conditions.len() as u64 > MOST {
        errors.push(FieldError::too_many(path, conditions.len(), MOST));
        return all;
    }
    let mut seen = Vec::new();
    for (index, condition) in conditions.iter().enumerate() {
        let path = format!("{path}[{index}].expression");
        let text = condition["expression"].as_str().unwrap_or_default();
        if text.trim().is_empty() {
            errors.push(FieldError::required(path, ""));
        } else if seen.contains(&text) {
            errors.push(FieldError::duplicate(path, quote(text)));
        } else if let Err(why) = all.add(text) {
            errors.push(FieldError::invalid(path, quote(text), &why));
        }
        seen.push(text);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(authorizers: &Value) -> Result<AuthorizationConfiguration, String> {
        let value = json!({"apiVersion": V1, "kind": KIND, "authorizers": authorizers});
        AuthorizationConfiguration::of(&value, &value.to_string())
    }

    fn webhook(changes: Value) -> Value {
        let mut webhook = json!({
            "timeout": "3s", "subjectAccessReviewVersion": "v1", "failurePolicy": "NoOpinion",
            "matchConditionSubjectAccessReviewVersion": "v1",
            "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": "/a"},
        });
        if let (Value::Object(webhook), Value::Object(changes)) = (&mut webhook, changes) {
            webhook.extend(changes);
        }
        json!([{"type": "Webhook", "name": "w", "webhook": webhook}])
    }

    #[test]
    fn modes_and_webhooks_are_those_of_the_file() {
        let mut all = webhook(json!({
            "failurePolicy": "Deny", "authorizedTTL": "1m0s", "cacheUnauthorizedRequests": false,
        }));
        all.as_array_mut().unwrap().push(json!({"type": "RBAC", "name": "rbac"}));
        let found = configuration(&all).unwrap();
        assert_eq!(found.modes, ["Webhook", "RBAC"]);
        let ConfiguredWebhook { webhook, kubeconfig, timeout } = &found.webhooks[0];
        assert_eq!((kubeconfig.as_path(), timeout.as_secs()), (Path::new("/a"), 3));
        assert_eq!((webhook.authorized.as_secs(), webhook.unauthorized.as_secs()), (60, 0));
        assert!(webhook.denies_on_failure);
    }

    /// What kube-apiserver 1.36.3 says.
    #[test]
    fn what_upstream_refuses_is_refused_with_its_texts() {
        for (authorizers, why) in [
            (
                json!([]),
                "authorizers: Required value: at least one authorization mode must be defined",
            ),
            (
                json!([{"type": "Foo", "name": "foo"}]),
                "authorizers[0].type: Unsupported value: \"Foo\": supported values: \"ABAC\", \"AlwaysAllow\", \
                 \"AlwaysDeny\", \"Node\", \"RBAC\", \"Webhook\"",
            ),
            (
                json!([{"type": "RBAC", "name": "other"}]),
                "expected name rbac for authorizer RBAC instead of other",
            ),
            (
                json!([{"type": "RBAC", "name": "rbac"}, {"type": "RBAC", "name": "rbac"}]),
                "authorizers[1].type: Duplicate value: \"RBAC\"",
            ),
            (
                webhook(json!({"timeout": "1m", "authorizedTTL": "-1.5s"})),
                "[authorizers[0].timeout: Invalid value: \"1m0s\": must be > 0s and <= 30s, \
                 authorizers[0].authorizedTTL: Invalid value: \"-1.5s\": must be > 0s]",
            ),
            (
                webhook(json!({"failurePolicy": "", "timeout": ""})),
                "[authorizers[0].timeout: Required value, authorizers[0].failurePolicy: Required value]",
            ),
            (
                webhook(
                    json!({"connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": "a"}}),
                ),
                "authorizers[0].connectionInfo.kubeConfigFile: Invalid value: \"a\": must be an absolute path",
            ),
        ] {
            assert_eq!(configuration(&authorizers).unwrap_err(), why);
        }
        let bare = AuthorizationConfiguration::of(&json!({"kind": KIND}), "kind: x\n").unwrap_err();
        assert!(bare.ends_with("Object 'apiVersion' is missing in 'kind: x\n'"), "{bare}");
        let none = AuthorizationConfiguration::of(&Value::Null, "").unwrap_err();
        assert!(none.starts_with("authorizers: Required value"), "{none}");
        let other =
            AuthorizationConfiguration::of(&json!({"apiVersion": "v1", "kind": "Pod"}), "x");
        assert!(
            other.unwrap_err().starts_with("failed to load AuthorizationConfiguration from file: ")
        );
    }
}
