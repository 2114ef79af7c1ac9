//! Keeps the treatment of connections up to date, as the scenarios of the default world say it: by a task of its own,
//! since phases begin without a request.

use std::sync::Arc;
use std::time::Duration;

use crate::message::{ListenMode, Listening};
use crate::scenario::{Crash, ScenarioState};

use super::context::RequestContext;
use super::state::Shared;

impl Shared {
    /// Brings the treatment of connections up to date. Returns when that is due again, as time since the world began.
    fn update_doors(&self) -> Option<Duration> {
        let world = self.worlds.default();
        let now = world.clock.elapsed();
        let own = world.scenarios.load();
        let all = self.scenarios.load();
        let set = own.as_deref().unwrap_or(&all);
        let (listening, due) = if set.has_listening() {
            set.listening(&world.scenario, now)
        } else {
            (Listening::default(), None)
        };
        let down = self.doors.set(listening, now);
        due.into_iter().chain(down).min()
    }

    /// Brings the treatment of connections up to date at the start, before anything is accepted. Returns whether they are
    /// refused from the start.
    pub(crate) fn open_doors(&self) -> bool {
        self.update_doors();
        self.doors.subscribe().borrow().mode == ListenMode::Refuse
    }

    /// Keeps the treatment of connections up to date until the server stops.
    pub(crate) async fn keep_doors(self: Arc<Self>) {
        let mut stopping = self.stopping.clone();
        let clock = &self.worlds.default().clock;
        let mut moved = clock.subscribe();
        loop {
            let wait = self.update_doors().and_then(|due| clock.until(due));
            let timer = async {
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = timer => {}
                () = self.doors.changed() => {}
                _ = moved.changed() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }
}

impl RequestContext {
    /// The server is as after a restart: all connections are cut, and what a restart loses is lost.
    pub(super) fn crash(&self, crash: Crash) {
        let Self { shared, world } = self;
        if crash.loses_tokens {
            world.tokens.clear();
            // Where the store is not reached, no token is accepted either.
            let _ = world.change_rules(ScenarioState::forget_tokens);
        }
        if crash.loses_revisions {
            world.lose_revisions(&shared.seeding);
        }
        let now = shared.worlds.default().clock.elapsed();
        shared.doors.crash(now, now.saturating_add(crash.down));
    }
}
