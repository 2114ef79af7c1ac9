//! A stream of events as `WebSocket` messages (RFC 6455), for clients that request an upgrade:
//! browsers and some client libraries watch this way.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use crate::message::{ABNORMAL, BodyStream, Conversation, Message as Said, NO_CODE};

use super::exact;
use super::socket::Socket;

/// The largest message that is read from a client, in bytes: a watch expects none.
const MAX_MESSAGE: usize = 64 << 10;

/// The largest message that is read from a client in a conversation, in bytes.
const MAX_SAID: usize = 16 << 20;

/// Returns the value of `Sec-WebSocket-Accept` for a valid upgrade request.
pub(super) fn accept(request: &HeaderMap) -> Option<HeaderValue> {
    let upgrade = request.get(UPGRADE)?.to_str().ok()?;
    let version = request.get(SEC_WEBSOCKET_VERSION)?;
    let key = request.get(SEC_WEBSOCKET_KEY)?;
    if !upgrade.eq_ignore_ascii_case("websocket") || version != "13" {
        return None;
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// Plays the server's side of a recorded conversation: each message after its pause, and after the
/// client's messages that preceded it. `read` holds the bytes that were read after the request.
pub(super) async fn converse(socket: Socket, read: Vec<u8>, conversation: &Conversation) {
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_SAID)).max_frame_size(Some(MAX_SAID));
    let mut client =
        WebSocketStream::from_partially_read(socket, read, Role::Server, Some(config)).await;
    // Messages that the client has sent early.
    let mut early = 0_usize;
    for turn in conversation.iter() {
        if turn.by_client {
            if early > 0 {
                early -= 1;
            } else if next_said(&mut client).await.is_none() {
                return;
            }
            continue;
        }
        let mut pause = std::pin::pin!(exact::sleep(turn.after));
        loop {
            tokio::select! {
                biased;
                () = &mut pause => break,
                said = next_said(&mut client) => match said {
                    Some(()) => early += 1,
                    None => return,
                },
            }
        }
        let sent = match &turn.message {
            Said::Text(text) if turn.frames.is_empty() => {
                client.send(Message::text(String::from_utf8_lossy(text).into_owned())).await
            }
            Said::Text(text) => in_frames(&mut client, Data::Text, text, &turn.frames).await,
            Said::Binary(bytes) if turn.frames.is_empty() => {
                client.send(Message::binary(bytes.clone())).await
            }
            Said::Binary(bytes) => in_frames(&mut client, Data::Binary, bytes, &turn.frames).await,
            Said::Ping(bytes) => client.send(Message::Ping(bytes.clone())).await,
            Said::Pong(bytes) => client.send(Message::Pong(bytes.clone())).await,
            Said::Close(ABNORMAL, _) => return,
            Said::Close(NO_CODE, _) => {
                let _ = client.close(None).await;
                break;
            }
            Said::Close(code, reason) => {
                let frame = CloseFrame {
                    code: CloseCode::from(*code),
                    reason: String::from_utf8_lossy(reason).into_owned().into(),
                };
                let _ = client.close(Some(frame)).await;
                break;
            }
        };
        if sent.is_err() {
            return;
        }
    }
    // Until the client ends it, as in the recording, or answers the close frame.
    while next_said(&mut client).await.is_some() {}
}

/// Sends a message in frames of these lengths.
async fn in_frames(
    client: &mut WebSocketStream<Socket>,
    kind: Data,
    bytes: &Bytes,
    lengths: &[usize],
) -> Result<(), tungstenite::Error> {
    let (mut kind, mut rest) = (kind, bytes.clone());
    for (at, length) in lengths.iter().enumerate() {
        let part = rest.split_to((*length).min(rest.len()));
        let is_last = at + 1 == lengths.len();
        client.feed(Message::Frame(Frame::message(part, OpCode::Data(kind), is_last))).await?;
        kind = Data::Continue;
    }
    client.flush().await
}

/// Waits for a message of the client; nothing where it has ended the connection.
async fn next_said(client: &mut WebSocketStream<Socket>) -> Option<()> {
    loop {
        match client.next().await {
            Some(Ok(Message::Text(_) | Message::Binary(_))) => return Some(()),
            Some(Ok(message)) if !message.is_close() => {}
            _ => {
                let _ = client.close(None).await;
                return None;
            }
        }
    }
}

/// Sends each line of a stream as a message, until either side ends it. `read` holds the bytes that
/// were read after the request.
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
    // Fails if the client has closed the connection.
    let _ = client.close(None).await;
}
