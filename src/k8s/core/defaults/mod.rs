//! Defaults of built-in types (`pkg/apis/*/v1/defaults.go` and `zz_generated.defaults.go` of
//! `k8s.io/kubernetes`).
//!
//! Upstream generates a function for each type that visits its structs and calls the defaulter of each. Here one
//! walk over the types does: a struct gets what [`TABLE`] has for it, what its own function sets, and the
//! defaults that its fields declare.

mod pods;
mod resources;
mod services;
mod workloads;

use serde_json::{Map, Value};

use super::quantity::Quantity;
use super::types::{GoKind, GoStruct};

/// Sets the defaults of an object.
pub(in super::super) fn apply(value: &mut Value, of: &GoStruct) {
    let Value::Object(map) = value else { return };
    if let Some((_, function)) = FUNCTIONS.iter().find(|(key, _)| *key == of.key) {
        function(map);
    }
    for (_, field, default) in TABLE.iter().filter(|(key, ..)| *key == of.key) {
        let pointer = of.field(field).is_some_and(|field| field.pointer);
        if is_unset(map.get(*field), pointer) {
            map.insert((*field).to_owned(), serde_json::from_str(default).unwrap_or_default());
        }
    }
    for field in &of.fields {
        if let Some(default) = &field.default
            && is_unset(map.get(field.name), field.pointer)
        {
            map.insert(field.name.to_owned(), default.clone());
        }
        // The group of this type has no defaulters.
        let has_defaults = of.key != "node/v1.Overhead";
        if let Some(value) = map.get_mut(field.name).filter(|_| has_defaults) {
            visit(value, &field.kind);
        }
    }
}

fn visit(value: &mut Value, kind: &GoKind) {
    match (kind, value) {
        (GoKind::Struct(of), value) => apply(value, of.get()),
        (GoKind::List(_, item), Value::Array(list)) if holds_structs(item) => {
            for value in list {
                visit(value, item);
            }
        }
        (GoKind::Map("v1.ResourceList", _), Value::Object(map)) => {
            for value in map.values_mut() {
                let quantity = value.as_str().and_then(|text| Quantity::parse(text).ok());
                if let Some(quantity) = quantity {
                    *value = quantity.rounded_to_milli().text().into();
                }
            }
        }
        (GoKind::Map(_, item), Value::Object(map)) if holds_structs(item) => {
            map.values_mut().for_each(|value| visit(value, item));
        }
        _ => {}
    }
}

fn holds_structs(kind: &GoKind) -> bool {
    matches!(kind, GoKind::Struct(_) | GoKind::List(..) | GoKind::Map(..))
}

/// Whether a field has no value: a pointer may point at a zero.
fn is_unset(value: Option<&Value>, pointer: bool) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(_) if pointer => false,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_i64() == Some(0),
        Some(Value::Bool(set)) => !set,
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
    }
}

/// Sets a field that is absent.
fn set_absent(map: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    let slot = map.entry(field).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value.into();
    }
}

/// A field that is an object, made where it is absent.
fn object<'m>(map: &'m mut Map<String, Value>, field: &str) -> &'m mut Map<String, Value> {
    let slot = map.entry(field).or_insert_with(|| Map::new().into());
    if !slot.is_object() {
        *slot = Map::new().into();
    }
    match slot {
        Value::Object(map) => map,
        // It was made an object just above.
        _ => unreachable!("a field that is an object"),
    }
}

type Function = fn(&mut Map<String, Value>);

/// The defaulters that do more than set a field.
const FUNCTIONS: &[(&str, Function)] = &[
    ("apps/v1.DaemonSet", workloads::daemon_set),
    ("apps/v1.Deployment", workloads::deployment),
    ("apps/v1.StatefulSet", workloads::stateful_set),
    ("autoscaling/v2.HorizontalPodAutoscaler", resources::autoscaler),
    ("batch/v1.Job", workloads::job),
    ("core/v1.Container", pods::container),
    ("core/v1.EphemeralContainer", pods::container),
    ("core/v1.LimitRangeItem", resources::limit_range_item),
    ("core/v1.Namespace", resources::namespace),
    ("core/v1.NodeSpec", resources::node_spec),
    ("core/v1.NodeStatus", resources::node_status),
    ("core/v1.PersistentVolume", resources::persistent_volume),
    ("core/v1.Pod", pods::pod),
    ("core/v1.PodSpec", pods::pod_spec),
    ("core/v1.PodStatus", pods::pod_status),
    ("core/v1.ReplicationController", workloads::replication_controller),
    ("core/v1.Service", services::service),
    ("core/v1.Volume", pods::volume),
    ("networking/v1.NetworkPolicySpec", resources::network_policy),
    ("rbac/v1.Subject", resources::subject),
    ("resource/v1.DeviceSubRequest", resources::device_request),
    ("resource/v1.ExactDeviceRequest", resources::device_request),
];

