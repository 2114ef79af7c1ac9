//! The plugins about certificates: who may approve, sign and attest for a signer, and whose certificates are never
//! signed (`plugin/pkg/admission/certificates`).

use serde_json::Value;

use super::super::super::core::rules;
use super::super::super::golang::quote;
use super::super::super::status::ApiError;
use super::{Plugin, Request};

/// The signer of certificates for clients of the API server.
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";

fn signer(object: &Value) -> &str {
    object["spec"]["signerName"].as_str().unwrap_or_default()
}

/// Checks a new or changed request for a certificate, and a bundle of trust.
///
/// # Errors
/// 403 for a sender without the permission on the signer.
pub(super) fn check(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let need = |verb: &str, name: &str, what: &str| {
        if (request.may_sign)(verb, name) {
            return Ok(());
        }
        let why = format!("user not permitted to {what} signerName {}", quote(name));
        Err(request.forbidden(new, &why))
    };
    match (request.of().1, request.subresource, old) {
        ("certificatesigningrequests", "approval", Some(old))
            if request.has(Plugin::CertificateApproval) =>
        {
            need("approve", signer(old), "approve requests with")?;
        }
        ("certificatesigningrequests", "status", Some(old))
            if request.has(Plugin::CertificateSigning) =>
        {
            let is_same = |field: &str| new["status"].get(field) == old["status"].get(field);
            if !(is_same("certificate") && is_same("conditions")) {
                need("sign", signer(old), "sign requests with")?;
            }
        }
        ("certificatesigningrequests", "", None)
            if request.has(Plugin::CertificateSubjectRestriction)
                && signer(new) == CLIENT_SIGNER
                && rules::names_organization(new, "system:masters") =>
        {
            let why =
                format!("use of {CLIENT_SIGNER} signer with system:masters group is not allowed");
            return Err(request.forbidden(new, &why));
        }
        ("clustertrustbundles", "", _)
            if request.has(Plugin::ClusterTrustBundleAttest) && !signer(new).is_empty() =>
        {
            need("attest", signer(new), "attest for")?;
        }
        _ => {}
    }
    Ok(())
}
