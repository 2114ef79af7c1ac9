//! The journal as it grows, in server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! | event | data |
//! |---|---|
//! | `journal` | first: `{"journal": NAME, "version": V}`; numbers of another journal mean other exchanges |
//! | (none) | an exchange as a row; its number is the id of the event |
//! | `lost` | `{"lost": N}`: so many were dropped before this client read them |
//! | `cleared` | `{}`: the journal was cleared |
//!
//! A client that comes back names the last number that it has, as `Last-Event-ID` or `?after=N`. The stream is made
//! while it is read: a slow client delays nothing, and loses what the journal drops in the meantime.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::json;
use tokio::sync::watch;

use crate::exchange::{Batch, Follower, MAX_FOLLOWERS};
use crate::message::{Body, BodyError, BodyStream, Origin, Plan, Query, Request};

use super::super::super::context::RequestContext;
use super::super::reply::AdminError;

/// How often a line goes out where nothing happens, so that a connection that broke is found.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// How long exchanges are gathered, so that many of them wake the client less often.
const GATHER: Duration = Duration::from_millis(40);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The stream. Seen from the default world there is everything, seen from another one what happened there.
pub(in super::super) fn events(
    context: &RequestContext,
    request: &Request,
) -> Result<Plan, AdminError> {
    let journal = &context.shared.journal;
    if journal.is_off() {
        return Err(AdminError::NoJournal);
    }
    let query = Query::parse(request.query()).unwrap_or_default();
    let header = request.headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let after = match query.first("after").or(header) {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            AdminError::Invalid("after must be the number of an exchange, from 0 up".to_owned())
        })?),
    };
    let Some(follower) = Follower::new(journal, after) else {
        return Err(AdminError::Conflict(format!(
            "{MAX_FOLLOWERS} clients follow the journal already; close one of them"
        )));
    };
    let hello =
        json!({"journal": journal.name().to_string(), "version": env!("CARGO_PKG_VERSION")});
    let events = Events {
        context: context.clone(),
        follower,
        stopping: context.shared.stopping.clone(),
        first: Some(format!("retry: 1000\n{}", event("journal", &hello.to_string()))),
        gather: false,
    };
    let stream = futures_util::stream::unfold(events, |mut events| async move {
        let item: Result<Bytes, BodyError> = Ok(events.next().await?);
        Some((item, events))
    });
    let stream: BodyStream = Box::pin(stream);
    let mut plan = Plan::new(StatusCode::OK, Origin::Admin, Body::Stream(stream));
    plan.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    plan.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(plan)
}

struct Events {
    context: RequestContext,
    follower: Follower,
    stopping: watch::Receiver<bool>,
    first: Option<String>,
    /// Whether exchanges are gathered before the next look.
    gather: bool,
}

impl Events {
    /// The next piece; nothing where the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first.into());
        }
        loop {
            let Self { follower, stopping, gather, .. } = self;
            let gathering = if *gather { GATHER } else { Duration::ZERO };
            let next = async {
                tokio::time::sleep(gathering).await;
                tokio::time::timeout(ALIVE_EVERY, follower.next()).await
            };
            let batch = tokio::select! {
                batch = next => batch,
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            };
            if self.context.world.is_ended() {
                return None;
            }
            let Ok(batch) = batch else { return Some(Bytes::from_static(b": alive\n\n")) };
            self.gather = !batch.more;
            // It may all be of other worlds.
            let text = self.text(&batch);
            if !text.is_empty() {
                return Some(text.into());
            }
        }
    }

    fn text(&self, batch: &Batch) -> String {
        let mut text = String::new();
        if batch.cleared {
            text.push_str(&event("cleared", "{}"));
        }
        if batch.lost > 0 {
            text.push_str(&event("lost", &json!({"lost": batch.lost}).to_string()));
        }
        let (world, journal) = (&self.context.world.name, &self.context.shared.journal);
        for slot in &batch.slots {
            if world.is_default() || slot.world() == &**world {
                text.push_str(&format!("id: {}\ndata: {}\n\n", slot.number(), journal.row(slot)));
            }
        }
        text
    }
}

/// An event. JSON text has no line breaks.
fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
