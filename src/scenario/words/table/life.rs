//! The words of `life`: the phases of simulated jobs.

use crate::scenario::words::kind::List;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Glob, Text, Time};
use crate::scenario::words::shape::{Shape, word};

words! {
    /// An entry of `life`.
    LifeWords: Shape::new(
        "life",
        "The phases of simulated jobs, existing ones and created ones; their status is what their operators would write.",
    )
    .frame("{life: [{resource: tfjobs.kubeflow.org, phases: [{phase: Running}], …}], rules: [{then: pass}]}");
    resource: Text = word("resource", "The resource type, as plural.group: TFJobs, MPIJobs or Volcano Jobs.")
        .required()
        .example("resource: tfjobs.kubeflow.org"),
    namespace: Glob = word("namespace", "The namespace of the jobs.")
        .default("all namespaces")
        .example("namespace: kube-test"),
    name: Glob = word("name", "The name of the jobs.").default("all jobs").example("name: \"train-*\""),
    phases: List<LifePhaseWords<'static>, 1> = word("phases", "The phases, in order.")
        .required()
        .example("phases: [{phase: Created}, {phase: Running, at: 2s}, {phase: Failed, at: 5s}]"),
}

words! {
    /// An entry of `phases`.
    LifePhaseWords: Shape::new("life: phase", "A phase, and when it begins.")
        .frame("{life: [{resource: tfjobs.kubeflow.org, phases: [{phase: Running, …}]}], rules: [{then: pass}]}");
    phase: Text = word(
        "phase",
        "Created, Running, Restarting, Succeeded or Failed; of Volcano Jobs Pending, Running, Restarting, Aborting, Aborted, Completing, Completed, Terminating, Terminated or Failed.",
    )
    .required()
    .example("phase: Running"),
    at: Time = word("at", "How long after the creation of the job, on the world's clock; for existing jobs after the start of the scenario.")
        .default("with the previous phase, or immediately")
        .example("phase: Running, at: 2s"),
}
