//! The rules of built-in types: what the server sets when an object is created or changed, and what it refuses
//! (`pkg/registry/*/*/strategy.go` and `pkg/apis/*/validation` of `k8s.io/kubernetes`).
//!
//! A type has a line in [`RULES`]; its functions are in the file of its group. A type without a line has the
//! rules of every object alone.

mod check;
mod claims;
mod containers;
mod downward;
mod ingresses;
mod jobs;
mod names_of_resources;
mod pods;
mod prepare;
mod probes;
mod quotas;
mod rbac;
mod requirements;
mod schedule;
mod services;
mod stored;
mod volumes;
mod workloads;

use serde_json::Value;

use super::super::meta::NameRule;
use super::super::status::FieldError;

pub(in super::super) use check::selects;
pub(in super::super) use services::allocate;

/// When a change makes a new generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Generation {
    /// The type has none.
    None,
    /// When `spec` changes.
    Spec,
    /// When `spec` or the annotations change.
    SpecOrAnnotations,
    /// When anything but the metadata and the status changes.
    Content,
    /// When anything changes.
    Any,
}

type Check = fn(&Value, &mut Vec<FieldError>);
type CheckChange = fn(&Value, &Value, &mut Vec<FieldError>);

/// The rules of a type.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Rules {
    group: &'static str,
    plural: &'static str,
    /// The rule for names.
    pub(in super::super) name: NameRule,
    pub(in super::super) generation: Generation,
    /// Whether a deletion without options leaves the dependents.
    pub(in super::super) orphans: bool,
    /// Whether a deletion answers with the object.
    pub(in super::super) returns_deleted: bool,
    /// Whether a new object keeps its status.
    pub(in super::super) keeps_status: bool,
    /// Sets what the server sets in a new object (`PrepareForCreate`).
    create: fn(&mut Value),
    /// Sets what a changed object keeps (`PrepareForUpdate`).
    update: fn(&mut Value, &Value),
    /// The rules of every version of an object (`ValidateX`).
    check: Check,
    /// The further rules of a new object.
    check_new: Check,
    /// The further rules of a changed object (`ValidateXUpdate`), after the others.
    check_change: CheckChange,
}

const NOTHING: fn(&mut Value) = |_| {};
const KEEP: fn(&mut Value, &Value) = |_, _| {};
const FREE: Check = |_, _| {};
const FREE_CHANGE: CheckChange = |_, _, _| {};

/// The rules of every object.
const PLAIN: Rules = Rules {
    group: "",
    plural: "",
    name: NameRule::Subdomain,
    generation: Generation::None,
    orphans: false,
    returns_deleted: false,
    keeps_status: false,
    create: NOTHING,
    update: KEEP,
    check: FREE,
    check_new: FREE,
    check_change: FREE_CHANGE,
};

const fn of(group: &'static str, plural: &'static str) -> Rules {
    Rules { group, plural, ..PLAIN }
}

