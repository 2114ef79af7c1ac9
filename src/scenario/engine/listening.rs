//! How connections are treated at a given time, and when that changes next.

use std::time::Duration;

use super::state::ScenarioState;
use crate::message::Listening;
use crate::scenario::rule::listen::both;
use crate::scenario::rule::set::ScenarioSet;
use crate::scenario::rule::timeline::Now;

impl ScenarioSet {
    /// Returns whether any scenario sets how connections are treated.
    #[must_use]
    pub(crate) fn has_listening(&self) -> bool {
        self.scenarios.iter().any(|about| {
            about.listening.is_some()
                || about
                    .timeline
                    .iter()
                    .any(|timeline| timeline.phases.iter().any(|phase| phase.listening.is_some()))
        })
    }

    /// Returns how connections are treated at a time since the world began, and the time at which
    /// that may change by itself.
    #[must_use]
    pub(crate) fn listening(
        &self,
        state: &ScenarioState,
        now: Duration,
    ) -> (Listening, Option<Duration>) {
        let mut all = Listening::default();
        let mut change: Option<Duration> = None;
        for about in &self.scenarios {
            let Some(timeline) = &about.timeline else {
                all = about.listening.map_or(all, |own| both(all, own));
                continue;
            };
            let since = state.lock().since_start(&about.name, timeline, now, false);
            let at = timeline.at(since);
            if at != Now::Healed {
                all = about.listening.map_or(all, |own| both(all, own));
            }
            if let Now::Phase(index) = at {
                all = timeline.phases[index].listening.map_or(all, |own| both(all, own));
            }
            let Some(since) = since else { continue };
            let ends = timeline.ttl.filter(|ttl| *ttl > since);
            let next = timeline.next(since).into_iter().chain(ends).min();
            let next = next.map(|next| now.saturating_add(next.saturating_sub(since)));
            change = change.into_iter().chain(next).min();
        }
        (all, change)
    }
}
