//! Rules of `MutatingAdmissionPolicy` and its bindings (`pkg/apis/admissionregistration/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::admission_expressions::{Expressions, Wanted};
use super::admission_policies::{bound, match_resources, param_kind, variable};
use super::check::{Errors, child, item, list, supported_text, text, texts};
use super::webhooks::conditions;

/// A deletion has no object to change.
const OPERATIONS: [&str; 4] = ["*", "CONNECT", "CREATE", "UPDATE"];

/// `ValidateMutatingAdmissionPolicy`.
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
        operations(errors, constraints, "spec.matchConstraints.resourceRules.operations");
    }
    conditions(errors, list(spec, "matchConditions"), "spec.matchConditions", has_params);
    let mut expressions = Expressions::of_policy(has_params, true);
    for (index, of) in list(spec, "variables").iter().enumerate() {
        variable(errors, &mut expressions, of, &item("spec.variables", index));
    }
    let mutations = list(spec, "mutations");
    if mutations.is_empty() {
        let why = "mutations must contain at least one item";
        errors.push(FieldError::required("spec.mutations", why));
    }
    let expressions = expressions.of_patches();
    for (index, of) in mutations.iter().enumerate() {
        mutation(errors, &expressions, of, &item("spec.mutations", index));
    }
    match text(spec, "reinvocationPolicy") {
        "" => errors.push(FieldError::required("spec.reinvocationPolicy", "")),
        found => {
            supported_text(errors, found, "spec.reinvocationPolicy", &["IfNeeded", "Never"]);
        }
    }
}

fn operations(errors: &mut Errors, of: &Value, path: &str) {
    for found in list(of, "resourceRules").iter().flat_map(|rule| texts(rule, "operations")) {
        supported_text(errors, found, path, &OPERATIONS);
    }
}

/// The fields of the patch types: the field, what its expression is for.
const PATCHES: [(&str, &str, Wanted); 2] = [
    ("JSONPatch", "jsonPatch", Wanted::Operations),
    ("ApplyConfiguration", "applyConfiguration", Wanted::Configuration),
];

/// `validateMutation`.
fn mutation(errors: &mut Errors, expressions: &Expressions, of: &Value, path: &str) {
    let kind = text(of, "patchType");
    if kind.is_empty() {
        errors.push(FieldError::required(child(path, "patchType"), ""));
        return;
    }
    if !PATCHES.iter().any(|(known, ..)| *known == kind) {
        let known = ["ApplyConfiguration", "JSONPatch"];
        supported_text(errors, kind, &child(path, "patchType"), &known);
        return;
    }
    for (known, field, wanted) in PATCHES.into_iter().filter(|(known, ..)| *known == kind) {
        let at = child(path, field);
        if of[field].is_null() {
            let why = format!("must be specified when patchType is {known}");
            errors.push(FieldError::required(at, &why));
            continue;
        }
        let at = child(&at, "expression");
        match text(&of[field], "expression").trim() {
            "" => errors.push(FieldError::required(at, "")),
            expression => errors.extend(expressions.check(expression, wanted, &at)),
        }
    }
    for (_, field, _) in PATCHES.into_iter().filter(|(known, ..)| *known != kind) {
        if !of[field].is_null() {
            let why = format!("must not be specified when patchType is {kind}");
            let shown = quote(&format!("{{{field}}}"));
            errors.push(FieldError::invalid(child(path, field), shown, &why));
        }
    }
}

/// `ValidateMutatingAdmissionPolicyBinding`.
pub(super) fn binding(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    bound(errors, spec);
    operations(errors, &spec["matchResources"], "spec.matchResources.resourceRules.operations");
}
