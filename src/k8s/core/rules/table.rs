//! The rules of the built-in types of workloads and of the core group (`pkg/registry/*/*/strategy.go` of
//! `k8s.io/kubernetes`).

use super::super::super::meta::NameRule;
use super::steps::{CHANGE_FIRST, JOB, VERSION, VOLUME, WHOLE, WHOLE_FIRST, WHOLE_LAST};
use super::{
    Generation, Rules, Step, autoscalers, balancers, claims, endpoints, events, job_status, jobs,
    nodes, of, persistent_volumes, pod_status, pod_warnings, pods, prepare, quotas, revisions,
    service_values, services, stored, workload_status, workloads,
};

/// A type without a line has the rules of every object alone.
pub(super) const RULES: &[Rules] = &[
    Rules {
        check: stored::config_map,
        check_change: stored::config_map_change,
        steps: WHOLE_LAST,
        ..of("", "configmaps")
    },
    Rules { check: events::core, steps: &[Step::Version], ..of("", "events") },
    Rules { check: endpoints::endpoints, steps: WHOLE, ..of("", "endpoints") },
    Rules {
        create: prepare::name_limit_range,
        check: quotas::limit_range,
        steps: VERSION,
        ..of("", "limitranges")
    },
    Rules {
        name: NameRule::Label,
        returns_deleted: true,
        update: prepare::namespace_keeps,
        check: stored::namespace,
        steps: WHOLE_FIRST,
        check_status: stored::namespace_status,
        ..of("", "namespaces")
    },
    Rules {
        returns_deleted: true,
        create: claims::new_claim,
        update: claims::keep_data_sources,
        check: claims::claim,
        check_change: claims::claim_change,
        warn: |object, _| claims::warnings(object),
        steps: WHOLE,
        check_status: claims::claim_status,
        ..of("", "persistentvolumeclaims")
    },
    Rules {
        returns_deleted: true,
        create: claims::new_volume,
        check: persistent_volumes::volume,
        check_change: persistent_volumes::volume_change,
        warn: |object, _| persistent_volumes::warnings(object),
        steps: VOLUME,
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
        check_status: pod_status::change,
        steps: WHOLE,
        ..of("", "pods")
    },
    Rules {
        generation: Generation::Content,
        returns_deleted: true,
        check: workloads::pod_template,
        warn: |object, _| pod_warnings::pod_template(object),
        ..of("", "podtemplates")
    },
    Rules {
        keeps_status: true,
        check: nodes::node,
        check_change: nodes::node_change,
        steps: WHOLE_FIRST,
        check_status: nodes::node_change,
        ..of("", "nodes")
    },
    Rules {
        generation: Generation::Spec,
        orphans: true,
        create: prepare::empty_replicas,
        check: workloads::replication_controller,
        warn: pod_warnings::workload,
        check_status: workload_status::replicas,
        ..of("", "replicationcontrollers")
    },
    Rules {
        returns_deleted: true,
        create: prepare::empty_status,
        check: quotas::quota,
        check_change: quotas::quota_change,
        check_status: quotas::quota_status,
        ..of("", "resourcequotas")
    },
    Rules {
        check: stored::secret,
        check_change: stored::secret_change,
        warn: |object, _| stored::secret_warnings(object),
        steps: WHOLE_LAST,
        ..of("", "secrets")
    },
    Rules {
        returns_deleted: true,
        warn: stored::account_warnings,
        steps: WHOLE,
        create: prepare::clean_secrets,
        update: |object, _| prepare::clean_secrets(object),
        ..of("", "serviceaccounts")
    },
    Rules {
        name: NameRule::Label,
        returns_deleted: true,
        create: service_values::new_service,
        update: service_values::keep_allocated,
        check: services::service,
        warn: |object, _| balancers::warnings(object),
        check_change: services::service_change,
        steps: CHANGE_FIRST,
        check_status: balancers::status_change,
        ..of("", "services")
    },
    Rules {
        check: revisions::revision,
        check_new: revisions::new_revision,
        check_change: revisions::revision_change,
        steps: WHOLE,
        ..of("apps", "controllerrevisions")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_daemon_set,
        update: prepare::daemon_set_keeps,
        check: workloads::daemon_set,
        warn: |object, _| pod_warnings::template(object),
        check_change: workloads::selector_stays,
        steps: CHANGE_FIRST,
        check_status: workload_status::daemon_set,
        ..of("apps", "daemonsets")
    },
    Rules {
        generation: Generation::SpecOrAnnotations,
        create: prepare::empty_status,
        check: workloads::deployment,
        warn: pod_warnings::workload,
        check_change: workloads::selector_stays,
        check_status: workload_status::deployment,
        ..of("apps", "deployments")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::empty_replicas,
        check: workloads::replica_set,
        warn: pod_warnings::workload,
        check_change: workloads::selector_stays,
        check_status: workload_status::replicas,
        ..of("apps", "replicasets")
    },
    Rules {
        generation: Generation::Spec,
        create: prepare::new_stateful_set,
        update: |object, _| prepare::fill_stateful_set(object),
        check: workloads::stateful_set,
        check_new: workloads::new_stateful_set,
        warn: |object, _| pod_warnings::template(object),
        check_change: workloads::stateful_set_change,
        check_status: workload_status::stateful_set,
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
        check_change: jobs::cron_job_change,
        warn: |object, _| pod_warnings::cron_job(object),
        check_new: jobs::new_cron_job,
        ..of("batch", "cronjobs")
    },
    Rules {
        generation: Generation::Spec,
        orphans: true,
        create: jobs::new_job,
        check: jobs::job,
        warn: pod_warnings::workload,
        check_new: jobs::new_job_rules,
        check_change: jobs::job_change,
        check_status: job_status::change,
        steps: JOB,
        ..of("batch", "jobs")
    },
];
