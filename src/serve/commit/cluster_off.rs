//! Stores that several servers share, in a build without them (the feature `etcd`).

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::k8s::{Committed, Revision, State, StoreChange};
use crate::matching::{ScenarioStates, Stub, TentativeChoice};
use crate::message::WorldName;
use crate::scenario::ScenarioState;

use super::super::clock::{Clock, Turn};
use super::outcome::{Carried, Fresh, WriteError};
use super::peer::Peer;
use super::proposal::{Ahead, Proposal, ServerChange, ShareError};
use super::published::Published;

/// How long the controllers of another server may be behind.
pub(crate) const LEASE: std::time::Duration = std::time::Duration::ZERO;

/// A store: this build has none.
#[derive(Debug)]
pub(crate) enum Cluster {}

/// A store that was reached: this build has none.
#[derive(Debug)]
pub(crate) enum Reached {}

/// A world of a store: this build has none.
#[derive(Debug)]
pub(crate) enum Attached {}

/// What is of a world besides its objects: this build shares nothing.
#[derive(Debug)]
pub(crate) enum WorldShare {}

impl Cluster {
    pub(crate) fn began(&self) -> jiff::Timestamp {
        match *self {}
    }

    pub(crate) fn worlds(&self) -> Vec<WorldName> {
        match *self {}
    }

    pub(crate) fn subscribe(&self) -> tokio::sync::watch::Receiver<usize> {
        match *self {}
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn numbers(&self) -> super::numbers::StoreNumbers {
        match *self {}
    }

    pub(crate) fn is_of(&self, _: &State) -> bool {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn change(&self, _: Proposal) -> Result<Option<Revision>, ShareError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn refresh(&self) -> Result<(), ShareError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn peers(&self) -> Result<Vec<Peer>, ShareError> {
        match *self {}
    }

    pub(crate) fn layer(&self, _: &WorldName) -> &State {
        match *self {}
    }

    pub(crate) fn is_home_of(&self, _: &WorldName) -> bool {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn refresh_with(self: &Arc<Self>, _: &WorldName) -> Result<(), ShareError> {
        match **self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn refresh_all(&self) -> Result<(), ShareError> {
        match *self {}
    }

    pub(crate) fn wait<T>(&self, _: impl Future<Output = T>) -> T {
        match *self {}
    }

    pub(crate) fn take_changes(&self) -> Vec<ServerChange> {
        match *self {}
    }

    pub(crate) fn has_changes(&self) -> bool {
        match *self {}
    }

    pub(crate) fn news(&self) -> tokio::sync::watch::Receiver<u64> {
        match *self {}
    }

    pub(crate) fn share(self: &Arc<Self>, _: &WorldName) -> WorldShare {
        match **self {}
    }

    pub(crate) fn knows(self: &Arc<Self>, _: &WorldName) -> bool {
        match **self {}
    }
}

impl WorldShare {
    pub(crate) fn stub_states(&self) -> &Arc<ScenarioStates> {
        match *self {}
    }

    pub(crate) fn rules(&self) -> &Arc<ScenarioState> {
        match *self {}
    }

    pub(crate) fn clock(&self) -> &Arc<Clock> {
        match *self {}
    }

    pub(crate) fn chosen(&self) -> (u64, Option<Bytes>) {
        match *self {}
    }

    pub(crate) fn versions(&self) -> (u64, u64) {
        match *self {}
    }

    pub(crate) fn turn_clock(&self, _: Turn) -> Result<(), ShareError> {
        match *self {}
    }

    pub(crate) fn set_stub_state(&self, _: &str, _: &str) -> Result<(), ShareError> {
        match *self {}
    }

    pub(crate) fn reset_stub_states(&self) -> Result<(), ShareError> {
        match *self {}
    }

    pub(crate) fn reset_rules(&self) -> Result<(), ShareError> {
        match *self {}
    }

    pub(crate) fn choose(&self, _: &impl Serialize, _: u64, _: bool) -> Result<u64, ShareError> {
        match *self {}
    }

    pub(crate) fn restart(&self) -> Result<(), ShareError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn decide<T>(
        &self,
        _: bool,
        _: impl FnMut(&ScenarioState) -> T,
    ) -> Result<T, ShareError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn decide_ahead<T>(
        &self,
        _: u64,
        _: impl FnMut(&ScenarioState) -> T,
    ) -> Result<Ahead<T>, ShareError> {
        match *self {}
    }

    pub(crate) fn change_rules<T>(
        &self,
        _: impl FnMut(&ScenarioState) -> T,
    ) -> Result<T, ShareError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(crate) async fn choose_stub<'s>(
        &self,
        _: impl FnMut(&ScenarioStates) -> TentativeChoice<'s>,
    ) -> Result<Option<&'s Arc<Stub>>, ShareError> {
        match *self {}
    }
}

impl Reached {
    pub(crate) fn began(&self) -> jiff::Timestamp {
        match *self {}
    }

    pub(crate) fn join(self, _: &State) -> Result<(Arc<Cluster>, State), String> {
        match self {}
    }
}

impl Attached {
    pub(super) fn new(cluster: &Arc<Cluster>, _: &WorldName) -> Self {
        match **cluster {}
    }

    pub(super) fn published(&self) -> &Arc<Published> {
        match *self {}
    }

    pub(super) fn leads(&self) -> tokio::sync::watch::Receiver<bool> {
        match *self {}
    }

    pub(super) fn note_use(&self) {
        match *self {}
    }

    pub(super) fn not_ready(&self) -> Option<String> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(super) async fn recall(&self, _: Revision) -> Result<(), WriteError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(super) async fn expire(&self, _: Revision, _: Revision) {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(super) async fn refresh(&self) -> Result<(), WriteError> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as in a build with stores")]
    pub(super) async fn write<T>(
        &self,
        _: Fresh,
        _: impl FnMut(&Arc<State>, Carried) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), WriteError> {
        match *self {}
    }

    pub(super) fn write_and_wait<T>(
        &self,
        _: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), WriteError> {
        match *self {}
    }

    pub(super) fn erase(&self) -> Result<(), WriteError> {
        match *self {}
    }
}
