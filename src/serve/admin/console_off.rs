//! The console of a build without it: errors that say so.

use crate::message::{Plan, Request};

use super::super::context::RequestContext;
use super::reply::AdminError;

fn absent() -> AdminError {
    AdminError::NotFound(
        "this build has no console: build it with the feature `console`".to_owned(),
    )
}

pub(super) fn page(_: &RequestContext, _: &Request) -> Result<Plan, AdminError> {
    Err(absent())
}

pub(super) fn events(_: &RequestContext, _: &Request) -> Result<Plan, AdminError> {
    Err(absent())
}

#[expect(clippy::unused_async, reason = "the signature is that of a build with the console")]
pub(super) async fn objects(_: &RequestContext, _: &Request, _: &str) -> Result<Plan, AdminError> {
    Err(absent())
}
