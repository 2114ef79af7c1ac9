//! Who may do what: `--authorization-*` (`k8s.io/kubernetes/pkg/kubeapiserver/options/authorization.go`).

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::k8s::parse_duration;
use crate::server::{Builder, authorization_configuration};

use super::flags::Flags;

/// The flag that stands for all others.
const CONFIG: &str = "authorization-config";

/// The flags that cannot be given besides.
const LEGACY: [&str; 5] = [
    "authorization-mode",
    "authorization-webhook-cache-authorized-ttl",
    "authorization-webhook-cache-unauthorized-ttl",
    "authorization-webhook-config-file",
    "authorization-webhook-version",
];

/// The modes of authorization.
const MODES: [&str; 6] = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];

/// How long answers hold where the flags do not say: a yes, and another one.
const LIFETIMES: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(30));

/// Adds the modes and who may be anonymous to the options of `standin serve`.
pub(super) fn push_options(flags: &Flags, options: &mut Vec<OsString>) {
    let is_asked = flags.is_on("anonymous-auth", true);
    if flags.file(CONFIG).is_some() {
        options.push(format!("--anonymous-auth={is_asked}").into());
        return;
    }
    let modes: Vec<&str> = flags.list("authorization-mode").collect();
    let modes = if modes.is_empty() { vec!["AlwaysAllow"] } else { modes };
    options.push(format!("--authorization-mode={}", modes.join(",")).into());
    // As upstream: anonymous requests are refused where everything is allowed.
    let anonymous = is_asked && !modes.contains(&"AlwaysAllow");
    options.push(format!("--anonymous-auth={anonymous}").into());
}

/// The webhooks that decide.
pub(super) fn with_webhooks(builder: Builder, flags: &Flags) -> Builder {
    if let Some(file) = flags.file(CONFIG) {
        return builder.authorization_config(file);
    }
    let flag = |name: &str| format!("authorization-webhook-{name}");
    let Some(file) = flags.file(&flag("config-file")) else { return builder };
    let version = flags.last(&flag("version")).unwrap_or("v1beta1");
    let lifetime = |name: &str, default: Duration| {
        let given = flags.last(&flag(name)).and_then(|text| parse_duration(text).ok());
        let given = given.and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
        given.map_or(default, Duration::from_nanos)
    };
    let authorized = lifetime("cache-authorized-ttl", LIFETIMES.0);
    let unauthorized = lifetime("cache-unauthorized-ttl", LIFETIMES.1);
    builder.authorization_webhook(file, version, authorized, unauthorized)
}

/// The modes of authorization and what they need (`BuiltInAuthorizationOptions.Validate`).
pub(super) fn problems(flags: &Flags) -> Vec<String> {
    if let Some(file) = flags.file(CONFIG) {
        let why = if flags.names().iter().any(|name| LEGACY.contains(name)) {
            "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are \
             defined"
                .to_owned()
        } else {
            match authorization_configuration(Path::new(file)) {
                Ok(_) => return Vec::new(),
                Err(why) => why,
            }
        };
        return vec![why];
    }
    let modes: Vec<&str> = flags.list("authorization-mode").collect();
    let mut problems = Vec::new();
    for mode in &modes {
        if !MODES.contains(mode) {
            problems.push(format!("authorization-mode \"{mode}\" is not a valid mode"));
        }
    }
    let needs = [
        ("ABAC", "authorization-policy-file", "authorization policy file"),
        ("Webhook", "authorization-webhook-config-file", "authorization config file"),
    ];
    for (mode, flag, what) in needs {
        if modes.contains(&mode) && flags.file(flag).is_none() {
            problems.push(format!("authorization-mode {mode}'s {what} not passed"));
        }
        if !modes.contains(&mode) && flags.file(flag).is_some() {
            problems.push(format!("cannot specify --{flag} without mode {mode}"));
        }
    }
    let mut once = modes.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() != modes.len() {
        let list = modes.iter().map(|mode| format!("\"{mode}\"")).collect::<Vec<_>>().join(" ");
        problems.push(format!("authorization-mode [{list}] has mode specified more than once"));
    }
    problems
}
