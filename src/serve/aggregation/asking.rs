//! What the server of an API service is asked by this one: whether it is there, and what it serves.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::k8s::{self, AvailabilityCondition, Remote, RemoteDocument, RemotePlace};
use crate::message::{Body, RequestBody};

use super::super::context::RequestContext;
use super::{headers, target};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How it is said that it took longer.
const LATE: &str = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

/// The largest document that is read, in bytes.
const MOST: usize = 16 << 20;

/// The aggregated form of discovery, in the versions that clients ask for.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/// Whether a server answers what it has to: the resources of the group and version.
pub(super) async fn availability(
    context: &RequestContext,
    remote: &Remote,
    place: &RemotePlace,
) -> AvailabilityCondition {
    let url = format!("https://{}{}", place.authority, remote.root());
    let failed = |why: &str| {
        AvailabilityCondition::failed(format!("failing or missing response from {url}: {why}"))
    };
    match get(context, remote, place, &remote.root(), headers::own("*/*", true)).await {
        Ok(answer) if answer.status.is_success() => AvailabilityCondition::passed(),
        Ok(answer) => failed(&format!("bad status from {url}: {}", answer.status.as_u16())),
        Err(why) => failed(&format!("Get \"{url}\": {why}")),
    }
}

/// What a server serves of the group and version: from its aggregated form of discovery, or else from the list.
pub(super) async fn document(
    context: &RequestContext,
    remote: &Remote,
    place: &RemotePlace,
) -> RemoteDocument {
    let accept = headers::own(AGGREGATED, true);
    let all = get(context, remote, place, "/apis", accept).await;
    let found = match all {
        Ok(answer) if answer.is_aggregated() => answer.json(),
        Ok(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => None,
        Err(_) => None,
        Ok(_) => {
            let accept = headers::own("application/json", false);
            let list = get(context, remote, place, &remote.root(), accept).await.ok();
            list.filter(|answer| answer.status == StatusCode::OK).and_then(|answer| answer.json())
        }
    };
    let resources = found.map(|document| k8s::listed(remote, &document));
    let known = context.world.aggregation.document(&remote.name);
    match resources {
        Some(Ok(resources)) => {
            let openapi = openapi(context, remote, place).await;
            RemoteDocument { resources, is_fresh: true, openapi }
        }
        // What was served before stays, as upstream has it.
        _ => match known {
            Some(known) => RemoteDocument { is_fresh: false, ..(*known).clone() },
            None => RemoteDocument::default(),
        },
    }
}

/// Where the document of OpenAPI is, where the server has one.
async fn openapi(context: &RequestContext, remote: &Remote, place: &RemotePlace) -> Option<String> {
    let accept = headers::own("application/json", true);
    let index = get(context, remote, place, "/openapi/v3", accept).await.ok()?.json()?;
    let url = &index["paths"][remote.openapi_name()]["serverRelativeURL"];
    url.as_str().map(str::to_owned)
}

/// The answer of a server.
struct Answer {
    status: StatusCode,
    media: String,
    body: Bytes,
}

impl Answer {
    fn is_aggregated(&self) -> bool {
        self.status == StatusCode::OK
            && self.media.contains("g=apidiscovery.k8s.io")
            && self.media.contains("as=APIGroupDiscoveryList")
    }

    fn json(&self) -> Option<Value> {
        (self.status == StatusCode::OK).then(|| serde_json::from_slice(&self.body).ok())?
    }
}

async fn get(
    context: &RequestContext,
    remote: &Remote,
    place: &RemotePlace,
    path: &str,
    headers: http::HeaderMap,
) -> Result<Answer, String> {
    let url = format!("https://{}{path}", place.authority);
    let mut request = http::Request::new(RequestBody::Empty);
    *request.uri_mut() = url.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    *request.headers_mut() = headers;
    let target = target(remote, place);
    let answer = async {
        let sent = context.shared.settings.aggregator.send(&target, request).await?;
        let (head, body) = sent.into_parts();
        let media = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().replace(' ', "");
        Ok(Answer { status: head.status, media, body: read(body).await? })
    };
    tokio::time::timeout(TIMEOUT, answer).await.unwrap_or_else(|_| Err(LATE.to_owned()))
}

/// Reads a body to its end.
async fn read(body: Body) -> Result<Bytes, String> {
    let mut stream = match body {
        Body::Passed(body) => body.into_stream(),
        Body::Stream(stream) => stream,
        Body::Bytes(bytes) => return Ok(bytes),
        _ => return Ok(Bytes::new()),
    };
    let mut read = BytesMut::new();
    while let Some(piece) = stream.next().await {
        read.extend_from_slice(&piece.map_err(|error| error.to_string())?);
        if read.len() > MOST {
            return Err(format!("the answer has more than {MOST} bytes"));
        }
    }
    Ok(read.freeze())
}
