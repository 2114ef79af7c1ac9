//! An address that serves the admin API alone: scenarios never refuse connections on it.

use std::sync::Arc;

use http::StatusCode;

use crate::message::{Handler, Handling, Origin, Plan, Request};

use super::pipeline::Pipeline;

/// The pipeline, for requests to the admin API alone.
#[derive(Debug)]
pub(crate) struct AdminOnly(pub(crate) Arc<Pipeline>);

impl Handler for AdminOnly {
    fn handle(&self, request: Box<Request>) -> Handling<'_> {
        // Below the prefix of a world too.
        if request.path().split('/').any(|segment| segment == "__admin") {
            return self.0.handle(request);
        }
        let why = "this address serves /__admin alone; the API is on the address of --listen\n";
        Handling::Ready(Plan::text(StatusCode::NOT_FOUND, Origin::Server, why))
    }
}
