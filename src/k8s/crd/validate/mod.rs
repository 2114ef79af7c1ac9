//! Validation of definitions (`pkg/apis/apiextensions/validation/validation.go`), with upstream's rules, messages and order.
//!
//! ```text
//! definition → [internal] (what all versions have in common stands at the top) → [options] (what is already violated
//! stays allowed) → [words], [conversion], and each schema: [structural] → [default_values] → [schema], [lists],
//! [rules]
//! ```

mod conversion;
mod default_values;
mod field_path;
mod internal;
mod lists;
mod options;
mod rules;
mod schema;
mod structural;
mod words;

use serde_json::Value;

use super::super::golang::{json_text, quote};
use super::super::meta::{self, NameRule};
use super::super::names;
use super::super::schema::Schema;
use super::super::status::FieldError;
use super::approval;
use internal::{Parts, Spec, Version};
use options::Options;

/// The violations of a new definition.
pub(in super::super) fn validate_new(definition: &Value) -> Vec<FieldError> {
    let mut errors = metadata(definition);
    errors.extend(spec(definition, &Options::new()));
    errors.extend(rest(definition, None));
    errors
}

/// The violations of a changed definition, other than those of its metadata.
pub(in super::super) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let options = Options::of_update(new, old);
    let mut errors = spec(new, &options);
    let (spec, before) = (&new["spec"], &old["spec"]);
    let mut fixed = Vec::new();
    if options.immutable_names {
        fixed.extend(["/scope", "/names/kind"]);
    }
    fixed.extend(["/group", "/names/plural"]);
    for pointer in fixed {
        let value = |of: &Value| of.pointer(pointer).cloned().unwrap_or_default();
        if value(spec) != value(before) {
            let path = format!("spec{}", pointer.replace('/', "."));
            errors.push(FieldError::invalid(path, json_text(&value(spec)), "field is immutable"));
        }
    }
    errors.extend(rest(new, Some(old)));
    errors
}

/// The metadata of a new definition: its name follows from its spec.
fn metadata(definition: &Value) -> Vec<FieldError> {
    let mut errors = meta::validate(definition, NameRule::Subdomain);
    let names = &definition["spec"]["names"];
    let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let wanted = format!("{}.{}", part(&names["plural"]), part(&definition["spec"]["group"]));
    let why = r#"must be spec.names.plural+"."+spec.group"#;
    let mut behind = 0;
    // The rule is the same for the base of a name.
    for field in ["generateName", "name"] {
        let (found, path) = (meta::text(definition, field), format!("metadata.{field}"));
        if let Some(at) = errors.iter().rposition(|error| error.field == path) {
            behind = at + 1;
        }
        if !found.is_empty() && found != wanted {
            errors.insert(behind, FieldError::invalid(path, quote(found), why));
            behind += 1;
        }
    }
    errors
}

/// The status, the approval, and `preserveUnknownFields`.
fn rest(definition: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let status = &definition["status"];
    let mut errors = words::names(&status["acceptedNames"], "status.acceptedNames");
    errors.extend(stored_versions(definition));
    errors.extend(approval::approval_errors(definition, old));
    let preserves = |of: &Value| of["spec"]["preserveUnknownFields"] == true;
    if preserves(definition) && !old.is_some_and(preserves) {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, why));
    }
    errors
}

/// `ValidateCustomResourceDefinitionStoredVersions`.
fn stored_versions(definition: &Value) -> Vec<FieldError> {
    let path = "status.storedVersions";
    let stored = &definition["status"]["storedVersions"];
    let list = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        let why = "must have at least one stored version";
        return vec![FieldError::invalid(path, json_text(stored), why)];
    }
    let mut errors = Vec::new();
    let versions = definition["spec"]["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, version) in versions.iter().enumerate() {
        // Each of them is found once.
        let is_taken = versions[..index].iter().any(|other| other["name"] == version["name"]);
        if version["storage"] == true && (is_taken || !list.contains(&version["name"])) {
            let name = version["name"].as_str().unwrap_or_default();
            let why = format!("must have the storage version {name}");
            errors.push(FieldError::invalid(path, json_text(stored), &why));
        }
    }
    for (index, name) in list.iter().enumerate() {
        if versions.iter().any(|version| version["name"] == *name) {
            continue;
        }
        let name = name.as_str().unwrap_or_default();
        let why = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until \
             a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        errors.push(FieldError::invalid(format!("{path}[{index}]"), quote(name), &why));
    }
    errors
}

