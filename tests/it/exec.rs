//! Commands in containers: what an annotation says they write, over WebSocket.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::{PATIENCE, ask, files};

const POD: &str = "/api/v1/namespaces/default/pods/p";

async fn server() -> (RunningServer, tempfile::TempDir) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "namespace": "default", "annotations": {
            "standin.dev/logs": "booted\n",
            "standin.dev/exec": "- {command: [cat], stdout: \"content\\n\"}\n- {command: [rm], stderr: no, exitCode: 2}\n",
        }},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
    });
    let directory = files(&[("pod.json", &pod.to_string())]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

/// The subprotocol of the server, and its messages by channel.
async fn run(server: &RunningServer, path: &str) -> (String, Vec<(u8, String)>) {
    let url = format!("ws://{}{POD}/{path}", server.address());
    let mut request = url.into_client_request().unwrap();
    let asked = "v5.channel.k8s.io,v4.channel.k8s.io".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", asked);
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut client, answer) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let protocol = answer.headers()["sec-websocket-protocol"].to_str().unwrap().to_owned();
    let mut said = Vec::new();
    while let Some(message) = tokio::time::timeout(PATIENCE, client.next()).await.expect("an end") {
        match message {
            Ok(Message::Binary(bytes)) => {
                said.push((bytes[0], String::from_utf8(bytes[1..].to_vec()).unwrap()));
            }
            Ok(Message::Close(frame)) => assert_eq!(u16::from(frame.unwrap().code), 1000),
            Err(Error::ConnectionClosed) => break,
            other => panic!("{other:?}"),
        }
    }
    (protocol, said)
}

#[tokio::test]
async fn a_command_writes_what_its_annotation_says() {
    let (server, _fixtures) = server().await;
    let (protocol, said) = run(&server, "exec?command=cat&command=/etc/hosts&stdout=true").await;
    assert_eq!(protocol, "v5.channel.k8s.io");
    assert_eq!(said[0], (1, "content\n".to_owned()));
    let status: Value = serde_json::from_str(&said[1].1).unwrap();
    assert_eq!((said[1].0, &status["status"]), (3, &json!("Success")));
    let (_, said) = run(&server, "exec?command=rm&stderr=true&container=c").await;
    assert_eq!(said[0], (2, "no".to_owned()));
    let status: Value = serde_json::from_str(&said[1].1).unwrap();
    assert_eq!(status["reason"], "NonZeroExitCode");
    assert_eq!(status["details"]["causes"][0]["message"], "2");
    let (_, said) = run(&server, "attach?stdout=true").await;
    assert_eq!(said[0], (1, "booted\n".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_run_is_said() {
    let (server, _fixtures) = server().await;
    for (path, status, message) in [
        ("exec", 400, "you must specify at least 1 command for the container"),
        ("exec?command=ls", 501, "no container runs behind pod p"),
        ("exec?command=cat", 400, "Upgrade request required"),
        ("exec?command=cat&container=x", 400, "container x is not valid for pod p"),
        ("portforward?ports=80", 501, "no container runs behind pod p"),
    ] {
        let answer = ask(&server, "GET", &format!("{POD}/{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
        assert!(answer.at("/message").as_str().unwrap().contains(message), "{}", answer.text());
    }
}

/// What kube-apiserver 1.36.3 answers for a pod without a node.
#[tokio::test]
async fn containers_and_ports_are_checked_before_the_node() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]},
    });
    let directory = files(&[("pod.json", &pod.to_string())]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    let ports = "cannot convert to []int32: strconv.ParseUint: parsing";
    for (path, why) in [
        ("exec?command=ls", "a container name must be specified for pod p, choose one of: [a b]"),
        ("attach?container=z", "container z is not valid for pod p"),
        ("exec?container=a&command=ls", "pod p does not have a host assigned"),
        ("portforward?ports=80,81", "pod p does not have a host assigned"),
        ("portforward?ports=80,x", &format!("{ports} \"x\": invalid syntax")),
        ("portforward?ports=65536", &format!("{ports} \"65536\": value out of range")),
        ("proxy/", "address not allowed"),
    ] {
        let answer = ask(&server, "GET", &format!("{POD}/{path}")).await;
        assert_eq!((answer.status.as_u16(), answer.at("/message")), (400, json!(why)), "{path}");
    }
}
