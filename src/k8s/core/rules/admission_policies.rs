//! Rules of `ValidatingAdmissionPolicy` and its bindings (`pkg/apis/admissionregistration/validation/validation.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::admission_expressions::{Expressions, Wanted};
use super::check::{
    Errors, child, item, label_selector, list, problems, supported_text, text, texts,
};
use super::webhooks::{conditions, rule};

const MAX_ANNOTATIONS: usize = 20;
const MAX_ANNOTATION_EXPRESSION: usize = 5 << 10;
const REASONS: [&str; 3] = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

/// `ValidateValidatingAdmissionPolicy`.
pub(super) fn policy(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    supported_text(errors, text(spec, "failurePolicy"), "spec.failurePolicy", &["Fail", "Ignore"]);
    let has_params = !spec["paramKind"].is_null();
    if has_params {
        param_kind(errors, &spec["paramKind"], "spec.paramKind");
    }
    let constraints = &spec["matchConstraints"];
    if constraints.is_null() {
        errors.push(FieldError::required("spec.matchConstraints", ""));
    } else {
        match_resources(errors, constraints, "spec.matchConstraints");
        if list(constraints, "resourceRules").is_empty() {
            errors.push(FieldError::required("spec.matchConstraints.resourceRules", ""));
        }
    }
    conditions(errors, list(spec, "matchConditions"), "spec.matchConditions", has_params);
    let variables = list(spec, "variables");
    let mut expressions = Expressions::of_policy(has_params, !variables.is_empty());
    for (index, of) in variables.iter().enumerate() {
        variable(errors, &mut expressions, of, &item("spec.variables", index));
    }
    let (validations, annotations) = (list(spec, "validations"), list(spec, "auditAnnotations"));
    if validations.is_empty() && annotations.is_empty() {
        let why = "validations or auditAnnotations must contain at least one item";
        for field in ["spec.validations", "spec.auditAnnotations"] {
            errors.push(FieldError::required(field, why));
        }
        return;
    }
    for (index, of) in validations.iter().enumerate() {
        validation(errors, &expressions, of, &item("spec.validations", index));
    }
    if annotations.len() > MAX_ANNOTATIONS {
        let why = format!("must not have more than {MAX_ANNOTATIONS} auditAnnotations");
        let shown = json_text(&spec["auditAnnotations"]);
        errors.push(FieldError::invalid("spec.auditAnnotations", shown, &why));
    }
    let mut known = BTreeSet::new();
    for (index, of) in annotations.iter().enumerate() {
        let path = item("spec.auditAnnotations", index);
        annotation(errors, &expressions, object, of, &path);
        let key = text(of, "key");
        if !known.insert(key) {
            errors.push(FieldError::duplicate(child(&path, "key"), quote(key)));
        }
    }
}

/// `validateParamKind`.
pub(super) fn param_kind(errors: &mut Errors, of: &Value, path: &str) {
    let (api_version, kind) = (text(of, "apiVersion"), text(of, "kind"));
    let at = child(path, "apiVersion");
    let mut invalid = |found: &str, why: &str| {
        errors.push(FieldError::invalid(&at, quote(found), why));
    };
    match api_version.split('/').collect::<Vec<_>>().as_slice() {
        _ if api_version.is_empty() => errors.push(FieldError::required(&at, "")),
        _ if api_version == "/" => invalid(api_version, "version must be specified"),
        parts @ ([_] | [_, _]) => {
            let (group, version) =
                if let [group, version] = parts { (*group, *version) } else { ("", parts[0]) };
            let wrong = names::subdomain(group);
            if !group.is_empty() && !wrong.is_empty() {
                invalid(group, &wrong.join(","));
            }
            let wrong = names::dns_1035_label(version);
            if version.is_empty() {
                invalid(api_version, "version must be specified");
            } else if !wrong.is_empty() {
                invalid(version, &wrong.join(","));
            }
        }
        _ => invalid(api_version, &format!("unexpected GroupVersion string: {api_version}")),
    }
    let at = child(path, "kind");
    if kind.is_empty() {
        errors.push(FieldError::required(at, ""));
        return;
    }
    let wrong = names::dns_1035_label(&kind.to_lowercase());
    if !wrong.is_empty() {
        let why = format!("may have mixed case, but should otherwise match: {}", wrong.join(","));
        errors.push(FieldError::invalid(at, quote(kind), &why));
    }
}

/// `validateMatchResources`.
pub(super) fn match_resources(errors: &mut Errors, of: &Value, path: &str) {
    let policies = ["Equivalent", "Exact"];
    supported_text(errors, text(of, "matchPolicy"), &child(path, "matchPolicy"), &policies);
    for field in ["namespaceSelector", "objectSelector"] {
        label_selector(errors, &of[field], &child(path, field));
    }
    for field in ["resourceRules", "excludeResourceRules"] {
        for (index, found) in list(of, field).iter().enumerate() {
            let path = item(&child(path, field), index);
            let mut known = BTreeSet::new();
            for (index, name) in texts(found, "resourceNames").enumerate() {
                let at = item(&child(&path, "resourceNames"), index);
                problems(errors, &at, name, names::path_segment(name, false));
                if !known.insert(name) {
                    errors.push(FieldError::duplicate(at, quote(name)));
                }
            }
            rule(errors, found, &path);
        }
    }
}

