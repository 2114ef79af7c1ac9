//! What others need to check the tokens of service accounts: the public keys, and who issues tokens
//! (`pkg/routes/openidmetadata.go`, `pkg/serviceaccount/openidmetadata.go` of `k8s.io/kubernetes`).

use http::header::{CACHE_CONTROL, HOST, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::message::{Body, Plan};

use super::super::auth::ISSUER_KEYS;
use super::super::status::ApiError;
use super::super::{ApiRequest, output};

/// How long a document stays valid.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The document of a path; nothing for any other.
pub(super) fn answer(request: &ApiRequest<'_>) -> Option<Plan> {
    if !request.auth.is_of_issuer(request.path) {
        return None;
    }
    if *request.method != Method::GET {
        let error = ApiError::method_not_allowed();
        return Some(output::error_plan(&error, request.headers, request.query));
    }
    let issuers = request.auth.issuers();
    let keys = issuers.public_keys()?;
    let (value, media) = if request.path == ISSUER_KEYS {
        (keys, "application/jwk-set+json")
    } else {
        let host =
            request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let own = || format!("https://{host}{ISSUER_KEYS}");
        let uri = issuers.jwks_uri().map_or_else(own, str::to_owned);
        (configuration(issuers.name(), &uri, &keys), "application/json")
    };
    let body = Body::Bytes(value.to_string().into());
    let mut plan = output::plan(StatusCode::OK, HeaderValue::from_static(media), body);
    plan.headers.insert(CACHE_CONTROL, CACHED);
    Some(plan)
}

/// The configuration of a provider (`OpenID` Connect Discovery 1.0).
fn configuration(issuer: &str, keys_uri: &str, keys: &Value) -> Value {
    let keys = keys["keys"].as_array().into_iter().flatten();
    let mut algorithms: Vec<&str> = keys.filter_map(|key| key["alg"].as_str()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    json!({
        "issuer": issuer,
        "jwks_uri": keys_uri,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    })
}
