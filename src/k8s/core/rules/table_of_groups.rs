//! The rules of the built-in types of the other groups (`pkg/registry/*/*/strategy.go` of `k8s.io/kubernetes`).

use super::super::super::meta::NameRule;
use super::steps::{VERSION, WHOLE, WHOLE_FIRST, WHOLE_LAST};
use super::{
    Generation, MetadataRules, Rules, Step, admission_policies, budgets, classes, device_claims,
    device_slices, device_status, endpoints, events, flow_control, ingresses, mutating_policies,
    network_policies, networks, of, prepare, rbac, services_of_apis, signing_requests, storage,
    stored, webhooks,
};

const ADMISSION: &str = "admissionregistration.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// A type without a line has the rules of every object alone.
pub(super) const RULES: &[Rules] = &[
    Rules {
        create: stored::drop_lease_fields,
        update: |object, _| stored::drop_lease_fields(object),
        conditional: true,
        check: stored::lease,
        metadata: MetadataRules::Generic,
        ..of("coordination.k8s.io", "leases")
    },
    Rules {
        create: prepare::empty_status,
        update: signing_requests::keep,
        check: signing_requests::request,
        check_status: signing_requests::status_change,
        check_approval: signing_requests::approval_change,
        name: NameRule::PathSegment,
        steps: WHOLE_FIRST,
        ..of("certificates.k8s.io", "certificatesigningrequests")
    },
    Rules {
        generation: Generation::ContentOrLabels,
        create: endpoints::drop_topology,
        update: |object, _| endpoints::drop_topology(object),
        check_new: endpoints::new_slice,
        check_change: endpoints::slice_change,
        warn: endpoints::slice_warnings,
        steps: VERSION,
        ..of("discovery.k8s.io", "endpointslices")
    },
    Rules {
        check: events::events,
        check_new: events::new,
        check_change: events::change,
        steps: &[Step::Version, Step::MetadataChange, Step::Change],
        ..of("events.k8s.io", "events")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        check: flow_control::flow_schema,
        check_status: flow_control::status,
        steps: VERSION,
        ..of("flowcontrol.apiserver.k8s.io", "flowschemas")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        check: flow_control::priority_level,
        check_status: flow_control::status,
        steps: VERSION,
        ..of("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_ingress_status,
        check: ingresses::ingress,
        check_new: ingresses::new_ingress,
        check_status: ingresses::ingress_status,
        warn: ingresses::warnings,
        steps: WHOLE,
        ..of("networking.k8s.io", "ingresses")
    },
    Rules {
        generation: Generation::Spec,
        check: classes::ingress_class,
        check_change: classes::ingress_class_change,
        steps: WHOLE_LAST,
        ..of("networking.k8s.io", "ingressclasses")
    },
    Rules {
        name: NameRule::PathSegment,
        check: networks::address,
        check_change: networks::address_change,
        steps: WHOLE_FIRST,
        ..of("networking.k8s.io", "ipaddresses")
    },
    Rules {
        generation: Generation::Spec,
        check: network_policies::network_policy,
        warn: |object, _| network_policies::warnings(object),
        ..of("networking.k8s.io", "networkpolicies")
    },
    Rules {
        create: prepare::empty_status,
        check_new: networks::new_range,
        check_change: networks::range_change,
        ..of("networking.k8s.io", "servicecidrs")
    },
    Rules {
        conditional: true,
        check: classes::runtime_class,
        check_change: classes::runtime_class_change,
        steps: WHOLE_FIRST,
        metadata: MetadataRules::Generic,
        ..of("node.k8s.io", "runtimeclasses")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_budget,
        conditional: true,
        check: budgets::budget,
        check_status: budgets::budget_status,
        steps: &[Step::Version, Step::Change],
        metadata: MetadataRules::None,
        ..of("policy", "poddisruptionbudgets")
    },
    Rules {
        name: NameRule::PathSegment,
        check: rbac::cluster_role,
        steps: WHOLE_FIRST,
        ..of(RBAC, "clusterroles")
    },
    Rules {
        name: NameRule::PathSegment,
        check: rbac::cluster_role_binding,
        check_change: rbac::binding_change,
        steps: WHOLE_FIRST,
        ..of(RBAC, "clusterrolebindings")
    },
    Rules {
        name: NameRule::PathSegment,
        check: rbac::role,
        steps: WHOLE_FIRST,
        ..of(RBAC, "roles")
    },
    Rules {
        name: NameRule::PathSegment,
        check: rbac::role_binding,
        check_change: rbac::binding_change,
        steps: WHOLE_FIRST,
        ..of(RBAC, "rolebindings")
    },
    Rules {
        generation: Generation::First,
        check_new: classes::new_priority_class,
        check_change: classes::priority_class_change,
        ..of("scheduling.k8s.io", "priorityclasses")
    },
    Rules {
        generation: Generation::Later,
        returns_deleted: true,
        conditional: true,
        warn: |object, _| storage::driver_warnings(object),
        check: storage::driver,
        check_change: storage::driver_change,
        ..of(STORAGE, "csidrivers")
    },
    Rules {
        returns_deleted: true,
        conditional: true,
        check: storage::node,
        check_change: storage::node_change,
        steps: VERSION,
        ..of(STORAGE, "csinodes")
    },
    Rules {
        conditional: true,
        check: storage::capacity,
        check_change: storage::capacity_change,
        steps: WHOLE_FIRST,
        ..of(STORAGE, "csistoragecapacities")
    },
    Rules {
        returns_deleted: true,
        check: storage::class,
        check_change: storage::class_change,
        warn: |object, _| storage::class_warnings(object),
        steps: WHOLE_FIRST,
        ..of(STORAGE, "storageclasses")
    },
    Rules {
        returns_deleted: true,
        conditional: true,
        check: storage::attachment,
        check_change: storage::attachment_change,
        steps: VERSION,
        ..of(STORAGE, "volumeattachments")
    },
    Rules {
        returns_deleted: true,
        check: storage::attributes_class,
        check_change: storage::attributes_class_change,
        steps: WHOLE,
        ..of(STORAGE, "volumeattributesclasses")
    },
    Rules {
        generation: Generation::Content,
        conditional: true,
        check: webhooks::configuration,
        steps: VERSION,
        metadata: MetadataRules::Generic,
        ..of(ADMISSION, "mutatingwebhookconfigurations")
    },
    Rules {
        generation: Generation::Content,
        conditional: true,
        check: webhooks::configuration,
        steps: VERSION,
        metadata: MetadataRules::Generic,
        ..of(ADMISSION, "validatingwebhookconfigurations")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: mutating_policies::policy,
        steps: VERSION,
        metadata: MetadataRules::Generic,
        ..of(ADMISSION, "mutatingadmissionpolicies")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: mutating_policies::binding,
        steps: VERSION,
        metadata: MetadataRules::Generic,
        ..of(ADMISSION, "mutatingadmissionpolicybindings")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: admission_policies::policy,
        steps: VERSION,
        metadata: MetadataRules::Generic,
        ..of(ADMISSION, "validatingadmissionpolicies")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: admission_policies::binding,
        steps: VERSION,
        metadata: MetadataRules::Generic,
        ..of(ADMISSION, "validatingadmissionpolicybindings")
    },
    Rules {
        conditional: true,
        create: prepare::new_api_service,
        check: services_of_apis::service,
        check_status: services_of_apis::status,
        name: NameRule::PathSegment,
        steps: WHOLE,
        metadata: MetadataRules::Generic,
        ..of("apiregistration.k8s.io", "apiservices")
    },
    Rules {
        create: prepare::empty_status,
        check_new: device_claims::claim,
        check_change: device_claims::spec_stays,
        check_status: device_status::change,
        steps: &[Step::Metadata, Step::MetadataChange, Step::Change],
        ..of(RESOURCE, "resourceclaims")
    },
    Rules {
        check: device_claims::template,
        check_change: device_claims::spec_stays,
        steps: WHOLE_FIRST,
        ..of(RESOURCE, "resourceclaimtemplates")
    },
    Rules {
        generation: Generation::Spec,
        check: device_claims::class,
        steps: WHOLE,
        ..of(RESOURCE, "deviceclasses")
    },
    Rules {
        generation: Generation::Spec,
        check: device_slices::check,
        check_new: device_slices::new,
        check_change: device_slices::change,
        warn: device_slices::warnings,
        steps: &[Step::MetadataChange, Step::Version, Step::Change],
        ..of(RESOURCE, "resourceslices")
    },
];
