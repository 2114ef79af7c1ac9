//! A Kubernetes request that is audited: its answer, and the events of its stages
//! (`k8s.io/apiserver/pkg/endpoints/filters/{audit,authn_audit}.go`).

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};

use crate::k8s::{self, AuditNotes, AuditRecord, AuditStage};
use crate::message::{Asked, Body, BodyStream, Plan};
use crate::redact::{Media, Redacted, Redactor};

use super::super::context::RequestContext;
use super::super::{access_reviews, admit, kubernetes, respond};
use super::log::AuditLog;

/// The header field with the id of a request, in the request and in its answer.
const AUDIT_ID: &str = "audit-id";

/// The longest answer whose `Status` is looked at where its object is not written down, in bytes.
const LONGEST_STATUS: usize = 64 << 10;

/// The subresources whose requests are long.
const LONG: [&str; 5] = ["attach", "exec", "proxy", "log", "portforward"];

/// Answers a request that nothing before the Kubernetes side has answered, and writes it down. `owned` says whether the
/// engine has the path.
pub(in super::super) async fn answer(
    log: &Arc<AuditLog>,
    context: &RequestContext,
    asked: &Asked<'_>,
    owned: bool,
    faults: &k8s::Faults,
) -> Plan {
    let world = &context.world;
    let auth = &context.shared.settings.auth;
    let request =
        k8s::AuthRequest { path: asked.path(), info: asked.info(), headers: asked.headers() };
    let of_world = || k8s::TokenWorld { state: world.store.state(), now: world.clock.now() };
    let certificate = asked.request().certificate.as_deref();
    let sender = auth.authenticate(asked.headers(), certificate, of_world).ok();
    let rule = log.policy.rule(sender.as_deref(), &request);
    if rule.is_none() {
        return answered(context, asked, owned, faults, None).await;
    }
    let assess = |cache: &k8s::AuthCache| {
        let of = |sender| auth.assess(sender, &request, &world.store.state(), cache);
        sender.as_ref().map(of).unwrap_or_default()
    };
    let found = access_reviews::decided(context, assess).await;
    let notes = Arc::new(AuditNotes::new(rule.level));
    let is_known = sender.is_some();
    let mut record = AuditRecord {
        rule,
        id: id(asked),
        uri: asked.target().to_owned(),
        verb: asked.info().verb.to_string(),
        user: sender,
        impersonated: found.impersonated,
        sources: sources(asked),
        agent: header(asked, USER_AGENT.as_str()),
        object: asked.info().resource.as_ref().map(Into::into),
        received: world.clock.now(),
        patch: None,
        notes: Arc::clone(&notes),
    };
    if is_known && record.has(AuditStage::RequestReceived) {
        // The record goes on: this event has nothing of what is still to come.
        let line = record.line(AuditStage::RequestReceived, record.received, None, &|value| value);
        let (redactor, uri) = (Arc::clone(&context.shared.settings.redactor), record.uri.clone());
        log.write(line.len(), move || without_secrets(&redactor, &uri, line));
    }
    if let Some((is_allowed, why)) = found.decision {
        notes
            .annotate("authorization.k8s.io/decision", if is_allowed { "allow" } else { "forbid" });
        notes.annotate("authorization.k8s.io/reason", why);
    }
    let mut plan = answered(context, asked, owned, faults, Some(Arc::clone(&notes))).await;
    if let Ok(id) = HeaderValue::from_str(&record.id) {
        plan.headers.insert(AUDIT_ID, id);
    }
    if record.verb == "patch" {
        record.patch = asked.sent_body().and_then(|body| serde_json::from_slice(body).ok());
    }
    let events = Events {
        log: Arc::clone(log),
        context: context.clone(),
        object: object(&plan, record.has_response()),
        status: plan.status,
        record: Arc::new(record),
    };
    let is_long = is_long(asked);
    if !is_known && plan.status == StatusCode::UNAUTHORIZED {
        // Nobody is served: the answer is all that there is.
        events.write(AuditStage::ResponseStarted);
        return plan;
    }
    if is_long {
        events.write(AuditStage::ResponseStarted);
    }
    kubernetes::compressed(context, asked, follow(plan, events)).await
}

/// The answer, as without an audit.
async fn answered(
    context: &RequestContext,
    asked: &Asked<'_>,
    owned: bool,
    faults: &k8s::Faults,
    notes: Option<Arc<AuditNotes>>,
) -> Plan {
    let user = match admit::admit(context, asked).await {
        Ok(user) => user,
        Err(refused) => return *refused,
    };
    if owned {
        return kubernetes::answer_noted(context, asked, &user, faults, notes).await;
    }
    respond::miss(context, asked).await
}

/// What writes the events of a request, once its answer is known.
struct Events {
    log: Arc<AuditLog>,
    context: RequestContext,
    record: Arc<AuditRecord>,
    status: StatusCode,
    /// The body of the answer, where it is one object.
    object: Option<Bytes>,
}