/// Fields with a fixed default: the struct, the field, the value in JSON.
const TABLE: &[(&str, &str, &str)] = &[
    ("admissionregistration/v1.MatchResources", "matchPolicy", r#""Equivalent""#),
    ("admissionregistration/v1.MatchResources", "namespaceSelector", "{}"),
    ("admissionregistration/v1.MatchResources", "objectSelector", "{}"),
    ("admissionregistration/v1.MutatingAdmissionPolicySpec", "failurePolicy", r#""Fail""#),
    ("admissionregistration/v1.MutatingWebhook", "failurePolicy", r#""Fail""#),
    ("admissionregistration/v1.MutatingWebhook", "matchPolicy", r#""Equivalent""#),
    ("admissionregistration/v1.MutatingWebhook", "namespaceSelector", "{}"),
    ("admissionregistration/v1.MutatingWebhook", "objectSelector", "{}"),
    ("admissionregistration/v1.MutatingWebhook", "reinvocationPolicy", r#""Never""#),
    ("admissionregistration/v1.MutatingWebhook", "timeoutSeconds", "10"),
    ("admissionregistration/v1.RuleWithOperations", "scope", r#""*""#),
    ("admissionregistration/v1.NamedRuleWithOperations", "scope", r#""*""#),
    ("admissionregistration/v1.ServiceReference", "port", "443"),
    ("admissionregistration/v1.ValidatingAdmissionPolicySpec", "failurePolicy", r#""Fail""#),
    ("admissionregistration/v1.ValidatingWebhook", "failurePolicy", r#""Fail""#),
    ("admissionregistration/v1.ValidatingWebhook", "matchPolicy", r#""Equivalent""#),
    ("admissionregistration/v1.ValidatingWebhook", "namespaceSelector", "{}"),
    ("admissionregistration/v1.ValidatingWebhook", "objectSelector", "{}"),
    ("admissionregistration/v1.ValidatingWebhook", "timeoutSeconds", "10"),
    ("apiregistration/v1.ServiceReference", "port", "443"),
    ("apps/v1.ReplicaSetSpec", "replicas", "1"),
    ("autoscaling/v1.HorizontalPodAutoscalerSpec", "minReplicas", "1"),
    ("batch/v1.CronJobSpec", "concurrencyPolicy", r#""Allow""#),
    ("batch/v1.CronJobSpec", "failedJobsHistoryLimit", "1"),
    ("batch/v1.CronJobSpec", "successfulJobsHistoryLimit", "3"),
    ("batch/v1.CronJobSpec", "suspend", "false"),
    ("batch/v1.PodFailurePolicyOnPodConditionsPattern", "status", r#""True""#),
    ("core/v1.ConfigMapVolumeSource", "defaultMode", "420"),
    ("core/v1.Container", "terminationMessagePath", r#""/dev/termination-log""#),
    ("core/v1.Container", "terminationMessagePolicy", r#""File""#),
    ("core/v1.DownwardAPIVolumeSource", "defaultMode", "420"),
    ("core/v1.EndpointPort", "protocol", r#""TCP""#),
    ("core/v1.EphemeralContainer", "terminationMessagePath", r#""/dev/termination-log""#),
    ("core/v1.EphemeralContainer", "terminationMessagePolicy", r#""File""#),
    ("core/v1.GRPCAction", "service", r#""""#),
    ("core/v1.HTTPGetAction", "path", r#""/""#),
    ("core/v1.HTTPGetAction", "scheme", r#""HTTP""#),
    ("core/v1.HostPathVolumeSource", "type", r#""""#),
    ("core/v1.NamespaceStatus", "phase", r#""Active""#),
    ("core/v1.ObjectFieldSelector", "apiVersion", r#""v1""#),
    ("core/v1.PersistentVolumeClaimSpec", "volumeMode", r#""Filesystem""#),
    ("core/v1.PersistentVolumeClaimStatus", "phase", r#""Pending""#),
    ("core/v1.PersistentVolumeStatus", "phase", r#""Pending""#),
    ("core/v1.PodSpec", "dnsPolicy", r#""ClusterFirst""#),
    ("core/v1.PodSpec", "restartPolicy", r#""Always""#),
    ("core/v1.PodSpec", "schedulerName", r#""default-scheduler""#),
    ("core/v1.PodSpec", "securityContext", "{}"),
    ("core/v1.PodSpec", "terminationGracePeriodSeconds", "30"),
    ("core/v1.Probe", "failureThreshold", "3"),
    ("core/v1.Probe", "periodSeconds", "10"),
    ("core/v1.Probe", "successThreshold", "1"),
    ("core/v1.Probe", "timeoutSeconds", "1"),
    ("core/v1.ProjectedVolumeSource", "defaultMode", "420"),
    ("core/v1.ReplicationControllerSpec", "replicas", "1"),
    ("core/v1.Secret", "type", r#""Opaque""#),
    ("core/v1.SecretVolumeSource", "defaultMode", "420"),
    ("core/v1.ServiceAccountTokenProjection", "expirationSeconds", "3600"),
    ("authentication/v1.TokenRequestSpec", "expirationSeconds", "3600"),
    ("discovery/v1.EndpointPort", "name", r#""""#),
    ("discovery/v1.EndpointPort", "protocol", r#""TCP""#),
    ("flowcontrol/v1.ExemptPriorityLevelConfiguration", "lendablePercent", "0"),
    ("flowcontrol/v1.ExemptPriorityLevelConfiguration", "nominalConcurrencyShares", "0"),
    ("flowcontrol/v1.FlowSchemaSpec", "matchingPrecedence", "1000"),
    ("flowcontrol/v1.LimitedPriorityLevelConfiguration", "lendablePercent", "0"),
    ("flowcontrol/v1.LimitedPriorityLevelConfiguration", "nominalConcurrencyShares", "30"),
    ("flowcontrol/v1.QueuingConfiguration", "handSize", "8"),
    ("flowcontrol/v1.QueuingConfiguration", "queueLengthLimit", "50"),
    ("flowcontrol/v1.QueuingConfiguration", "queues", "64"),
    ("networking/v1.IngressClassParametersReference", "scope", r#""Cluster""#),
    ("networking/v1.NetworkPolicyPort", "protocol", r#""TCP""#),
    ("resource/v1.DeviceSubRequest", "allocationMode", r#""ExactCount""#),
    ("resource/v1.ExactDeviceRequest", "allocationMode", r#""ExactCount""#),
    ("rbac/v1.RoleRef", "apiGroup", r#""rbac.authorization.k8s.io""#),
    ("scheduling/v1.PriorityClass", "preemptionPolicy", r#""PreemptLowerPriority""#),
    ("storage/v1.CSIDriverSpec", "attachRequired", "true"),
    ("storage/v1.CSIDriverSpec", "fsGroupPolicy", r#""ReadWriteOnceWithFSType""#),
    ("storage/v1.CSIDriverSpec", "podInfoOnMount", "false"),
    ("storage/v1.CSIDriverSpec", "requiresRepublish", "false"),
    ("storage/v1.CSIDriverSpec", "seLinuxMount", "false"),
    ("storage/v1.CSIDriverSpec", "storageCapacity", "false"),
    ("storage/v1.CSIDriverSpec", "volumeLifecycleModes", r#"["Persistent"]"#),
    ("storage/v1.StorageClass", "reclaimPolicy", r#""Delete""#),
    ("storage/v1.StorageClass", "volumeBindingMode", r#""Immediate""#),
];

/// The maximum length of the name of a repository (`github.com/distribution/reference`).
const MAX_NAME: usize = 255;

/// The tag of an image; `None` where the name is not one (`pkg/util/parsers.ParseImageName`).
fn image_tag(image: &str) -> Option<String> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let start = name.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match name[start..].find(':') {
        Some(at) => (&name[..start + at], &name[start + at + 1..]),
        None => (name, ""),
    };
    // The host, where there is one, may have capitals and a port.
    let host = path
        .split('/')
        .next()
        .filter(|host| path.contains('/') && (host.contains(['.', ':']) || *host == "localhost"));
    let path = host.map_or(path, |host| &path[host.len() + 1..]);
    let is_part = |part: &str| {
        let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = part.as_bytes();
        bytes.iter().all(|byte| edge(*byte) || matches!(byte, b'.' | b'_' | b'-'))
            && bytes.first().is_some_and(|byte| edge(*byte))
            && bytes.last().is_some_and(|byte| edge(*byte))
    };
    if path.len() > MAX_NAME || !path.split('/').all(is_part) {
        return None;
    }
    if tag.is_empty() && digest.is_none() {
        Some("latest".to_owned())
    } else {
        Some(tag.to_owned())
    }
}

/// The pull policy of an image.
fn pull_policy(image: &str) -> &'static str {
    if image_tag(image).as_deref() == Some("latest") { "Always" } else { "IfNotPresent" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::types::of_kind;
    use super::*;

    #[test]
    fn images_without_a_tag_are_always_pulled() {
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("r.io:5000/a/nginx", "Always"),
            ("nginx:1.2", "IfNotPresent"),
            ("nginx@sha256:abc", "IfNotPresent"),
            ("", "IfNotPresent"),
            ("Bad", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn every_struct_gets_its_defaults_wherever_it_stands() {
        let mut job = json!({"spec": {"template": {"spec": {
            "containers": [{"image": "i", "readinessProbe": {"httpGet": {"port": 80}}}],
            "volumes": [{"name": "v"}, {"name": "s", "secret": {}}],
        }}}});
        apply(&mut job, of_kind("batch", "v1", "Job").unwrap());
        let spec = &job["spec"];
        assert_eq!((&spec["parallelism"], &spec["completions"]), (&json!(1), &json!(1)));
        let pods = &spec["template"]["spec"];
        assert_eq!(pods["dnsPolicy"], "ClusterFirst");
        assert_eq!(
            pods["containers"][0]["readinessProbe"],
            json!({
                "failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1,
                "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
            })
        );
        assert_eq!(pods["volumes"][0], json!({"name": "v", "emptyDir": {}}));
        assert_eq!(pods["volumes"][1]["secret"], json!({"defaultMode": 420}));
    }
}
