//! Deliveries: the one type for the faults, delays and paces of stubs, scenarios and recordings.
//!
//! ```text
//! a stub's delivery (compiled at load, shared) ─┐
//! a recording's schedule ───────────────────────┼─ Delivery::over ─→ Plan ─→ transport performs it
//! a scenario's decision ────────────────────────┘
//! ```
//!
//! Most answers are sent undisturbed. For these a [`Delivery`] is a null pointer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::fault::{Fault, FaultAction, FaultPoint};
use super::head_layout::HeadLayout;
use super::informational::Informational;
use super::listening::Idle;
use super::pace::{Pace, Schedule};
use super::point::{LineChange, Point};
use super::tunnel::Conversation;

/// How an answer is sent. Empty if it is sent completely and immediately; clones share their
/// effects.
#[derive(Debug, Clone, Default)]
pub struct Delivery(Option<Arc<Effects>>);

/// The effects on an answer, in the order in which they apply.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// How long to wait before the first byte.
    pub delay: Duration,
    /// The reason phrase of the status line in place of the usual one (RFC 9112, section 4); HTTP/2 has none.
    pub reason: Option<Bytes>,
    /// The Content-Length of the header fields is not the body's. All of the body is sent, then the connection
    /// ends.
    pub wrong_length: bool,
    /// The length of the body is not announced: it is sent in chunks over HTTP/1.1, and without
    /// Content-Length over HTTP/2.
    pub unannounced: bool,
    /// No header field of the answer is sent, except for those of its framing.
    pub bare_head: bool,
    /// The answer has no `Date` unless its header fields have one.
    pub undated: bool,
    /// The case and the order of the names of header fields; over HTTP/1.1.
    pub(crate) layout: Option<HeadLayout>,
    /// What is sent before the head, and the pace of the head.
    pub(crate) head: Option<Arc<SlowHead>>,
    /// When the idle connection ends after the answer.
    pub(crate) idle: Option<Idle>,
    /// Trailers (RFC 9110, section 6.5); over HTTP/1.1 only after a chunked body.
    pub trailers: Option<Arc<HeaderMap>>,
    /// For a request to upgrade to a `WebSocket`: its messages in place of the body.
    pub(crate) conversation: Option<Conversation>,
    /// When the bytes of the body become available, if not at once.
    pub schedule: Option<Schedule>,
    /// Actions at positions of the body. Those at the same position happen in this order.
    pub points: Vec<Point>,
    /// Changes of lines of the body.
    pub changes: Vec<LineChange>,
    /// How fast available bytes are sent, if not immediately.
    pub pace: Option<Pace>,
    /// The fault of the connection that ends the answer, at the latest at the end of its body.
    pub fault: Option<Fault>,
}

/// How the head of an answer is sent, if not immediately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlowHead {
    /// The informational answers before it; HTTP/1.0 has none.
    pub(crate) informational: Vec<Informational>,
    /// How fast it is sent; immediately without a pace.
    pub(crate) pace: Option<Pace>,
}

impl Delivery {
    /// The answer is sent completely and immediately.
    pub const UNDISTURBED: Self = Self(None);

    /// Returns the effects, or `None` if the answer is sent completely and immediately.
    #[must_use]
    pub fn effects(&self) -> Option<&Effects> {
        self.0.as_deref()
    }

    /// Returns the effects by value. They are copied only if other answers share them.
    #[must_use]
    pub fn into_effects(self) -> Effects {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default()
    }

