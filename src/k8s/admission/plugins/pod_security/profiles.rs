//! Checks of the profiles of pods and containers: `AppArmor`, `SELinux`, seccomp.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::super::golang::quote;
use super::pod::Pod;
use super::words::{Violation, containers, name, plural, quoted, setters};

/// Who sets a profile of a type that is not allowed, and the types.
fn forbidden<'a>(pod: Pod<'a>, field: &str) -> (bool, Vec<&'a str>, BTreeSet<&'a str>) {
    let of = |context: &'a Value| -> Option<&'a str> {
        let profile = &context[field];
        let kind = profile.is_object().then(|| profile["type"].as_str().unwrap_or_default());
        kind.filter(|kind| !matches!(*kind, "RuntimeDefault" | "Localhost"))
    };
    let own = of(pod.context());
    let mut types: BTreeSet<&str> = own.into_iter().collect();
    let mut names = Vec::new();
    for container in pod.containers() {
        if let Some(kind) = of(&container["securityContext"]) {
            names.push(name(container));
            types.insert(kind);
        }
    }
    (own.is_some(), names, types)
}

pub(super) fn app_armor(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let (of_pod, names, types) = forbidden(pod, "appArmorProfile");
    let is_bad = |(key, value): &(&str, &str)| {
        let fine =
            value.is_empty() || *value == "runtime/default" || value.starts_with("localhost/");
        key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !fine
    };
    let annotations = pod.annotations().into_iter().filter(is_bad);
    let mut annotations: Vec<String> =
        annotations.map(|(key, value)| format!("{key}={}", quote(value))).collect();
    annotations.sort_unstable();
    let of_annotations = (!annotations.is_empty()).then(|| plural("annotation", annotations.len()));
    let all: Vec<String> = setters(of_pod, &names).into_iter().chain(of_annotations).collect();
    if all.is_empty() {
        return None;
    }
    let values: Vec<String> = types.into_iter().map(str::to_owned).chain(annotations).collect();
    let (who, what) = (all.join(" and "), quoted(&values));
    let detail = format!("{who} must not set AppArmor profile type to {what}");
    Some((plural("forbidden AppArmor profile", values.len()), detail))
}

pub(super) fn se_linux(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    let (mut types, mut user, mut role) = (BTreeSet::new(), false, false);
    let mut is_bad = |context: &Value| {
        let options = &context["seLinuxOptions"];
        let text = |field: &str| options[field].as_str().unwrap_or_default();
        let kind = text("type");
        let known = matches!(kind, "" | "container_t" | "container_init_t" | "container_kvm_t");
        let is_allowed = known || minor >= 31 && kind == "container_engine_t";
        if !is_allowed {
            types.insert(kind.to_owned());
        }
        let (own_user, own_role) = (!text("user").is_empty(), !text("role").is_empty());
        user |= own_user;
        role |= own_role;
        !is_allowed || own_user || own_role
    };
    let of_pod = is_bad(pod.context());
    let names: Vec<&str> =
        pod.containers().filter(|one| is_bad(&one["securityContext"])).map(name).collect();
    let setters = setters(of_pod, &names)?;
    let mut found = Vec::new();
    if !types.is_empty() {
        found.push(format!("{} {}", plural("type", types.len()), quoted(&types)));
    }
    if user {
        found.push("user may not be set".to_owned());
    }
    if role {
        found.push("role may not be set".to_owned());
    }
    let found = found.join("; ");
    let detail = format!("{setters} set forbidden securityContext.seLinuxOptions: {found}");
    Some(("seLinuxOptions".to_owned(), detail))
}

const SECCOMP: &str = "seccompProfile";

/// Before 1.19 the profiles were annotations.
fn seccomp_annotations(pod: Pod<'_>) -> Option<Violation> {
    let prefix = "container.seccomp.security.alpha.kubernetes.io/";
    let names: Vec<String> =
        pod.containers().map(|container| format!("{prefix}{}", name(container))).collect();
    let is_bad = |(key, value): &(&str, &str)| {
        let concerned = *key == "seccomp.security.alpha.kubernetes.io/pod"
            || names.iter().any(|name| name == key);
        let fine = matches!(*value, "runtime/default" | "docker/default")
            || value.starts_with("localhost/");
        concerned && !fine
    };
    let found = pod.annotations().into_iter().filter(is_bad);
    let found: BTreeSet<String> =
        found.map(|(key, value)| format!("{key}={}", quote(value))).collect();
    let list: Vec<&str> = found.iter().map(String::as_str).collect();
    let detail = || format!("forbidden {} {}", plural("annotation", list.len()), list.join(", "));
    (!list.is_empty()).then(|| (SECCOMP.to_owned(), detail()))
}

pub(super) fn seccomp(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor < 19 {
        return seccomp_annotations(pod);
    }
    let (of_pod, names, types) = forbidden(pod, SECCOMP);
    let (who, what) = (setters(of_pod, &names)?, quoted(&types));
    let detail = format!("{who} must not set securityContext.seccompProfile.type to {what}");
    Some((SECCOMP.to_owned(), detail))
}

pub(super) fn restricted_seccomp(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor >= 25 && pod.is_windows() {
        return None;
    }
    if let Some(found) = seccomp(pod, minor) {
        return Some(found);
    }
    let has = |context: &Value| context[SECCOMP].is_object();
    if has(pod.context()) {
        return None;
    }
    let missing: Vec<&str> =
        pod.containers().filter(|one| !has(&one["securityContext"])).map(name).collect();
    (!missing.is_empty()).then(|| {
        let who = containers(&missing);
        let detail = format!(
            "pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        );
        (SECCOMP.to_owned(), detail)
    })
}