/// `validateCustomResourceDefinitionSpec`.
fn spec(definition: &Value, options: &Options) -> Vec<FieldError> {
    let spec = Spec::of(definition);
    let mut errors = group_and_scope(&spec);
    if options.schema && spec.top.schema.is_none_or(|of| of.get("openAPIV3Schema").is_none()) {
        for (index, version) in spec.versions.iter().enumerate() {
            if version.parts.schema.is_none_or(|of| of.get("openAPIV3Schema").is_none()) {
                let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
                errors.push(FieldError::required(path, ""));
            }
        }
    }
    if spec.schemas().any(|schema| options::any(schema, &|of| of.get("default").is_some()))
        && spec.value["preserveUnknownFields"] == true
    {
        let why = "must be false in order to use defaults in the schema";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, why));
    }
    for (index, version) in spec.versions.iter().enumerate() {
        let path = format!("spec.versions[{index}]");
        let problems = names::dns_1035_label(version.name());
        if !problems.is_empty() {
            let why = problems.join(",");
            errors.push(FieldError::invalid(format!("{path}.name"), quote(version.name()), &why));
        }
        errors.extend(words::deprecation(version.value, &path));
        let status = spec.has_status(version);
        errors.extend(parts(&version.parts, version.name(), status, &path, options));
    }
    errors.extend(versions(&spec));
    let names = &spec.value["names"];
    for field in ["plural", "singular", "kind", "listKind"] {
        if names[field].as_str().is_none_or(str::is_empty) {
            errors.push(FieldError::required(format!("spec.names.{field}"), ""));
        }
    }
    errors.extend(words::names(names, "spec.names"));
    let status = spec.has_any_status();
    let first = spec.version().unwrap_or_default();
    errors.extend(top(&spec.top, first, status, options));
    let strategy = spec.value["conversion"]["strategy"].as_str();
    if spec.value["preserveUnknownFields"] == true
        && let Some(strategy) = strategy.filter(|strategy| *strategy != "None")
    {
        let why = "must be None if spec.preserveUnknownFields is true";
        errors.push(FieldError::invalid("spec.conversion.strategy", quote(strategy), why));
    }
    errors.extend(conversion::validate(spec.value.get("conversion"), options));
    errors
}

fn group_and_scope(spec: &Spec<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (group, scope) = (spec.text("group"), spec.text("scope"));
    let problems = names::subdomain(group);
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else if !problems.is_empty() {
        errors.push(FieldError::invalid("spec.group", quote(group), &problems.join(",")));
    } else if !group.contains('.') {
        let why = "should be a domain with at least one dot";
        errors.push(FieldError::invalid("spec.group", quote(group), why));
    }
    match scope {
        "Cluster" | "Namespaced" => {}
        "" => errors.push(FieldError::required("spec.scope", "")),
        other => {
            let known = ["Cluster", "Namespaced"].map(str::to_owned);
            errors.push(FieldError::not_supported("spec.scope", quote(other), &known));
        }
    }
    errors
}

/// The rules of all versions together.
fn versions(spec: &Spec<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let all: Vec<&str> = spec.versions.iter().map(Version::name).collect();
    let mut invalid = |why: &str| {
        errors.push(FieldError::invalid("spec.versions", spec.shown_versions(), why));
    };
    if (1..all.len()).any(|index| all[..index].contains(&all[index])) {
        invalid("must contain unique version names");
    }
    if spec.versions.iter().filter(|version| version.flag("storage")).count() != 1 {
        invalid("must have exactly one version marked as storage version");
    }
    if let Some(name) = spec.version().filter(|name| !name.is_empty()) {
        let problems = names::dns_1035_label(name);
        if !problems.is_empty() {
            errors.push(FieldError::invalid("spec.version", quote(name), &problems.join(",")));
        }
    }
    errors
}

/// The parts that all versions have in common; their schema is named `validation` there.
fn top(parts: &Parts<'_>, version: &str, status: bool, options: &Options) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(of) = parts.schema {
        errors.extend(validation(of, status, "spec.validation", version, options));
    }
    errors.extend(words::subresources(parts.subresources, "spec.subresources"));
    errors.extend(columns(parts.columns, "spec.additionalPrinterColumns"));
    if let Some(fields) = parts.selectable {
        let path = "spec.selectableFields";
        if let Some(schema) = parts.schema.and_then(|of| of.get("openAPIV3Schema")) {
            errors.extend(not_structural(schema, "spec"));
            errors.extend(words::selectable(fields, schema, path, options, ""));
        } else {
            let why = "may only be set when validations.schema is included";
            errors.push(FieldError::invalid(path, quote(""), why));
        }
    }
    errors
}

/// The parts of one version (`validateCustomResourceDefinitionVersion`).
fn parts(
    parts: &Parts<'_>,
    version: &str,
    status: bool,
    path: &str,
    options: &Options,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(of) = parts.schema {
        errors.extend(validation(of, status, &format!("{path}.schema"), version, options));
    }
    errors.extend(words::subresources(parts.subresources, &format!("{path}.subresources")));
    errors.extend(columns(parts.columns, &format!("{path}.additionalPrinterColumns")));
    if let Some(fields) = parts.selectable {
        let of = path;
        let path = format!("{path}.selectableFields");
        if let Some(schema) = parts.schema.and_then(|of| of.get("openAPIV3Schema")) {
            errors.extend(not_structural(schema, of));
            errors.extend(words::selectable(fields, schema, &path, options, version));
        } else {
            let why = "may only be set when `version.schema.openAPIV3Schema` is not included";
            errors.push(FieldError::invalid(path, quote(""), why));
        }
    }
    errors
}