const RULES: &[Rules] = &[
    Rules {
        check: stored::config_map,
        check_change: stored::config_map_change,
        ..of("", "configmaps")
    },
    Rules { check: stored::event, ..of("", "events") },
    Rules { check: quotas::limit_range, ..of("", "limitranges") },
    Rules { name: NameRule::Label, returns_deleted: true, ..of("", "namespaces") },
    Rules {
        returns_deleted: true,
        create: claims::new_claim,
        check: claims::claim,
        check_change: claims::claim_change,
        ..of("", "persistentvolumeclaims")
    },
    Rules { returns_deleted: true, create: claims::new_volume, ..of("", "persistentvolumes") },
    Rules {
        generation: Generation::Spec,
        returns_deleted: true,
        create: pods::create,
        update: prepare::pod_keeps,
        check: pods::pod,
        check_new: pods::new_pod,
        check_change: pods::pod_change,
        ..of("", "pods")
    },
    Rules { generation: Generation::Content, returns_deleted: true, ..of("", "podtemplates") },
    Rules { keeps_status: true, create: prepare::new_node, ..of("", "nodes") },
    Rules {
        generation: Generation::Spec,
        orphans: true,
        create: prepare::empty_replicas,
        check: workloads::replication_controller,
        ..of("", "replicationcontrollers")
    },
    Rules {
        returns_deleted: true,
        create: prepare::empty_status,
        check: quotas::quota,
        check_change: quotas::quota_change,
        ..of("", "resourcequotas")
    },
    Rules { check: stored::secret, check_change: stored::secret_change, ..of("", "secrets") },
    Rules { returns_deleted: true, ..of("", "serviceaccounts") },
    Rules {
        name: NameRule::Label1035,
        returns_deleted: true,
        create: services::new_service,
        update: services::keep_allocated,
        check: services::service,
        check_change: services::service_change,
        ..of("", "services")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_daemon_set,
        update: prepare::daemon_set_keeps,
        check: workloads::daemon_set,
        check_change: workloads::selector_stays,
        ..of("apps", "daemonsets")
    },
    Rules {
        generation: Generation::SpecOrAnnotations,
        create: prepare::empty_status,
        check: workloads::deployment,
        check_change: workloads::selector_stays,
        ..of("apps", "deployments")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_replicas,
        check: workloads::replica_set,
        check_change: workloads::selector_stays,
        ..of("apps", "replicasets")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_stateful_set,
        check: workloads::stateful_set,
        check_change: workloads::stateful_set_change,
        ..of("apps", "statefulsets")
    },
    Rules { create: prepare::empty_scaler_status, ..of("autoscaling", "horizontalpodautoscalers") },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        check: jobs::cron_job,
        check_new: jobs::new_cron_job_name,
        ..of("batch", "cronjobs")
    },
    Rules {
        generation: Generation::Spec,
        orphans: true,
        create: jobs::new_job,
        check: jobs::job,
        check_change: jobs::job_change,
        ..of("batch", "jobs")
    },
    Rules {
        create: stored::drop_lease_fields,
        update: |object, _| stored::drop_lease_fields(object),
        check: stored::lease,
        ..of("coordination.k8s.io", "leases")
    },
    Rules {
        create: prepare::empty_status,
        ..of("certificates.k8s.io", "certificatesigningrequests")
    },
    Rules { generation: Generation::Any, ..of("discovery.k8s.io", "endpointslices") },
    Rules {
        check: stored::new_event,
        check_change: stored::event_change,
        ..of("events.k8s.io", "events")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        ..of("flowcontrol.apiserver.k8s.io", "flowschemas")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        ..of("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_ingress_status,
        check: ingresses::ingress,
        ..of("networking.k8s.io", "ingresses")
    },
    Rules { generation: Generation::Spec, ..of("networking.k8s.io", "ingressclasses") },
    Rules { generation: Generation::Spec, ..of("networking.k8s.io", "networkpolicies") },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_budget,
        ..of("policy", "poddisruptionbudgets")
    },
    Rules { name: NameRule::PathSegment, check: rbac::cluster_role, ..of(RBAC, "clusterroles") },
    Rules {
        name: NameRule::PathSegment,
        check: rbac::cluster_role_binding,
        check_change: rbac::binding_change,
        ..of(RBAC, "clusterrolebindings")
    },
    Rules { name: NameRule::PathSegment, check: rbac::role, ..of(RBAC, "roles") },
    Rules {
        name: NameRule::PathSegment,
        check: rbac::role_binding,
        check_change: rbac::binding_change,
        ..of(RBAC, "rolebindings")
    },
    Rules {
        generation: Generation::Content,
        check: quotas::priority,
        ..of("scheduling.k8s.io", "priorityclasses")
    },
    Rules { returns_deleted: true, ..of("storage.k8s.io", "csidrivers") },
    Rules { returns_deleted: true, ..of("storage.k8s.io", "csinodes") },
    Rules { returns_deleted: true, ..of("storage.k8s.io", "storageclasses") },
    Rules { returns_deleted: true, ..of("storage.k8s.io", "volumeattachments") },
    Rules { returns_deleted: true, ..of("storage.k8s.io", "volumeattributesclasses") },
    Rules {
        generation: Generation::Content,
        ..of("admissionregistration.k8s.io", "mutatingwebhookconfigurations")
    },
    Rules {
        generation: Generation::Content,
        ..of("admissionregistration.k8s.io", "validatingwebhookconfigurations")
    },
    Rules {
        generation: Generation::Spec,
        ..of("admissionregistration.k8s.io", "validatingadmissionpolicies")
    },
    Rules {
        generation: Generation::Spec,
        ..of("admissionregistration.k8s.io", "validatingadmissionpolicybindings")
    },
];

const RBAC: &str = "rbac.authorization.k8s.io";

/// The rules of a built-in type.
pub(in super::super) fn find(group: &str, plural: &str) -> &'static Rules {
    static PLAIN_RULES: Rules = PLAIN;
    let found = RULES.iter().find(|rules| rules.plural == plural && rules.group == group);
    found.unwrap_or(&PLAIN_RULES)
}

impl Rules {
    /// Sets what the server sets in a new object.
    pub(in super::super) fn prepare_new(&self, object: &mut Value) {
        (self.create)(object);
    }

    /// Sets what a changed object keeps of its last version.
    pub(in super::super) fn prepare_changed(&self, object: &mut Value, old: &Value) {
        (self.update)(object, old);
    }

    /// The violations of a new object.
    pub(in super::super) fn check_created(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        (self.check)(object, &mut errors);
        (self.check_new)(object, &mut errors);
        errors
    }

    /// The violations of a changed object.
    pub(in super::super) fn check_changed(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        let (mut errors, mut known) = (Vec::new(), Vec::new());
        (self.check)(new, &mut errors);
        if !errors.is_empty() {
            // An object of a fixture may be incomplete: what was wrong before does not keep it from being changed.
            (self.check)(old, &mut known);
            errors.retain(|error| !known.contains(error));
        }
        (self.check_change)(new, old, &mut errors);
        errors
    }

    /// Whether a change makes a new generation.
    pub(in super::super) fn bumps(&self, new: &Value, old: &Value) -> bool {
        let annotations = |value: &Value| value["metadata"]["annotations"].clone();
        match self.generation {
            Generation::None => false,
            Generation::Spec => new["spec"] != old["spec"],
            Generation::SpecOrAnnotations => {
                new["spec"] != old["spec"] || annotations(new) != annotations(old)
            }
            Generation::Content => {
                let rest = |value: &Value| {
                    let mut rest = value.as_object().cloned().unwrap_or_default();
                    rest.retain(|field, _| field != "metadata" && field != "status");
                    rest
                };
                rest(new) != rest(old)
            }
            Generation::Any => {
                let rest = |value: &Value| {
                    let mut rest = value.clone();
                    if let Some(metadata) = rest["metadata"].as_object_mut() {
                        for field in ["resourceVersion", "managedFields", "generation"] {
                            metadata.remove(field);
                        }
                    }
                    rest
                };
                rest(new) != rest(old)
            }
        }
    }
}

/// Changes of the stored form on the way in: fields that only clients write.
pub(in super::super) fn convert(group: &str, plural: &str, object: &mut Value) {
    if (group, plural) == ("", "secrets") {
        stored::texts_to_data(object);
    }
}

/// The warnings about an object.
pub(in super::super) fn warnings(group: &str, plural: &str, object: &Value) -> Vec<String> {
    match (group, plural) {
        ("", "secrets") => stored::secret_warnings(object),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
