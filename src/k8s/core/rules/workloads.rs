//! Rules of workloads (`pkg/apis/apps/validation/validation.go`, those of `ReplicationController` in
//! `pkg/apis/core/validation/validation.go`, and the strategies in `pkg/registry/apps`).

use serde_json::{Value, json};

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::check::{
    self, Errors, child, immutable, is_empty_selector, is_set, label_selector, non_negative,
    positive_or_percent, selects, text,
};
use super::claims::claim_spec;
use super::pods::{template, template_metadata};

const SPEC: &str = "spec";

/// A selector that is required, and must select something.
fn required_selector(errors: &mut Errors, spec: &Value, what: &str) {
    let selector = &spec["selector"];
    if selector.is_null() {
        errors.push(FieldError::required("spec.selector", ""));
        return;
    }
    label_selector(errors, selector, "spec.selector");
    if is_empty_selector(selector) {
        let why = format!("empty selector is invalid for {what}");
        errors.push(FieldError::invalid("spec.selector", check::shown(selector), &why));
    }
}

/// The labels of a template must be those that the selector selects.
pub(super) fn template_labels(errors: &mut Errors, spec: &Value) {
    let labels = &spec["template"]["metadata"]["labels"];
    let selector = &spec["selector"];
    let all = !selector.is_null() && is_empty_selector(selector);
    if !all && check::is_readable(selector) && !selects(selector, labels) {
        let why = "`selector` does not match template `labels`";
        let path = "spec.template.metadata.labels";
        errors.push(FieldError::invalid(path, json_text(labels), why));
    }
}

/// What pods of a workload cannot have: they always restart, and have no deadline.
fn lasting_pods(errors: &mut Errors, spec: &Value, what: &str) {
    let pods = &spec["template"]["spec"];
    let policy = text(pods, "restartPolicy");
    if policy != "Always" {
        let path = "spec.template.spec.restartPolicy";
        let supported = ["Always".to_owned()];
        errors.push(FieldError::not_supported(path, quote(policy), &supported));
    }
    if !pods["activeDeadlineSeconds"].is_null() {
        let why = format!("activeDeadlineSeconds in {what} is not Supported");
        errors.push(FieldError::forbidden("spec.template.spec.activeDeadlineSeconds", &why));
    }
}

/// The template of a `ReplicaSet`, which a selector that cannot be read leaves unchecked
/// (`ValidatePodTemplateSpecForReplicaSet`).
fn selected_template(errors: &mut Errors, spec: &Value) {
    if !check::is_readable(&spec["selector"]) {
        let shown = check::shown(&spec["selector"]);
        errors.push(FieldError::invalid("spec.selector", shown, "invalid label selector"));
        return;
    }
    template_labels(errors, spec);
    template(errors, &spec["template"], "spec.template");
    lasting_pods(errors, spec, "ReplicaSet");
}

/// `ValidateDeployment`.
pub(super) fn deployment(object: &Value, errors: &mut Errors) {
    let spec = &object[SPEC];
    non_negative(errors, spec, "replicas", SPEC);
    required_selector(errors, spec, "deployment");
    selected_template(errors, spec);
    deployment_strategy(errors, &spec["strategy"]);
    non_negative(errors, spec, "minReadySeconds", SPEC);
    non_negative(errors, spec, "revisionHistoryLimit", SPEC);
    non_negative(errors, spec, "progressDeadlineSeconds", SPEC);
    let ready = spec["minReadySeconds"].as_i64().unwrap_or_default();
    if let Some(deadline) = spec["progressDeadlineSeconds"].as_i64().filter(|found| *found <= ready)
    {
        let why = "must be greater than minReadySeconds";
        errors.push(FieldError::invalid("spec.progressDeadlineSeconds", deadline, why));
    }
}

/// The value of a number or percentage.
fn amount(value: &Value) -> i64 {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse().ok());
    value.as_i64().or(percent).unwrap_or_default()
}

fn deployment_strategy(errors: &mut Errors, strategy: &Value) {
    let path = "spec.strategy";
    let rolling = &strategy["rollingUpdate"];
    let rolling_path = child(path, "rollingUpdate");
    match text(strategy, "type") {
        "Recreate" if !rolling.is_null() => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            errors.push(FieldError::forbidden(rolling_path, why));
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let at = |field: &str| child(&rolling_path, field);
            positive_or_percent(errors, &rolling["maxUnavailable"], &at("maxUnavailable"));
            positive_or_percent(errors, &rolling["maxSurge"], &at("maxSurge"));
            if amount(&rolling["maxUnavailable"]) == 0 && amount(&rolling["maxSurge"]) == 0 {
                let shown = json_text(&rolling["maxUnavailable"]);
                let why = "may not be 0 when `maxSurge` is 0";
                errors.push(FieldError::invalid(at("maxUnavailable"), shown, why));
            }
            check::at_most_all(errors, &rolling["maxUnavailable"], &at("maxUnavailable"));
        }
        kind => unsupported_strategy(errors, path, kind, rolling, ["Recreate", "RollingUpdate"]),
    }
}

