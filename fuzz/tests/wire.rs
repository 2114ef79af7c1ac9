//! What goes over the wire: requests, patches, selectors.

use std::net::SocketAddr;
use std::sync::OnceLock;

use standin_fuzz::{check, request, send, text};

const MAP: &str = "/api/v1/namespaces/default/configmaps/a";

/// One server for all targets of this file; its runtime goes on for as long as they do.
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let (sender, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let server = standin::Server::builder().start().await.expect("it starts");
                sender.send(server.address()).expect("somebody waits");
                std::future::pending::<()>().await;
            });
        });
        let address = address.recv().expect("an address");
        let map = r#"{"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}}"#;
        let collection = MAP.trim_end_matches("/a");
        check(&send(address, &request("POST", collection, "application/json", map)));
        address
    })
}

#[test]
fn requests() {
    const PIECES: &[&str] = &[
        "GET ",
        "POST ",
        "PATCH ",
        "DELETE ",
        "HEAD ",
        "/",
        "/api/v1/configmaps",
        "/apis",
        "/__admin/health",
        "/worlds/a",
        "*",
        "http://x/",
        "?watch=1&timeoutSeconds=0",
        "?limit=1",
        "%2e%2e",
        "%zz",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        " HTTP/9\r\n",
        "Host: x\r\n",
        "Host: a b\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 3, 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "Upgrade: websocket\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "X: \u{ff}\r\n",
        "\r\n",
        "\n",
        "\r",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "abc",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\0",
        ":",
        ";",
    ];
    let address = server();
    bolero::check!().for_each(|bytes: &[u8]| check(&send(address, text(PIECES, bytes).as_bytes())));
}

#[test]
fn patches() {
    const PIECES: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        r#""op":"add""#,
        r#""op":"copy""#,
        r#""op":"move""#,
        r#""op":"remove""#,
        r#""op":"test""#,
        r#""op":"replace""#,
        r#""path":"/data/k""#,
        r#""path":"/metadata/labels""#,
        r#""path":"/data/-""#,
        r#""path":"""#,
        r#""from":"/data""#,
        r#""from":"/metadata""#,
        r#""value":{"a":{"b":[]}}"#,
        r#""value":null"#,
        r#""data":"#,
        r#""metadata":"#,
        r#""labels":"#,
        r#""finalizers":["x/y"]"#,
        r#""$patch":"replace""#,
        r#""$retainKeys":["k"]"#,
        r#""k":"v""#,
        "null",
        "1e999",
        "true",
        r#""\ud800""#,
        r#"{"op":"copy","from":"/data","path":"/data/x"},"#,
        "apiVersion: v1\n",
        "kind: ConfigMap\n",
        "data: ",
        "{k: v}\n",
        "- ",
        "&a ",
        "*a ",
    ];
    const MEDIA: &[&str] = &[
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ];
    let address = server();
    bolero::check!().for_each(|bytes: &[u8]| {
        let Some((first, rest)) = bytes.split_first() else { return };
        let media = MEDIA[usize::from(*first) % MEDIA.len()];
        let target = format!("{MAP}?fieldManager=f&force=true");
        let target = if media.contains("apply") { &*target } else { MAP };
        check(&send(address, &request("PATCH", target, media, &text(PIECES, rest))));
    });
}

#[test]
fn selectors() {
    const PIECES: &[&str] = &[
        "a",
        "x",
        "y",
        "app.kubernetes.io/name",
        "%3D",
        "%3D%3D",
        "!%3D",
        "!",
        "%2C",
        "+in+",
        "+notin+",
        "(",
        ")",
        "+",
        "%3E",
        "%3C",
        "1",
        "metadata.name",
        "metadata.namespace",
        "%5C",
        "/",
        ".",
        "-",
        "%00",
        "%E2%82%AC",
        "exists",
        "''",
    ];
    const NAMES: &[&str] = &[
        "labelSelector",
        "fieldSelector",
        "continue",
        "resourceVersion",
        "resourceVersionMatch",
        "limit",
    ];
    let address = server();
    bolero::check!().for_each(|bytes: &[u8]| {
        let Some((first, rest)) = bytes.split_first() else { return };
        let name = NAMES[usize::from(*first) % NAMES.len()];
        let value = text(PIECES, rest);
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { return };
        let value: String =
            value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let target = format!("/api/v1/configmaps?{name}={value}");
        check(&send(address, &request("GET", &target, "application/json", "")));
    });
}
