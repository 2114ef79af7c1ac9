//! Stores that several servers share, in a build without them (the feature `etcd`).

use std::sync::Arc;

use crate::k8s::{Committed, State, StoreChange};
use crate::message::WorldName;

use super::outcome::{Fresh, WriteError};
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

    pub(super) fn not_ready(&self) -> Option<String> {
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
        _: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
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
