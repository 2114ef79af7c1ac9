//! `delete`: an object is removed, or marked as terminating while it has finalizers.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::message::Body;

use super::super::admission::plugins::Plugin;
use super::super::conversion::{self, Conversions};
use super::super::faults::HOLD;
use super::super::meta;
use super::super::options::{DeleteOptions, Propagation};
use super::super::output;
use super::super::resource::Served;
use super::super::services;
use super::super::status::{self, ApiError};
use super::super::store::{Object, StoreChange};
use super::admission::Admission;
use super::built_in::built_in_rules;
use super::render::{render, render_dry};
use super::written::{self, Written};
use super::{Call, Kubelet, Resolved, body, built_in, definition};

/// The result of a delete.
#[derive(Debug)]
pub(super) enum Deleted {
    /// The object is removed.
    Gone(Arc<Object>),
    /// The object has finalizers; this is its terminating version.
    Held(Written),
}

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    let options = options(call)?;
    let mut change = StoreChange::on(&call.state);
    let object = call.find()?;
    check_immortal(call, &object.meta.name)?;
    let admission = Admission::of_delete(call, &options)?;
    Ok(match delete(call, &mut change, object, &options, Some(&admission))? {
        Deleted::Gone(object)
            if built_in_rules(call).is_some_and(|rules| rules.returns_deleted) =>
        {
            let written = Written::removed(&change, &object);
            written::decision(call, change, written, StatusCode::OK, output, &[])
        }
        Deleted::Gone(object) => {
            let json = status::deleted(&call.served.of, &object.meta.name, &object.meta.uid);
            let body = Body::Bytes(output.render(json.to_vec()));
            let plan = output::plan(StatusCode::OK, output.content_type(), body);
            written::planned(change, plan)
        }
        Deleted::Held(marked) => {
            let code =
                if options.orphan_dependents_false { StatusCode::ACCEPTED } else { StatusCode::OK };
            let orphaned = built_in_rules(call).is_some_and(|rules| rules.orphans)
                && options.propagation.is_none()
                && call.served.of.plural() == "jobs";
            let warnings = if orphaned { vec![PRESERVED.to_owned()] } else { Vec::new() };
            written::decision(call, change, marked, code, output, &warnings)
        }
    })
}

/// The warning about a job whose pods stay.
const PRESERVED: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background \
     to remove them or set propagationPolicy=Orphan to suppress this warning";

/// The namespaces that cannot be deleted (`k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle`).
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

fn check_immortal(call: &Call<'_>, name: &str) -> Result<(), ApiError> {
    let of = &call.served.of;
    if !of.is_built_in()
        || of.plural() != "namespaces"
        || !IMMORTAL.contains(&name)
        || !call.config.admission.has(Plugin::NamespaceLifecycle)
    {
        return Ok(());
    }
    Err(ApiError::forbidden(&of.group_resource, name, "this namespace may not be deleted"))
}

/// The options: of the body if there is one, otherwise of the query.
pub(super) fn options(call: &Call<'_>) -> Result<DeleteOptions, ApiError> {
    match body::delete_options(call)? {
        Some(body) => DeleteOptions::of_body(body),
        None => DeleteOptions::of_query(call.query),
    }
}

