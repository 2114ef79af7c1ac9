//! The checks of the levels, by version (`k8s.io/pod-security-admission/policy`).

use std::collections::BTreeSet;

use super::contexts;
use super::pod::Pod;
use super::policy::{Level, LevelVersion};
use super::profiles;
use super::words::{Violation, containers, name, plural, quoted, uses};

/// The latest version that changes a check: later ones are as this one.
const LATEST: u32 = 35;

/// A check of a pod, as a version defines it.
type Check = fn(Pod<'_>, u32) -> Option<Violation>;

/// A line of a level: the check, the version that begins it, and the version from which a stricter check of the
/// restricted level stands for it.
type Line = (Check, u32, u32);

const NEVER: u32 = u32::MAX;

/// The checks of the baseline level, in the order of their names.
const BASELINE: [Line; 12] = [
    (profiles::app_armor, 0, NEVER),
    (contexts::capabilities, 0, 22),
    (host_namespaces, 0, NEVER),
    (host_path_volumes, 0, 0),
    (host_ports, 0, NEVER),
    (host_probes, 34, NEVER),
    (contexts::privileged, 0, NEVER),
    (contexts::proc_mount_unless_own_users, 0, 35),
    (profiles::se_linux, 0, NEVER),
    (profiles::seccomp, 0, 19),
    (sysctls, 0, NEVER),
    (contexts::windows_host_process, 0, NEVER),
];

/// The further checks of the restricted level, in the order of their names.
const RESTRICTED: [Line; 7] = [
    (contexts::privilege_escalation, 8, NEVER),
    (contexts::restricted_capabilities, 22, NEVER),
    (contexts::proc_mount, 35, NEVER),
    (restricted_volumes, 0, NEVER),
    (contexts::non_root, 0, NEVER),
    (contexts::user, 23, NEVER),
    (profiles::restricted_seccomp, 19, NEVER),
];

/// All that is forbidden about a pod.
#[derive(Debug)]
pub(super) struct Violations(Vec<Violation>);

impl Violations {
    /// Whether the pod is allowed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In short.
    pub(super) fn reasons(&self) -> String {
        self.0.iter().map(|(reason, _)| reason.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// In full.
    pub(super) fn details(&self) -> String {
        let all = self.0.iter().map(|(reason, detail)| format!("{reason} ({detail})"));
        all.collect::<Vec<_>>().join(", ")
    }
}

/// Checks a pod as a level of a version demands.
pub(super) fn run(of: LevelVersion, pod: Pod<'_>) -> Violations {
    let minor = of.version.unwrap_or(LATEST).min(LATEST);
    let restricted = of.level == Level::Restricted;
    let baseline = BASELINE.iter().filter(|_| of.level != Level::Privileged);
    let baseline = baseline.filter(|(.., replaced)| !restricted || minor < *replaced);
    let all = baseline.chain(RESTRICTED.iter().filter(|_| restricted));
    let all = all.filter(|(_, since, _)| *since <= minor);
    Violations(all.filter_map(|(check, ..)| check(pod, minor)).collect())
}

fn host_namespaces(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let shared = ["hostNetwork", "hostPID", "hostIPC"];
    let found: Vec<String> = shared
        .into_iter()
        .filter(|field| pod.spec()[*field] == true)
        .map(|field| format!("{field}=true"))
        .collect();
    (!found.is_empty()).then(|| ("host namespaces".to_owned(), found.join(", ")))
}

fn host_path_volumes(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let volumes = pod.spec()["volumes"].as_array().into_iter().flatten();
    let found: Vec<&str> =
        volumes.filter(|volume| !volume["hostPath"].is_null()).map(name).collect();
    let detail = || format!("{} {}", plural("volume", found.len()), quoted(&found));
    (!found.is_empty()).then(|| ("hostPath volumes".to_owned(), detail()))
}

fn host_ports(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let (mut bad, mut ports) = (Vec::new(), BTreeSet::new());
    for container in pod.containers() {
        let own = container["ports"].as_array().into_iter().flatten();
        let own: Vec<String> = own
            .filter_map(|port| port["hostPort"].as_i64())
            .filter(|port| *port != 0)
            .map(|port| port.to_string())
            .collect();
        if !own.is_empty() {
            bad.push(name(container));
        }
        ports.extend(own);
    }
    (!bad.is_empty()).then(|| {
        let list: Vec<&str> = ports.iter().map(String::as_str).collect();
        let what = plural("hostPort", ports.len());
        let (who, uses) = (containers(&bad), uses(&bad));
        ("hostPort".to_owned(), format!("{who} {uses} {what} {}", list.join(", ")))
    })
}

fn host_probes(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let (mut bad, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    for container in pod.containers() {
        let lifecycle = &container["lifecycle"];
        let handlers = [
            &container["livenessProbe"],
            &container["readinessProbe"],
            &container["startupProbe"],
            &lifecycle["postStart"],
            &lifecycle["preStop"],
        ];
        for action in handlers.iter().flat_map(|one| [&one["httpGet"], &one["tcpSocket"]]) {
            if let Some(host) = action["host"].as_str().filter(|host| !host.is_empty()) {
                hosts.insert(host);
                bad.insert(name(container));
            }
        }
    }
    (!bad.is_empty()).then(|| {
        let bad: Vec<&str> = bad.into_iter().collect();
        let what = plural("probe or lifecycle host", hosts.len());
        let detail = format!("{} {} {what} {}", containers(&bad), uses(&bad), quoted(&hosts));
        ("probe or lifecycle host".to_owned(), detail)
    })
}

/// The kernel settings that are safe, with the version that allows them.
const SYSCTLS: [(&str, u32); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

fn sysctls(pod: Pod<'_>, minor: u32) -> Option<Violation> {
    let all = pod.context()["sysctls"].as_array().into_iter().flatten().map(name);
    let is_safe = |name: &str| SYSCTLS.iter().any(|(safe, since)| *safe == name && *since <= minor);
    let found: Vec<&str> = all.filter(|name| !is_safe(name)).collect();
    (!found.is_empty()).then(|| ("forbidden sysctls".to_owned(), found.join(", ")))
}

/// The sources of volumes that the restricted level allows.
const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Those that it does not allow, as upstream goes through them.
const REFUSED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

fn restricted_volumes(pod: Pod<'_>, _: u32) -> Option<Violation> {
    let (mut bad, mut types) = (Vec::new(), BTreeSet::new());
    for volume in pod.spec()["volumes"].as_array().into_iter().flatten() {
        let has = |source: &str| !volume[source].is_null();
        if ALLOWED.iter().any(|source| has(source)) {
            continue;
        }
        bad.push(name(volume));
        types.insert(REFUSED.iter().find(|source| has(source)).copied().unwrap_or("unknown"));
    }
    (!bad.is_empty()).then(|| {
        let detail = format!(
            "{} {} {} {} {}",
            plural("volume", bad.len()),
            quoted(&bad),
            uses(&bad),
            plural("restricted volume type", types.len()),
            quoted(&types)
        );
        ("restricted volume types".to_owned(), detail)
    })
}
