//! Rules of containers (`pkg/apis/core/validation/validation.go`: `validateContainers`,
//! `validateInitContainers` and what they call).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{
    Errors, child, data_key, dns_label, is_set, item, list, one_of, port_name, port_number,
    problems, supported_text, text, texts,
};
use super::container_settings;
use super::downward::{FIELDS, field_selector, resource_selector};
use super::formats::variable_name;
use super::pod_settings::{app_armor, seccomp, user_or_group};
use super::probes::life;
use super::requirements::resources;
use super::volumes::{self, Volumes};

/// The containers of a pod.
pub(super) fn containers(errors: &mut Errors, spec: &Value, path: &str, volumes: &Volumes) {
    let path = child(path, "containers");
    let all = list(spec, "containers");
    if all.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let mut names = BTreeSet::new();
    for (index, container) in all.iter().enumerate() {
        let path = item(&path, index);
        common(errors, container, &path, volumes, spec);
        let name = text(container, "name");
        if !names.insert(name) {
            errors.push(FieldError::duplicate(child(&path, "name"), quote(name)));
        }
        life(errors, container, &path);
        container_settings::restarts(errors, container, &path);
    }
    host_ports(errors, all, &path);
}

/// The init containers of a pod.
pub(super) fn init_containers(errors: &mut Errors, spec: &Value, path: &str, volumes: &Volumes) {
    let path = child(path, "initContainers");
    let mut names: BTreeSet<&str> =
        list(spec, "containers").iter().map(|container| text(container, "name")).collect();
    for (index, container) in list(spec, "initContainers").iter().enumerate() {
        let at = item(&path, index);
        common(errors, container, &at, volumes, spec);
        if !container["restartPolicy"].is_null() {
            container_settings::restarts(errors, container, &at);
        } else if !list(container, "restartPolicyRules").is_empty() {
            let why = "must specify restartPolicy when restart rules are used";
            errors.push(FieldError::required(child(&at, "restartPolicy"), why));
        }
        let name = text(container, "name");
        if names.contains(name) {
            errors.push(FieldError::duplicate(child(&at, "name"), quote(name)));
        } else if !name.is_empty() {
            names.insert(name);
        }
        host_ports(errors, std::slice::from_ref(container), &path);
        if text(container, "restartPolicy") == "Always" {
            life(errors, container, &at);
            continue;
        }
        for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if !container[field].is_null() {
                let why = "may not be set for init containers without restartPolicy=Always";
                errors.push(FieldError::forbidden(child(&at, field), why));
            }
        }
        container_settings::init_resize_policy(errors, container, &at);
    }
}

/// What all containers have in common (`validateContainerCommon`).
pub(super) fn common(
    errors: &mut Errors,
    container: &Value,
    path: &str,
    volumes: &Volumes,
    spec: &Value,
) {
    let name = text(container, "name");
    if name.is_empty() {
        errors.push(FieldError::required(child(path, "name"), ""));
    } else {
        dns_label(errors, name, &child(path, "name"));
    }
    if text(container, "image").is_empty() {
        errors.push(FieldError::required(child(path, "image"), ""));
    }
    let messages = ["File", "FallbackToLogsOnError"];
    one_of(errors, container, "terminationMessagePolicy", path, &messages);
    ports(errors, container, &child(path, "ports"));
    environment(errors, container, &child(path, "env"));
    environment_sources(errors, container, &child(path, "envFrom"));
    volumes::mounts(errors, container, path, volumes);
    one_of(errors, container, "imagePullPolicy", path, &["Always", "IfNotPresent", "Never"]);
    let at = child(path, "resources");
    resources(errors, &container["resources"], &at);
    container_settings::claims(errors, &container["resources"], spec, &child(&at, "claims"));
    container_settings::resize_policy(errors, container, spec, &child(path, "resizePolicy"));
    let context = &container["securityContext"];
    security(errors, context, &child(path, "securityContext"), spec["hostUsers"] != false);
}

/// `validateContainerPorts`.
fn ports(errors: &mut Errors, container: &Value, path: &str) {
    let mut names = BTreeSet::new();
    for (index, port) in list(container, "ports").iter().enumerate() {
        let path = item(path, index);
        let name = text(port, "name");
        if !name.is_empty() {
            let found = port_name(name);
            if found.is_empty() {
                if !names.insert(name) {
                    errors.push(FieldError::duplicate(child(&path, "name"), quote(name)));
                }
            } else {
                problems(errors, &child(&path, "name"), name, found);
            }
        }
        match port["containerPort"].as_i64().unwrap_or_default() {
            0 => errors.push(FieldError::required(child(&path, "containerPort"), "")),
            number => port_number(errors, number, &child(&path, "containerPort")),
        }
        if is_set(port, "hostPort") {
            let number = port["hostPort"].as_i64().unwrap_or_default();
            port_number(errors, number, &child(&path, "hostPort"));
        }
        one_of(errors, port, "protocol", &path, &["SCTP", "TCP", "UDP"]);
    }
}

