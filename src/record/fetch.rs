//! Single requests to a backend, whose answers are read whole: what comparisons and snapshots ask.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;

use crate::message::Request;
use crate::redact::decoded;

use super::upstream::{Upstream, causes};

/// How long a body may pause.
const PAUSE: Duration = Duration::from_secs(30);

/// The largest body that is read, in bytes.
const MOST: usize = 64 << 20;

/// An answer, whole and decompressed.
#[derive(Debug)]
pub(crate) struct FetchedAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Upstream {
    /// Sends a request, and reads the answer to its end.
    ///
    /// # Errors
    /// The sentence for people: why there is no answer.
    pub(crate) async fn fetch(&self, request: Request) -> Result<FetchedAnswer, String> {
        let answer = self.forward(request).await.map_err(|error| error.to_string())?;
        let (head, mut body) = answer.into_parts();
        let (status, mut headers) = (head.status, head.headers);
        let mut bytes = BytesMut::new();
        loop {
            let frame = tokio::time::timeout(PAUSE, body.frame()).await;
            let frame = frame
                .map_err(|_| format!("the answer paused for more than {} s", PAUSE.as_secs()))?;
            let Some(frame) = frame else { break };
            let frame =
                frame.map_err(|error| format!("the answer broke off: {}", causes(&error)))?;
            if let Ok(data) = frame.into_data() {
                bytes.extend_from_slice(&data);
            }
            if bytes.len() > MOST {
                return Err(format!("the answer has more than {MOST} bytes"));
            }
        }
        let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let mut body = bytes.freeze();
        if let Some(plain) = coding.and_then(|coding| decoded(coding, &body)) {
            body = plain.into();
            headers.remove(CONTENT_ENCODING);
        }
        Ok(FetchedAnswer { status, headers, body })
    }
}
