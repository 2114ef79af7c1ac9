//! The types of a policy's expressions, checked against the schemas of the types that it matches
//! (`pkg/admission/plugin/policy/validating/typechecking.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::core::merge;
use super::super::resource::{Registry, Served};
use super::super::schema::Schema;
use super::super::schema::admission::{Environment, Expression, Returns};

/// The most types that are checked (`maxTypesToCheck`).
const MOST_TYPES: usize = 10;

/// The warnings about the validations of a policy, each with the field of its expression.
pub(super) fn warnings(types: &Registry, policy: &Value) -> Vec<(String, String)> {
    let spec = &policy["spec"];
    let matched = matched(types, spec);
    let parameter = &spec["paramKind"];
    let kind = text(parameter, "kind");
    let of_params = types.find_kind(text(parameter, "apiVersion"), kind).and_then(schema);
    let environments: Vec<(String, Environment)> = matched
        .into_iter()
        .filter_map(|((group, version, kind), served)| {
            let all = Environment::new(!parameter.is_null());
            let params = of_params.map(|of| (of, text(parameter, "kind")));
            let mut typed = all.with_schemas((schema(served)?, &kind), params).with_composed();
            for variable in list(&spec["variables"]) {
                let found = Expression::compile(text(variable, "expression"), &typed, Returns::Any);
                typed.declare(text(variable, "name"), &found);
            }
            Some((format!("{group}/{version}, Kind={kind}"), typed))
        })
        .collect();
    let mut found = Vec::new();
    for (index, validation) in list(&spec["validations"]).enumerate() {
        for field in ["expression", "messageExpression"] {
            let expression = text(validation, field);
            if expression.is_empty() && field == "messageExpression" {
                continue;
            }
            let results: Vec<String> = environments
                .iter()
                .filter_map(|(kind, typed)| {
                    Some(format!("{kind}: {}\n", issues(expression, typed)?))
                })
                .collect();
            if !results.is_empty() {
                found.push((format!("spec.validations[{index}].{field}"), results.join("\n")));
            }
        }
    }
    found
}

/// What is wrong with an expression. Whether it can be run does not count.
fn issues(expression: &str, environment: &Environment) -> Option<String> {
    let compiled = Expression::compile(expression, environment, Returns::Any);
    let error = compiled.error().filter(|error| !error.internal)?;
    let text = error.text.strip_prefix("compilation failed: ").unwrap_or(&error.text);
    Some(text.to_owned())
}

/// The types that the rules of a policy name, by group, version and Kind (`typesToCheck`). Rules with wildcards name none.
fn matched<'t>(
    types: &'t Registry,
    spec: &Value,
) -> BTreeMap<(String, String, String), &'t Served> {
    let mut found = BTreeMap::new();
    for rule in list(&spec["matchConstraints"]["resourceRules"]) {
        let words = |field: &str| {
            let mut words: Vec<&str> = list(&rule[field]).filter_map(Value::as_str).collect();
            words.sort_unstable();
            words
        };
        let (groups, versions) = (words("apiGroups"), words("apiVersions"));
        if groups.iter().chain(&versions).any(|word| word.contains('*')) {
            continue;
        }
        let resources = words("resources");
        let mut count = 0;
        for (group, version) in
            groups.iter().flat_map(|group| versions.iter().map(move |version| (*group, *version)))
        {
            for resource in resources.iter().filter(|one| !one.contains(['*', '/'])) {
                let Some(served) = types.find(group, version, resource) else { continue };
                let kind = served.of.kind.to_string();
                found.insert((group.to_owned(), version.to_owned(), kind), served);
                count += 1;
                if count == MOST_TYPES {
                    return found;
                }
            }
        }
    }
    found
}

/// The schema of a type: of its definition, or of its Go type.
fn schema(served: &Served) -> Option<&Schema> {
    served.version().schema.as_deref().or_else(|| merge::schema(served))
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
