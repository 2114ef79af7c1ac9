//! Rules of settings of pods: security, name servers, aliases of hosts, gates, the operating system
//! (`pkg/apis/core/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::addresses;
use super::check::{
    Errors, child, dns_subdomain, item, list, problems, supported_text, text, texts,
};
use super::files::descending;

/// `validatePodSpecSecurityContext`.
pub(super) fn security(errors: &mut Errors, spec: &Value, path: &str) {
    let context = &spec["securityContext"];
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        user_or_group(errors, &context[field], &child(path, field));
    }
    for (index, group) in list(context, "supplementalGroups").iter().enumerate() {
        user_or_group(errors, group, &item(&child(path, "supplementalGroups"), index));
    }
    if spec["shareProcessNamespace"] == true && spec["hostPID"] == true {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.push(FieldError::invalid(child(path, "shareProcessNamespace"), true, why));
    }
    kernel_parameters(errors, context, &child(path, "sysctls"));
    // `MountOption` belongs to a feature that is off (`SELinuxMount`).
    let policies: [(&str, &[&str]); 3] = [
        ("fsGroupChangePolicy", &["Always", "OnRootMismatch"]),
        ("supplementalGroupsPolicy", &["Merge", "Strict"]),
        ("seLinuxChangePolicy", &["Recursive"]),
    ];
    for (field, known) in policies {
        if field == "supplementalGroupsPolicy" {
            seccomp(errors, &context["seccompProfile"], &child(path, "seccompProfile"));
            app_armor(errors, &context["appArmorProfile"], &child(path, "appArmorProfile"));
        }
        if !context[field].is_null() {
            supported_text(errors, text(context, field), &child(path, field), known);
        }
    }
}

/// `IsValidUserID`, `IsValidGroupID`.
pub(super) fn user_or_group(errors: &mut Errors, value: &Value, path: &str) {
    if let Some(id) = value.as_i64().filter(|id| !(0..=i64::from(i32::MAX)).contains(id)) {
        let why = "must be between 0 and 2147483647, inclusive";
        errors.push(FieldError::invalid(path, id, why));
    }
}

/// `validateSysctls`.
fn kernel_parameters(errors: &mut Errors, context: &Value, path: &str) {
    let mut known = Vec::new();
    for (index, parameter) in list(context, "sysctls").iter().enumerate() {
        let (name, at) = (text(parameter, "name"), child(&item(path, index), "name"));
        if name.is_empty() {
            errors.push(FieldError::required(at, ""));
        } else if !is_kernel_parameter(name) {
            let why = "must have at most 253 characters and match regex \
                       ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            errors.push(FieldError::invalid(at, quote(name), why));
        } else if known.contains(&name) {
            errors.push(FieldError::duplicate(at, quote(name)));
        }
        known.push(name);
    }
}

/// `IsValidSysctlName`.
fn is_kernel_parameter(name: &str) -> bool {
    let outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_segment = |segment: &str| {
        let bytes = segment.as_bytes();
        bytes.iter().all(|byte| outer(byte) || matches!(byte, b'-' | b'_'))
            && bytes.first().is_some_and(outer)
            && bytes.last().is_some_and(outer)
    };
    name.len() <= 253 && name.split(['.', '/']).all(is_segment)
}

/// `validateSeccompProfileField`.
pub(super) fn seccomp(errors: &mut Errors, profile: &Value, path: &str) {
    local_profile(errors, profile, path, "seccomp");
    let local = &profile["localhostProfile"];
    if !profile.is_null() && text(profile, "type") == "Localhost" {
        match local.as_str() {
            None => {
                let why = "must be set when seccomp type is Localhost";
                errors.push(FieldError::required(child(path, "localhostProfile"), why));
            }
            Some(local) => descending(errors, local, &child(path, "localhostProfile")),
        }
    } else if !local.is_null() {
        let shown = diff::internal_text("core.SeccompProfile", profile);
        let why = "can only be set when seccomp type is Localhost";
        errors.push(FieldError::invalid(child(path, "localhostProfile"), shown, why));
    }
}

fn local_profile(errors: &mut Errors, profile: &Value, path: &str, what: &str) {
    if profile.is_null() {
        return;
    }
    let kind = text(profile, "type");
    if kind.is_empty() {
        let why = format!("type is required when {what}Profile is set");
        errors.push(FieldError::required(child(path, "type"), &why));
    } else {
        let known = ["Localhost", "RuntimeDefault", "Unconfined"];
        supported_text(errors, kind, &child(path, "type"), &known);
    }
}

