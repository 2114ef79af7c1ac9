//! The rules of built-in types: what the server sets when an object is created or changed, and what it refuses
//! (`pkg/registry/*/*/strategy.go` and `pkg/apis/*/validation` of `k8s.io/kubernetes`).
//!
//! A type has a line in [`table`] or [`table_of_groups`]; its functions are in the file of its group. A type without a line has the
//! rules of every object alone.

mod addresses;
#[cfg_attr(not(feature = "cel"), path = "admission_expressions_off.rs")]
mod admission_expressions;
mod admission_policies;
mod autoscalers;
mod balancers;
mod budgets;
mod check;
mod claims;
mod classes;
mod conditions;
mod container_settings;
mod containers;
mod debug_containers;
mod device_attributes;
mod device_capacity;
mod device_claims;
mod device_slices;
mod device_status;
mod devices;
mod downward;
mod endpoints;
mod events;
mod files;
mod flow_control;
mod formats;
mod ingresses;
mod job_policies;
mod job_status;
mod jobs;
mod mutating_policies;
mod names_of_resources;
mod network_policies;
mod networks;
mod node_selectors;
mod nodes;
mod path_warnings;
mod persistent_volumes;
mod placement;
mod pod_annotations;
mod pod_resources;
mod pod_settings;
mod pod_status;
mod pod_warnings;
mod pods;
mod prepare;
mod probes;
mod projections;
mod quotas;
mod rbac;
mod requirements;
mod resizes;
mod revisions;
mod schedule;
mod service_families;
mod service_values;
mod services;
mod services_of_apis;
mod signing_requests;
mod status_metadata;
mod steps;
mod storage;
mod stored;
mod switched_off;
mod systems;
mod table;
mod table_of_groups;
mod volume_sources;
mod volumes;
mod webhooks;
mod workload_status;
mod workloads;

use serde_json::Value;

use super::super::meta::NameRule;
use super::super::status::FieldError;

pub(in super::super) use autoscalers::without_policies as scaling_without_policies;
pub(in super::super) use check::selects;
pub(in super::super) use pod_annotations::sync as sync_pod_annotations;
pub(in super::super) use service_families::complete_families;
pub(in super::super) use signing_requests::{names_organization, set_condition_times};
pub(in super::super) use status_metadata::{keep_around_status, reset_fields};

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
    /// As [`Generation::Content`], but a new object has none.
    Later,
    /// Never: it is that of the new object.
    First,
    /// When anything but the metadata changes, or the labels do.
    ContentOrLabels,
}

/// A step of the validation of a changed object, which a type has in an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Step {
    /// The rules of the metadata of a new object (`ValidateObjectMeta`).
    Metadata,
    /// The rules of changed metadata (`ValidateObjectMetaUpdate`).
    MetadataChange,
    /// The rules of every version of an object (`ValidateX`).
    Version,
    /// The further rules of a changed object.
    Change,
}

/// Which rules of metadata the validation of a new object calls, besides those of every object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum MetadataRules {
    /// None (`ValidatePodDisruptionBudget`).
    None,
    /// Those of `k8s.io/apimachinery/pkg/api/validation`.
    Generic,
    /// Those of `k8s.io/kubernetes/pkg/apis/core/validation`: the names of finalizers have a rule of their own.
    Core,
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
    /// The further rules of a changed object (`ValidateXUpdate`).
    check_change: CheckChange,
    /// The steps of the validation of a changed object, in order.
    pub(in super::super) steps: &'static [Step],
    /// The rules of metadata of its type.
    pub(in super::super) metadata: MetadataRules,
    /// The rules of a changed status.
    check_status: CheckChange,
    /// The rules of a changed approval.
    check_approval: CheckChange,
    /// Whether an update needs a revision (not `AllowUnconditionalUpdate`).
    pub(in super::super) conditional: bool,
    /// The warnings about an object, which may be new (`WarningsOnCreate`, `WarningsOnUpdate`).
    warn: fn(&Value, bool) -> Vec<String>,
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
    steps: &[Step::MetadataChange, Step::Version, Step::Change],
    metadata: MetadataRules::Core,
    check_status: FREE_CHANGE,
    check_approval: FREE_CHANGE,
    conditional: false,
    warn: |_, _| Vec::new(),
};

const fn of(group: &'static str, plural: &'static str) -> Rules {
    Rules { group, plural, ..PLAIN }
}

