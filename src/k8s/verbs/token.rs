//! `create` of a token for a service account (`pkg/registry/core/serviceaccount/storage/token.go`).

use http::StatusCode;
use serde_json::{Value, json};

use crate::message::Body;

use super::super::core::{decode, merge, types};
use super::super::fields::{self, FieldWriter};
use super::super::golang::quote;
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::output;
use super::super::resource::{GroupResource, split_api_version};
use super::super::status::{ApiError, FieldError};
use super::super::store::Object;
use super::admission::Admission;
use super::{Call, Outcome, Resolved, admit, typed_body, write};

const GROUP: &str = "authentication.k8s.io";
const API_VERSION: &str = "authentication.k8s.io/v1";
const KIND: &str = "TokenRequest";

/// The shortest time that a token is valid, in seconds (`MinTokenAgeSec`).
const SHORTEST: i64 = 600;
/// The longest time that can be asked for, in seconds.
const LONGEST: i64 = 1 << 32;

/// A token that is bound to a pod for this time is valid longer than asked for, in seconds: clients that do not renew
/// it go on working (`WarnOnlyBoundTokenExpirationSeconds`).
const EXTENDED: i64 = 3607;
/// How long such a token is valid, in seconds (`ExpirationExtensionSeconds`).
const EXTENSION: i64 = 365 * 24 * 3600;

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    let options = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let (mut request, warnings) = typed_body::read(call, KIND, API_VERSION, &options)?;
    admit::check_namespace(call, &request)?;
    let managed = managers(call, &request);
    meta::set(&mut request, "managedFields", managed);
    let admission = Admission::of_write(call, &options);
    request = admission.mutate_other(request)?;
    let name = &*call.info.name;
    let named = meta::text(&request, "name");
    if !named.is_empty() && named != name {
        let why = "must match the service account name if specified";
        let errors = [FieldError::invalid("metadata.name", quote(named), why)];
        return Err(ApiError::invalid(KIND, GROUP, name, &errors));
    }
    let account = call.find()?;
    let uid = meta::text(&request, "uid");
    if !uid.is_empty() && uid != &*account.meta.uid {
        let why = format!(
            "the UID in the token request ({uid}) does not match the UID of the service account ({})",
            account.meta.uid
        );
        return Err(ApiError::conflict_because(&GroupResource::new(GROUP, KIND), name, &why));
    }
    let own = [
        ("name", name),
        ("namespace", &*call.info.namespace),
        ("uid", &*account.meta.uid),
        ("creationTimestamp", &*meta::time_text(call.now)),
    ];
    for (field, value) in own {
        meta::set(&mut request, field, value.into());
    }
    let spec = &mut request["spec"];
    if spec["audiences"].as_array().is_none_or(Vec::is_empty) {
        spec["audiences"] = json!(call.auth.issuers().audiences());
    }
    let seconds = spec["expirationSeconds"].as_i64().unwrap_or_default();
    check_seconds(seconds)?;
    admission.validate(None, &request)?;
    let spec = &request["spec"];
    let bound = bound(call, &spec["boundObjectRef"])?;
    let own = call.auth.issuers().audiences();
    let is_own = |one: &Value| one.as_str().is_some_and(|one| own.contains(&one));
    let of_server = spec["audiences"].as_array().is_some_and(|all| all.iter().all(is_own));
    let is_extended = seconds == EXTENDED && of_server && bound.get("pod").is_some();
    let claims = claims(call, account, &spec["audiences"], seconds, bound, is_extended);
    let expires = call.now.checked_add(jiff::SignedDuration::from_secs(seconds));
    request["status"] = json!({
        "token": call.auth.issuers().sign(&claims),
        "expirationTimestamp": meta::time_text(expires.unwrap_or(call.now)),
    });
    let body = Body::Bytes(output.render(request.to_string().into_bytes()));
    let mut plan = output::plan(StatusCode::CREATED, output.content_type(), body);
    for warning in warnings.iter().filter_map(|text| output::warning(text)) {
        plan.headers.append("warning", warning);
    }
    Ok(Resolved::Outcome(Outcome::Plan(plan)))
}

