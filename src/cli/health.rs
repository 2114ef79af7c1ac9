//! `standin healthcheck`: for container images that have no curl.

use crate::error::Error;

use super::args::Target;
use super::ask::Server;

pub(super) fn healthcheck(args: &Target) -> Result<(), Error> {
    let (server, answer) = Server::ask(&args.server, "/__admin/health")?;
    if answer.status == 200 {
        println!("healthy");
        return Ok(());
    }
    Err(Error::Unhealthy(format!(
        "{server} answered /__admin/health with {}; that is not a healthy Standin",
        answer.status
    )))
}
