//! Stands for authorization webhooks in a build without a client: none are asked.

use crate::k8s::{AuthCache, Question};

use super::context::RequestContext;

pub(super) const MOST: usize = 0;

/// No request needs one of its own.
pub(super) fn cache(_: &RequestContext) -> Option<AuthCache> {
    None
}

/// What is decided on a request.
#[expect(clippy::unused_async, reason = "as in a build with a client")]
pub(super) async fn decided<T>(
    context: &RequestContext,
    mut decide: impl FnMut(&AuthCache) -> T,
) -> T {
    decide(&context.world.auth)
}

#[expect(clippy::unused_async, reason = "as in a build with a client")]
pub(super) async fn ask(_: &RequestContext, _: &AuthCache, _: Vec<Question>) {}
