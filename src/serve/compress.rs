//! Large Kubernetes answers, gzipped for clients that ask for it
//! (`k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go`).

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue, VARY};

use crate::message::{Body, Plan};

/// Smaller answers go as they are, in bytes (`defaultGzipThresholdBytes`).
const THRESHOLD: u64 = 128 * 1024;

/// Upstream's level: quick rather than small.
const LEVEL: u32 = 1;

/// Compresses the body of a large answer when the client takes gzip.
pub(super) async fn compress(mut plan: Plan, request: &HeaderMap) -> Plan {
    let large = plan.body.known_len().is_some_and(|length| length > THRESHOLD);
    if !large || !takes_gzip(request) || plan.headers.contains_key(CONTENT_ENCODING) {
        return plan;
    }
    let pieces = match std::mem::take(&mut plan.body) {
        Body::Bytes(bytes) => vec![bytes],
        Body::Pieces(pieces) => pieces,
        // Bodies without a known length were let through above.
        other => {
            plan.body = other;
            return plan;
        }
    };
    // Milliseconds of work: not on a thread that serves others.
    let compressed = tokio::task::spawn_blocking(move || (gzip(&pieces), pieces)).await;
    match compressed {
        Ok((Some(bytes), _)) => {
            plan.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            plan.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
            plan.body = Body::Bytes(bytes);
        }
        Ok((None, pieces)) => plan.body = Body::Pieces(pieces),
        // The runtime is stopping: nobody will read it.
        Err(_) => {}
    }
    plan
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let first = request.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    first.is_some_and(|list| list.split(',').any(|coding| coding.trim() == "gzip"))
}

/// Pieces as one gzipped body.
pub(super) fn gzip(pieces: &[Bytes]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
    for piece in pieces {
        encoder.write_all(piece).ok()?;
    }
    encoder.finish().ok().map(Bytes::from)
}
