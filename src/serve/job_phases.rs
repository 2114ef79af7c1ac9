//! `life` of scenarios → stages of the phases that the profile knows.

use std::sync::OnceLock;

use crate::document::{Diagnostics, suggest};
use crate::k8s::{ObjectFilter, Phases, StageList};
use crate::profile::JOB_PHASES;
use crate::scenario::{Life, ScenarioSet};

/// The phases that are known.
fn phases() -> &'static Phases {
    static PHASES: OnceLock<Phases> = OnceLock::new();
    PHASES.get_or_init(|| {
        Phases::read(JOB_PHASES).expect("the phases that come with the program are valid")
    })
}

/// What is wrong with the `life` of scenarios.
pub(super) fn problems(scenarios: &ScenarioSet) -> Diagnostics {
    let mut found = Diagnostics::default();
    for life in scenarios.lives() {
        let Some(known) = phases().of(&life.resource) else {
            found.push(life.unknown_resource(suggest(&life.resource, &phases().resources())));
            continue;
        };
        for (index, (phase, _)) in life.phases.iter().enumerate() {
            if !known.contains(&phase.as_str()) {
                found.push(life.unknown_phase(index, suggest(phase, &known)));
            }
        }
    }
    found
}

/// The stages of one entry of `life`.
pub(super) fn stages(life: &Life) -> StageList {
    let objects = ObjectFilter { namespace: life.namespace.clone(), name: life.name.clone() };
    phases().list(&life.resource, objects, &life.phases)
}
