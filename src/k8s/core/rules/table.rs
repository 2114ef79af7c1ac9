//! The rules of each built-in type (`pkg/registry/*/*/strategy.go` of `k8s.io/kubernetes`).

use super::super::super::meta::NameRule;
use super::{
    Generation, Rules, admission_policies, autoscalers, balancers, budgets, claims, classes,
    endpoints, flow_control, ingresses, jobs, mutating_policies, network_policies, networks, nodes,
    of, persistent_volumes, pod_warnings, pods, prepare, quotas, rbac, revisions, service_values,
    services, services_of_apis, signing_requests, storage, stored, webhooks, workloads,
};

const ADMISSION: &str = "admissionregistration.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// A type without a line has the rules of every object alone.
pub(super) const RULES: &[Rules] = &[
    Rules {
        check: stored::config_map,
        check_change: stored::config_map_change,
        change_first: true,
        ..of("", "configmaps")
    },
    Rules { check: stored::event, ..of("", "events") },
    Rules { check: endpoints::endpoints, ..of("", "endpoints") },
    Rules { check: quotas::limit_range, ..of("", "limitranges") },
    Rules {
        name: NameRule::Label,
        returns_deleted: true,
        check: stored::namespace,
        ..of("", "namespaces")
    },
    Rules {
        returns_deleted: true,
        create: claims::new_claim,
        update: claims::keep_data_sources,
        check: claims::claim,
        check_change: claims::claim_change,
        warn: |object, _| claims::warnings(object),
        ..of("", "persistentvolumeclaims")
    },
    Rules {
        returns_deleted: true,
        create: claims::new_volume,
        check: persistent_volumes::volume,
        twice: true,
        check_change: persistent_volumes::volume_change,
        warn: |object, _| persistent_volumes::warnings(object),
        ..of("", "persistentvolumes")
    },
    Rules {
        generation: Generation::Spec,
        returns_deleted: true,
        create: pods::create,
        update: pods::keep,
        check: pods::pod,
        warn: pod_warnings::pod,
        check_new: pods::new_pod,
        check_change: pods::pod_change,
        ..of("", "pods")
    },
    Rules {
        generation: Generation::Content,
        returns_deleted: true,
        check: workloads::pod_template,
        ..of("", "podtemplates")
    },
    Rules {
        keeps_status: true,
        check: nodes::node,
        check_change: nodes::node_change,
        ..of("", "nodes")
    },
    Rules {
        generation: Generation::Spec,
        orphans: true,
        create: prepare::empty_replicas,
        check: workloads::replication_controller,
        warn: pod_warnings::workload,
        ..of("", "replicationcontrollers")
    },
    Rules {
        returns_deleted: true,
        create: prepare::empty_status,
        check: quotas::quota,
        check_change: quotas::quota_change,
        ..of("", "resourcequotas")
    },
    Rules {
        check: stored::secret,
        check_change: stored::secret_change,
        change_first: true,
        warn: |object, _| stored::secret_warnings(object),
        ..of("", "secrets")
    },
    Rules { returns_deleted: true, warn: stored::account_warnings, ..of("", "serviceaccounts") },
    Rules {
        name: NameRule::Label,
        returns_deleted: true,
        create: service_values::new_service,
        update: service_values::keep_allocated,
        check: services::service,
        check_new: services::new_service_rules,
        warn: |object, _| balancers::warnings(object),
        check_change: services::service_change,
        change_first: true,
        ..of("", "services")
    },
    Rules {
        check: revisions::revision,
        check_new: revisions::new_revision,
        check_change: revisions::revision_change,
        ..of("apps", "controllerrevisions")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_daemon_set,
        update: prepare::daemon_set_keeps,
        check: workloads::daemon_set,
        change_first: true,
        warn: |object, _| pod_warnings::template(object),
        check_change: workloads::selector_stays,
        ..of("apps", "daemonsets")
    },
    Rules {
        generation: Generation::SpecOrAnnotations,
        create: prepare::empty_status,
        check: workloads::deployment,
        warn: pod_warnings::workload,
        check_change: workloads::selector_stays,
        ..of("apps", "deployments")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_replicas,
        check: workloads::replica_set,
        warn: pod_warnings::workload,
        check_change: workloads::selector_stays,
        ..of("apps", "replicasets")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_stateful_set,
        update: |object, _| prepare::fill_stateful_set(object),
        check: workloads::stateful_set,
        warn: |object, _| pod_warnings::template(object),
        check_change: workloads::stateful_set_change,
        ..of("apps", "statefulsets")
    },
    Rules {
        create: prepare::empty_scaler_status,
        check_new: autoscalers::new_autoscaler,
        check_change: autoscalers::autoscaler_change,
        check_status: autoscalers::autoscaler_status,
        ..of("autoscaling", "horizontalpodautoscalers")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        check: jobs::cron_job,
        warn: |object, _| pod_warnings::cron_job(object),
        check_new: jobs::new_cron_job_name,
        ..of("batch", "cronjobs")
    },
    Rules {
        generation: Generation::Spec,
        orphans: true,
        create: jobs::new_job,
        check: jobs::job,
        twice: true,
        warn: pod_warnings::workload,
        check_new: jobs::new_job_rules,
        check_change: jobs::job_change,
        ..of("batch", "jobs")
    },
    Rules {
        create: stored::drop_lease_fields,
        update: |object, _| stored::drop_lease_fields(object),
        conditional: true,
        check: stored::lease,
        ..of("coordination.k8s.io", "leases")
    },
    Rules {
        create: prepare::empty_status,
        update: signing_requests::keep,
        check: signing_requests::request,
        check_status: signing_requests::status_change,
        check_approval: signing_requests::approval_change,
        name: NameRule::PathSegment,
        ..of("certificates.k8s.io", "certificatesigningrequests")
    },
    Rules {
        generation: Generation::ContentOrLabels,
        create: endpoints::drop_topology,
        update: |object, _| endpoints::drop_topology(object),
        check: endpoints::slice,
        check_change: endpoints::slice_change,
        warn: endpoints::slice_warnings,
        ..of("discovery.k8s.io", "endpointslices")
    },
    Rules {
        check: stored::new_event,
        check_new: stored::event_series,
        check_change: stored::event_change,
        ..of("events.k8s.io", "events")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        check: flow_control::flow_schema,
        check_status: flow_control::status,
        ..of("flowcontrol.apiserver.k8s.io", "flowschemas")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_status,
        check: flow_control::priority_level,
        check_status: flow_control::status,
        ..of("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_ingress_status,
        check: ingresses::ingress,
        check_new: ingresses::new_ingress,
        check_status: ingresses::ingress_status,
        warn: ingresses::warnings,
        ..of("networking.k8s.io", "ingresses")
    },
    Rules {
        generation: Generation::Spec,
        check: classes::ingress_class,
        check_change: classes::ingress_class_change,
        change_first: true,
        ..of("networking.k8s.io", "ingressclasses")
    },
    Rules {
        name: NameRule::PathSegment,
        check: networks::address,
        check_change: networks::address_change,
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
        ..of("node.k8s.io", "runtimeclasses")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_budget,
        conditional: true,
        check: budgets::budget,
        check_status: budgets::budget_status,
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
        ..of(STORAGE, "csinodes")
    },
    Rules {
        conditional: true,
        check: storage::capacity,
        check_change: storage::capacity_change,
        ..of(STORAGE, "csistoragecapacities")
    },
    Rules {
        returns_deleted: true,
        check: storage::class,
        check_change: storage::class_change,
        warn: |object, _| storage::class_warnings(object),
        ..of(STORAGE, "storageclasses")
    },
    Rules {
        returns_deleted: true,
        conditional: true,
        check: storage::attachment,
        check_change: storage::attachment_change,
        ..of(STORAGE, "volumeattachments")
    },
    Rules {
        returns_deleted: true,
        check: storage::attributes_class,
        check_change: storage::attributes_class_change,
        change_first: true,
        ..of(STORAGE, "volumeattributesclasses")
    },
    Rules {
        generation: Generation::Content,
        conditional: true,
        check: webhooks::configuration,
        ..of(ADMISSION, "mutatingwebhookconfigurations")
    },
    Rules {
        generation: Generation::Content,
        conditional: true,
        check: webhooks::configuration,
        ..of(ADMISSION, "validatingwebhookconfigurations")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: admission_policies::policy,
        ..of(ADMISSION, "validatingadmissionpolicies")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: admission_policies::binding,
        ..of(ADMISSION, "validatingadmissionpolicybindings")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: mutating_policies::policy,
        ..of(ADMISSION, "mutatingadmissionpolicies")
    },
    Rules {
        generation: Generation::Spec,
        conditional: true,
        check: mutating_policies::binding,
        ..of(ADMISSION, "mutatingadmissionpolicybindings")
    },
    Rules {
        conditional: true,
        create: prepare::new_api_service,
        check: services_of_apis::service,
        check_status: services_of_apis::status,
        name: NameRule::PathSegment,
        ..of("apiregistration.k8s.io", "apiservices")
    },
];