/// A strategy of an unknown type, shown as its internal type.
fn unsupported_strategy(
    errors: &mut Errors,
    path: &str,
    kind: &str,
    rolling: &Value,
    supported: [&str; 2],
) {
    let parts = ["maxUnavailable", "maxSurge"].map(|field| json_text(&rolling[field]));
    let rolling = if rolling.is_null() {
        "null".to_owned()
    } else {
        format!("{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}", parts[0], parts[1])
    };
    let shown = format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", json_text(&kind.into()));
    errors.push(FieldError::not_supported(path, shown, &supported.map(str::to_owned)));
}

/// `ValidateDeploymentUpdate`, `ValidateReplicaSetUpdate`.
pub(super) fn selector_stays(new: &Value, old: &Value, errors: &mut Errors) {
    immutable(errors, &new[SPEC]["selector"], &old[SPEC]["selector"], "spec.selector");
}

/// `ValidateReplicaSet`.
pub(super) fn replica_set(object: &Value, errors: &mut Errors) {
    let spec = &object[SPEC];
    non_negative(errors, spec, "replicas", SPEC);
    non_negative(errors, spec, "minReadySeconds", SPEC);
    // Upstream's text.
    required_selector(errors, spec, "deployment");
    selected_template(errors, spec);
}

/// `ValidateReplicationController`.
pub(super) fn replication_controller(object: &Value, errors: &mut Errors) {
    let spec = &object[SPEC];
    non_negative(errors, spec, "minReadySeconds", SPEC);
    if !is_set(spec, "selector") {
        errors.push(FieldError::required("spec.selector", ""));
    }
    non_negative(errors, spec, "replicas", SPEC);
    if spec["template"].is_null() {
        errors.push(FieldError::required("spec.template", ""));
        return;
    }
    let labels = &spec["template"]["metadata"]["labels"];
    let chosen =
        check::entries(spec, "selector").all(|(key, value)| labels.get(key) == Some(value));
    if is_set(spec, "selector") && !chosen {
        let why = "`selector` does not match template `labels`";
        let path = "spec.template.metadata.labels";
        errors.push(FieldError::invalid(path, json_text(labels), why));
    }
    template(errors, &spec["template"], "spec.template");
    lasting_pods(errors, spec, "ReplicationController");
}

/// `ValidatePodTemplate`.
pub(super) fn pod_template(object: &Value, errors: &mut Errors) {
    template(errors, &object["template"], "template");
}

/// `ValidateDaemonSet`.
pub(super) fn daemon_set(object: &Value, errors: &mut Errors) {
    let spec = &object[SPEC];
    let selector = &spec["selector"];
    label_selector(errors, selector, "spec.selector");
    template_labels(errors, spec);
    if !selector.is_null() && is_empty_selector(selector) {
        let why = "empty selector is invalid for daemonset";
        errors.push(FieldError::invalid("spec.selector", json_text(selector), why));
    }
    template(errors, &spec["template"], "spec.template");
    lasting_pods(errors, spec, "DaemonSet");
    non_negative(errors, spec, "minReadySeconds", SPEC);
    daemon_set_strategy(errors, &spec["updateStrategy"]);
    non_negative(errors, spec, "revisionHistoryLimit", SPEC);
}

fn daemon_set_strategy(errors: &mut Errors, strategy: &Value) {
    let path = "spec.updateStrategy";
    let rolling = &strategy["rollingUpdate"];
    match text(strategy, "type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            let at = |field: &str| child("spec.updateStrategy.rollingUpdate", field);
            for field in ["maxUnavailable", "maxSurge"] {
                positive_or_percent(errors, &rolling[field], &at(field));
            }
            for field in ["maxUnavailable", "maxSurge"] {
                check::at_most_all(errors, &rolling[field], &at(field));
            }
            match (amount(&rolling["maxUnavailable"]), amount(&rolling["maxSurge"])) {
                (0, 0) => {
                    let why = "cannot be 0 when maxSurge is 0";
                    errors.push(FieldError::required(at("maxUnavailable"), why));
                }
                (_, 0) | (0, _) => {}
                _ => {
                    let shown = json_text(&rolling["maxSurge"]);
                    let why = "may not be set when maxUnavailable is non-zero";
                    errors.push(FieldError::invalid(at("maxSurge"), shown, why));
                }
            }
        }
        kind => unsupported_strategy(errors, path, kind, rolling, ["RollingUpdate", "OnDelete"]),
    }
}

