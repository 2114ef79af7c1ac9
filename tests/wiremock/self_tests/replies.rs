//! Answers of a scripted server, read to their end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::reply::{End, Reply};
use crate::wire::{Outgoing, gzip};

/// What is read of a server that answers with `bytes`, and then ends the connection in some way.
fn exchange(bytes: Vec<u8>, to_end: bool, end: fn(&TcpStream)) -> Reply {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut request = [0; 1024];
        let count = socket.read(&mut request).expect("a request");
        assert!(request[..count].ends_with(b"\r\n\r\n"));
        socket.write_all(&bytes).expect("it is sent");
        end(&socket);
    });
    let deadline = Instant::now() + Duration::from_millis(500);
    let reply = Outgoing::new("GET", "/", &[], None).exchange(address, to_end, deadline);
    server.join().expect("the server ends");
    reply.expect("an answer")
}

pub(super) fn chunks_and_gzip_are_undone() {
    let zipped = gzip(b"some text");
    let (one, two) = zipped.split_at(5);
    let mut bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Fine\r\nContent-Encoding: gzip\r\n\
                      Transfer-Encoding: chunked\r\n\r\n5\r\n"
        .to_vec();
    bytes.extend_from_slice(one);
    bytes.extend(format!("\r\n{:x};x=y\r\n", two.len()).bytes());
    bytes.extend_from_slice(two);
    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    let reply = exchange(bytes, false, |_| ());
    assert_eq!((reply.status, reply.reason.as_str()), (Some(200), "Fine"));
    assert_eq!((reply.body.as_slice(), reply.chunks), (&b"some text"[..], vec![5, two.len()]));
    assert_eq!(reply.end, End::Kept);
}

pub(super) fn a_connections_end_is_named() {
    let reply = exchange(b"HTTP/1.1 200 OK\r\n\r\nbody".to_vec(), false, |_| ());
    assert_eq!((reply.body.as_slice(), reply.end), (&b"body"[..], End::Fin));
    let reply = exchange(b"anything".to_vec(), true, |_| ());
    assert_eq!((reply.status, reply.raw.as_slice(), reply.end), (None, &b"anything"[..], End::Fin));
    let reset = |socket: &TcpStream| {
        SockRef::from(socket).set_linger(Some(Duration::ZERO)).expect("an option");
    };
    assert_eq!(exchange(Vec::new(), true, reset).end, End::Rst);
    let reply =
        exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody".to_vec(), false, |_| ());
    assert_eq!((reply.body.as_slice(), reply.end), (&b"body"[..], End::Fin));
}

pub(super) fn a_silent_server_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let deadline = Instant::now() + Duration::from_millis(50);
    let reply = Outgoing::new("GET", "/", &[], None).exchange(address, false, deadline);
    let reply = reply.expect("an answer");
    assert_eq!((reply.status, reply.end), (None, End::Timeout));
}
