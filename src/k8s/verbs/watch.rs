//! `watch`: events as they happen (`k8s.io/apiserver/pkg/storage/cacher`).
//!
//! A [`Watch`] is a cursor into the history. It holds no events, so that a client that does not read costs
//! nothing; it gets 410 when its next event is compacted.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderValue;
use jiff::Timestamp;

use super::super::conversion::{self, ConversionRequest, Conversions, Pending};
use super::super::golang::{self, quote};
use super::super::options::{ListOptions, include_object};
use super::super::output::{self, Output, Shape};
use super::super::resource::{GroupResource, Served};
use super::super::select::Selector;
use super::super::status::ApiError;
use super::super::store::{Event, EventKind, Object, Revision, Snapshot, State};
use super::super::table::Rendering;
use super::{Call, Outcome, list, shown, whole};

/// The maximum number of lines of a step: enough to fill a packet, few enough for a low latency.
const BATCH: usize = 128;

/// The maximum size of the lines of a step, in bytes, apart from a longer line: what a client that does not
/// read holds.
const BATCH_BYTES: usize = 64 << 10;

/// A watch in progress.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    served: Served,
    namespace: String,
    selector: Selector,
    output: Output,
    cursor: Revision,
    /// Whether nothing was sent yet: then its first revision must not be compacted.
    fresh: bool,
    initial: Option<Initial>,
    /// Whether a bookmark for the end of the initial events is still to be sent.
    end_bookmark: bool,
    /// A revision that must be reached before the first event.
    awaited: Option<Revision>,
    bookmarks: bool,
    started: Revision,
    columns_sent: bool,
    /// `timeoutSeconds`, where the client sends it.
    pub timeout_seconds: Option<u64>,
}

/// Initial objects that are still to be sent as ADDED.
#[derive(Debug, Clone)]
struct Initial {
    snapshot: Snapshot,
    revision: Revision,
    start: String,
}

/// The next lines of a watch.
#[derive(Debug, Default)]
pub(crate) struct WatchStep {
    /// Lines to send, one event each.
    pub lines: Vec<Bytes>,
    /// Whether more lines may be available.
    pub more: bool,
    /// Whether the stream ends after these lines.
    pub end: bool,
    /// What webhooks have to convert first; then the step is taken again.
    pub convert: Vec<ConversionRequest>,
    /// Why objects cannot be converted: the step is taken again after a while. Upstream's cache waits as well.
    pub failed: Option<String>,
}

/// The media types of streams.
const STREAMS: &str =
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

pub(super) fn run(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let output = call.negotiate()?;
    let options = list::options(call, true)?;
    if !output.has_streams() {
        return Err(ApiError::not_acceptable(STREAMS));
    }
    if matches!(output.shape, Shape::Table { .. }) {
        include_object(call.query)?;
    }
    // A continue token is validated and ignored, as in upstream.
    let watch = Watch::new(call, &options, output)?;
    if call.faults.expired_as_status && watch.is_expired(&call.state) {
        return Err(watch.expired(&call.state));
    }
    Ok(Outcome::Watch(Box::new(watch)))
}

impl Watch {
    fn new(call: &Call<'_>, options: &ListOptions, output: Output) -> Result<Self, ApiError> {
        let state = &call.state;
        let asked = match options.resource_version.as_str() {
            "" => 0,
            text => golang::parse_uint(text).map_err(|why| {
                ApiError::unclassified(format!(
                    "resourceVersion: Invalid value: {}: {why}",
                    quote(text)
                ))
            })?,
        };
        let from_state = asked == 0 || options.send_initial_events == Some(true);
        let with_initial = options.send_initial_events.unwrap_or(asked == 0);
        let start = if from_state { state.revision } else { Revision(asked) };
        let initial = (from_state && with_initial).then(|| Initial {
            snapshot: state.snapshot.clone(),
            revision: state.revision,
            start: String::new(),
        });
        Ok(Self {
            served: call.served.clone(),
            namespace: call.namespace().to_owned(),
            selector: options.selector.clone(),
            output: output.compact(),
            cursor: start,
            fresh: true,
            initial,
            end_bookmark: options.send_initial_events == Some(true) && options.bookmarks,
            awaited: (options.send_initial_events == Some(true)).then_some(Revision(asked)),
            bookmarks: options.bookmarks,
            started: start,
            columns_sent: false,
            timeout_seconds: options
                .timeout_seconds
                .and_then(|seconds| u64::try_from(seconds).ok()),
        })
    }

