//! Request bodies → values, with upstream's errors
//! (`k8s.io/apiserver/pkg/endpoints/handlers/{create,delete,rest}.go` and `negotiation`).

use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::super::decode::{self, Decoded, TypeMeta};
use super::super::golang::{go_package, json_text, quote};
use super::super::limits::ACCEPTED;
use super::super::options::FieldValidation;
use super::super::protobuf;
use super::super::resource::split_api_version;
use super::super::status::ApiError;
use super::Call;

/// Decodes the body as one object of the call's type, with the numbers of JSON as they are written.
///
/// # Errors
/// 415 for an unsupported media type, 400 for a body that is not an object with a kind.
pub(super) fn object(call: &Call<'_>, validation: FieldValidation) -> Result<Decoded, ApiError> {
    let kind = &call.served.of.kind;
    let unrecognized = |why: String| {
        let summary = summarize(call.body);
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({summary})"
        ))
    };
    let mut decoded = text_as_written(call)?.map_err(unrecognized)?;
    let sent = TypeMeta::of_text(&decoded, call.body).map_err(unrecognized)?;
    if call.served.of.is_built_in() {
        // The kind of a built-in type follows from the path.
        if decoded.value.is_null() {
            decoded.value = Map::new().into();
        }
        check_kind(call, &mut decoded.value, sent, (kind, &call.served.api_version))?;
    } else if decoded.value["kind"].as_str().is_none_or(str::is_empty) {
        if is_yaml(call) && validation == FieldValidation::Ignore {
            // It is a JSON text by now.
            let why = missing_kind(&json_text(&decoded.value));
            let version = quote(&call.served.version().name);
            return Err(ApiError::bad_request(format!(
                "{kind} in version {version} cannot be handled as a {kind}: {why}"
            )));
        }
        return Err(unrecognized(missing_kind(&String::from_utf8_lossy(call.body))));
    }
    Ok(decoded)
}

/// Sets kind and version that a body of a built-in type leaves out (`gvkWithDefaults`), and checks them.
///
/// # Errors
/// 400 for a kind that there is not, or that is another one.
fn check_kind(
    call: &Call<'_>,
    value: &mut Value,
    sent: TypeMeta,
    (own, own_version): (&str, &str),
) -> Result<(), ApiError> {
    let (group, _) = split_api_version(own_version);
    let group = if own_version.contains('/') { group } else { "" };
    let TypeMeta { mut kind, api_version: sent } = sent;
    if kind.is_empty() {
        own.clone_into(&mut kind);
    }
    let (sent_group, sent_version) = split_api_version(&sent);
    let defaulted = sent_version.is_empty() && (sent_group.is_empty() || sent_group == group);
    let api_version = match (defaulted, sent_group) {
        (true, _) => own_version.to_owned(),
        (false, "") => sent_version.to_owned(),
        (false, _) => sent.clone(),
    };
    let version = split_api_version(&api_version).1.to_owned();
    let fits = kind == own && api_version == own_version;
    (value["kind"], value["apiVersion"]) = (kind.clone().into(), api_version.clone().into());
    if fits {
        return Ok(());
    }
    let why = if version.is_empty() {
        format!("Object 'apiVersion' is missing in '{}'", String::from_utf8_lossy(call.body))
    } else {
        why_not_own(call, &api_version, &kind, (own, own_version))
    };
    let version = quote(&version);
    Err(ApiError::bad_request(format!(
        "{kind} in version {version} cannot be handled as a {own}: {why}"
    )))
}

/// Why an object of another kind or version is not one of a built-in type (`runtime.Scheme.New`, `Convert`).
pub(super) fn why_not_own(
    call: &Call<'_>,
    api_version: &str,
    kind: &str,
    (own, own_version): (&str, &str),
) -> String {
    let group = if own_version.contains('/') { split_api_version(own_version).0 } else { "" };
    let Some(version) = package_of(call, api_version, kind) else {
        return unregistered(kind, api_version);
    };
    let package = go_package(group);
    format!("converting ({version}.{kind}) to ({package}.{own}): unknown conversion")
}

