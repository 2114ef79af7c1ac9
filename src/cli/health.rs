//! `standin healthcheck`: for container images that have no curl.

use super::args::Target;
use super::ask::Server;
use super::error::CommandError;

pub(super) fn healthcheck(args: &Target) -> Result<(), CommandError> {
    let (server, answer) = Server::ask(&args.server, "/__admin/health", None)?;
    if answer.status == 200 {
        println!("healthy");
        return Ok(());
    }
    Err(CommandError::Failed(format!(
        "{server} answered /__admin/health with {}; it is not a healthy Standin",
        answer.status
    )))
}