/// Adds the deletion of an object to a change.
///
/// # Errors
/// 409 when a precondition does not hold.
pub(super) fn delete(
    call: &Call<'_>,
    change: &mut StoreChange,
    object: &Arc<Object>,
    options: &DeleteOptions,
    admission: Option<&Admission<'_, '_>>,
) -> Result<Deleted, ApiError> {
    check_preconditions(call, object, options)?;
    let of = &call.served.of;
    let pod = of.is_built_in() && of.plural() == "pods" && of.group().is_empty();
    if let Some(admission) = admission {
        let value = conversion::value(&call.served, call.conversions, object);
        let grace = pod.then(|| grace_seconds(&value, options));
        admission.delete(&built_in::read_back(call, value), grace)?;
    }
    if definition::is_definition(of) && !object.meta.terminating {
        return Ok(Deleted::Held(delete_definition(call, change, object, options)));
    }
    let mut value = conversion::value(&call.served, call.conversions, object);
    let mut finalizers: Vec<String> =
        meta::finalizers(&value).into_iter().map(str::to_owned).collect();
    let propagation = options.propagation.or_else(|| {
        built_in_rules(call).filter(|rules| rules.orphans).map(|_| Propagation::Orphan)
    });
    adjust_finalizers(&mut finalizers, propagation);
    if call.faults.hold && !object.meta.terminating {
        finalizers.push(HOLD.to_owned());
    }
    let namespace = of.is_built_in() && of.plural() == "namespaces";
    let has_kubelet = pod && call.config.kubelet != Kubelet::Unseen;
    if has_kubelet && meta::is_terminating(&value) {
        return Ok(end_sooner(call, change, object, value, options));
    }
    let waits = has_kubelet && grace_seconds(&value, options) > 0;
    let held = !finalizers.is_empty() || waits || namespace && !is_finalized(&value);
    if !held {
        if pod {
            mark_pod(call, &mut value, options);
        }
        if options.dry_run {
            let shown = if pod { render_dry(call, value) } else { Arc::clone(object) };
            return Ok(Deleted::Gone(shown));
        }
        if pod {
            // Its last version is terminating. No kubelet runs that it waits for. It is marked and removed by two
            // writes of upstream, and each is judged.
            if let Some(admission) = admission {
                let grace = Some(grace_seconds(&value, options));
                admission.delete(&built_in::read_back(call, value.clone()), grace)?;
            }
            return Ok(Deleted::Gone(mark_and_remove(call, change, value)));
        }
        let last = change.remove(&object.resource, &object.key);
        services::removed(change, object);
        return Ok(Deleted::Gone(last.unwrap_or_else(|| Arc::clone(object))));
    }
    if meta::is_terminating(&value) {
        return Ok(Deleted::Held(Written::nothing(Arc::clone(object))));
    }
    meta::set(
        &mut value,
        "finalizers",
        if finalizers.is_empty() { Value::Null } else { json!(finalizers) },
    );
    if has_kubelet {
        mark_pod(call, &mut value, options);
    } else {
        meta::set(&mut value, "deletionTimestamp", meta::time_text(call.now).into());
        if namespace {
            value["status"]["phase"] = json!("Terminating");
        } else {
            meta::set(&mut value, "deletionGracePeriodSeconds", json!(0));
        }
        if let Some(generation) = value["metadata"]["generation"].as_i64() {
            meta::set(&mut value, "generation", json!(generation + 1));
        }
    }
    if options.dry_run {
        return Ok(Deleted::Held(Written::nothing(render_dry(call, value))));
    }
    let object = render(call, change, value);
    let marked = Written::next(change, &object);
    change.put(Arc::clone(&object));
    if namespace {
        empty_namespace(call, change, &object.meta.name);
    }
    Ok(Deleted::Held(marked))
}

/// How long a deleted pod has, in seconds (`podStrategy.CheckGracefulDelete`): one without a node has no time.
fn grace_seconds(pod: &Value, options: &DeleteOptions) -> i64 {
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64();
    let asked = options.grace_seconds.or(own).unwrap_or_default();
    let unplaced = pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty);
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Failed" | "Succeeded"));
    match asked {
        _ if unplaced || ended => 0,
        ..0 => 1,
        _ => asked,
    }
}

