//! For people who write API clients: the server is a value in a test, and its journal says what the client did.
//!
//! `cargo run --example client_test`

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// The client under test: in place of yours.
fn list_jobs(server: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server)?;
    let path = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = standin::Server::builder().start().await?;
    let address = server.address();
    let answer = tokio::task::spawn_blocking(move || list_jobs(address)).await??;
    assert!(answer.contains("tfjob-test"), "{answer}");

    let exchanges = server.journal().exchanges();
    assert_eq!(exchanges.len(), 1, "one request, no retries");
    println!("{}", exchanges[0].to_line());
    server.shutdown().await;
    Ok(())
}
