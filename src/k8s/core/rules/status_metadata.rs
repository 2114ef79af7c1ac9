//! What a write of the status of a built-in type leaves of the metadata and of the old status (`PrepareForUpdate` of
//! the status strategies of `k8s.io/kubernetes/pkg/registry`).

use serde_json::Value;

use super::prepare::TEMPLATE_GENERATION;

/// The metadata that a write of the status does not change.
enum Kept {
    /// Those of the list; most strategies leave all to the client.
    Fields(&'static [&'static str]),
    /// All but the owners of fields.
    All,
}

/// `metav1.ResetObjectMetaForStatus`.
const RESET: Kept = Kept::Fields(&["labels", "annotations", "finalizers", "ownerReferences"]);

fn kept(group: &str, plural: &str) -> Kept {
    match (group, plural) {
        ("apps", "deployments") => Kept::Fields(&["labels"]),
        ("", "pods") => Kept::Fields(&["ownerReferences"]),
        ("flowcontrol.apiserver.k8s.io", _) => Kept::All,
        (
            "admissionregistration.k8s.io"
            | "apiregistration.k8s.io"
            | "internal.apiserver.k8s.io"
            | "resource.k8s.io"
            | "scheduling.k8s.io"
            | "storagemigration.k8s.io",
            _,
        )
        | ("certificates.k8s.io", "podcertificaterequests")
        | ("networking.k8s.io", "servicecidrs")
        | ("storage.k8s.io", "volumeattachments") => RESET,
        _ => Kept::Fields(&[]),
    }
}

type Paths = &'static [&'static [&'static str]];

/// The fields that a write of a built-in type leaves as they are, and that it does not own (`GetResetFields` of the
/// strategies); nothing where only the status counts.
pub(in super::super::super) fn reset_fields(
    group: &str,
    plural: &str,
    subresource: &str,
) -> Option<Paths> {
    const SPEC: Paths = &[&["spec"]];
    match (group, plural, subresource) {
        ("certificates.k8s.io", "certificatesigningrequests", "") => {
            Some(&[&["spec"], &["status"]])
        }
        ("certificates.k8s.io", "certificatesigningrequests", "status") => {
            Some(&[&["spec"], &["status", "conditions"]])
        }
        ("certificates.k8s.io", "certificatesigningrequests", "approval") => {
            Some(&[&["spec"], &["status", "certificate"]])
        }
        (_, _, "status") => match kept(group, plural) {
            Kept::Fields([]) => Some(SPEC),
            Kept::Fields(["labels"]) => Some(&[&["spec"], &["metadata", "labels"]]),
            Kept::Fields(["ownerReferences"]) => Some(&[
                &["spec"],
                &["metadata", "deletionTimestamp"],
                &["metadata", "ownerReferences"],
            ]),
            _ => Some(&[&["spec"], &["metadata"]]),
        },
        _ => None,
    }
}

/// Restores in an object with a new status what its type keeps. `now` is the time in RFC 3339.
pub(in super::super::super) fn keep_around_status(
    group: &str,
    plural: &str,
    before: &Value,
    new: &mut Value,
    now: &str,
) {
    match kept(group, plural) {
        Kept::All => {
            let managed = new["metadata"]["managedFields"].take();
            new["metadata"] = before["metadata"].clone();
            set(&mut new["metadata"], "managedFields", managed);
        }
        Kept::Fields(fields) => {
            for field in fields {
                set(&mut new["metadata"], field, before["metadata"][*field].clone());
            }
        }
    }
    match (group, plural) {
        // The class of service is set at creation.
        ("", "pods") if new["status"]["qosClass"].as_str().unwrap_or_default().is_empty() => {
            let class = before["status"]["qosClass"].clone();
            if !class.is_null() && new["status"].is_object() {
                new["status"]["qosClass"] = class;
            }
        }
        // In the internal type it is a field of the specification.
        ("apps", "daemonsets") => {
            let count = before["metadata"]["annotations"][TEMPLATE_GENERATION].clone();
            if !count.is_null() && new["metadata"].is_object() {
                new["metadata"]["annotations"][TEMPLATE_GENERATION] = count;
            }
        }
        ("", "persistentvolumes") if new["status"].is_object() => {
            let (old, status) = (&before["status"], &mut new["status"]);
            let field = "lastPhaseTransitionTime";
            if old["phase"] != status["phase"]
                && (status[field].is_null() || status[field] == old[field])
            {
                status[field] = now.into();
            } else if old["phase"] == status["phase"] && status[field].is_null() {
                set(status, field, old[field].clone());
            }
        }
        _ => {}
    }
}

/// Sets a field, or removes it where the value is null.
fn set(object: &mut Value, field: &str, value: Value) {
    let Value::Object(map) = object else { return };
    if value.is_null() {
        map.remove(field);
    } else {
        map.insert(field.to_owned(), value);
    }
}
