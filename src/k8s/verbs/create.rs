//! `create`: a new object.

use http::StatusCode;
use serde_json::Value;

use super::super::admission::plugins::Plugin;
use super::super::conversion;
use super::super::golang::parse_uint;
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::resource::GroupResource;
use super::super::status::{ApiError, Cause};
use super::super::store::StoreChange;
use super::admission::Admission;
use super::admit::{self, Admitted};
use super::generated::{TRIES, suffix};
use super::render::{normalize, render, render_dry};
use super::validate::{self, validate_new};
use super::write::Tracking;
use super::written::Written;
use super::{
    Call, Resolved, begin, body, built_in, definition, escalation, quota, service, write, written,
};

/// The maximum length of the base of a generated name.
const MAX_BASE: usize = 58;

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    // Unlike for an update, the media type comes before the options.
    body::check_media(call)?;
    let options = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let decoded = body::object(call, options.validation)?;
    let Admitted { mut value, mut warnings } = admit::admit(call, decoded, &options)?;
    call.note_object(&value);
    admit::check_namespace(call, &value).map_err(|error| error.with_warnings(&warnings))?;
    warnings.extend(admit::deduplicate_owners(&mut value, false));
    let mut change = StoreChange::on(&call.state);
    let admission = Admission::of_write(call, &options);
    let (value, tracking) = mutated(&admission, call, &mut change, value, Tracking::Update)
        .map_err(|error| error.with_warnings(&warnings))?;
    warnings.extend(call.reviews.take_warnings());
    warnings.extend(built_in::early_warnings(call, &value));
    let own = validate::warnings(call, &value, None);
    let new = insert(call, &mut change, value, &tracking, &admission)
        .map_err(|error| error.with_warnings(&warnings))?;
    warnings.extend(own);
    Ok(written::decision(call, change, new, StatusCode::CREATED, output, &warnings))
}

/// A new object as admission plugins leave it, and how its managed fields are set.
///
/// # Errors
/// A namespace that takes no objects, and the refusal of a plugin.
pub(super) fn mutated(
    admission: &Admission<'_, '_>,
    call: &Call<'_>,
    change: &mut StoreChange,
    mut value: Value,
    tracking: Tracking,
) -> Result<(Value, Tracking), ApiError> {
    check_namespace(call, change, meta::text(&value, "name"))?;
    if !admission.mutates() {
        return Ok((value, tracking));
    }
    begin::own_new(call, &mut value, &tracking);
    normalize(call, &mut value);
    let change = &*change;
    let value = admission.mutate(None, value, &|value| quota::mutate(call, change, value, None))?;
    admit::check_namespace(call, &value)?;
    let managed = value["metadata"]["managedFields"].clone();
    Ok((value, Tracking::Done(managed)))
}

/// Adds a new object to a change, validated and with the server's fields.
pub(super) fn insert(
    call: &Call<'_>,
    change: &mut StoreChange,
    mut value: Value,
    tracking: &Tracking,
    admission: &Admission<'_, '_>,
) -> Result<Written, ApiError> {
    let of = &call.served.of;
    let dry_run = admission.dry_run;
    escalation::check(call, &value, None)?;
    // A revision that is not a number does not count.
    let revision = meta::text(&value, "resourceVersion");
    let has_revision = parse_uint(revision).is_ok_and(|revision| revision > 0);
    let generated =
        meta::text(&value, "name").is_empty() && !meta::text(&value, "generateName").is_empty();
    // Fields that the server sets in an object of a built-in type have no owner.
    let decoded = built_in::built_in_rules(call).map(|_| {
        let mut decoded = value.clone();
        conversion::through_stored(&call.served, &mut decoded, |_| {});
        decoded
    });
    let empty = built_in::empty(call);
    for attempt in 1..=TRIES {
        if generated {
            let base =
                meta::text(&value, "generateName").chars().take(MAX_BASE).collect::<String>();
            meta::set(&mut value, "name", format!("{base}{}", suffix(call.nonce, attempt)).into());
        }
        quota::mutate(call, change, &mut value, None)?;
        begin::begin(call, &mut value, tracking);
        let allocated = service::allocate(call, change, &mut value, None, dry_run)?;
        if call.config.self_links {
            let link = of.link(&call.served, &call.info.namespace, meta::text(&value, "name"));
            meta::set(&mut value, "selfLink", link.into());
        }
        write::track(call, &empty, decoded.as_ref(), &mut value, tracking);
        validate_new(call, &value)?;
        write::check_managers(call, &value)?;
        normalize(call, &mut value);
        // What is refused after its validation has its warnings.
        let refused =
            |error: ApiError| error.with_warnings(&validate::warnings(call, &value, None));
        let warnings = quota::check(call, change, &value, None).map_err(refused)?;
        admission.validate(None, &value)?;
        let charge = quota::charge(call, change, &value, None).map_err(refused)?;
        // A conversion that fails comes before a name that is taken.
        if of.webhook.is_some() {
            render_dry(call, value.clone());
        }
        // The storage refuses it, behind validation, and a dry run does not come to it (`Create` in
        // `k8s.io/apiserver/pkg/storage/etcd3/store.go` and `pkg/registry/generic/registry/dryrun.go`).
        if has_revision && !dry_run {
            return Err(ApiError::unclassified(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let name = meta::text(&value, "name");
        let key = of.key(&call.info.namespace, name);
        let Some(existing) = change.snapshot().get(&of.stored_as, &key) else {
            if dry_run {
                return Ok(Written::nothing(render_dry(call, value)).warned(warnings));
            }
            charge.store(change);
            service::store(call, change, &value, &allocated);
            let object = render(call, change, value);
            write::check_size(&object)?;
            let new = Written::next(change, &object);
            change.put(std::sync::Arc::clone(&object));
            if definition::is_definition(of) {
                definition::register(change, &object, call.now);
            }
            return Ok(new.warned(warnings));
        };
        let mut error = ApiError::already_exists(&of.group_resource, name);
        let deleting = existing.meta.terminating;
        if !generated {
            if deleting {
                error.message = format!("object is being deleted: {}", error.message);
            }
            return Err(error);
        }
        if attempt == TRIES {
            error
                .message
                .push_str(", the server was not able to generate a unique name for the object");
            return Err(error.retry_after(1));
        }
    }
    Err(ApiError::internal("no name could be generated"))
}

/// The namespace must exist and not be terminating
/// (`k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle`).
fn check_namespace(call: &Call<'_>, change: &mut StoreChange, name: &str) -> Result<(), ApiError> {
    if !call.served.of.namespaced || !call.config.admission.has(Plugin::NamespaceLifecycle) {
        return Ok(());
    }
    let namespace = &*call.info.namespace;
    let namespaces = GroupResource::new("", "namespaces");
    let Some(found) = change.snapshot().get(&namespaces, namespace) else {
        return Err(ApiError::not_found(&namespaces, namespace));
    };
    if !found.meta.terminating {
        change.rely_on(&namespaces, namespace);
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let mut error = ApiError::forbidden(&call.served.of.group_resource, name, &why);
    error.details.get_or_insert_default().causes.push(Cause {
        reason: "NamespaceTerminating",
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    Err(error)
}
