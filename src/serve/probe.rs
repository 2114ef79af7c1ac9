//! Requests for the health of the server: they come from probes, not from clients of the simulated API.

use crate::message::{Origin, Plan, Request};

/// The paths of an API server for its health, and what is below them.
const PATHS: [&str; 3] = ["/healthz", "/livez", "/readyz"];

/// Whether a request asks for the health of this server, and no rule and no stub has changed the answer.
pub(super) fn is_probe(request: &Request, plan: &Plan) -> bool {
    plan.origin == Origin::Kubernetes && plan.rule().is_none() && is_probe_path(request.path())
}

/// Whether a path is one of an API server for its health.
pub(super) fn is_probe_path(path: &str) -> bool {
    PATHS.iter().any(|of| {
        let below = path.strip_prefix(of);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