/// The rules of a built-in type.
pub(in super::super) fn find(group: &str, plural: &str) -> &'static Rules {
    static PLAIN_RULES: Rules = PLAIN;
    let mut all = table::RULES.iter().chain(table_of_groups::RULES);
    let found = all.find(|rules| rules.plural == plural && rules.group == group);
    found.unwrap_or(&PLAIN_RULES)
}

impl Rules {
    /// Sets what the server sets in a new object.
    pub(in super::super) fn prepare_new(&self, object: &mut Value) {
        switched_off::drop_fields(self.group, self.plural, object, None);
        (self.create)(object);
    }

    /// Sets what a changed object keeps of its last version.
    pub(in super::super) fn prepare_changed(&self, object: &mut Value, old: &Value) {
        switched_off::drop_fields(self.group, self.plural, object, Some(old));
        (self.update)(object, old);
    }

    /// The violations of a new object.
    pub(in super::super) fn check_created(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        (self.check)(object, &mut errors);
        (self.check_new)(object, &mut errors);
        errors
    }

    /// How many of the violations of a new object are of the rules of every version, which come first.
    pub(in super::super) fn count_of_version(&self, object: &Value) -> usize {
        let mut errors = Vec::new();
        (self.check)(object, &mut errors);
        errors.len()
    }

    /// The violations of the rules of every version that a changed object had not before.
    pub(in super::super) fn check_version(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        let (mut errors, mut known) = (Vec::new(), Vec::new());
        (self.check)(new, &mut errors);
        if !errors.is_empty() {
            // An object of a fixture may be incomplete: what was wrong before does not keep it from being changed.
            (self.check)(old, &mut known);
            errors.retain(|error| !known.contains(error));
        }
        errors
    }

    /// The violations of the further rules of a changed object.
    pub(in super::super) fn check_change(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        (self.check_change)(new, old, &mut errors);
        errors
    }

    /// The violations of an object whose subresource has changed.
    pub(in super::super) fn check_subresource(
        &self,
        subresource: &str,
        new: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = Vec::new();
        match subresource {
            "status" => (self.check_status)(new, old, &mut errors),
            "approval" => (self.check_approval)(new, old, &mut errors),
            "ephemeralcontainers" => {
                errors = self.check_version(new, old);
                debug_containers::check_change(new, old, &mut errors);
            }
            "resize" => {
                errors = self.check_version(new, old);
                resizes::change(new, old, &mut errors);
            }
            _ => {
                errors = self.check_version(new, old);
                (self.check_change)(new, old, &mut errors);
            }
        }
        errors
    }

    /// The warnings about an object.
    pub(in super::super) fn warnings(&self, object: &Value, is_new: bool) -> Vec<String> {
        (self.warn)(object, is_new)
    }

    /// Whether a change makes a new generation.
    pub(in super::super) fn bumps(&self, new: &Value, old: &Value) -> bool {
        let annotations = |value: &Value| value["metadata"]["annotations"].clone();
        match self.generation {
            Generation::None | Generation::First => false,
            Generation::Spec => new["spec"] != old["spec"],
            Generation::SpecOrAnnotations => {
                new["spec"] != old["spec"] || annotations(new) != annotations(old)
            }
            Generation::Content | Generation::Later => {
                let rest = |value: &Value| {
                    let mut rest = value.as_object().cloned().unwrap_or_default();
                    rest.retain(|field, value| {
                        field != "metadata" && field != "status" && !is_nothing(value)
                    });
                    rest
                };
                rest(new) != rest(old)
            }
            Generation::ContentOrLabels => {
                let rest = |value: &Value| {
                    let mut rest = value.clone();
                    let metadata = rest.as_object_mut().and_then(|map| map.remove("metadata"));
                    if let Value::Object(map) = &mut rest {
                        map.retain(|_, value| !is_nothing(value));
                    }
                    (rest, metadata.unwrap_or_default()["labels"].take())
                };
                rest(new) != rest(old)
            }
        }
    }
}

/// Whether a value is an absent one, or an empty list: they are the same (`apiequality.Semantic`).
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Changes of the stored form on the way in: fields that only clients write.
pub(in super::super) fn convert(group: &str, plural: &str, object: &mut Value) {
    match (group, plural) {
        ("", "secrets") => stored::texts_to_data(object),
        ("apps", "daemonsets") => prepare::count_templates(object),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
