//! Checks of the security contexts of pods and containers: rights, users, capabilities, mounts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pod::Pod;
use super::words::{Violation, containers, name, quoted, setters};

/// The names of the containers whose security context is bad.
fn bad(pod: Pod<'_>, is_bad: impl Fn(&Value) -> bool) -> Vec<&str> {
    pod.containers().filter(|one| is_bad(&one["securityContext"])).map(name).collect()
}

pub(super) fn privilege_escalation(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor >= 25 && pod.is_windows() {
        return None;
    }
    let found = bad(pod, |context| context["allowPrivilegeEscalation"] != false);
    (!found.is_empty()).then(|| {
        let who = containers(&found);
        let detail = format!("{who} must set securityContext.allowPrivilegeEscalation=false");
        ("allowPrivilegeEscalation != false".to_owned(), detail)
    })
}

pub(super) fn privileged(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let found = bad(pod, |context| context["privileged"] == true);
    (!found.is_empty()).then(|| {
        let detail = format!("{} must not set securityContext.privileged=true", containers(&found));
        ("privileged".to_owned(), detail)
    })
}

/// The capabilities that containers have by default, and may ask for.
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What containers add besides some capabilities: `container "a" must not include ..`.
fn added(pod: Pod<'_>, allowed: &[&str]) -> Option<String> {
    let (mut names, mut found) = (Vec::new(), BTreeSet::new());
    for container in pod.containers() {
        let add = &container["securityContext"]["capabilities"]["add"];
        let add = add.as_array().into_iter().flatten().filter_map(Value::as_str);
        let own: Vec<&str> = add.filter(|name| !allowed.contains(name)).collect();
        if !own.is_empty() {
            names.push(name(container));
        }
        found.extend(own);
    }
    let (who, what) = (containers(&names), quoted(&found));
    (!names.is_empty())
        .then(|| format!("{who} must not include {what} in securityContext.capabilities.add"))
}

pub(super) fn capabilities(pod: Pod<'_>, _: u32) -> Option<Violation> {
    Some(("non-default capabilities".to_owned(), added(pod, &DEFAULT_CAPABILITIES)?))
}

pub(super) fn restricted_capabilities(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor >= 25 && pod.is_windows() {
        return None;
    }
    let keeps = bad(pod, |context| {
        let drop = context["capabilities"]["drop"].as_array();
        !drop.into_iter().flatten().any(|name| name == "ALL")
    });
    let keeps = (!keeps.is_empty()).then(|| {
        format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", containers(&keeps))
    });
    let added = added(pod, &["NET_BIND_SERVICE"]);
    let details: Vec<String> = keeps.into_iter().chain(added).collect();
    (!details.is_empty()).then(|| ("unrestricted capabilities".to_owned(), details.join("; ")))
}

/// A mount of `/proc` that is not the default one.
fn other_mount(context: &Value) -> Option<&str> {
    context["procMount"].as_str().filter(|mount| *mount != "Default")
}

pub(super) fn proc_mount(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let found = bad(pod, |context| other_mount(context).is_some());
    let all = pod.containers().filter_map(|container| other_mount(&container["securityContext"]));
    let mounts: BTreeSet<&str> = all.collect();
    (!found.is_empty()).then(|| {
        let (who, what) = (containers(&found), quoted(&mounts));
        let detail = format!("{who} must not set securityContext.procMount to {what}");
        ("procMount".to_owned(), detail)
    })
}

pub(super) fn proc_mount_unless_own_users(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor >= 35 && pod.has_own_users() {
        return None;
    }
    proc_mount(pod, minor)
}

pub(super) fn non_root(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor >= 35 && pod.has_own_users() {
        return None;
    }
    let of_pod = &pod.context()["runAsNonRoot"];
    let reason = || "runAsNonRoot != true".to_owned();
    let explicit = bad(pod, |context| context["runAsNonRoot"] == false);
    if let Some(setters) = setters(*of_pod == false, &explicit) {
        let detail = format!("{setters} must not set securityContext.runAsNonRoot=false");
        return Some((reason(), detail));
    }
    let implicit = bad(pod, |context| *of_pod != true && context["runAsNonRoot"].is_null());
    (!implicit.is_empty()).then(|| {
        let who = containers(&implicit);
        (reason(), format!("pod or {who} must set securityContext.runAsNonRoot=true"))
    })
}

pub(super) fn user(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    if minor >= 35 && pod.has_own_users() {
        return None;
    }
    let found = bad(pod, |context| context["runAsUser"] == 0);
    let setters = setters(pod.context()["runAsUser"] == 0, &found)?;
    Some(("runAsUser=0".to_owned(), format!("{setters} must not set runAsUser=0")))
}

pub(super) fn windows_host_process(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let is_set = |context: &Value| context["windowsOptions"]["hostProcess"] == true;
    let setters = setters(is_set(pod.context()), &bad(pod, is_set))?;
    let detail = format!("{setters} must not set securityContext.windowsOptions.hostProcess=true");
    Some(("hostProcess".to_owned(), detail))
}
