//! Rules of pods by the system that they run on, and of pods that run on the host itself
//! (`validateWindowsHostProcessPod`, `validateLinux`, `validateWindows`).

use serde_json::Value;

use super::super::super::status::FieldError;
use super::check::{Errors, child, item, list};

/// The fields of a security context of a pod that Windows has not, with what they belong to: the context or the pod.
const POD_FIELDS: [(&str, bool); 15] = [
    ("appArmorProfile", true),
    ("seLinuxOptions", true),
    ("hostUsers", false),
    ("hostPID", false),
    ("hostIPC", false),
    ("seccompProfile", true),
    ("fsGroup", true),
    ("fsGroupChangePolicy", true),
    ("sysctls", true),
    ("shareProcessNamespace", false),
    ("runAsUser", true),
    ("runAsGroup", true),
    ("supplementalGroups", true),
    ("supplementalGroupsPolicy", true),
    ("seLinuxChangePolicy", true),
];

/// Those of a container.
const CONTAINER_FIELDS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// All containers with their paths (`VisitContainersWithPath`).
fn containers<'v>(spec: &'v Value, path: &str) -> Vec<(&'v Value, String)> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let of_list = |field: &&'static str| {
        let at = child(path, field);
        let all = list(spec, field).iter().enumerate();
        all.map(|(index, container)| (container, item(&at, index))).collect::<Vec<_>>()
    };
    lists.iter().flat_map(of_list).collect()
}

/// Whether something is set: not false, not an empty list.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

/// `validateWindowsHostProcessPod`: all containers run on the host, or none.
pub(super) fn host_process(errors: &mut Errors, spec: &Value, path: &str) {
    let of = |context: &Value| context["windowsOptions"]["hostProcess"].as_bool();
    let of_pod = of(&spec["securityContext"]);
    let all = containers(spec, path);
    let mut count = 0;
    for (container, at) in &all {
        let own = of(&container["securityContext"]);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let why = format!(
                "pod hostProcess value must be identical if both are specified, was {of_pod}"
            );
            let field = format!("{at}.securityContext.windowsOptions.hostProcess");
            errors.push(FieldError::invalid(field, own, &why));
        }
        count += usize::from(own.or(of_pod) == Some(true));
    }
    if count == 0 {
        return;
    }
    if count != all.len() {
        let why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid(path, "\"\"", why));
    }
    if spec["hostNetwork"] != true {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(FieldError::invalid(child(path, "hostNetwork"), false, why));
    }
}

/// `validateLinux`: no options for Windows.
pub(super) fn linux(errors: &mut Errors, spec: &Value, path: &str) {
    let why = "windows options cannot be set for a linux pod";
    if !spec["securityContext"]["windowsOptions"].is_null() {
        let field = format!("{path}.securityContext.windowsOptions");
        errors.push(FieldError::forbidden(field, why));
    }
    for (container, at) in containers(spec, path) {
        if !container["securityContext"]["windowsOptions"].is_null() {
            let field = format!("{at}.securityContext.windowsOptions");
            errors.push(FieldError::forbidden(field, why));
        }
    }
}

/// `validateWindows`: no options for Linux.
pub(super) fn windows(errors: &mut Errors, spec: &Value, path: &str) {
    let why = "cannot be set for a windows pod";
    for (field, of_context) in POD_FIELDS {
        let holder = if of_context { &spec["securityContext"] } else { spec };
        let is_set = match field {
            "hostPID" | "hostIPC" | "sysctls" => is_there(&holder[field]),
            _ => !holder[field].is_null(),
        };
        if is_set {
            let at = if of_context { format!("{path}.securityContext") } else { path.to_owned() };
            errors.push(FieldError::forbidden(child(&at, field), why));
        }
    }
    for (container, at) in containers(spec, path) {
        for field in CONTAINER_FIELDS {
            if !container["securityContext"][field].is_null() {
                let field = format!("{at}.securityContext.{field}");
                errors.push(FieldError::forbidden(field, why));
            }
        }
    }
}
