//! The phases that a set of scenarios takes the jobs of a world through.

use std::sync::Arc;
use std::time::Duration;

use crate::k8s::{LifeCycle, StageList, State};
use crate::scenario::ScenarioSet;

use super::job_phases::stages;

/// The life of jobs under one set of scenarios.
#[derive(Debug)]
pub(super) struct ScenarioLife {
    /// The set it is of.
    of: Arc<ScenarioSet>,
    pub(super) lists: Vec<StageList>,
    pub(super) cycle: LifeCycle,
}

impl ScenarioLife {
    /// The life of the jobs of a state and of later ones, from a time on.
    pub(super) fn begin(of: Arc<ScenarioSet>, state: &State, elapsed: Duration) -> Self {
        let lists: Vec<StageList> = of.lives().iter().map(stages).collect();
        let cycle = LifeCycle::of_all(state, &lists, elapsed);
        Self { of, lists, cycle }
    }

    /// Whether it is that of a set.
    pub(super) fn is_of(&self, scenarios: &Arc<ScenarioSet>) -> bool {
        Arc::ptr_eq(&self.of, scenarios)
    }
}