/// The Go package of a kind that a built-in version has, or its list; nothing for another one.
fn package_of<'v>(call: &Call<'_>, api_version: &'v str, kind: &str) -> Option<&'v str> {
    let version = split_api_version(api_version).1;
    let of = |kind: &str| {
        let found = call.state.types.find_kind(api_version, kind);
        found.is_some_and(|served| served.of.is_built_in())
    };
    // The kinds of every version, and those of the core group that are no resources (`metav1.AddToGroupVersion`,
    // `k8s.io/api/core/v1/register.go`).
    let (group, types) = (split_api_version(api_version).0, &call.state.types);
    let has_version = || types.has_version(group, version) && types.is_built_in_group(group);
    if KINDS_OF_ALL.contains(&kind) || OPTIONS_OF_ALL.contains(&kind) && has_version() {
        return Some("v1");
    }
    let is_core = api_version == "v1" && CORE_KINDS.contains(&kind);
    (is_core || of(kind) || kind.strip_suffix("List").is_some_and(of)).then_some(version)
}

/// The error about a kind that no scheme knows (`NewNotRegisteredErrForKind`).
fn unregistered(kind: &str, api_version: &str) -> String {
    let (kind, version) = (quote(kind), quote(api_version));
    format!(
        "no kind {kind} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\""
    )
}

/// Decodes the body as an object of another kind than the call's type, such as a Scale.
///
/// # Errors
/// 415 for an unsupported media type, 400 for a body of another kind.
pub(super) fn of_kind(call: &Call<'_>, kind: &str, api_version: &str) -> Result<Decoded, ApiError> {
    let unrecognized = |why: String| {
        let summary = summarize(call.body);
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {why} ({summary})"
        ))
    };
    let mut decoded = text(call)?.map_err(unrecognized)?;
    let sent = TypeMeta::of_text(&decoded, call.body).map_err(unrecognized)?;
    if decoded.value.is_null() {
        decoded.value = Map::new().into();
    }
    check_kind(call, &mut decoded.value, sent, (kind, api_version))?;
    Ok(decoded)
}

/// The error about an object without a kind (`NewMissingKindErr`).
pub(super) fn missing_kind(text: &str) -> String {
    format!("Object 'Kind' is missing in '{text}'")
}

/// Decodes an optional body of `DeleteOptions`.
///
/// # Errors
/// 415 for an unsupported media type, 400 for a body of another kind.
pub(super) fn delete_options(call: &Call<'_>) -> Result<Option<Value>, ApiError> {
    if call.body.is_empty() {
        return Ok(None);
    }
    let decoded = if is_protobuf(call) {
        let value = protobuf::decode(call.body).map_err(ApiError::bad_request)?;
        Decoded { value, ..Decoded::default() }
    } else {
        let mut decoded = text(call)?.map_err(ApiError::bad_request)?;
        if matches!(media(call).as_deref(), Some("" | "application/json"))
            && let Ok(written) = decode::patch(call.body)
        {
            // An integer is one as it is written.
            decoded = written;
        }
        decoded
    };
    let sent = TypeMeta::of_text(&decoded, call.body).map_err(ApiError::bad_request)?;
    let value = decoded.value;
    let kind = sent.kind.as_str();
    if kind.is_empty() || kind == "DeleteOptions" {
        if let Some(notes) = call.reviews.notes() {
            notes.delete_options(&value);
        }
        return Ok(Some(value));
    }
    let version =
        if sent.api_version.is_empty() { META_VERSION } else { sent.api_version.as_str() };
    // The kinds of the scheme that options are decoded with: unversioned ones, and those of its version.
    let unversioned = UNVERSIONED_KINDS.contains(&kind);
    if unversioned || version == META_VERSION && META_KINDS.contains(&kind) {
        let why = format!("converting (v1.{kind}) to (v1.DeleteOptions): unknown conversion");
        return Err(ApiError::bad_request(why));
    }
    Err(ApiError::bad_request(unregistered(kind, version)))
}

/// The version of options without an `apiVersion`.
const META_VERSION: &str = "meta.k8s.io/v1";

/// The kinds that are in every version, whether it is one or not (`AddUnversionedTypes`).
const KINDS_OF_ALL: [&str; 5] =
    ["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"];

