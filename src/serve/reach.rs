//! Which places of a graded answer's body are reached: a fault at the third event of a watch is met when the watch gets to
//! its third event.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use futures_util::StreamExt as _;

use crate::message::{Body, Position};
use crate::scenario::PlannedPlace;

use super::world::World;

/// Follows a body to the places where rules do something.
pub(super) struct Reach(Arc<Places>);

struct Places {
    world: Arc<World>,
    /// Each with whether it was reached.
    places: Vec<(PlannedPlace, AtomicBool)>,
    /// When the answer was handed over to be sent.
    began: OnceLock<Instant>,
    bytes: AtomicU64,
    /// How many lines have begun.
    lines: AtomicU64,
    /// Whether the last line goes on.
    within: AtomicBool,
}

impl Reach {
    /// Without places there is nothing to follow.
    pub(super) fn new(world: &Arc<World>, places: Vec<PlannedPlace>) -> Option<Self> {
        if places.is_empty() {
            return None;
        }
        let places = places.into_iter().map(|place| (place, AtomicBool::new(false))).collect();
        Some(Self(Arc::new(Places {
            world: Arc::clone(world),
            places,
            began: OnceLock::new(),
            bytes: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            within: AtomicBool::new(false),
        })))
    }

    /// Counts what a body consists of, as it is sent.
    pub(super) fn follow(&self, body: Body) -> Body {
        self.0.began.get_or_init(Instant::now);
        self.0.take(b"");
        let places = Arc::clone(&self.0);
        let seen = move |piece: &Result<bytes::Bytes, _>| {
            if let Ok(piece) = piece {
                places.take(piece);
            }
        };
        match body {
            Body::Bytes(bytes) => {
                self.0.take(&bytes);
                Body::Bytes(bytes)
            }
            Body::Pieces(pieces) => {
                pieces.iter().for_each(|piece| self.0.take(piece));
                Body::Pieces(pieces)
            }
            Body::Stream(stream) => Body::Stream(Box::pin(stream.inspect(seen))),
            Body::Passed(passed) => Body::Stream(Box::pin(passed.into_stream().inspect(seen))),
            Body::WebSocket(stream) => Body::WebSocket(Box::pin(stream.inspect(seen))),
            body => body,
        }
    }

    /// The answer is over.
    pub(super) fn ended(&self) {
        let Some(began) = self.0.began.get() else { return };
        let lasted = began.elapsed();
        self.0.reach(|at| matches!(at, Position::Time(time) if lasted >= time));
    }
}

impl Places {
    /// A part of the body is about to be sent.
    fn take(&self, piece: &[u8]) {
        // One task sends a body: nobody else counts meanwhile.
        let bytes =
            self.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed) + piece.len() as u64;
        let mut lines = self.lines.load(Ordering::Relaxed);
        let mut within = self.within.load(Ordering::Relaxed);
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            lines += u64::from(!within);
            within = !line.ends_with(b"\n");
        }
        self.lines.store(lines, Ordering::Relaxed);
        self.within.store(within, Ordering::Relaxed);
        self.reach(|at| match at {
            Position::Event(event) => lines >= event,
            Position::Bytes(place) => bytes >= place,
            Position::Time(_) => false,
        });
    }

    /// Counts the places that are reached and were not before.
    fn reach(&self, is_reached: impl Fn(Position) -> bool) {
        for (place, reached) in &self.places {
            if is_reached(place.at) && !reached.swap(true, Ordering::Relaxed) {
                self.world.scenario.reached(place);
            }
        }
    }
}
