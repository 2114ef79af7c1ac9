//! The names of controllers, and which of them run (`kube-controller-manager --controllers`).

use crate::document::suggest;

/// A controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::enum_variant_names, reason = "the name is that of the type that it controls")]
pub(crate) enum Controller {
    /// Gives pods a node, and runs them.
    Pod,
    ReplicaSet,
    ReplicationController,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    /// Binds claims to volumes.
    Claim,
    /// Counts the objects of a namespace in its quotas.
    ResourceQuota,
    Endpoints,
    EndpointSlice,
    /// Removes finished jobs after their time.
    TtlAfterFinished,
    /// Creates the default account of each namespace.
    ServiceAccount,
    /// Creates the certificates of each namespace.
    RootCertificates,
    /// Collects objects whose owners are gone.
    GarbageCollector,
    /// Gives aggregating cluster roles their rules.
    ClusterRoleAggregation,
    /// Checks the types of validating admission policies.
    PolicyStatus,
}

/// The controllers with their names: that of upstream, and the older short one.
const NAMES: [(Controller, &str, &str); 18] = [
    (Controller::Pod, "pod-lifecycle", "kubelet"),
    (Controller::ReplicaSet, "replicaset-controller", "replicaset"),
    (
        Controller::ReplicationController,
        "replicationcontroller-controller",
        "replicationcontroller",
    ),
    (Controller::Deployment, "deployment-controller", "deployment"),
    (Controller::StatefulSet, "statefulset-controller", "statefulset"),
    (Controller::DaemonSet, "daemonset-controller", "daemonset"),
    (Controller::Job, "job-controller", "job"),
    (Controller::CronJob, "cronjob-controller", "cronjob"),
    (Controller::Claim, "persistentvolume-binder-controller", "persistentvolume-binder"),
    (Controller::ResourceQuota, "resourcequota-controller", "resourcequota"),
    (Controller::Endpoints, "endpoints-controller", "endpoint"),
    (Controller::EndpointSlice, "endpointslice-controller", "endpointslice"),
    (Controller::TtlAfterFinished, "ttl-after-finished-controller", "ttl-after-finished"),
    (Controller::ServiceAccount, "serviceaccount-controller", "serviceaccount"),
    (
        Controller::RootCertificates,
        "root-ca-certificate-publisher-controller",
        "root-ca-cert-publisher",
    ),
    (Controller::GarbageCollector, "garbage-collector-controller", "garbagecollector"),
    (
        Controller::ClusterRoleAggregation,
        "clusterrole-aggregation-controller",
        "clusterrole-aggregation",
    ),
    (
        Controller::PolicyStatus,
        "validatingadmissionpolicy-status-controller",
        "validatingadmissionpolicy-status-controller",
    ),
];

/// The controllers that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ControllerSet(Vec<Controller>);

impl Default for ControllerSet {
    /// All of them.
    fn default() -> Self {
        Self(NAMES.iter().map(|(controller, ..)| *controller).collect())
    }
}

impl ControllerSet {
    /// Reads a list: `*` stands for all, `NAME` turns one on and `-NAME` off.
    ///
    /// # Errors
    /// A name that no controller has.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let all = words.iter().any(|word| word == "*");
        let mut on = if all { Self::default().0 } else { Vec::new() };
        for word in words.iter().filter(|word| *word != "*") {
            let (name, off) = match word.strip_prefix('-') {
                Some(name) => (name, true),
                None => (word.as_str(), false),
            };
            let found = NAMES.iter().find(|(_, long, short)| name == *long || name == *short);
            let Some((controller, ..)) = found else {
                let known: Vec<&str> = NAMES.iter().map(|(_, long, _)| *long).collect();
                let hint = suggest(name, &known);
                return Err(format!("{name:?} is not in the list of known controllers; {hint}"));
            };
            on.retain(|other| other != controller);
            if !off {
                on.push(*controller);
            }
        }
        Ok(Self(on))
    }

    /// Whether a controller runs.
    pub(crate) fn has(&self, controller: Controller) -> bool {
        self.0.contains(&controller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_upstream_reads_them() {
        let set = |text: &str| {
            let words: Vec<String> = text.split(',').map(str::to_owned).collect();
            ControllerSet::parse(&words)
        };
        let some = set("*,-cronjob,-job-controller").unwrap();
        assert!(some.has(Controller::Deployment) && !some.has(Controller::CronJob));
        assert!(!some.has(Controller::Job));
        assert_eq!(set("replicaset"), Ok(ControllerSet(vec![Controller::ReplicaSet])));
        let wrong = set("*,-cronjobs").unwrap_err();
        assert!(
            wrong.starts_with("\"cronjobs\" is not in the list of known controllers"),
            "{wrong}"
        );
    }
}