    /// The `Content-Type` of the stream.
    pub(crate) fn content_type(&self) -> HeaderValue {
        self.output.watch_content_type()
    }

    /// The warning about a deprecated version.
    pub(crate) fn warning(&self) -> Option<HeaderValue> {
        output::warning(&self.served.deprecation()?)
    }

    /// The revision that must be reached first, if it is not reached.
    pub(crate) fn awaited(&self, state: &State) -> Option<Revision> {
        self.awaited.filter(|awaited| *awaited > state.revision)
    }

    /// The last line of a watch whose awaited revision was not reached.
    pub(crate) fn not_reached(&self, state: &State) -> Bytes {
        let asked = self.awaited.unwrap_or_default();
        let error = ApiError::revision_too_large(asked.0, state.revision.0);
        self.output.event("ERROR", &error.to_json())
    }

    /// The watched resource.
    pub(crate) fn resource(&self) -> &Arc<GroupResource> {
        &self.served.of.stored_as
    }

    /// Whether the next event is compacted. Once a watch runs, only events of its resource count.
    fn is_expired(&self, state: &State) -> bool {
        if self.fresh {
            return self.cursor < state.history.floor();
        }
        state.history.has_compacted(self.resource(), self.cursor)
    }

    fn expired(&self, state: &State) -> ApiError {
        let (cursor, floor) = (self.cursor, state.history.floor());
        ApiError::expired(format!("too old resource version: {cursor} ({floor})"))
    }

    /// The next lines in a state.
    pub(crate) fn step(
        &mut self,
        state: &State,
        now: Timestamp,
        conversions: &Conversions,
    ) -> WatchStep {
        if !conversion::precedes_selection(&self.served) {
            return self.advance(state, now, conversions);
        }
        let before = self.clone();
        let step = self.advance(state, now, conversions);
        match conversions.pending() {
            None => step,
            Some(Pending::Failed(why)) => {
                *self = before;
                WatchStep { failed: Some(why), ..WatchStep::default() }
            }
            Some(Pending::Missing(convert)) => {
                *self = before;
                WatchStep { convert, ..WatchStep::default() }
            }
        }
    }

    fn advance(&mut self, state: &State, now: Timestamp, conversions: &Conversions) -> WatchStep {
        let mut step = WatchStep::default();
        if self.awaited.take().is_some_and(|awaited| awaited > self.cursor) {
            // The state has advanced while the revision was awaited: start from it.
            self.cursor = state.revision;
            if let Some(initial) = &mut self.initial {
                (initial.snapshot, initial.revision) = (state.snapshot.clone(), state.revision);
            }
        }
        if let Some(initial) = self.initial.take() {
            self.initial = self.initial_events(initial, &mut step, now, conversions);
            if self.initial.is_some() {
                step.more = true;
                return step;
            }
            if std::mem::take(&mut self.end_bookmark) {
                step.lines.push(self.bookmark_line(self.cursor, true));
            }
        }
        if self.is_expired(state) {
            let error = self.expired(state).to_json();
            step.lines.push(self.output.event("ERROR", &error));
            step.end = true;
            return step;
        }
        self.fresh = false;
        let resource = Arc::clone(self.resource());
        let mut bytes = 0;
        for event in state.history.of(&resource, self.cursor) {
            if step.lines.len() == BATCH || bytes >= BATCH_BYTES {
                step.more = true;
                break;
            }
            self.cursor = event.revision;
            if let Some(line) = self.event_line(event, now, conversions) {
                bytes += line.len();
                step.lines.push(line);
            }
        }
        if !step.more && self.cursor < state.revision {
            self.cursor = state.revision;
        }
        step
    }

    /// A periodic bookmark, where the client requested them and the collection has changed.
    pub(crate) fn bookmark(&self, state: &State) -> Option<Bytes> {
        let collection = state.snapshot.collection(&self.served.of.stored_as)?;
        let moved =
            self.bookmarks && self.initial.is_none() && collection.revision() > self.started;
        moved.then(|| self.bookmark_line(self.cursor.max(collection.revision()), false))
    }

