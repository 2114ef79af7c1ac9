//! For fault drills: a scenario decides what goes wrong, and the verdict says whether the client coped.
//!
//! `cargo run --example fault_drill`

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// A client that does not wait as Retry-After says: in place of yours.
fn impatient(server: SocketAddr) -> std::io::Result<()> {
    for _ in 0..5 {
        let mut stream = TcpStream::connect(server)?;
        let path = "/apis/kubeflow.org/v1/tfjobs";
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let builder = standin::Server::builder().scenario("throttling/burst").seed(42).graded(true);
    let server = builder.start().await?;
    let address = server.address();
    tokio::task::spawn_blocking(move || impatient(address)).await??;
    let verdict = server.verdict();
    print!("{}", verdict.to_text());
    assert_eq!(verdict.verdict, standin::Verdict::Failed);
    server.shutdown().await;
    Ok(())
}