/// `checkHostPortConflicts`.
fn host_ports(errors: &mut Errors, containers: &[Value], path: &str) {
    let mut taken = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        for (at, port) in list(container, "ports").iter().enumerate() {
            if !is_set(port, "hostPort") {
                continue;
            }
            let (protocol, ip) = (text(port, "protocol"), text(port, "hostIP"));
            let key = format!("{protocol}/{ip}/{}", port["hostPort"]);
            if !taken.insert(key.clone()) {
                let path = child(&item(&child(&item(path, index), "ports"), at), "hostPort");
                errors.push(FieldError::duplicate(path, quote(&key)));
            }
        }
    }
}

/// `ValidateEnv`.
fn environment(errors: &mut Errors, container: &Value, path: &str) {
    for (index, variable) in list(container, "env").iter().enumerate() {
        let path = item(path, index);
        let name = text(variable, "name");
        if name.is_empty() {
            errors.push(FieldError::required(child(&path, "name"), ""));
        } else {
            problems(errors, &child(&path, "name"), name, variable_name(name));
        }
        let source = &variable["valueFrom"];
        if !source.is_null() {
            let path = child(&path, "valueFrom");
            variable_source(errors, source, text(variable, "value"), &path);
        }
    }
}

/// `validateEnvVarValueFrom`.
fn variable_source(errors: &mut Errors, source: &Value, value: &str, path: &str) {
    let mut count = 0;
    if !source["fieldRef"].is_null() {
        count += 1;
        field_selector(errors, &source["fieldRef"], &FIELDS, &child(path, "fieldRef"));
    }
    if !source["resourceFieldRef"].is_null() {
        count += 1;
        let at = child(path, "resourceFieldRef");
        resource_selector(errors, &source["resourceFieldRef"], false, &at);
    }
    for field in ["configMapKeyRef", "secretKeyRef"] {
        let reference = &source[field];
        if reference.is_null() {
            continue;
        }
        count += 1;
        let path = child(path, field);
        let name = text(reference, "name");
        problems(errors, &child(&path, "name"), name, names::subdomain(name));
        let key = text(reference, "key");
        if key.is_empty() {
            errors.push(FieldError::required(child(&path, "key"), ""));
        } else {
            problems(errors, &child(&path, "key"), key, data_key(key));
        }
    }
    if !source["fileKeyRef"].is_null() {
        count += 1;
        container_settings::file_key(errors, &source["fileKeyRef"], &child(path, "fileKeyRef"));
    }
    let why = match count {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        }
        _ if !value.is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid(path, "\"\"", why));
}

/// `ValidateEnvFrom`.
fn environment_sources(errors: &mut Errors, container: &Value, path: &str) {
    for (index, source) in list(container, "envFrom").iter().enumerate() {
        let at = item(path, index);
        let prefix = text(source, "prefix");
        problems(errors, &child(&at, "prefix"), prefix, variable_name(prefix));
        let mut count = 0;
        for field in ["configMapRef", "secretRef"] {
            if !source[field].is_null() {
                count += 1;
                let path = child(&child(&at, field), "name");
                let name = text(&source[field], "name");
                if name.is_empty() {
                    errors.push(FieldError::required(path, ""));
                } else {
                    problems(errors, &path, name, names::subdomain(name));
                }
            }
        }
        let why = match count {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => "may not have more than one field specified at a time",
        };
        errors.push(FieldError::invalid(path, "\"\"", why));
    }
}

/// `ValidateSecurityContext`.
fn security(errors: &mut Errors, context: &Value, path: &str, shares_users: bool) {
    for field in ["runAsUser", "runAsGroup"] {
        user_or_group(errors, &context[field], &child(path, field));
    }
    if !context["procMount"].is_null() {
        let known = ["Default", "Unmasked"];
        let (mount, at) = (text(context, "procMount"), child(path, "procMount"));
        supported_text(errors, mount, &at, &known);
        if shares_users && mount == "Unmasked" {
            let why = "`hostUsers` must be false to use `Unmasked`";
            errors.push(FieldError::invalid(at, quote(mount), why));
        }
    }
    seccomp(errors, &context["seccompProfile"], &child(path, "seccompProfile"));
    escalation(errors, context, path);
    app_armor(errors, &context["appArmorProfile"], &child(path, "appArmorProfile"));
}

/// A container that cannot gain privileges has none either.
fn escalation(errors: &mut Errors, context: &Value, path: &str) {
    if context["allowPrivilegeEscalation"] != false {
        return;
    }
    let mut wrong = |what: &str| {
        let why = format!("cannot set `allowPrivilegeEscalation` to false and {what}");
        let shown = diff::internal_text("core.SecurityContext", context);
        errors.push(FieldError::invalid(path, shown, &why));
    };
    if context["privileged"] == true {
        wrong("`privileged` to true");
    }
    for capability in texts(&context["capabilities"], "add") {
        if capability == "CAP_SYS_ADMIN" {
            wrong("`capabilities.Add` CAP_SYS_ADMIN");
        }
    }
}
