//! Rules of requests for certificates (`pkg/apis/certificates/validation/validation.go`,
//! `pkg/registry/certificates/certificates/strategy.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, child, item, list, supported_text, text, texts};

const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// The conditions that only the subresource `approval` writes.
const DECISIONS: [&str; 2] = ["Approved", "Denied"];

/// The maximum length of the name of a signer: a subdomain, a label, another subdomain, and what joins them.
const MAX_SIGNER_NAME: usize = 253 + 63 + 253 + 2;

/// `validateCertificateSigningRequest`.
pub(super) fn request(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    if let Err(why) = check_request(text(spec, "request")) {
        errors.push(FieldError::invalid("spec.request", json_text(&spec["request"]), &why));
    }
    let usages: Vec<&str> = texts(spec, "usages").collect();
    if usages.is_empty() {
        errors.push(FieldError::required("spec.usages", ""));
    }
    for (index, usage) in usages.iter().enumerate() {
        supported_text(errors, usage, &item("spec.usages", index), &USAGES);
    }
    for (index, usage) in usages.iter().enumerate() {
        if usages[..index].contains(usage) {
            errors.push(FieldError::duplicate(item("spec.usages", index), quote(usage)));
        }
    }
    let signer = text(spec, "signerName");
    if signer == "kubernetes.io/legacy-unknown" {
        let why = "the legacy signerName is not allowed via this API version";
        errors.push(FieldError::invalid("spec.signerName", quote(signer), why));
    } else {
        signer_name(errors, signer, "spec.signerName");
    }
    let seconds = spec["expirationSeconds"].as_i64();
    if let Some(seconds) = seconds.filter(|seconds| *seconds < 600) {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.push(FieldError::invalid("spec.expirationSeconds", seconds, why));
    }
    conditions(errors, list(&object["status"], "conditions"));
    let certificate = text(&object["status"], "certificate");
    if let Err(why) = check_certificate(certificate) {
        let shown = quote("<certificate data>");
        errors.push(FieldError::invalid("status.certificate", shown, &why));
    }
}

/// The blocks of a PEM text: their type and their content.
fn pem_blocks(encoded: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = STANDARD.decode(encoded).unwrap_or_default();
    let whole = String::from_utf8_lossy(&bytes);
    let mut rest = &*whole;
    let mut blocks = Vec::new();
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        rest = after;
        let Some((kind, body)) = after.split_once("-----") else { break };
        let Some((body, next)) = body.split_once(&*format!("-----END {kind}-----")) else {
            continue;
        };
        let body: String = body.split_whitespace().collect();
        if let Ok(content) = STANDARD.decode(body) {
            blocks.push((kind.to_owned(), content));
            rest = next;
        }
    }
    blocks
}

/// `validateCSR`: a PEM block with a request that its own key has signed.
fn check_request(encoded: &str) -> Result<(), String> {
    match pem_blocks(encoded).first() {
        Some((kind, content)) if kind == "CERTIFICATE REQUEST" => check_signature(content),
        _ => Err("PEM block type must be CERTIFICATE REQUEST".to_owned()),
    }
}

#[cfg(feature = "tls")]
fn check_signature(content: &[u8]) -> Result<(), String> {
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer as _;
    let (rest, request) = X509CertificationRequest::from_der(content)
        .map_err(|_| "asn1: structure error: the request is malformed".to_owned())?;
    if !rest.is_empty() {
        return Err("asn1: syntax error: trailing data".to_owned());
    }
    request.verify_signature().map_err(|_| "x509: signature is invalid".to_owned())
}

/// Without the cryptography of TLS only the outer form is looked at: a sequence.
#[cfg(not(feature = "tls"))]
fn check_signature(content: &[u8]) -> Result<(), String> {
    match content.first() {
        Some(0x30) => Ok(()),
        _ => Err("asn1: structure error: tags don't match".to_owned()),
    }
}

/// Whether the subject of a request is in an organization.
#[cfg(feature = "tls")]
pub(in super::super::super) fn names_organization(object: &Value, organization: &str) -> bool {
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer as _;
    let blocks = pem_blocks(text(&object["spec"], "request"));
    let content = blocks.first().map_or(&[][..], |(_, content)| content);
    X509CertificationRequest::from_der(content).is_ok_and(|(_, request)| {
        let mut names = request.certification_request_info.subject.iter_organization();
        names.any(|name| name.as_str().is_ok_and(|name| name == organization))
    })
}

/// Without the cryptography of TLS requests are not read.
#[cfg(not(feature = "tls"))]
pub(in super::super::super) fn names_organization(_: &Value, _: &str) -> bool {
    false
}

/// `validateCertificate`.
fn check_certificate(encoded: &str) -> Result<(), String> {
    if encoded.is_empty() {
        return Ok(());
    }
    let blocks = pem_blocks(encoded);
    if blocks.is_empty() {
        return Err("must contain at least one CERTIFICATE PEM block".to_owned());
    }
    match blocks.iter().find(|(kind, _)| kind != "CERTIFICATE") {
        Some((kind, _)) => {
            Err(format!("only CERTIFICATE PEM blocks are allowed, found {}", quote(kind)))
        }
        None => Ok(()),
    }
}

