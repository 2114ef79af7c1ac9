//! Follows a graded answer to its end: when and how it ended, and what a watch was sent.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use memchr::memmem;

use crate::message::{AnswerEnd, Body, BodyStream, Ending, Guard, Plan, PointAction};
use crate::scenario::PlannedPlace;

use super::reach::Reach;
use super::world::World;

/// Follows an answer to its end.
pub(super) struct Follower {
    ended: Ended,
    /// Present where a stream may be a watch.
    watched: Option<Watched>,
}

/// What is written down of a watch, besides whether its revision is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    /// The revisions of its events.
    pub(super) revisions: bool,
}

impl Follower {
    /// `places` are those of the body that count when it gets there.
    pub(super) fn new(
        world: &Arc<World>,
        number: usize,
        watched: Option<Watched>,
        places: Vec<PlannedPlace>,
    ) -> Self {
        let reach = Reach::new(world, places);
        Self { ended: Ended { world: Arc::clone(world), number, how: None, reach }, watched }
    }

    /// Records from now on what the client is sent, and when that is over.
    pub(super) fn follow(self, plan: &mut Plan) {
        let Ended { world, number, reach, .. } = &self.ended;
        if let Some(reach) = reach {
            plan.body = reach.follow(std::mem::take(&mut plan.body));
        }
        let watched = self.watched.unwrap_or(Watched { revisions: false });
        let logged = |stream| logged(stream, world, *number, watched);
        plan.body = match std::mem::take(&mut plan.body) {
            Body::Stream(stream) if self.watched.is_some() => Body::Stream(logged(stream)),
            Body::Passed(body) if self.watched.is_some() => {
                Body::Stream(logged(body.into_stream()))
            }
            Body::WebSocket(stream) => Body::WebSocket(logged(stream)),
            body => body,
        };
        let mut points = plan.delivery.effects().into_iter().flat_map(|effects| &effects.points);
        let inserted = points.any(
            |point| matches!(&point.action, PointAction::Insert { line, .. } if is_expired(line)),
        );
        if inserted {
            // Recorded when the stream ends, which such a line does.
            world.log.expires_at_end(*number);
        }
        plan.guard = Some(Guard(Box::new(self.ended)));
    }
}

/// A stream that writes down in the log which revisions its events have, and when it reports that its revision is gone.
fn logged(stream: BodyStream, world: &Arc<World>, number: usize, watched: Watched) -> BodyStream {
    let world = Arc::clone(world);
    Box::pin(stream.inspect(move |item| {
        let Ok(piece) = item else { return };
        if is_expired(piece) {
            world.log.expired(number, world.clock.elapsed());
        }
        if watched.revisions {
            for revision in piece.split(|byte| *byte == b'\n').filter_map(revision) {
                world.log.revision(number, revision);
            }
        }
    }))
}

/// The revision of an event of a watch; nothing for a bookmark, which tells of no object.
fn revision(line: &[u8]) -> Option<u64> {
    const FIELD: &[u8] = b"\"resourceVersion\":\"";
    if line.starts_with(b"{\"type\":\"BOOKMARK\"") {
        return None;
    }
    let after = &line[memmem::find(line, FIELD)? + FIELD.len()..];
    let digits = after.split(|byte| *byte == b'"').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether a piece of a watch says that its revision is gone.
fn is_expired(piece: &Bytes) -> bool {
    let has = |text: &[u8]| piece.windows(text.len()).any(|part| part == text);
    has(b"{\"type\":\"ERROR\"") && has(b"\"code\":410")
}

/// Records the end of an answer when it is dropped.
struct Ended {
    world: Arc<World>,
    number: usize,
    how: Option<Ending>,
    reach: Option<Reach>,
}

impl AnswerEnd for Ended {
    fn ends(&mut self, how: Ending) {
        self.how.get_or_insert(how);
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(reach) = &self.reach {
            reach.ended();
        }
        self.world.log.ended(self.number, self.world.clock.elapsed(), self.how);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_revisions_and_bookmarks_none() {
        let event = |kind: &str| {
            format!(
                r#"{{"type":"{kind}","object":{{"metadata":{{"name":"a","resourceVersion":"17"}}}}}}"#
            )
        };
        assert_eq!(revision(event("ADDED").as_bytes()), Some(17));
        assert_eq!(revision(event("BOOKMARK").as_bytes()), None);
        assert_eq!(revision(b"{}"), None);
        assert_eq!(revision(b""), None);
    }
}
