//! Starts in each world what takes its jobs through the phases of scenarios, by a task of its own: time passes without
//! requests.

use std::sync::Arc;

use super::context::RequestContext;
use super::state::Shared;

impl Shared {
    /// Starts in each world what takes its jobs through the phases of its scenarios, until the server stops.
    pub(crate) async fn keep_life(self: Arc<Self>) {
        let mut stopping = self.stopping.clone();
        loop {
            for world in self.worlds.all() {
                RequestContext::new(Arc::clone(&self), world).begin_life();
            }
            tokio::select! {
                () = self.life_changed.notified() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }
}