/// `ValidateSignerName`.
fn signer_name(errors: &mut Errors, name: &str, path: &str) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let (domain, rest) = match name.split_once('/') {
        Some((domain, rest)) if !rest.contains('/') => (domain, rest),
        _ => {
            let why =
                "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            errors.push(FieldError::invalid(path, quote(name), why));
            return;
        }
    };
    if domain.len() > 253 {
        errors.push(FieldError::too_long(path, 253));
    }
    first_bad_label(errors, domain, path, names::label);
    if !domain.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        errors.push(FieldError::invalid(path, quote(domain), why));
    }
    first_bad_label(errors, rest, path, names::subdomain);
    if name.len() > MAX_SIGNER_NAME {
        errors.push(FieldError::too_long(path, MAX_SIGNER_NAME as u64));
    }
}

fn first_bad_label(errors: &mut Errors, found: &str, path: &str, rule: fn(&str) -> Vec<String>) {
    let bad = found.split('.').find(|label| !rule(label).is_empty());
    for why in bad.map(rule).unwrap_or_default() {
        let why = format!("validating label {}: {why}", quote(bad.unwrap_or_default()));
        errors.push(FieldError::invalid(path, quote(found), &why));
    }
}

/// `validateConditions`.
fn conditions(errors: &mut Errors, conditions: &[Value]) {
    let path = "status.conditions";
    let mut known = Vec::new();
    for (index, condition) in conditions.iter().enumerate() {
        let (kind, at) = (text(condition, "type"), item(path, index));
        if kind.is_empty() {
            errors.push(FieldError::required(child(&at, "type"), ""));
        }
        let status = text(condition, "status");
        let only_true = DECISIONS.contains(&kind) || kind == "Failed";
        let allowed: &[&str] = if only_true { &["True"] } else { &["False", "True", "Unknown"] };
        if status.is_empty() {
            errors.push(FieldError::required(child(&at, "status"), ""));
        } else {
            supported_text(errors, status, &child(&at, "status"), allowed);
        }
        let other = DECISIONS.iter().find(|other| DECISIONS.contains(&kind) && **other != kind);
        if other.is_some_and(|other| known.contains(other)) {
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(FieldError::invalid(path, quote(kind), why));
        }
        if known.contains(&kind) {
            errors.push(FieldError::duplicate(child(&at, "type"), quote(kind)));
        }
        known.push(kind);
    }
}

/// A changed request keeps its specification and its status.
pub(super) fn keep(object: &mut Value, old: &Value) {
    object["spec"] = old["spec"].clone();
}

/// `ValidateCertificateSigningRequestStatusUpdate`.
pub(super) fn status_change(new: &Value, old: &Value, errors: &mut Errors) {
    request(new, errors);
    removed(new, old, errors);
    for kind in DECISIONS {
        let (after, before) = (of_kind(new, kind), of_kind(old, kind));
        if after.len() > before.len() {
            let why = format!("updates may not add a condition of type {}", quote(kind));
            errors.push(FieldError::forbidden("status.conditions", &why));
        }
    }
    let certificate = |object: &Value| text(&object["status"], "certificate").to_owned();
    if !certificate(old).is_empty() && certificate(new) != certificate(old) {
        let why = "updates may not modify existing certificate content";
        errors.push(FieldError::forbidden("status.certificate", why));
    }
}

/// `ValidateCertificateSigningRequestApprovalUpdate`.
pub(super) fn approval_change(new: &Value, old: &Value, errors: &mut Errors) {
    request(new, errors);
    removed(new, old, errors);
}

/// A decision is not taken back.
fn removed(new: &Value, old: &Value, errors: &mut Errors) {
    for kind in ["Approved", "Denied", "Failed"] {
        if of_kind(new, kind).len() < of_kind(old, kind).len() {
            let why = format!("updates may not remove a condition of type {}", quote(kind));
            errors.push(FieldError::forbidden("status.conditions", &why));
        }
    }
}

fn of_kind<'v>(object: &'v Value, kind: &str) -> Vec<&'v Value> {
    let all = list(&object["status"], "conditions").iter();
    all.filter(|condition| condition["type"] == kind).collect()
}

/// `populateConditionTimestamps`; existing decisions stay as they are.
pub(in super::super::super) fn set_condition_times(new: &mut Value, old: &Value, now: &str) {
    let before = list(&old["status"], "conditions");
    let conditions = new.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if condition["lastUpdateTime"].is_null() {
            condition["lastUpdateTime"] = now.into();
        }
        if condition["lastTransitionTime"].is_null() {
            let same = before.iter().find(|other| {
                other["type"] == condition["type"]
                    && other["status"] == condition["status"]
                    && !other["lastTransitionTime"].is_null()
            });
            condition["lastTransitionTime"] = match same {
                Some(same) => same["lastTransitionTime"].clone(),
                None => now.into(),
            };
        }
    }
}