    /// Returns whether the answer is sent completely and immediately. Its head may have a layout.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.effects().is_none_or(|effects| effects.layout.is_some() && effects.only_have_layout())
    }

    /// Returns the case and the order of the names of header fields.
    #[must_use]
    pub(crate) fn layout(&self) -> Option<&HeadLayout> {
        self.effects()?.layout.as_ref()
    }

    /// Returns how long to wait before the first byte.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.effects().map_or(Duration::ZERO, |effects| effects.delay)
    }

    /// Returns the delivery with an additional delay.
    #[must_use]
    pub fn delayed(self, by: Duration) -> Self {
        Self::over(self, Effects { delay: by, ..Effects::default() }.into())
    }

    /// Returns the fault of the connection that ends the answer.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.effects()?.fault.as_ref()
    }

    /// Removes the fault that strikes before the headers. The rest is the delivery for the case
    /// that the fault does not suppress the answer.
    pub fn take_fault_before_headers(&mut self) -> Option<FaultAction> {
        self.fault().filter(|fault| fault.at == FaultPoint::BeforeHeaders)?;
        let mut effects = std::mem::take(self).into_effects();
        let fault = effects.fault.take();
        *self = effects.into();
        fault.map(|fault| fault.action)
    }

    /// Returns whether the body is sent completely, immediately and with its length: at most the
    /// answer is delayed.
    #[must_use]
    pub fn leaves_body(&self) -> bool {
        self.effects().is_none_or(Effects::leave_body)
    }

    /// Combines two deliveries: `laid_on` takes effect on an answer that has `base` already.
    ///
    /// | effect | combined |
    /// |---|---|
    /// | delay | the sum |
    /// | points, changes of lines | those of both, `base` first |
    /// | schedule, pace, fault, idle | that of `laid_on` if it has one, else that of `base` |
    /// | layout, reason phrase, trailers, conversation | those of `laid_on` if it has some, else those of `base` |
    /// | unannounced length, wrong length, bare head, no date | where either has it |
    #[must_use]
    pub fn over(base: Self, laid_on: Self) -> Self {
        let (base, laid_on) = match (base.0, laid_on.0) {
            (None, one) | (one, None) => return Self(one),
            (Some(base), Some(laid_on)) => {
                (Arc::unwrap_or_clone(base), Arc::unwrap_or_clone(laid_on))
            }
        };
        let Effects { delay, reason, wrong_length, unannounced, bare_head, undated, .. } = base;
        let Effects { schedule, mut points, mut changes, pace, fault, trailers, .. } = base;
        let Effects { layout, head, idle, conversation, .. } = base;
        points.extend(laid_on.points);
        changes.extend(laid_on.changes);
        Self(Some(Arc::new(Effects {
            delay: delay.saturating_add(laid_on.delay),
            reason: laid_on.reason.or(reason),
            wrong_length: wrong_length || laid_on.wrong_length,
            unannounced: unannounced || laid_on.unannounced,
            bare_head: bare_head || laid_on.bare_head,
            undated: undated || laid_on.undated,
            layout: laid_on.layout.or(layout),
            head: laid_on.head.or(head),
            idle: laid_on.idle.or(idle),
            trailers: laid_on.trailers.or(trailers),
            conversation: laid_on.conversation.or(conversation),
            schedule: laid_on.schedule.or(schedule),
            points,
            changes,
            pace: laid_on.pace.or(pace),
            fault: laid_on.fault.or(fault),
        })))
    }

    /// Returns one word for the journal and the console, or `None` if the body is sent unchanged.
    #[must_use]
    pub fn label(&self) -> Option<&'static str> {
        let Effects { fault, points, changes, .. } = self.effects()?;
        let fault = fault.as_ref().map(|fault| fault.action.label());
        fault
            .or_else(|| points.first().map(Point::label))
            .or_else(|| (!changes.is_empty()).then_some("changed"))
    }
}

impl From<Effects> for Delivery {
    fn from(effects: Effects) -> Self {
        let none = effects.layout.is_none() && effects.only_have_layout();
        Self((!none).then(|| Arc::new(effects)))
    }
}

impl Effects {
    /// Returns whether there are no effects except possibly a layout.
    fn only_have_layout(&self) -> bool {
        self.delay.is_zero()
            && self.reason.is_none()
            && !self.undated
            && self.idle.is_none()
            && self.head.is_none()
            && self.conversation.is_none()
            && self.leave_body()
    }

    fn leave_body(&self) -> bool {
        let Self { delay: _, reason: _, wrong_length, unannounced, schedule, points, .. } = self;
        let trailers = &self.trailers;
        let Self { changes, pace, fault, .. } = self;
        !unannounced
            && !wrong_length
            && trailers.is_none()
            && schedule.is_none()
            && points.is_empty()
            && changes.is_empty()
            && pace.is_none()
            && fault.is_none()
    }

    /// Returns whether the body is announced with its undisturbed length.
    #[must_use]
    pub fn keep_length(&self) -> bool {
        let malformed = |fault: &Fault| fault.action == FaultAction::MalformedChunk;
        !self.unannounced
            && !self.fault.as_ref().is_some_and(malformed)
            && self.changes.is_empty()
            && self.points.iter().all(Point::keeps_length)
    }