/// `ValidateStatefulSet`.
pub(super) fn stateful_set(object: &Value, errors: &mut Errors) {
    let spec = &object[SPEC];
    let management = text(spec, "podManagementPolicy");
    if !matches!(management, "OrderedReady" | "Parallel") {
        let why = "must be 'OrderedReady' or 'Parallel'";
        errors.push(FieldError::invalid("spec.podManagementPolicy", quote(management), why));
    }
    stateful_set_strategy(errors, &spec["updateStrategy"]);
    let retention = &spec["persistentVolumeClaimRetentionPolicy"];
    for field in ["whenDeleted", "whenScaled"] {
        let path = child("spec.persistentVolumeClaimRetentionPolicy", field);
        check::supported_text(errors, text(retention, field), &path, &["Retain", "Delete"]);
    }
    non_negative(errors, spec, "replicas", SPEC);
    non_negative(errors, spec, "minReadySeconds", SPEC);
    non_negative(errors, &spec["ordinals"], "start", "spec.ordinals");
    required_selector(errors, spec, "statefulset");
    if check::is_readable(&spec["selector"]) {
        template_labels(errors, spec);
        let with_claims = template_with_claims(spec);
        template(errors, &with_claims, "spec.template");
        // They are validated once more (`ValidatePodTemplateSpecForStatefulSet`).
        template_metadata(errors, &with_claims, "spec.template");
    } else {
        let shown = check::shown(&spec["selector"]);
        errors.push(FieldError::invalid("spec.selector", shown, ""));
    }
    lasting_pods(errors, spec, "StatefulSet");
}

/// The rules of a new stateful set alone: its claims and its service do not change. Their violations stand among those of
/// every version.
pub(super) fn new_stateful_set(object: &Value, errors: &mut Errors) {
    let spec = &object[SPEC];
    let mut before =
        vec!["podManagementPolicy", "updateStrategy", "persistentVolumeClaimRetentionPolicy"];
    let mut place = |errors: &mut Errors, own: Errors, more: &[&'static str]| {
        let is_before = |error: &FieldError| {
            let field = error.field.strip_prefix("spec.").unwrap_or_default();
            before.iter().any(|name| field.starts_with(name))
        };
        let at = errors.iter().take_while(|error| is_before(error)).count();
        errors.splice(at..at, own);
        before.extend(more);
    };
    let mut claims = Vec::new();
    for (index, claim) in check::list(spec, "volumeClaimTemplates").iter().enumerate() {
        let path = child(&check::item("spec.volumeClaimTemplates", index), "spec");
        claim_spec(&mut claims, &claim["spec"], &path);
    }
    place(errors, claims, &["volumeClaimTemplates", "replicas", "minReadySeconds", "ordinals"]);
    let mut of_service = Vec::new();
    let service = text(spec, "serviceName");
    if !service.is_empty() {
        check::dns_label(&mut of_service, service, "spec.serviceName");
    }
    place(errors, of_service, &[]);
}

/// The template with the volumes of the claims, and without the names that the controller sets.
fn template_with_claims(spec: &Value) -> Value {
    let mut template = spec["template"].clone();
    if let Some(pods) = template.get_mut("spec").and_then(Value::as_object_mut) {
        pods.remove("subdomain");
        pods.remove("hostname");
        let claims = check::list(spec, "volumeClaimTemplates");
        if !claims.is_empty() {
            let mut names: Vec<&str> =
                claims.iter().map(|claim| text(&claim["metadata"], "name")).collect();
            names.sort_unstable();
            names.dedup();
            let mut volumes: Vec<Value> = names
                .iter()
                .map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}}))
                .collect();
            let own = pods.get("volumes").and_then(Value::as_array).into_iter().flatten();
            volumes.extend(own.filter(|volume| !names.contains(&text(volume, "name"))).cloned());
            pods.insert("volumes".to_owned(), volumes.into());
        }
    }
    template
}

fn stateful_set_strategy(errors: &mut Errors, strategy: &Value) {
    let path = "spec.updateStrategy";
    let rolling = &strategy["rollingUpdate"];
    let partition = json_text(&rolling["partition"]);
    match text(strategy, "type") {
        "OnDelete" if !rolling.is_null() => {
            let shown = format!("{{\"Partition\":{partition},\"MaxUnavailable\":null}}");
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            errors.push(FieldError::invalid(child(path, "rollingUpdate"), shown, why));
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            non_negative(errors, rolling, "partition", "spec.updateStrategy.rollingUpdate");
        }
        kind => {
            let rolling = if rolling.is_null() {
                "null".to_owned()
            } else {
                format!("{{\"Partition\":{partition},\"MaxUnavailable\":null}}")
            };
            let kind = json_text(&kind.into());
            let shown = format!("{{\"Type\":{kind},\"RollingUpdate\":{rolling}}}");
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            errors.push(FieldError::invalid(path, shown, why));
        }
    }
}

/// The fields of a `StatefulSet` that an update may change.
const MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// `ValidateStatefulSetUpdate`.
pub(super) fn stateful_set_change(new: &Value, old: &Value, errors: &mut Errors) {
    let rest = |value: &Value| {
        let mut spec = value[SPEC].as_object().cloned().unwrap_or_default();
        spec.retain(|field, _| !MUTABLE.contains(&field.as_str()));
        // The types of the claims are set by the server.
        let claims = spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut);
        for claim in claims.into_iter().flatten().filter_map(Value::as_object_mut) {
            claim.retain(|field, _| field == "metadata" || field == "spec");
        }
        spec
    };
    if rest(new) != rest(old) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                   'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                   'minReadySeconds' are forbidden";
        errors.push(FieldError::forbidden(SPEC, why));
    }
}