impl Events {
    fn write(&self, stage: AuditStage) {
        if !self.record.has(stage) {
            return;
        }
        let (record, object, code) =
            (Arc::clone(&self.record), self.object.clone(), self.status.as_u16());
        let now = self.context.world.clock.now();
        let redactor = Arc::clone(&self.context.shared.settings.redactor);
        let size = object.as_ref().map_or(0, Bytes::len);
        self.log.write(size, move || {
            let object = object.and_then(|body| k8s::object_of_body(&body));
            let line = record.line(stage, now, Some((code, object.as_ref())), &|value| value);
            without_secrets(&redactor, &record.uri, line)
        });
    }
}

/// Writes the last event when a stream ends, or is given up.
struct End(Events);

impl Drop for End {
    fn drop(&mut self) {
        self.0.write(AuditStage::ResponseComplete);
    }
}

/// Writes the last event when the answer is sent. A body that is known whole counts as sent.
fn follow(mut plan: Plan, events: Events) -> Plan {
    let followed = |stream: BodyStream, end: End| -> BodyStream {
        Box::pin(stream.inspect(move |_| {
            // It is dropped with the stream.
            let _ = &end;
        }))
    };
    plan.body = match std::mem::take(&mut plan.body) {
        Body::Stream(stream) => Body::Stream(followed(stream, End(events))),
        Body::WebSocket(stream) => Body::WebSocket(followed(stream, End(events))),
        body => {
            events.write(AuditStage::ResponseComplete);
            body
        }
    };
    plan
}

/// Whether a request takes as long as its client likes (`BasicLongRunningRequestCheck`).
fn is_long(asked: &Asked<'_>) -> bool {
    let info = asked.info();
    let subresource = info.resource.as_ref().map_or("", |of| &*of.subresource);
    matches!(&*info.verb, "watch" | "proxy") || LONG.contains(&subresource)
}

/// The object of an answer: where it is written down, or where it may be a `Status`.
fn object(plan: &Plan, is_written: bool) -> Option<Bytes> {
    let media = plan.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let is_object =
        media.starts_with("application/json") || media.contains("vnd.kubernetes.protobuf");
    let length = plan.body.known_len()?;
    if !is_object || !is_written && length > LONGEST_STATUS as u64 {
        return None;
    }
    match &plan.body {
        Body::Bytes(bytes) => Some(bytes.clone()),
        Body::Pieces(pieces) => Some(pieces.concat().into()),
        _ => None,
    }
}

/// The id that the client gives the request, or a new one (`WithAuditInit`).
fn id(asked: &Asked<'_>) -> String {
    let given = header(asked, AUDIT_ID);
    if given.is_empty() { uuid::Uuid::new_v4().to_string() } else { given }
}

fn header(asked: &Asked<'_>, name: &str) -> String {
    asked.request().header(name).unwrap_or_default().to_owned()
}

/// The addresses that a request came from: what proxies say, then the peer (`utilnet.SourceIPs`).
fn sources(asked: &Asked<'_>) -> Vec<String> {
    let mut found: Vec<IpAddr> = Vec::new();
    let forwarded = header(asked, "x-forwarded-for");
    found.extend(forwarded.split(',').filter_map(|one| one.trim().parse::<IpAddr>().ok()));
    let real = header(asked, "x-real-ip").trim().parse::<IpAddr>().ok();
    found.extend(real.filter(|real| !found.contains(real)));
    let peer = asked.request().peer.map(|peer| peer.ip().to_canonical());
    found.extend(peer.filter(|peer| found.last() != Some(peer)));
    found.iter().map(ToString::to_string).collect()
}

/// A line without its secrets: what the recorder hides is hidden here.
fn without_secrets(redactor: &Redactor, uri: &str, line: Vec<u8>) -> Vec<u8> {
    if redactor.is_off() {
        return line;
    }
    let pass = redactor.pass(uri);
    match pass.body(&Media::default(), &line) {
        Redacted::Changed(changed) => changed,
        Redacted::Same | Redacted::Opaque(_) => line,
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::message::Request;

    #[test]
    fn the_addresses_are_those_of_proxies_and_of_the_peer() {
        let mut request = Request::new(Method::GET, "/api");
        request.peer = Some("127.0.0.1:1".parse().unwrap());
        assert_eq!(sources(&Asked::new(&request)), ["127.0.0.1"]);
        request.headers.insert("x-forwarded-for", "10.0.0.1, x, 10.0.0.2".parse().unwrap());
        request.headers.insert("x-real-ip", "10.0.0.2".parse().unwrap());
        assert_eq!(sources(&Asked::new(&request)), ["10.0.0.1", "10.0.0.2", "127.0.0.1"]);
    }
}
