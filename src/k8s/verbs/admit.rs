//! Decoded objects → objects of the call's type: typed metadata, no unknown fields, defaults, the name and
//! namespace of the request (`k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go`,
//! `schemaCoercingDecoder`).

use serde_json::Value;

use super::super::core::decode::From;
use super::super::core::{self, merge};
use super::super::crd;
use super::super::decode::{self, Decoded};
use super::super::golang::{self, quote};
use super::super::json_patch;
use super::super::limits::MAX_DEPTH;
use super::super::meta;
use super::super::options::{FieldValidation, WriteOptions};
use super::super::resource::{Served, split_api_version};
use super::super::schema;
use super::super::status::{ApiError, FieldError};
use super::{Call, body, definition};

/// How an object was patched.
#[derive(Debug)]
pub(super) enum Patched {
    /// By a JSON Patch or a merge patch, with what it has touched.
    Json(Value),
    /// By a strategic merge patch.
    Strategic(Value),
}

/// An object after decoding, with the warnings for the answer.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) value: Value,
    pub(super) warnings: Vec<String>,
}

/// Coerces the metadata, prunes and defaults an object of a body, as upstream's decoder does.
///
/// # Errors
/// 400 for metadata of the wrong type, for another version, and for unknown or duplicate fields when
/// the client requests `fieldValidation=Strict`.
pub(super) fn admit(
    call: &Call<'_>,
    decoded: Decoded,
    options: &WriteOptions,
) -> Result<Admitted, ApiError> {
    let Decoded { mut value, mut strict, invalid } = decoded;
    let api_version = value["apiVersion"].as_str().unwrap_or_default().to_owned();
    let cannot = |value: &Value, why: &str| {
        let kind = value["kind"].as_str().unwrap_or_default();
        let version = split_api_version(&api_version).1;
        ApiError::bad_request(format!(
            "{kind} in version {} cannot be handled as a {}: {why}",
            quote(version),
            // An object of a custom resource has the kind that it says it has.
            if call.served.of.is_built_in() { &*call.served.of.kind } else { kind }
        ))
    };
    let invalid = invalid.map(|why| cannot(&value, &why));
    let typed = merge::go_struct(&call.served).is_some();
    if let Some(error) = invalid.clone().filter(|_| !typed) {
        return Err(error);
    }
    let text = Some(call.body);
    strict.extend(coerce(call, &mut value, From::Json, text).map_err(|why| cannot(&value, &why))?);
    if let Some(error) = invalid {
        return Err(error);
    }
    if call.served.of.is_built_in() {
        decode::in_text_order(&mut strict, call.body);
    }
    let warnings = match options.validation {
        FieldValidation::Strict if !strict.is_empty() => {
            let why = format!("strict decoding error: {}", strict.join(", "));
            return Err(cannot(&value, &why));
        }
        FieldValidation::Warn => decode::warnings(strict),
        _ => Vec::new(),
    };
    if api_version != *call.served.api_version {
        // This one has neither a group nor a version (`ParseGroupVersion`).
        let shown = if api_version == "/" { "" } else { &*api_version };
        let why = format!(
            "the API version in the data ({shown}) does not match the expected API version ({})",
            call.served.api_version
        );
        return Err(ApiError::bad_request(why).with_warnings(&warnings));
    }
    Ok(Admitted { value, warnings })
}

/// Coerces, prunes and defaults a patched object. `strict` are the errors of decoding the patch strictly.
///
/// # Errors
/// 422 with the patched object, for what cannot be decoded (`jsonPatcher.applyPatchToCurrentObject`).
///
/// The levels of the object that the patch has touched are shown in the order of names.
pub(super) fn admit_patched(
    call: &Call<'_>,
    patched: Value,
    patch: &Patched,
    mut strict: Vec<String>,
    options: &WriteOptions,
) -> Result<Admitted, ApiError> {
    let (shown, from) = match patch {
        Patched::Strategic(patch) => (golang::plain(patch), From::Map),
        Patched::Json(touched) => (
            core::encode::json_text(&patched, merge::go_struct(&call.served), Some(touched)),
            From::Json,
        ),
    };
    let refused = |why: &str| {
        let errors = [FieldError::invalid("patch", quote(&shown), why)];
        ApiError::invalid("", "", "", &errors)
    };
    let mut value = patched;
    if matches!(patch, Patched::Strategic(_)) {
        set_own_type(call, &mut value).map_err(|why| refused(&why))?;
    } else {
        let sent = decode::TypeMeta::of(&value).map_err(|why| refused(&why))?;
        if call.served.of.is_built_in() {
            strict.extend(check_type(call, &mut value, &sent).map_err(|why| refused(&why))?);
        } else if value["kind"].as_str().is_none_or(str::is_empty) {
            return Err(refused(&body::missing_kind(&shown)));
        }
    }
    let text = Some(shown.as_bytes()).filter(|_| from == From::Json);
    strict.extend(coerce(call, &mut value, from, text).map_err(|why| refused(&why))?);
    let warnings = match options.validation {
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(refused(&format!("strict decoding error: {}", strict.join(", "))));
        }
        FieldValidation::Warn => strict,
        _ => Vec::new(),
    };
    Ok(Admitted { value, warnings })
}