/// Why fields cannot be selected by a schema.
fn not_structural(schema: &Value, path: &str) -> Option<FieldError> {
    let why = structural::obstacle(schema)?;
    Some(FieldError::invalid(format!("{path}.schema.openAPIV3Schema"), quote(""), &why))
}

fn columns(columns: Option<&Value>, path: &str) -> Vec<FieldError> {
    let columns = columns.and_then(Value::as_array).into_iter().flatten().enumerate();
    columns.flat_map(|(index, column)| words::column(column, &format!("{path}[{index}]"))).collect()
}

/// The fields that may stand at the root of a schema beside a status subresource.
const AT_ROOT: [&str; 22] = [
    "Description",
    "Type",
    "Format",
    "Title",
    "Maximum",
    "ExclusiveMaximum",
    "Minimum",
    "ExclusiveMinimum",
    "MaxLength",
    "MinLength",
    "Pattern",
    "MaxItems",
    "MinItems",
    "UniqueItems",
    "MultipleOf",
    "Required",
    "Items",
    "Properties",
    "ExternalDocs",
    "Example",
    "XPreserveUnknownFields",
    "XValidations",
];

/// `validateCustomResourceDefinitionValidation`.
fn validation(
    of: &Value,
    status: bool,
    path: &str,
    version: &str,
    options: &Options,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(schema) = of.get("openAPIV3Schema") else { return errors };
    let path = format!("{path}.openAPIV3Schema");
    if status {
        errors.extend(root_fields(schema, &path));
    }
    if schema["nullable"] == true {
        errors.push(FieldError::forbidden(
            format!("{path}.nullable"),
            "nullable cannot be true at the root",
        ));
    }
    let obstacle = structural::obstacle(schema);
    let mut scope = None;
    // A type that is not known is none for rules.
    let parsed =
        Schema::parse(schema).or_else(|_| Schema::parse(&schema::with_known_types(schema)));
    if options.structural && obstacle.is_none() {
        let violations = structural::validate(&path, schema);
        if !violations.is_empty() {
            errors.extend(violations);
        } else if let Ok(parsed) = &parsed {
            let defaults = default_values::validate(&path, parsed, options.pruned_defaults);
            scope = defaults.is_empty().then(|| rules::RuleScope::root(parsed));
            errors.extend(defaults);
        }
    }
    let standing = schema::Standing { no_defaults: None, in_metadata: false, uncorrelatable: None };
    let unchanged = options.unchanged.contains(version);
    let mut walk = schema::Walk { options, total: rules::TotalCost::new(unchanged) };
    let found = walk.check(schema, &path, &standing, true, scope);
    errors.extend(found.schema);
    errors.extend(found.rules);
    if let Some(why) = obstacle.filter(|_| options.structural && errors.is_empty()) {
        errors.push(FieldError::invalid(&path, quote(""), &why));
    }
    errors.extend(walk.total.errors(&path));
    errors
}

/// The rules of the root of a schema where the status is a subresource.
fn root_fields(schema: &Value, path: &str) -> Option<FieldError> {
    for field in internal::set_fields(schema) {
        let kind = schema["type"].as_str().unwrap_or_default();
        if field == "Type" && kind != "object" {
            let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
            return Some(FieldError::invalid(format!("{path}.type"), quote(kind), why));
        }
        if !AT_ROOT.contains(&field) {
            let allowed = AT_ROOT.join(" ");
            let why = format!(
                "only [{allowed}] fields are allowed at the root of the schema if the status subresource is enabled"
            );
            return Some(FieldError::invalid(path, internal::shown_schema(schema), &why));
        }
    }
    None
}

/// The warnings about formats that are not known, other than those that `old` has (`WarningsOnCreate`, `-Update`).
pub(in super::super) fn format_warnings(definition: &Value, old: Option<&Value>) -> Vec<String> {
    let known = old.map(unrecognized_formats).unwrap_or_default();
    let all = unrecognized_formats(definition).into_iter().filter(|format| !known.contains(format));
    all.map(|format| format!("unrecognized format {}", quote(&format))).collect()
}

fn unrecognized_formats(definition: &Value) -> Vec<String> {
    let found = std::cell::RefCell::new(Vec::new());
    for schema in Spec::of(definition).schemas() {
        options::any(schema, &|schema| {
            if let Some(format) = schema["format"].as_str()
                && !super::super::schema::is_known_format(schema["type"].as_str(), format)
            {
                found.borrow_mut().push(format.to_owned());
            }
            false
        });
    }
    found.into_inner()
}