/// `ValidateAppArmorProfileField`.
pub(super) fn app_armor(errors: &mut Errors, profile: &Value, path: &str) {
    local_profile(errors, profile, path, "appArmor");
    let local = profile["localhostProfile"].as_str();
    let at = child(path, "localhostProfile");
    match (text(profile, "type"), local) {
        ("Localhost", None) => {
            let why = "must be set when AppArmor type is Localhost";
            errors.push(FieldError::required(at, why));
        }
        ("Localhost", Some(local)) => {
            let trimmed = local.trim();
            if trimmed != local {
                let why = "must not be padded with whitespace";
                errors.push(FieldError::invalid(&at, quote(local), why));
            } else if trimmed.is_empty() {
                let why = "must be set when AppArmor type is Localhost";
                errors.push(FieldError::required(&at, why));
            }
            if local.len() > 4095 {
                errors.push(FieldError::too_long(at, 4095));
            }
        }
        (_, Some(local)) => {
            let why = "can only be set when AppArmor type is Localhost";
            errors.push(FieldError::invalid(at, quote(local), why));
        }
        _ => {}
    }
}

const MAX_SERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_TEXT: usize = 2048;

/// `validatePodDNSConfig`.
pub(super) fn dns(errors: &mut Errors, spec: &Value, path: &str) {
    let config = &spec["dnsConfig"];
    let servers = list(config, "nameservers");
    if text(spec, "dnsPolicy") == "None" {
        if config.is_null() {
            let why = "must provide `dnsConfig` when `dnsPolicy` is None";
            errors.push(FieldError::required(path, why));
            return;
        }
        if servers.is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.push(FieldError::required(child(path, "nameservers"), why));
            return;
        }
    }
    let refuse = |errors: &mut Errors, field: &str, why: &str| {
        errors.push(FieldError::invalid(child(path, field), json_text(&config[field]), why));
    };
    if servers.len() > MAX_SERVERS {
        let why = format!("must not have more than {MAX_SERVERS} nameservers");
        refuse(errors, "nameservers", &why);
    }
    for (index, server) in texts(config, "nameservers").enumerate() {
        addresses::ip(errors, server, &item(&child(path, "nameservers"), index));
    }
    let searches: Vec<&str> = texts(config, "searches").collect();
    if searches.len() > MAX_SEARCHES {
        let why = format!("must not have more than {MAX_SEARCHES} search paths");
        refuse(errors, "searches", &why);
    }
    if searches.join(" ").len() > MAX_SEARCH_TEXT {
        let why = format!(
            "must not have more than {MAX_SEARCH_TEXT} characters (including spaces) in the search list"
        );
        refuse(errors, "searches", &why);
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| **search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        let found = names::subdomain_with_underscores(search);
        problems(errors, &item(&child(path, "searches"), index), search, found);
    }
    for (index, option) in list(config, "options").iter().enumerate() {
        if text(option, "name").is_empty() {
            let at = item(&child(path, "options"), index);
            errors.push(FieldError::required(at, "must not be empty"));
        }
    }
}

/// `ValidateHostAliases`.
pub(super) fn host_aliases(errors: &mut Errors, spec: &Value, path: &str) {
    for (index, alias) in list(spec, "hostAliases").iter().enumerate() {
        let path = item(path, index);
        addresses::ip(errors, text(alias, "ip"), &child(&path, "ip"));
        for (index, host) in texts(alias, "hostnames").enumerate() {
            dns_subdomain(errors, host, &item(&child(&path, "hostnames"), index));
        }
    }
}

/// `validateReadinessGates`, `validateSchedulingGates`.
pub(super) fn gates(errors: &mut Errors, spec: &Value, path: &str) {
    for (index, gate) in list(spec, "readinessGates").iter().enumerate() {
        let at = child(&item(&child(path, "readinessGates"), index), "conditionType");
        let kind = text(gate, "conditionType");
        problems(errors, &at, kind, names::qualified_name(kind));
    }
    let mut known = Vec::new();
    for (index, gate) in list(spec, "schedulingGates").iter().enumerate() {
        let at = item(&child(path, "schedulingGates"), index);
        let name = text(gate, "name");
        problems(errors, &at, name, names::qualified_name(name));
        if known.contains(&name) {
            errors.push(FieldError::duplicate(at, quote(name)));
        }
        known.push(name);
    }
}

/// `validateOS`.
pub(super) fn system(errors: &mut Errors, os: &Value, path: &str) {
    if os.is_null() {
        return;
    }
    let name = text(os, "name");
    if name.is_empty() {
        errors.push(FieldError::required(child(path, "name"), ""));
    } else {
        supported_text(errors, name, path, &["linux", "windows"]);
    }
}
