//! The result of a verb that writes: a change, and the answer for when it is committed.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

use crate::message::Plan;

use super::super::output::{self, Output};
use super::super::store::{Committed, Object, StoreChange};
use super::{Call, Outcome, Resolved, object_plan, shown};

/// The answer to a request that writes. It is rendered after the commit, because it shows the object's
/// revision.
pub(crate) struct PendingAnswer(Box<dyn FnOnce(&Committed) -> Plan + Send>);

impl PendingAnswer {
    pub(super) fn new(reply: impl FnOnce(&Committed) -> Plan + Send + 'static) -> Self {
        Self(Box::new(reply))
    }

    /// The answer with a change to it.
    pub(in super::super) fn map(self, change: impl FnOnce(Plan) -> Plan + Send + 'static) -> Self {
        Self::new(move |committed| change((self.0)(committed)))
    }

    /// The answer, after the commit.
    #[must_use]
    pub(crate) fn plan(self, committed: &Committed) -> Plan {
        (self.0)(committed)
    }
}

impl fmt::Debug for PendingAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingAnswer")
    }
}

/// The object of an answer, and the write of the change that stores it.
#[derive(Debug)]
pub(super) struct Written {
    object: Arc<Object>,
    /// The index among the writes of the change; `None` where nothing is written.
    write: Option<usize>,
    /// What its validation warns about.
    warnings: Vec<String>,
}

impl Written {
    /// An object that the next write of a change stores or removes.
    pub(super) fn next(change: &StoreChange, object: &Arc<Object>) -> Self {
        Self::with(Arc::clone(object), Some(change.len()))
    }

    /// An object that the last write of a change has removed; in a dry run there is none.
    pub(super) fn removed(change: &StoreChange, object: &Arc<Object>) -> Self {
        Self::with(Arc::clone(object), change.len().checked_sub(1))
    }

    /// An object that a write of a change, by its index, has stored.
    pub(super) fn at(write: usize, object: Arc<Object>) -> Self {
        Self::with(object, Some(write))
    }

    /// An object that is not written: it is unchanged, or the request is a dry run.
    pub(super) fn nothing(object: Arc<Object>) -> Self {
        Self::with(object, None)
    }

    fn with(object: Arc<Object>, write: Option<usize>) -> Self {
        Self { object, write, warnings: Vec::new() }
    }

    /// With what its validation warns about.
    pub(super) fn warned(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    /// The object before the commit.
    pub(super) fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// The object with the revision of its write.
    pub(super) fn committed(self, committed: &Committed) -> Arc<Object> {
        let write = self.write.and_then(|at| committed.writes().get(at));
        match write.map(|write| write.object.meta.revision) {
            Some(revision) if revision != self.object.meta.revision => {
                Arc::new(self.object.at_revision(revision))
            }
            _ => self.object,
        }
    }
}

/// A change with an answer that does not depend on its commit.
pub(super) fn planned(change: StoreChange, plan: Plan) -> Resolved {
    if change.is_empty() {
        return Resolved::Outcome(Outcome::Plan(plan));
    }
    Resolved::Change(change, PendingAnswer::new(move |_| plan))
}

/// A change that is answered with the written object.
pub(super) fn decision(
    call: &Call<'_>,
    change: StoreChange,
    mut written: Written,
    status: StatusCode,
    output: Output,
    warnings: &[String],
) -> Resolved {
    let texts = warnings.iter().chain(&written.warnings);
    let warnings: Vec<_> = texts.filter_map(|text| output::warning(text)).collect();
    let (served, now) = (call.served.clone(), call.now);
    if let Some(shown) = shown(&served, call.conversions, &written.object, output.shape) {
        written.object = Arc::new(shown);
    }
    let plan = move |object: &Object| {
        let mut plan = object_plan(&served, status, object, output, now);
        for warning in warnings {
            plan.headers.append("warning", warning);
        }
        plan
    };
    if change.is_empty() {
        return Resolved::Outcome(Outcome::Plan(plan(&written.object)));
    }
    let reply = move |committed: &Committed| plan(&written.committed(committed));
    Resolved::Change(change, PendingAnswer::new(reply))
}

/// The resolution of a request with another answer than that of its success.
pub(super) fn refused(resolved: Resolved, mut plan: Plan) -> Resolved {
    // The warnings about what was done stay.
    let instead = move |own: Plan| {
        if !own.status.is_success() {
            return own;
        }
        for warning in own.headers.get_all("warning") {
            plan.headers.append("warning", warning.clone());
        }
        plan
    };
    match resolved {
        Resolved::Outcome(Outcome::Plan(own)) => Resolved::Outcome(Outcome::Plan(instead(own))),
        Resolved::Change(change, answer) => Resolved::Change(change, answer.map(instead)),
        other @ Resolved::Outcome(_) => other,
    }
}

/// The resolution of a request, with a warning before the others of its answer. Streams add their own.
pub(super) fn warned(resolved: Resolved, text: &str) -> Resolved {
    let Some(header) = output::warning(text) else { return resolved };
    let add = move |mut plan: Plan| {
        let others: Vec<_> = plan.headers.get_all("warning").iter().cloned().collect();
        plan.headers.insert("warning", header);
        for other in others {
            plan.headers.append("warning", other);
        }
        plan
    };
    match resolved {
        Resolved::Outcome(Outcome::Plan(plan)) => Resolved::Outcome(Outcome::Plan(add(plan))),
        Resolved::Change(change, answer) => Resolved::Change(change, answer.map(add)),
        other @ Resolved::Outcome(_) => other,
    }
}