/// The kinds of options and events that every built-in version has.
const OPTIONS_OF_ALL: [&str; 7] = [
    "CreateOptions",
    "DeleteOptions",
    "GetOptions",
    "ListOptions",
    "PatchOptions",
    "UpdateOptions",
    "WatchEvent",
];

/// The kinds of the core group that are no resources.
const CORE_KINDS: [&str; 10] = [
    "List",
    "NodeProxyOptions",
    "PodAttachOptions",
    "PodExecOptions",
    "PodLogOptions",
    "PodPortForwardOptions",
    "PodProxyOptions",
    "PodStatusResult",
    "RangeAllocation",
    "ServiceProxyOptions",
];

/// `k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme`: the kinds of every version.
const UNVERSIONED_KINDS: [&str; 9] = [
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "CreateOptions",
    "GetOptions",
    "PatchOptions",
    "Status",
    "UpdateOptions",
];

/// The other kinds of its version.
const META_KINDS: [&str; 7] = [
    "ListOptions",
    "PartialObjectMetadata",
    "PartialObjectMetadataList",
    "Table",
    "TableOptions",
    "WatchEvent",
    "InternalEvent",
];

/// The media type of the body, in lower case; empty where none is given, `None` for one that cannot be parsed
/// (`mime.ParseMediaType`).
fn media(call: &Call<'_>) -> Option<String> {
    let Some(value) = call.headers.get(CONTENT_TYPE) else {
        return Some(String::new());
    };
    let mut parts = value.to_str().ok()?.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let parameters: Vec<&str> = parts.map(str::trim).collect();
    // A semicolon may be at the end.
    let written = match parameters.as_slice() {
        [rest @ .., ""] => rest,
        all => all,
    };
    let fits = |parameter: &&str| {
        parameter.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty())
    };
    let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_lowercase();
    let mut names: Vec<String> = written.iter().map(|parameter| name(parameter)).collect();
    names.sort_unstable();
    // A parameter is given once.
    let once = names.windows(2).all(|pair| pair[0] != pair[1]);
    (once && written.iter().all(fits)).then_some(media)
}

fn is_yaml(call: &Call<'_>) -> bool {
    media(call).is_some_and(|media| media == "application/yaml")
}

fn is_protobuf(call: &Call<'_>) -> bool {
    media(call).is_some_and(|media| media == protobuf::MEDIA_TYPE)
}

/// Checks that the body's media type can be decoded (`NegotiateInputSerializer`).
///
/// # Errors
/// 415 for another one.
pub(super) fn check_media(call: &Call<'_>) -> Result<(), ApiError> {
    match media(call).as_deref().unwrap_or("invalid") {
        "" | "application/json" | "application/yaml" => Ok(()),
        // Custom resources have no protobuf form.
        protobuf::MEDIA_TYPE if call.served.of.is_built_in() => Ok(()),
        _ => Err(ApiError::unsupported_media_type(ACCEPTED)),
    }
}

/// Decodes the body by its media type; the inner error is Go's message.
fn text(call: &Call<'_>) -> Result<Result<Decoded, String>, ApiError> {
    let mut decoded = text_as_written(call)?;
    if let Ok(decoded) = &mut decoded {
        decode::normalize(&mut decoded.value);
    }
    Ok(decoded)
}

/// As [`text`], with the numbers of JSON as they are written.
fn text_as_written(call: &Call<'_>) -> Result<Result<Decoded, String>, ApiError> {
    match media(call).as_deref().unwrap_or("invalid") {
        "" | "application/json" => Ok(decode::patch(call.body)
            .map_err(|why| format!("couldn't get version/kind; json parse error: {why}"))),
        "application/yaml" => Ok(decode::yaml(call.body)),
        // Custom resources have no protobuf form.
        protobuf::MEDIA_TYPE if call.served.of.is_built_in() => {
            Ok(protobuf::decode(call.body).map(|value| Decoded { value, ..Decoded::default() }))
        }
        _ => Err(ApiError::unsupported_media_type(ACCEPTED)),
    }
}

/// The body as upstream quotes it in an error (`summarizeData`).
fn summarize(body: &[u8]) -> String {
    const MAX: usize = 30;
    let (shown, more) = if body.len() > MAX { (&body[..MAX], " ...") } else { (body, "") };
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{more}")
        }
    }
}