/// The owner of what was asked for.
fn managers(call: &Call<'_>, request: &Value) -> Value {
    let empty = types::of_kind(GROUP, "v1", KIND).map_or_else(|| json!({}), decode::empty);
    let now = meta::time_text(call.now);
    let writer = FieldWriter {
        api_version: API_VERSION,
        schema: merge::schema_of_kind(GROUP, "v1", KIND),
        ..write::writer(call, &now)
    };
    fields::track_update(&empty, request, &writer)
}

/// `ValidateTokenRequest`.
fn check_seconds(seconds: i64) -> Result<(), ApiError> {
    let why = if seconds < SHORTEST {
        "may not specify a duration less than 10 minutes"
    } else if seconds > LONGEST {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let errors = [FieldError::invalid("spec.expirationSeconds", seconds, why)];
    Err(ApiError::invalid(KIND, GROUP, "", &errors))
}

/// The claims about the object that a token is bound to; none without one.
fn bound(call: &Call<'_>, reference: &Value) -> Result<Value, ApiError> {
    if reference.is_null() {
        return Ok(json!({}));
    }
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let (group, version) = split_api_version(text("apiVersion"));
    let (claim, plural) = match (group, text("kind")) {
        ("", "Pod") => ("pod", "pods"),
        ("", "Node") => ("node", "nodes"),
        ("", "Secret") => ("secret", "secrets"),
        (group, kind) => {
            let why = format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
            return Err(ApiError::bad_request(why));
        }
    };
    let name = text("name");
    let find = |plural: &str, name: &str| {
        let of = GroupResource::new("", plural);
        let key = if plural == "nodes" {
            name.to_owned()
        } else {
            format!("{}/{name}", call.info.namespace)
        };
        call.state.snapshot.get(&of, &key).ok_or_else(|| ApiError::not_found(&of, name))
    };
    let found = find(plural, name)?;
    let mut claims = json!({claim: {"name": name, "uid": &*found.meta.uid}});
    if claim == "pod" {
        let pod = found.value("v1", "Pod");
        if pod["spec"]["serviceAccountName"].as_str().unwrap_or_default() != &*call.info.name {
            return Err(ApiError::bad_request(format!(
                "cannot bind token for serviceaccount {} to pod running with different serviceaccount name.",
                quote(&call.info.name)
            )));
        }
        if let Some(node) = pod["spec"]["nodeName"].as_str().filter(|node| !node.is_empty()) {
            claims["node"] = json!({"name": node});
            if let Ok(found) = find("nodes", node) {
                claims["node"]["uid"] = (*found.meta.uid).into();
            }
        }
    }
    let uid = text("uid");
    if !uid.is_empty() && uid != &*found.meta.uid {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been \
             deleted and then recreated"
        );
        let kind = GroupResource::new("", text("kind"));
        return Err(ApiError::conflict_because(&kind, name, &why));
    }
    Ok(claims)
}

/// The claims of a token (`serviceaccount.Claims`).
fn claims(
    call: &Call<'_>,
    account: &Object,
    audiences: &Value,
    seconds: i64,
    mut own: Value,
    is_extended: bool,
) -> Value {
    let (namespace, name, now) = (&*call.info.namespace, &*call.info.name, call.now.as_second());
    own["namespace"] = namespace.into();
    own["serviceaccount"] = json!({"name": name, "uid": &*account.meta.uid});
    if is_extended {
        own["warnafter"] = (now + seconds).into();
    }
    json!({
        "aud": audiences,
        "exp": now + if is_extended { EXTENSION } else { seconds },
        "iat": now,
        "nbf": now,
        "iss": call.auth.issuers().name(),
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "jti": uuid::Builder::from_random_bytes(call.nonce.to_be_bytes()).into_uuid().to_string(),
        "kubernetes.io": own,
    })
}
