//! For test stacks: one server for many tests, each with a world of its own, in which its clock is moved.
//!
//! `cargo run --example shared_server`

use std::error::Error;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = standin::Server::builder().stages(true).start().await?;
    for name in ["creates", "deletes"] {
        let world = server.world(name)?;
        // A client of the test gets world.url(), or the kubeconfig.
        println!("{name}: {}", world.url());
        world.freeze();
        let before = world.now();
        // What an hour brings happens now: jobs run and complete.
        world.advance(Duration::from_secs(3600));
        assert_eq!(world.now().duration_since(before)?, Duration::from_secs(3600));
        world.reset();
    }
    server.shutdown().await;
    Ok(())
}
