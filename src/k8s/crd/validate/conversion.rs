//! The conversion of a definition (`validateCustomResourceConversion`, `k8s.io/apiserver/pkg/util/webhook/validation.go`).

use serde_json::Value;

use super::super::super::golang::{Url, json_text, parse_url, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::options::Options;

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// The violations of `spec.conversion`.
pub(super) fn validate(conversion: Option<&Value>, options: &Options) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(conversion) = conversion else { return errors };
    let path = "spec.conversion";
    let strategy = text(conversion, "strategy");
    match strategy {
        "" => errors.push(FieldError::required(format!("{path}.strategy"), "")),
        "None" | "Webhook" => {}
        other => {
            let known = ["None", "Webhook"].map(str::to_owned);
            errors.push(FieldError::not_supported(
                format!("{path}.strategy"),
                quote(other),
                &known,
            ));
        }
    }
    let webhook = &conversion["webhook"];
    let config = webhook.get("clientConfig");
    let at_config = format!("{path}.webhookClientConfig");
    let versions =
        webhook["conversionReviewVersions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let at_versions = format!("{path}.conversionReviewVersions");
    if strategy != "Webhook" {
        let why = "should not be set when strategy is not set to Webhook";
        if config.is_some() {
            errors.push(FieldError::forbidden(&at_config, why));
        }
        if !versions.is_empty() {
            errors.push(FieldError::forbidden(&at_versions, why));
        }
        return errors;
    }
    match config {
        None => errors
            .push(FieldError::required(&at_config, "required when strategy is set to Webhook")),
        Some(config) => errors.extend(client_config(config, &at_config, options)),
    }
    errors.extend(review_versions(versions, &at_versions, options));
    errors
}

fn client_config(config: &Value, path: &str, options: &Options) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match (config["url"].as_str(), config.get("service")) {
        (Some(url), None) => errors.extend(webhook_url(url, &format!("{path}.url"))),
        (None, Some(service)) => {
            errors.extend(webhook_service(service, &format!("{path}.service")));
        }
        _ => errors.push(FieldError::required(path, "exactly one of url or service is required")),
    }
    let bundle = text(config, "caBundle");
    if !bundle.is_empty() && !options.any_ca_bundle && !has_certificate(bundle) {
        let why = "unable to load root certificates: unable to parse bytes as PEM block";
        errors.push(FieldError::invalid(format!("{path}.caBundle"), quote(bundle), why));
    }
    errors
}

/// Whether a bundle, in base64, has a certificate in PEM.
fn has_certificate(bundle: &str) -> bool {
    use base64::Engine as _;
    let decoded = base64::engine::general_purpose::STANDARD.decode(bundle).unwrap_or_default();
    String::from_utf8_lossy(&decoded).contains("-----BEGIN CERTIFICATE-----")
}

const FORM: &str = "; desired format: https://host[/path]";

/// `ValidateWebhookURL`.
fn webhook_url(url: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Url { scheme, user, host, query, fragment } = match parse_url(url) {
        Ok(url) => url,
        Err(why) => {
            let why = format!("url must be a valid URL: {why}{FORM}");
            return vec![FieldError::required(path, &why)];
        }
    };
    let mut invalid = |found: &str, why: &str| {
        errors.push(FieldError::invalid(path, quote(found), why));
    };
    if scheme != "https" {
        invalid(&scheme, &format!("'https' is the only allowed URL scheme{FORM}"));
    }
    if host.is_empty() {
        invalid(host, &format!("host must be specified{FORM}"));
    }
    if let Some(user) = user {
        invalid(user, "user information is not permitted in the URL");
    }
    if !fragment.is_empty() {
        invalid(fragment, "fragments are not permitted in the URL");
    }
    if !query.is_empty() {
        invalid(query, "query parameters are not permitted in the URL");
    }
    errors
}

/// `ValidateWebhookService`. Upstream hands over name and namespace in the wrong order.
fn webhook_service(service: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (field, shown) in [("namespace", "name"), ("name", "namespace")] {
        if text(service, field).is_empty() {
            errors.push(FieldError::required(format!("{path}.{shown}"), ""));
        }
    }
    let port = service["port"].as_i64().unwrap_or_default();
    if !(1..=65535).contains(&port) {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(format!("{path}.port"), port, why));
    }
    let Some(found) = service["path"].as_str().filter(|found| !matches!(*found, "" | "/")) else {
        return errors;
    };
    let mut invalid = |why: &str| {
        errors.push(FieldError::invalid(format!("{path}.path"), quote(found), why));
    };
    if found == "//" {
        invalid("segment[0] may not be empty");
        return errors;
    }
    if !found.starts_with('/') {
        invalid("must start with a '/'");
    }
    let rest = found.get(1..).unwrap_or_default();
    for (index, step) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if step.is_empty() {
            invalid(&format!("segment[{index}] may not be empty"));
            continue;
        }
        for problem in names::subdomain(step) {
            invalid(&format!("segment[{index}]: {problem}"));
        }
    }
    errors
}

/// `validateConversionReviewVersions`.
fn review_versions(versions: &[Value], path: &str, options: &Options) -> Vec<FieldError> {
    if versions.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    for (index, version) in versions.iter().enumerate() {
        let name = version.as_str().unwrap_or_default();
        let path = format!("{path}[{index}]");
        if versions[..index].contains(version) {
            errors.push(FieldError::invalid(path, quote(name), "duplicate version"));
            continue;
        }
        for problem in names::dns_1035_label(name) {
            errors.push(FieldError::invalid(&path, quote(name), &problem));
        }
    }
    let recognized = versions.iter().any(|version| version == "v1" || version == "v1beta1");
    if options.recognized_review_version && !recognized {
        let shown = json_text(&Value::Array(versions.to_vec()));
        errors.push(FieldError::invalid(path, shown, "must include at least one of v1, v1beta1"));
    }
    errors
}