    /// Adds the next initial objects to a step; returns the rest.
    fn initial_events(
        &mut self,
        mut initial: Initial,
        step: &mut WatchStep,
        now: Timestamp,
        conversions: &Conversions,
    ) -> Option<Initial> {
        let collection = initial.snapshot.collection(&self.served.of.stored_as).cloned()?;
        if let Some(name) = self.selector.fields.name().map(str::to_owned) {
            // A name is looked up, not searched for.
            for object in collection.named(&self.namespace, &name) {
                let converted = self.converted(conversions, object);
                let object = converted.as_ref().unwrap_or(object);
                if self.selector.matches(object) {
                    step.lines.push(self.line(EventKind::Added, object, now, conversions));
                }
            }
            return None;
        }
        let mut objects = collection.range(&self.namespace, &initial.start);
        let mut bytes = 0;
        for object in objects.by_ref().take(BATCH) {
            let converted = self.converted(conversions, object);
            let object = converted.as_ref().unwrap_or(object);
            if self.selector.matches(object) {
                let line = self.line(EventKind::Added, object, now, conversions);
                bytes += line.len();
                step.lines.push(line);
            }
            let relative =
                if self.namespace.is_empty() { &*object.key } else { &*object.meta.name };
            initial.start.clear();
            let _ = write!(initial.start, "{relative}\0");
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        objects.next().is_some().then_some(initial)
    }

    /// The line of an event as this watch sees it; `None` where it does not.
    fn event_line(
        &mut self,
        event: &Event,
        now: Timestamp,
        conversions: &Conversions,
    ) -> Option<Bytes> {
        let object = &event.object;
        if !self.namespace.is_empty() && *object.meta.namespace != *self.namespace {
            return None;
        }
        let converted = self.converted(conversions, object);
        let object = converted.as_ref().unwrap_or(object);
        // Without a selector it does not count what it was before.
        let previous = event.previous.as_ref();
        let selected = previous.filter(|_| !self.selector.is_empty());
        let converted = selected.and_then(|old| self.converted(conversions, old));
        let previous = converted.as_ref().or(previous);
        let matches = |object: &Object| self.selector.is_empty() || self.selector.matches(object);
        let before = previous.is_some_and(|old| matches(old));
        let after = event.kind != EventKind::Deleted && matches(object);
        let kind = match (before, after) {
            (false, false) => return None,
            (false, true) => EventKind::Added,
            (true, true) => EventKind::Modified,
            (true, false) => EventKind::Deleted,
        };
        // An object that no longer matches is sent with its old content and the new revision.
        let left = kind == EventKind::Deleted && event.kind != EventKind::Deleted;
        if left {
            let old = previous?.at_revision(event.revision);
            return Some(self.line(kind, &old, now, conversions));
        }
        // A line is shared by the watches that show objects as they are stored.
        let is_shared =
            self.served.is_stored_form() && conversion::is_same(&self.served, &event.object);
        if self.output.is_plain() && is_shared {
            return Some(event.line(kind, || self.object_line(kind, object)));
        }
        Some(self.line(kind, object, now, conversions))
    }

    /// An object as it is selected, where a webhook converts it. While it does not, the step is not sent.
    fn converted(&self, conversions: &Conversions, object: &Arc<Object>) -> Option<Arc<Object>> {
        if !conversion::precedes_selection(&self.served) {
            return None;
        }
        conversion::seen(&self.served, conversions, object)
    }

    fn line(
        &mut self,
        kind: EventKind,
        object: &Object,
        now: Timestamp,
        conversions: &Conversions,
    ) -> Bytes {
        let shown = shown(&self.served, conversions, object, self.output.shape);
        let object = shown.as_ref().unwrap_or(object);
        if self.output.shape == Shape::Whole {
            return self.object_line(kind, object);
        }
        let with_columns = !std::mem::replace(&mut self.columns_sent, true);
        let shape = self.output.shape;
        let rendering = Rendering { served: &self.served, shape, with_columns, now };
        self.output.event(kind.as_str(), &rendering.one(object, object.meta.revision))
    }

    fn bookmark_line(&self, revision: Revision, initial_end: bool) -> Bytes {
        let annotations = if initial_end {
            "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"},"
        } else {
            ""
        };
        let created = if self.served.of.is_built_in() { ",\"creationTimestamp\":null" } else { "" };
        let object = format!(
            "{}\"metadata\":{{{annotations}\"resourceVersion\":\"{revision}\"{created}}}}}",
            self.served.prefix()
        );
        self.output.event("BOOKMARK", object.as_bytes())
    }

    fn object_line(&self, kind: EventKind, object: &Object) -> Bytes {
        self.output.event(kind.as_str(), &whole(&self.served, object))
    }
}

/// An ERROR event with a Status.
#[must_use]
pub(crate) fn error_line(error: &ApiError) -> Bytes {
    Output::default().event("ERROR", &error.to_json())
}