/// Deletes a pod that is being deleted: its time can only become shorter (`rest.BeforeDelete`).
fn end_sooner(
    call: &Call<'_>,
    change: &mut StoreChange,
    object: &Arc<Object>,
    mut pod: Value,
    options: &DeleteOptions,
) -> Deleted {
    let left = pod["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or_default();
    let asked = options.grace_seconds.map(|asked| if asked < 0 { 1 } else { asked });
    let Some(mut seconds) = asked.filter(|asked| *asked < left) else {
        return Deleted::Held(Written::nothing(Arc::clone(object)));
    };
    let until: Option<jiff::Timestamp> =
        pod["metadata"]["deletionTimestamp"].as_str().and_then(|time| time.parse().ok());
    let earlier = jiff::SignedDuration::from_secs(left - seconds);
    let until = until.and_then(|until| until.checked_sub(earlier).ok());
    // An end that would have passed is now, and the least time is left: who ends the pod sees the change.
    let until = until.filter(|until| *until >= call.now).unwrap_or_else(|| {
        seconds = seconds.min(1);
        call.now
    });
    meta::set(&mut pod, "deletionTimestamp", meta::time_text(until).into());
    meta::set(&mut pod, "deletionGracePeriodSeconds", seconds.into());
    let is_gone = seconds == 0 && meta::finalizers(&pod).is_empty();
    if options.dry_run {
        let shown = render_dry(call, pod);
        return if is_gone { Deleted::Gone(shown) } else { Deleted::Held(Written::nothing(shown)) };
    }
    if is_gone {
        return Deleted::Gone(mark_and_remove(call, change, pod));
    }
    let object = render(call, change, pod);
    let marked = Written::next(change, &object);
    change.put(object);
    Deleted::Held(marked)
}

/// Writes a pod's last version and removes it: watches see both (`updateForGracefulDeletionAndFinalizers` in
/// `k8s.io/apiserver/pkg/registry/generic/registry/store.go` writes the mark of a deletion that waits for nothing, too).
fn mark_and_remove(call: &Call<'_>, change: &mut StoreChange, pod: Value) -> Arc<Object> {
    let object = render(call, change, pod);
    change.put(Arc::clone(&object));
    change.remove(&object.resource, &object.key).unwrap_or(object)
}

/// Marks a pod as terminating.
fn mark_pod(call: &Call<'_>, pod: &mut Value, options: &DeleteOptions) {
    let seconds = grace_seconds(pod, options);
    let until = jiff::SignedDuration::from_secs(seconds);
    let until = call.now.checked_add(until).unwrap_or(call.now);
    meta::set(pod, "deletionTimestamp", meta::time_text(until).into());
    meta::set(pod, "deletionGracePeriodSeconds", seconds.into());
    if let Some(generation) = pod["metadata"]["generation"].as_i64() {
        meta::set(pod, "generation", json!(generation + 1));
    }
}

/// Marks a definition as being deleted, and deletes its objects.
fn delete_definition(
    call: &Call<'_>,
    change: &mut StoreChange,
    object: &Arc<Object>,
    options: &DeleteOptions,
) -> Written {
    if options.dry_run {
        return Written::nothing(render_dry(call, definition::terminated(object, call.now)));
    }
    let written = change.len();
    let types = Arc::clone(change.types());
    let conversions = Conversions::keeping_versions();
    let marked = definition::terminate(change, object, call.now, |change, object| {
        let Some(of) = types.get(&object.resource) else { return };
        let Some(served) = Served::in_version(of, &of.storage().name) else { return };
        let state = Arc::clone(&call.state);
        let inner = Call { served, state, conversions: &conversions, ..*call };
        // A delete without preconditions cannot fail.
        let _ = delete(&inner, change, object, &DeleteOptions::default(), None);
    });
    Written::at(written, marked)
}

/// Checks the uid and the revision that a deletion is for.
///
/// # Errors
/// 409 where the object has another one.
pub(super) fn check_preconditions(
    call: &Call<'_>,
    object: &Object,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    // Upstream names the Kind in this message, not the resource.
    let of = &call.served.of;
    let kind = super::super::resource::GroupResource::new(of.group(), &of.kind);
    let name = &object.meta.name;
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != &*object.meta.uid) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been \
             deleted and then recreated",
            object.meta.uid
        );
        return Err(ApiError::conflict_because(&kind, name, &why));
    }
    let revision = object.meta.revision.to_string();
    if let Some(asked) = options.resource_version.as_deref().filter(|asked| *asked != revision) {
        let why = format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record \
             ({revision}). The object might have been modified"
        );
        return Err(ApiError::conflict_because(&kind, name, &why));
    }
    Ok(())
}

/// Sets the finalizers of foreground and orphan deletion (`k8s.io/apiserver/pkg/registry/generic/registry`).
fn adjust_finalizers(finalizers: &mut Vec<String>, propagation: Option<Propagation>) {
    let mut want = |name: &str, wanted: bool| {
        let there = finalizers.iter().any(|finalizer| finalizer == name);
        if wanted && !there {
            finalizers.push(name.to_owned());
        } else if !wanted && there {
            finalizers.retain(|finalizer| finalizer != name);
        }
    };
    if let Some(propagation) = propagation {
        want("foregroundDeletion", propagation == Propagation::Foreground);
        want("orphan", propagation == Propagation::Orphan);
    }
}

/// Whether a namespace has no `spec.finalizers`.
fn is_finalized(namespace: &Value) -> bool {
    namespace["spec"]["finalizers"].as_array().is_none_or(Vec::is_empty)
}

/// Deletes the objects of a namespace, as the namespace controller does. The namespace itself is removed once
/// it is empty: see [`super::super::namespace::emptied`].
fn empty_namespace(call: &Call<'_>, change: &mut StoreChange, name: &str) {
    let types: Vec<_> = change.types().types().filter(|of| of.namespaced).cloned().collect();
    let conversions = Conversions::keeping_versions();
    for of in types {
        let Some(served) = Served::in_version(&of, &of.storage().name) else { continue };
        change.rely_on_all(&of.stored_as);
        let collection = change.snapshot().collection(&of.stored_as);
        let inside: Vec<_> = collection
            .map(|collection| collection.range(name, "").cloned().collect())
            .unwrap_or_default();
        let state = Arc::clone(&call.state);
        let inner = Call { served, state, conversions: &conversions, ..*call };
        for object in inside {
            // A delete without preconditions cannot fail.
            let _ = delete(&inner, change, &object, &DeleteOptions::default(), None);
        }
    }
}
