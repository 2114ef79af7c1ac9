//! Go's packages of API types.

/// The Go package of a group's internal types (`k8s.io/kubernetes/pkg/apis`).
pub(in super::super) fn go_package(group: &str) -> &str {
    match group {
        "" | "events.k8s.io" => "core",
        "rbac.authorization.k8s.io" => "rbac",
        "internal.apiserver.k8s.io" => "apiserverinternal",
        group => group.split('.').next().unwrap_or(group),
    }
}
