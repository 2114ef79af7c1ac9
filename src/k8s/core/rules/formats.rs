//! Formats of texts that several types have (`k8s.io/apimachinery/pkg/util/validation/validation.go`).

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, problems};

const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must \
     consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. \
     '*.example.com', regex used for validation is \
     '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// `IsWildcardDNS1123Subdomain`.
pub(super) fn wildcard_subdomain(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.len() > 253 {
        found.push("must be no more than 253 characters".to_owned());
    }
    let rest = text.strip_prefix("*.");
    // The length of the rest is not that of the whole.
    let fits = |rest: &str| names::subdomain(rest).iter().all(|why| why.starts_with("must be no"));
    if !rest.is_some_and(fits) {
        found.push(WILDCARD.to_owned());
    }
    found
}

/// `IsFullyQualifiedName`: a name of at least three parts.
pub(super) fn fully_qualified_name(errors: &mut Errors, text: &str, path: &str) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let found = names::subdomain(text);
    if !found.is_empty() {
        errors.push(FieldError::invalid(path, quote(text), &found.join(",")));
    } else if text.split('.').count() < 3 {
        let why = "should be a domain with at least three segments separated by dots";
        errors.push(FieldError::invalid(path, quote(text), why));
    }
}

/// `IsFullyQualifiedDomainName`: a name of at least two parts.
pub(super) fn domain_name(errors: &mut Errors, text: &str, path: &str) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let found = names::subdomain(text);
    if !found.is_empty() {
        errors.push(FieldError::invalid(path, quote(text), &found.join(",")));
        return;
    }
    if !text.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        errors.push(FieldError::invalid(path, quote(text), why));
        return;
    }
    for label in text.split('.') {
        let found = names::label(label);
        if !found.is_empty() {
            errors.push(FieldError::invalid(path, quote(label), &found.join(",")));
        }
    }
}

/// `IsDomainPrefixedPath`: `acme.io/foo`.
pub(super) fn domain_prefixed_path(errors: &mut Errors, text: &str, path: &str) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let (host, rest) = match text.split_once('/') {
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => (host, rest),
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.push(FieldError::invalid(path, quote(text), why));
            return;
        }
    };
    problems(errors, path, host, names::subdomain(host));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(allowed) {
        let why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
        errors.push(FieldError::invalid(path, quote(rest), why));
    }
}

/// A required text that is one segment of a path (`content.IsPathSegmentName`).
pub(super) fn required_segment(errors: &mut Errors, text: &str, path: &str) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        problems(errors, path, text, names::path_segment(text, false));
    }
}

/// `ValidateCSIDriverName`.
pub(super) fn csi_driver_name(errors: &mut Errors, name: &str, path: &str) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    if name.len() > 63 {
        errors.push(FieldError::too_long(path, 63));
    }
    problems(errors, path, name, names::subdomain(&name.to_lowercase()));
}

/// `IsRelaxedEnvVarName`.
pub(super) fn variable_name(name: &str) -> Vec<String> {
    if name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') {
        return Vec::new();
    }
    let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    vec![why.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_upstreams_texts() {
        let problems = |check: fn(&mut Errors, &str, &str), text: &str| -> Vec<String> {
            let mut errors = Vec::new();
            check(&mut errors, text, "p");
            errors.iter().map(ToString::to_string).collect()
        };
        assert_eq!(wildcard_subdomain("*.a.b"), [""; 0]);
        assert_eq!(wildcard_subdomain("a.*"), [WILDCARD]);
        assert_eq!(problems(fully_qualified_name, "a.b.c"), [""; 0]);
        assert_eq!(
            problems(fully_qualified_name, "a.b"),
            [
                "p: Invalid value: \"a.b\": should be a domain with at least three segments separated by dots"
            ]
        );
        assert_eq!(problems(domain_name, "a.b."), [""; 0]);
        assert_eq!(
            problems(domain_name, "a"),
            [
                "p: Invalid value: \"a\": should be a domain with at least two segments separated by dots"
            ]
        );
        assert_eq!(problems(domain_prefixed_path, "a.b/c"), [""; 0]);
        assert_eq!(
            problems(domain_prefixed_path, "a.b/c d"),
            ["p: Invalid value: \"c d\": Invalid path (regex used for validation is \
              '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"]
        );
        assert_eq!(problems(csi_driver_name, ""), ["p: Required value"]);
    }
}
