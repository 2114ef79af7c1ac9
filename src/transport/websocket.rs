//! A stream of events as `WebSocket` messages (RFC 6455), for clients that ask for an upgrade: browsers and some
//! client libraries watch like this.

use futures_util::{SinkExt, StreamExt};
use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::message::BodyStream;

use super::socket::Socket;

/// The largest message that is read from a client, in bytes: a watch expects none.
const MAX_MESSAGE: usize = 64 << 10;

/// The value of `Sec-WebSocket-Accept` for a request with everything that an upgrade needs.
pub(super) fn accept(request: &HeaderMap) -> Option<HeaderValue> {
    let upgrade = request.get(UPGRADE)?.to_str().ok()?;
    let version = request.get(SEC_WEBSOCKET_VERSION)?;
    let key = request.get(SEC_WEBSOCKET_KEY)?;
    if !upgrade.eq_ignore_ascii_case("websocket") || version != "13" {
        return None;
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// Sends each line of a stream as a message, until either side ends it. `read` is what was read behind the
/// request.
pub(super) async fn run(socket: Socket, read: Vec<u8>, mut stream: BodyStream) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let mut client =
        WebSocketStream::from_partially_read(socket, read, Role::Server, Some(config)).await;
    loop {
        tokio::select! {
            item = stream.next() => {
                let Some(Ok(bytes)) = item else { break };
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    // Events are JSON, and JSON is UTF-8.
                    let text = String::from_utf8_lossy(line).into_owned();
                    if client.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
            }
            message = client.next() => match message {
                // The library answers pings; other messages of a client are ignored.
                Some(Ok(message)) if !message.is_close() => {}
                _ => break,
            },
        }
    }
    // Fails where the client has closed the connection.
    let _ = client.close(None).await;
}