/// Checks kind and version of a patched object of a built-in type, which may say neither. Without a version it is
/// decoded as one of the internal type, which has none of its fields: returns the errors of strict decoding.
fn check_type(
    call: &Call<'_>,
    value: &mut Value,
    sent: &decode::TypeMeta,
) -> Result<Vec<String>, String> {
    let (own, own_version) = (&*call.served.of.kind, &*call.served.api_version);
    let kind = if sent.kind.is_empty() { own } else { &*sent.kind };
    let (group, version) = split_api_version(&sent.api_version);
    let is_internal = version.is_empty() && (group.is_empty() || group == call.served.of.group());
    value["kind"] = kind.into();
    if is_internal && kind == own {
        let mut unknown = drop_all(value);
        if value.as_object_mut().is_some_and(|map| map.remove("metadata").is_some()) {
            unknown.push("metadata".to_owned());
        }
        unknown.sort_unstable();
        value["apiVersion"] = own_version.into();
        return Ok(unknown.iter().map(|name| format!("unknown field {}", quote(name))).collect());
    }
    if kind != own || sent.api_version != own_version {
        return Err(body::why_not_own(call, &sent.api_version, kind, (own, own_version)));
    }
    Ok(Vec::new())
}

/// Sets kind and version of a strategically patched object: its Go type says what it is, whatever these texts say.
fn set_own_type(call: &Call<'_>, value: &mut Value) -> Result<(), String> {
    for (field, own) in [("kind", &*call.served.of.kind), ("apiVersion", &*call.served.api_version)]
    {
        match &value[field] {
            Value::Null | Value::String(_) => value[field] = own.into(),
            // Go converts a whole number to a text, which JSON does not.
            Value::Number(number) if number.is_i64() => {
                return Err("cannot convert int64 to string".to_owned());
            }
            _ => return Err("unrecognized type: string".to_owned()),
        }
    }
    Ok(())
}

/// Makes a decoded object one of the call's type: typed metadata, no unknown fields, defaults. Returns the
/// errors of strict decoding. `text` is the JSON text that it was decoded from: of several problems Go reports the first
/// one in it.
///
/// # Errors
/// Go's message for what cannot be decoded.
pub(super) fn coerce(
    call: &Call<'_>,
    value: &mut Value,
    from: From,
    text: Option<&[u8]>,
) -> Result<Vec<String>, String> {
    coerce_as(&call.served, value, from, text)
}

