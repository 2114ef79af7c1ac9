//! What the Kubernetes side has at a path, for the console: no scenario disturbs it, no journal or grading sees it, and
//! who may read the admin API may read it.

use http::header::{ACCEPT, ACCEPT_ENCODING};

use crate::k8s::{Faults, User};
use crate::message::{Asked, Origin, Plan, Request};

use super::super::super::context::RequestContext;
use super::super::super::kubernetes;
use super::super::reply::AdminError;

/// Answers a read as the Kubernetes API does; watches are streams.
pub(in super::super) async fn objects(
    context: &RequestContext,
    request: &Request,
    path: &str,
) -> Result<Plan, AdminError> {
    let target = match request.query() {
        Some(query) => format!("/{path}?{query}"),
        None => format!("/{path}"),
    };
    let mut inner = Request::new(request.method.clone(), "/");
    inner.uri = target.parse().map_err(|_| {
        AdminError::Invalid(format!("{path:?} is not a path; write it as it stands in a URL"))
    })?;
    for name in [ACCEPT, ACCEPT_ENCODING] {
        if let Some(value) = request.headers.get(&name) {
            inner.headers.insert(name, value.clone());
        }
    }
    let asked = Asked::new(&inner);
    if asked.target_error().is_some() || !kubernetes::owns(context, &asked).await {
        return Err(AdminError::NotFound(format!("the Kubernetes API serves nothing at /{path}")));
    }
    let mut plan = kubernetes::answer(context, &asked, &User::administrator(), &Faults::NONE).await;
    plan.origin = Origin::Admin;
    Ok(plan)
}
