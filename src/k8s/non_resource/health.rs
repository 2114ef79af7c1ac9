//! `/healthz`, `/livez` and `/readyz`, whole and check by check (`k8s.io/apiserver/pkg/server/healthz`).
//!
//! A server that answers is healthy: every check passes. The checks have upstream's names, because scripts
//! ask for single ones.

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};

use crate::message::{Origin, Plan, Query};

/// An endpoint and its checks, in the order of a verbose answer.
#[derive(Debug)]
pub(super) struct Health {
    path: &'static str,
    /// The checks before those of all endpoints.
    first: &'static [&'static str],
    /// The checks after them.
    last: &'static [&'static str],
}

static ENDPOINTS: [Health; 3] = [
    Health {
        path: "/healthz",
        first: &["ping", "log", "loopback-serving-certificate", "etcd"],
        last: &[],
    },
    Health {
        path: "/livez",
        first: &["ping", "log", "loopback-serving-certificate", "etcd"],
        last: &[],
    },
    Health {
        path: "/readyz",
        first: &["ping", "log", "etcd", "etcd-readiness", "informer-sync"],
        last: &["shutdown"],
    },
];

/// The checks of all endpoints (`AddPostStartHook`).
static SHARED: [&str; 29] = [
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/peer-endpoint-reconciler-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/storage-readiness",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

impl Health {
    /// The endpoint of a path, with the name of the check that it asks for; empty for all checks.
    pub(super) fn find(path: &str) -> Option<(&'static Self, &str)> {
        ENDPOINTS.iter().find_map(|health| {
            let rest = path.strip_prefix(health.path)?;
            if rest.is_empty() {
                return Some((health, ""));
            }
            let name = rest.strip_prefix('/')?;
            health.checks().any(|check| check == name).then_some((health, name))
        })
    }

    fn checks(&self) -> impl Iterator<Item = &'static str> {
        self.first.iter().chain(&SHARED).chain(self.last).copied()
    }

    /// The paths of the endpoint, for the index of paths.
    pub(super) fn paths() -> impl Iterator<Item = String> {
        ENDPOINTS.iter().flat_map(|health| {
            let checks = health.checks().map(move |check| format!("{}/{check}", health.path));
            std::iter::once(health.path.to_owned()).chain(checks)
        })
    }

    /// The answer: `ok`, or with `verbose` a line for each check. `exclude` leaves checks out.
    pub(super) fn answer(&self, check: &str, query: &Query<'_>) -> Plan {
        if !check.is_empty() {
            return text("ok");
        }
        let mut plan =
            if query.first("verbose").is_some() { text(self.verbose(query)) } else { text("ok") };
        plan.headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        plan
    }

    fn verbose(&self, query: &Query<'_>) -> String {
        let excluded: Vec<&str> = query.all("exclude").flat_map(|names| names.split(',')).collect();
        let mut lines = String::new();
        for check in self.checks() {
            let excluded = if excluded.contains(&check) { " excluded:" } else { "" };
            lines.push_str(&format!("[+]{check}{excluded} ok\n"));
        }
        let mut unknown: Vec<String> = excluded
            .iter()
            .filter(|name| !name.is_empty() && !self.checks().any(|check| check == **name))
            .map(|name| format!("\"{name}\""))
            .collect();
        if !unknown.is_empty() {
            unknown.sort_unstable();
            let names = unknown.join(",");
            lines.push_str(&format!(
                "warn: some health checks cannot be excluded: no matches for {names}\n"
            ));
        }
        lines.push_str(&format!("{} check passed\n", self.path.trim_start_matches('/')));
        lines
    }
}

fn text(body: impl Into<String>) -> Plan {
    let mut plan = Plan::text(StatusCode::OK, Origin::Kubernetes, body);
    plan.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verbose(path: &str, query: &str) -> String {
        let (health, _) = Health::find(path).unwrap();
        health.verbose(&Query::parse(Some(query)).unwrap())
    }

    #[test]
    fn a_path_names_an_endpoint_or_one_of_its_checks() {
        assert_eq!(Health::find("/livez").map(|(_, check)| check), Some(""));
        assert_eq!(
            Health::find("/readyz/informer-sync").map(|(_, check)| check),
            Some("informer-sync")
        );
        for path in
            ["/livez/", "/livez/shutdown", "/healthzz", "/healthz/poststarthook", "/readyz/nope"]
        {
            assert!(Health::find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn verbose_answers_have_a_line_for_each_check() {
        let text = verbose("/livez", "verbose&exclude=etcd");
        assert!(text.starts_with(
            "[+]ping ok\n[+]log ok\n[+]loopback-serving-certificate ok\n[+]etcd excluded: ok\n"
        ));
        assert!(text.ends_with("openapiv3-controller ok\nlivez check passed\n"));
        let text = verbose("/readyz", "exclude=nope");
        assert!(text.ends_with(
            "[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for \"nope\"\n\
             readyz check passed\n"
        ));
    }
}