/// As [`coerce`], for an object of a type and version.
///
/// # Errors
/// As there.
pub(super) fn coerce_as(
    served: &Served,
    value: &mut Value,
    from: From,
    text: Option<&[u8]>,
) -> Result<Vec<String>, String> {
    let of = &served.of;
    let go = merge::go_struct(served).filter(|_| !definition::is_definition(of));
    // Go tells numbers apart as they are written: `1.0` is a float until it is written again. What YAML or a map held
    // has come through JSON once more, and metadata of custom resources too.
    if go.is_none() && from == From::Map {
        decode::normalize(value);
    } else if !of.is_built_in()
        && let Some(metadata) = value.get_mut("metadata")
    {
        decode::normalize(metadata);
    }
    let kind = value["kind"].as_str().unwrap_or_default();
    let api_version = &value["apiVersion"];
    if of.is_built_in() && (kind != &*of.kind || api_version != &*served.api_version) {
        let version = api_version.as_str().unwrap_or_default();
        return Err(format!(
            "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
            quote(kind),
            quote(version)
        ));
    }
    if value.get("apiVersion").is_some_and(Value::is_null) {
        let why = ".apiVersion accessor error: <nil> is of the type <nil>, expected string";
        return Err(why.to_owned());
    }
    if is_too_deep(value) {
        return Err("exceeded max depth".to_owned());
    }
    let kind_fits = kind == &*of.kind;
    let own = kind_fits && api_version == &*served.api_version;
    let api_version = api_version.as_str().unwrap_or_default().to_owned();
    if let Some(go) = go {
        let empty = core::decode::empty_lists(value, go);
        let without = core::rules::scaling_without_policies(of.plural(), value);
        let unknown =
            core::decode::decode(value, go, from).map_err(|problems| problems.first(text))?;
        core::rules::convert(of.group(), of.plural(), value);
        core::apply_defaults(value, go);
        for name in empty {
            value[name] = Vec::<Value>::new().into();
        }
        for direction in without {
            value["spec"]["behavior"][direction]["policies"] = Vec::<Value>::new().into();
        }
        return Ok(core::decode::unknown_fields(&unknown));
    }
    let Value::Object(map) = &mut *value else {
        return Err("not an object".to_owned());
    };
    let mut unknown = meta::coerce(map)?;
    if definition::is_definition(of) {
        unknown.append(&mut crd::decode(value)?);
        crd::set_defaults(value);
    }
    if let Some(schema) = served.version().schema.as_ref().filter(|_| own) {
        unknown.append(&mut schema::prune(schema, value));
        if from == From::Json {
            // What is applied is not decoded again: its nulls stay, and are refused.
            schema::prune_nulls(schema, value);
        }
        unknown.append(&mut schema::embedded::coerce(schema, value)?);
        schema::apply_defaults(schema, value);
    } else if !of.is_built_in()
        && kind_fits
        && split_api_version(&api_version).0 == of.group()
        && of.versions.iter().all(|version| *version.name != *split_api_version(&api_version).1)
    {
        unknown.append(&mut drop_all(value));
    }
    Ok(unknown.iter().map(|path| format!("unknown field {}", quote(path))).collect())
}

/// Drops the fields of an object in a version that its type does not have: without a schema none is known. Returns their
/// names.
fn drop_all(value: &mut Value) -> Vec<String> {
    let mut dropped = Vec::new();
    if let Value::Object(map) = value {
        map.retain(|name, _| {
            let is_meta = matches!(&**name, "apiVersion" | "kind" | "metadata");
            if !is_meta {
                dropped.push(name.clone());
            }
            is_meta
        });
    }
    dropped
}

/// Whether an object is nested too deeply. Managed fields are nested deeper than their object, and do not
/// count.
fn is_too_deep(value: &Value) -> bool {
    let fits = |name: &str, value: &Value| match value {
        Value::Object(metadata) if name == "metadata" => metadata
            .iter()
            .all(|(name, value)| name == "managedFields" || json_patch::fits(value, MAX_DEPTH - 2)),
        value => json_patch::fits(value, MAX_DEPTH - 1),
    };
    value.as_object().is_some_and(|object| !object.iter().all(|(name, value)| fits(name, value)))
}

/// Checks that an object is in the namespace of the request
/// (`rest.EnsureObjectNamespaceMatchesRequestNamespace`).
pub(super) fn check_namespace(call: &Call<'_>, value: &Value) -> Result<(), ApiError> {
    let found = meta::text(value, "namespace");
    let wanted = if call.served.of.namespaced { &*call.info.namespace } else { "" };
    if found.is_empty() || found == wanted {
        return Ok(());
    }
    // Objects of cluster-scoped types have no namespace, whatever they say.
    if wanted.is_empty() {
        return Ok(());
    }
    let why =
        "the namespace of the provided object does not match the namespace sent on the request";
    Err(ApiError::bad_request(why))
}

/// Checks that the name of an object is that of the path (`checkName`).
pub(super) fn check_name(call: &Call<'_>, value: &Value) -> Result<(), ApiError> {
    let (name, wanted) = (meta::text(value, "name"), &*call.info.name);
    if name == wanted {
        return Ok(());
    }
    Err(ApiError::bad_request(if name.is_empty() {
        format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
        )
    } else {
        format!("the name of the object ({name}) does not match the name on the URL ({wanted})")
    }))
}

/// Removes duplicate references to owners. Returns the warning about them
/// (`dedupOwnerReferencesAndAddWarning`); `patched` for a patch, where upstream finds them later.
pub(super) fn deduplicate_owners(value: &mut Value, patched: bool) -> Option<String> {
    let duplicates = meta::without_duplicates(value);
    if duplicates.is_empty() {
        return None;
    }
    let uids = duplicates.join(", ");
    Some(if patched {
        format!(
            ".metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups \
             owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; \
             duplicate UID(s) observed: {uids}"
        )
    } else {
        format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may \
             reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {uids}"
        )
    })
}
