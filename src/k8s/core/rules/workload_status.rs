//! Rules of the statuses of workloads: counts that are not negative, and that fit each other
//! (`pkg/apis/{apps,core}/validation/validation.go`: `ValidateDeploymentStatus` and its like).

use serde_json::Value;

use super::super::super::status::FieldError;
use super::check::{Errors, child, non_negative};

/// The counts of a status.
struct Counts {
    /// Those that must not be negative, in upstream's order.
    all: &'static [&'static str],
    /// Those that must not exceed the replicas.
    within_replicas: &'static [&'static str],
    /// What an available count is that exceeds the ready one.
    beyond_ready: &'static str,
    /// Whether the count of collisions only grows.
    has_collisions: bool,
}

const DEPLOYMENT: Counts = Counts {
    all: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ],
    within_replicas: &["updatedReplicas", "readyReplicas", "availableReplicas"],
    beyond_ready: "cannot be greater than readyReplicas",
    has_collisions: true,
};

const REPLICAS: Counts = Counts {
    all: &[
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
        "terminatingReplicas",
    ],
    within_replicas: &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
    beyond_ready: "cannot be greater than readyReplicas",
    has_collisions: false,
};

const STATEFUL_SET: Counts = Counts {
    all: &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ],
    within_replicas: &["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
    beyond_ready: "cannot be greater than status.readyReplicas",
    has_collisions: true,
};

const DAEMON_SET: Counts = Counts {
    all: &[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ],
    within_replicas: &[],
    beyond_ready: "",
    has_collisions: true,
};

/// `ValidateDeploymentStatusUpdate`.
pub(super) fn deployment(new: &Value, old: &Value, errors: &mut Errors) {
    DEPLOYMENT.check(new, old, errors);
}

/// `ValidateReplicaSetStatusUpdate`, `ValidateReplicationControllerStatusUpdate`.
pub(super) fn replicas(new: &Value, old: &Value, errors: &mut Errors) {
    REPLICAS.check(new, old, errors);
}

/// `ValidateStatefulSetStatusUpdate`.
pub(super) fn stateful_set(new: &Value, old: &Value, errors: &mut Errors) {
    STATEFUL_SET.check(new, old, errors);
}

/// `ValidateDaemonSetStatusUpdate`.
pub(super) fn daemon_set(new: &Value, old: &Value, errors: &mut Errors) {
    DAEMON_SET.check(new, old, errors);
}

impl Counts {
    fn check(&self, new: &Value, old: &Value, errors: &mut Errors) {
        let status = &new["status"];
        let count = |field: &str| status[field].as_i64().unwrap_or_default();
        for field in self.all {
            non_negative(errors, status, field, "status");
        }
        let mut refuse = |field: &str, why: &str| {
            errors.push(FieldError::invalid(child("status", field), count(field), why));
        };
        for field in self.within_replicas.iter().filter(|field| count(field) > count("replicas")) {
            refuse(field, "cannot be greater than status.replicas");
        }
        if !self.beyond_ready.is_empty() && count("availableReplicas") > count("readyReplicas") {
            refuse("availableReplicas", self.beyond_ready);
        }
        // An absent count is less than any (`IsDecremented`).
        let collisions = |object: &Value| object["status"]["collisionCount"].as_i64();
        let fewer = match (collisions(old), collisions(new)) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(old), Some(new)) => new < old,
        };
        if self.has_collisions && fewer {
            refuse("collisionCount", "cannot be decremented");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_fit_each_other() {
        let (mut errors, old) = (Vec::new(), json!({"status": {"collisionCount": 2}}));
        let new = json!({"status": {
            "replicas": 1, "readyReplicas": -1, "availableReplicas": 2, "collisionCount": 1,
        }});
        deployment(&new, &old, &mut errors);
        let fields: Vec<String> = errors.iter().map(|error| error.field.clone()).collect();
        let wanted = ["readyReplicas", "availableReplicas", "availableReplicas", "collisionCount"];
        assert_eq!(fields, wanted.map(|field| format!("status.{field}")));
    }
}
