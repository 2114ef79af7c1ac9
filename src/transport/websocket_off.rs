//! Stands for [`websocket`](super) in a build without the feature: no request is upgraded, so nothing runs.

use http::header::{HeaderMap, HeaderValue};

use crate::message::{BodyStream, Conversation};

use super::socket::Socket;

/// No upgrade is accepted.
pub(super) fn accept(_: &HeaderMap) -> Option<HeaderValue> {
    None
}

/// Is never called: nothing was upgraded.
pub(super) async fn converse(_: Socket, _: Vec<u8>, _: &Conversation) {}

/// Is never called: nothing was upgraded.
pub(super) async fn run(_: Socket, _: Vec<u8>, _: BodyStream) {}
