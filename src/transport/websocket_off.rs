//! Replaces [`websocket`](super) in a build without the feature: no request is upgraded.

use http::header::{HeaderMap, HeaderValue};

use crate::message::{BodyStream, Conversation};

use super::socket::Socket;

/// No upgrade is accepted.
pub(super) fn accept(_: &HeaderMap) -> Option<HeaderValue> {
    None
}

/// Never called, because nothing is upgraded.
pub(super) async fn converse(_: Socket, _: Vec<u8>, _: &Conversation) {}

/// Never called, because nothing is upgraded.
pub(super) async fn run(_: Socket, _: Vec<u8>, _: BodyStream) {}