    /// Returns whether something happens to lines, so that the body must be split into them.
    #[must_use]
    pub fn need_lines(&self) -> bool {
        !self.changes.is_empty() || self.points.iter().any(Point::needs_lines)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::message::{
        Delay, LineAction, LineKind, Plan, PointAction, Position, Sampling, TimedChunk,
    };

    #[test]
    fn an_undisturbed_delivery_costs_a_pointer() {
        assert_eq!(size_of::<Delivery>(), size_of::<usize>());
        assert!(Delivery::from(Effects::default()).effects().is_none());
        assert!(Delivery::default().leaves_body());
        // A plan is moved several times per request.
        assert!(size_of::<Plan>() <= 200, "{} bytes", size_of::<Plan>());
    }

    /// Deliveries of all kinds of effects.
    fn any_delivery() -> impl Strategy<Value = Delivery> {
        let option = proptest::option::of::<std::ops::Range<usize>>;
        let list = || proptest::collection::vec(0_u64..9, 0..3);
        let parts =
            (0_u64..9, any::<bool>(), option(1..9), list(), list(), option(1..9), option(1..9));
        parts.prop_map(|(delay, unannounced, schedule, points, changes, pace, fault)| {
            let ms = Duration::from_millis;
            let chunk = |bytes| TimedChunk { after: ms(1), bytes };
            let point = |at| Point { at: Position::Bytes(at), action: PointAction::Stall(ms(at)) };
            let change = |ms| LineChange {
                of: LineKind::Events,
                action: LineAction::Delay(Duration::from_millis(ms)),
                sample: (ms % 2 == 0).then(|| Sampling(Arc::new(move |line| line == ms))),
            };
            let garbage = |bytes| FaultAction::Garbage(Bytes::from(vec![0; bytes]));
            Effects {
                delay: ms(delay),
                reason: unannounced.then(|| Bytes::from_static(b"Fine")),
                wrong_length: !unannounced && delay == 3,
                unannounced,
                bare_head: unannounced && delay == 5,
                undated: delay == 7,
                layout: None,
                head: None,
                idle: (delay == 8).then_some(Idle { after: None, reset: unannounced }),
                trailers: None,
                conversation: None,
                schedule: schedule.map(|bytes| [chunk(bytes)].into()),
                points: points.into_iter().map(point).collect(),
                changes: changes.into_iter().map(change).collect(),
                pace: pace.map(|size| Pace::Chunks { size, every: ms(1) }),
                fault: fault.map(|bytes| Fault::before_headers(garbage(bytes))),
            }
            .into()
        })
    }

    fn shown(delivery: &Delivery) -> String {
        format!("{delivery:?}")
    }

    proptest! {
        #[test]
        fn deliveries_combine_by_one_rule(base in any_delivery(), laid_on in any_delivery()) {
            let both = Delivery::over(base.clone(), laid_on.clone()).into_effects();
            let (one, other) = (base.into_effects(), laid_on.into_effects());
            prop_assert_eq!(both.delay, one.delay + other.delay);
            prop_assert_eq!(both.points, [one.points, other.points].concat());
            prop_assert_eq!(both.changes.len(), one.changes.len() + other.changes.len());
            prop_assert_eq!(both.pace, other.pace.or(one.pace));
            prop_assert_eq!(both.fault, other.fault.or(one.fault));
            prop_assert_eq!(both.schedule, other.schedule.or(one.schedule));
            prop_assert_eq!(both.reason, other.reason.or(one.reason));
            prop_assert_eq!(both.wrong_length, one.wrong_length || other.wrong_length);
            prop_assert_eq!(both.unannounced, one.unannounced || other.unannounced);
            prop_assert_eq!(both.bare_head, one.bare_head || other.bare_head);
            prop_assert_eq!(both.idle, other.idle.or(one.idle));
            prop_assert_eq!(both.undated, one.undated || other.undated);
        }

        #[test]
        fn combining_is_associative_and_an_undisturbed_delivery_changes_nothing(
            (a, b, c) in (any_delivery(), any_delivery(), any_delivery()),
        ) {
            let left = Delivery::over(Delivery::over(a.clone(), b.clone()), c.clone());
            let right = Delivery::over(a.clone(), Delivery::over(b, c));
            prop_assert_eq!(shown(&left), shown(&right));
            let undisturbed = Delivery::UNDISTURBED;
            prop_assert_eq!(shown(&Delivery::over(a.clone(), undisturbed.clone())), shown(&a));
            prop_assert_eq!(shown(&Delivery::over(undisturbed, a.clone())), shown(&a));
        }

        #[test]
        fn a_drawn_delay_is_added(delivery in any_delivery(), drawn in 0.0..1.0_f64) {
            let ms = Duration::from_millis;
            let delay = Delay::Uniform { min: ms(100), max: ms(300) };
            let before = delivery.delay();
            let after = delivery.delayed(delay.draw(|| drawn)).delay();
            prop_assert!((before + ms(100)..before + ms(300)).contains(&after), "{after:?}");
        }
    }

    #[test]
    fn only_a_fault_before_the_headers_is_taken_out() {
        use crate::message::FaultPoint::{AfterBytes, AfterHeaders, BeforeHeaders};
        for (at, taken) in [(BeforeHeaders, true), (AfterHeaders, false), (AfterBytes(0), false)] {
            let fault = Some(Fault { at, action: FaultAction::Close });
            let delay = Duration::from_secs(1);
            let mut delivery = Delivery::from(Effects { delay, fault, ..Effects::default() });
            let shared = delivery.clone();
            assert_eq!(delivery.take_fault_before_headers().is_some(), taken, "{at:?}");
            assert_eq!(delivery.leaves_body(), taken, "{at:?}");
            assert_eq!((delivery.delay(), shared.fault().is_some()), (delay, true), "{at:?}");
        }
    }
}
