//! Drives a watch: waits for revisions, bookmarks and the end, and sends what the watch says.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::k8s::{self, Conversions, Revision, Watch};
use crate::message::{Body, BodyError, BodyStream, Origin, Plan};

use super::context::RequestContext;
use super::conversions;

/// How often bookmarks go out (`defaultBookmarkFrequency`).
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long before its end a watch gets its last bookmark.
const BOOKMARK_BEFORE_END: Duration = Duration::from_secs(2);
/// A watch without `timeoutSeconds` lives once to twice as long (`--min-request-timeout`).
const MIN_LIFE_SECONDS: u64 = 1800;
/// A longer `timeoutSeconds` means this: a century is as good as for ever.
const MAX_LIFE_SECONDS: u64 = 3600 * 24 * 365 * 100;

/// How long a watch waits before it asks a webhook again that has failed.
const CONVERSION_RETRY: Duration = Duration::from_secs(1);

/// How long upstream waits for a revision that it has not seen (`blockTimeout` of the watch cache).
const REVISION_WAIT: Duration = Duration::from_secs(3);

/// The answer that streams a watch.
pub(super) fn plan(context: &RequestContext, watch: Watch, request: &HeaderMap) -> Plan {
    let websocket = request.get(UPGRADE).is_some_and(|value| value == "websocket");
    if websocket && cfg!(not(feature = "websocket")) {
        let why = "this build has no watches over WebSocket; build it with the feature websocket\n";
        return Plan::text(StatusCode::NOT_IMPLEMENTED, Origin::Server, why);
    }
    let (content_type, warning) = (watch.content_type(), watch.warning());
    let driver = Driver::new(context.clone(), watch);
    let stream = futures_util::stream::unfold(driver, |mut driver| async move {
        let item: Result<Bytes, BodyError> = Ok(driver.next().await?);
        Some((item, driver))
    });
    let stream: BodyStream = Box::pin(stream);
    let body = if websocket { Body::WebSocket(stream) } else { Body::Stream(stream) };
    let mut plan = Plan::new(StatusCode::OK, Origin::Kubernetes, body);
    if let Some(protocol) = protocol(request).filter(|_| websocket) {
        plan.headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    plan.headers.insert(CONTENT_TYPE, content_type);
    plan.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Some(warning) = warning {
        plan.headers.insert("warning", warning);
    }
    plan
}

/// The subprotocol of a `WebSocket` client: its first that is not its token.
fn protocol(request: &HeaderMap) -> Option<HeaderValue> {
    let list = request.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut all = list.split(',').map(str::trim);
    let first = all.find(|one| !one.starts_with(k8s::WEBSOCKET_BEARER))?;
    HeaderValue::from_str(first).ok()
}

struct Driver {
    context: RequestContext,
    watch: Watch,
    changed: watch::Receiver<Revision>,
    stopping: watch::Receiver<bool>,
    deadline: Instant,
    /// Ends with what is due next. Kept from event to event: a timer of its own for each would be the
    /// dearest part of an event.
    timer: Pin<Box<Sleep>>,
    /// When bookmarks are due, soonest first.
    bookmarks: VecDeque<Instant>,
    /// Lines that are to be sent.
    pending: VecDeque<Bytes>,
    awaited: bool,
    ended: bool,
    /// Whether the last conversion failed.
    is_failing: bool,
}

impl Driver {
    fn new(context: RequestContext, watch: Watch) -> Self {
        let now = Instant::now();
        let seconds = match watch.timeout_seconds {
            Some(seconds) if seconds > 0 => seconds.min(MAX_LIFE_SECONDS),
            _ => MIN_LIFE_SECONDS + uuid::Uuid::new_v4().as_u64_pair().0 % MIN_LIFE_SECONDS,
        };
        let deadline = now + Duration::from_secs(seconds);
        let mut bookmarks = VecDeque::from([now + BOOKMARK_EVERY]);
        if let Some(last) = deadline.checked_sub(BOOKMARK_BEFORE_END).filter(|last| *last > now) {
            if last < bookmarks[0] {
                bookmarks.push_front(last);
            } else {
                bookmarks.push_back(last);
            }
        }
        Self {
            changed: context.world.store.subscribe_to(watch.resource()),
            stopping: context.shared.stopping.clone(),
            context,
            watch,
            deadline,
            timer: Box::pin(sleep_until(deadline)),
            bookmarks,
            pending: VecDeque::new(),
            awaited: false,
            ended: false,
            is_failing: false,
        }
    }

    /// The next bytes; nothing at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(piece) = next_piece(&mut self.pending) {
            return Some(piece);
        }
        if self.ended {
            return None;
        }
        if !std::mem::replace(&mut self.awaited, true) {
            let store = &self.context.world.store;
            if let Some(revision) = self.watch.awaited(&store.state()) {
                wait_for(&self.context, revision).await;
                let state = self.context.world.store.state();
                if self.watch.awaited(&state).is_some() {
                    self.ended = true;
                    return Some(self.watch.not_reached(&state));
                }
            }
        }
        loop {
            // Marked as seen before looking, so that a change in between wakes us again.
            self.changed.mark_unchanged();
            let state = self.context.world.store.state();
            let conversions = Conversions::default();
            let step = self.watch.step(&state, self.context.world.clock.now(), &conversions);
            let step = if step.convert.is_empty() {
                step
            } else {
                Box::pin(self.convert(&state, conversions, step)).await
            };
            self.ended = step.end;
            self.pending.extend(step.lines);
            if let Some(piece) = next_piece(&mut self.pending) {
                return Some(piece);
            }
            if step.end {
                return None;
            }
            if step.more {
                continue;
            }
            // Stopping wakes whoever waits for a change, so that one wait is enough.
            if self.is_stopping() {
                return None;
            }
            let mut due =
                self.bookmarks.front().copied().unwrap_or(self.deadline).min(self.deadline);
            let retry = step.failed.is_some().then(|| Instant::now() + CONVERSION_RETRY);
            due = retry.map_or(due, |retry| retry.min(due));
            if self.timer.deadline() != due {
                self.timer.as_mut().reset(due);
            }
            tokio::select! {
                changed = self.changed.changed() => {
                    changed.ok()?;
                    continue;
                }
                () = &mut self.timer => {}
            }
            if due >= self.deadline {
                return None;
            }
            if retry == Some(due) {
                continue;
            }
            self.bookmarks.pop_front();
            self.schedule_bookmark(due);
            let state = self.context.world.store.state();
            if let Some(line) = self.watch.bookmark(&state) {
                return Some(line);
            }
        }
    }

    /// Takes a step for which webhooks have to convert objects.
    async fn convert(
        &mut self,
        state: &k8s::State,
        conversions: Conversions,
        mut step: k8s::WatchStep,
    ) -> k8s::WatchStep {
        // A step has the same objects each time, unless some of them failed.
        while !step.convert.is_empty() {
            conversions::carry_out(&self.context, &conversions, step.convert).await;
            step = self.watch.step(state, self.context.world.clock.now(), &conversions);
        }
        let was_failing = std::mem::replace(&mut self.is_failing, step.failed.is_some());
        if let Some(why) = step.failed.as_ref().filter(|_| !was_failing) {
            let log = &self.context.shared.settings.log;
            log.line(&format!("a watch of {} waits: {why}", self.watch.resource()));
        }
        step
    }

    /// Whether the server stops, or the world is gone; a server whose handle is gone has stopped too.
    fn is_stopping(&self) -> bool {
        self.context.world.is_ended()
            || *self.stopping.borrow()
            || self.stopping.has_changed().is_err()
    }

    /// Bookmarks go on once a minute; the one before the end is already planned.
    fn schedule_bookmark(&mut self, now: Instant) {
        let next = now + BOOKMARK_EVERY;
        let last = self.bookmarks.back().copied();
        if next < self.deadline && last.is_none_or(|last| next < last) {
            self.bookmarks.push_front(next);
        }
    }
}

/// Lines up to this size, in bytes, are copied into one piece with others; longer ones are sent as they
/// are, so that all watchers share them.
const COPIED: usize = 8 << 10;

/// The next line, with those after it that are as short.
fn next_piece(lines: &mut VecDeque<Bytes>) -> Option<Bytes> {
    let short = |line: &&Bytes| line.len() <= COPIED;
    let count = lines.iter().take_while(short).count();
    if count < 2 {
        return lines.pop_front();
    }
    let size = lines.iter().take(count).map(Bytes::len).sum();
    let mut joined = BytesMut::with_capacity(size);
    lines.drain(..count).for_each(|line| joined.extend_from_slice(&line));
    Some(joined.freeze())
}

/// Waits until a revision is reached, for as long as upstream does.
pub(super) async fn wait_for(context: &RequestContext, revision: Revision) {
    let mut current = context.world.store.subscribe();
    let reached = current.wait_for(|now| *now >= revision);
    // Late or never is told apart by asking again.
    let _ = tokio::time::timeout(REVISION_WAIT, reached).await;
}
