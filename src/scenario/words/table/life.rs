//! The words of `life`: the phases that objects go through by themselves.

use crate::scenario::words::kind::List;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Glob, Text, Time};
use crate::scenario::words::shape::{Shape, word};

words! {
    /// An entry of `life`.
    LifeWords: Shape::new(
        "life",
        "The phases that jobs go through, those that are there and those that are created; their status is what their operators write.",
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
    at: Time = word("at", "How long after the creation of the job, on the world's clock; for one that is there after the start of the scenario.")
        .default("with the phase before it, or at once")
        .example("phase: Running, at: 2s"),
}