/// `validateVariable`.
pub(super) fn variable(errors: &mut Errors, expressions: &mut Expressions, of: &Value, path: &str) {
    let (name, expression) = (text(of, "name"), text(of, "expression"));
    let at = child(path, "name");
    if name.trim().is_empty() {
        errors.push(FieldError::required(at, "name is not specified"));
    } else if !is_identifier(name) {
        errors.push(FieldError::invalid(at, quote(name), "must be a valid CEL identifier"));
    }
    let at = child(path, "expression");
    if expression.trim().is_empty() {
        errors.push(FieldError::required(at, "expression is not specified"));
    } else {
        errors.extend(expressions.declare(name, expression, &at));
    }
}

/// The words that cannot be identifiers.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// `isCELIdentifier`.
fn is_identifier(name: &str) -> bool {
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    name.chars().all(is_word)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !RESERVED.contains(&name)
}

/// `validateValidation`.
fn validation(errors: &mut Errors, expressions: &Expressions, of: &Value, path: &str) {
    let (expression, message) = (text(of, "expression"), text(of, "message"));
    let at = child(path, "expression");
    if expression.trim().is_empty() {
        errors.push(FieldError::required(at, "expression is not specified"));
    } else {
        errors.extend(expressions.check(expression, Wanted::Bool, &at));
    }
    let by_expression = text(of, "messageExpression");
    let at = child(path, "messageExpression");
    if by_expression.trim().is_empty() {
        if !by_expression.is_empty() {
            let why = "must be non-empty if specified";
            errors.push(FieldError::invalid(at, quote(by_expression), why));
        }
    } else {
        errors.extend(expressions.check(by_expression, Wanted::Message, &at));
    }
    let at = child(path, "message");
    if !message.is_empty() && message.trim().is_empty() {
        errors.push(FieldError::invalid(at, quote(message), "must be non-empty if specified"));
    } else if message.trim().contains(['\n', '\r']) {
        errors.push(FieldError::invalid(at, quote(message), "must not contain line breaks"));
    }
    if !of["reason"].is_null() {
        supported_text(errors, text(of, "reason"), &child(path, "reason"), &REASONS);
    }
}

/// `validateAuditAnnotation`.
fn annotation(
    errors: &mut Errors,
    expressions: &Expressions,
    object: &Value,
    of: &Value,
    path: &str,
) {
    let (name, key) = (text(&object["metadata"], "name"), text(of, "key"));
    let at = child(path, "key");
    if name.is_empty() {
        let why = "requires metadata.name be non-empty";
        errors.push(FieldError::invalid(at, quote(key), why));
    } else {
        let full = format!("{name}/{key}");
        problems(errors, &at, &full, names::qualified_name(&full));
    }
    let expression = text(of, "valueExpression");
    let at = child(path, "valueExpression");
    match expression.trim() {
        "" => errors.push(FieldError::required(at, "valueExpression is not specified")),
        long if long.len() > MAX_ANNOTATION_EXPRESSION => {
            let why = format!("must not exceed {MAX_ANNOTATION_EXPRESSION} bytes in length");
            errors.push(FieldError::required(at, &why));
        }
        trimmed => {
            let found = expressions.check_shown(trimmed, expression, Wanted::Annotation, &at);
            errors.extend(found);
        }
    }
}

/// `ValidateValidatingAdmissionPolicyBinding`.
pub(super) fn binding(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    bound(errors, spec);
    let path = "spec.validationActions";
    let mut known = BTreeSet::new();
    for (index, action) in texts(spec, "validationActions").enumerate() {
        let path = item(path, index);
        supported_text(errors, action, &path, &["Audit", "Deny", "Warn"]);
        if !known.insert(action) {
            errors.push(FieldError::duplicate(path, quote(action)));
        }
    }
    if known.contains("Deny") && known.contains("Warn") {
        let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API \
                   response and headers serves no purpose)";
        let shown = json_text(&spec["validationActions"]);
        errors.push(FieldError::invalid(path, shown, why));
    }
    if known.is_empty() {
        errors.push(FieldError::required(path, "at least one validation action is required"));
    }
}

/// `validateParamRef`.
pub(super) fn param_ref(errors: &mut Errors, of: &Value, path: &str) {
    let (name, selector) = (text(of, "name"), &of["selector"]);
    let both = "name and selector are mutually exclusive";
    if !name.is_empty() {
        problems(errors, &child(path, "name"), name, names::path_segment(name, false));
        if !selector.is_null() {
            errors.push(FieldError::forbidden(child(path, "name"), both));
        }
    }
    if !selector.is_null() {
        label_selector(errors, selector, &child(path, "selector"));
        if !name.is_empty() {
            errors.push(FieldError::forbidden(child(path, "selector"), both));
        }
    }
    if name.is_empty() && selector.is_null() {
        errors.push(FieldError::required(path, "one of name or selector must be specified"));
    }
    let action = text(of, "parameterNotFoundAction");
    let at = child(path, "parameterNotFoundAction");
    if action.is_empty() {
        errors.push(FieldError::required(at, ""));
    } else {
        supported_text(errors, action, &at, &["Deny", "Allow"]);
    }
}

/// What the bindings of both kinds of policies have: the name of the policy, parameters, and what is matched.
pub(super) fn bound(errors: &mut Errors, spec: &Value) {
    let name = text(spec, "policyName");
    if name.is_empty() {
        errors.push(FieldError::required("spec.policyName", ""));
    } else {
        problems(errors, "spec.policyName", name, names::subdomain(name));
    }
    if !spec["paramRef"].is_null() {
        param_ref(errors, &spec["paramRef"], "spec.paramRef");
    }
    if !spec["matchResources"].is_null() {
        match_resources(errors, &spec["matchResources"], "spec.matchResources");
    }
}
