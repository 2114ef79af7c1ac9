//! How strictly a definition is validated: what an existing one violates already stays allowed (`validationOptions`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::super::schema::Schema;
use super::internal::Spec;
use super::{default_values, lists, structural};

/// The options of a validation.
#[derive(Debug)]
pub(super) struct Options {
    /// `spec.scope` and the kind cannot change.
    pub(super) immutable_names: bool,
    pub(super) schema: bool,
    pub(super) valid_types: bool,
    pub(super) structural: bool,
    pub(super) pruned_defaults: bool,
    pub(super) atomic_sets: bool,
    pub(super) map_keys: bool,
    pub(super) recognized_review_version: bool,
    pub(super) any_ca_bundle: bool,
    /// The versions whose schemas have not changed: rules in them may cost what they cost before.
    pub(super) unchanged: BTreeSet<String>,
    /// Whether more selectable fields than allowed stay allowed, by version; the empty name is that of the top.
    pub(super) many_selectable: BTreeSet<String>,
}

/// The most selectable fields of a version.
pub(super) const MAX_SELECTABLE: usize = 8;

impl Options {
    /// Those of a new definition.
    pub(super) fn new() -> Self {
        Self {
            immutable_names: false,
            schema: true,
            valid_types: true,
            structural: true,
            pruned_defaults: true,
            atomic_sets: true,
            map_keys: true,
            recognized_review_version: true,
            any_ca_bundle: true,
            unchanged: BTreeSet::new(),
            many_selectable: BTreeSet::new(),
        }
    }

    /// Those of a changed definition.
    pub(super) fn of_update(new: &Value, old: &Value) -> Self {
        let (spec, before) = (Spec::of(new), Spec::of(old));
        let none = |violates: &dyn Fn(&Value) -> bool| {
            !before.schemas().any(|schema| any(schema, violates))
        };
        let established = super::super::status::is_established(old);
        let webhook = &old["spec"]["conversion"]["webhook"];
        let reviews =
            webhook["conversionReviewVersions"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            immutable_names: established,
            schema: before.top.schema.is_some_and(|of| of.get("openAPIV3Schema").is_some())
                || before.versions.iter().all(|version| {
                    version.parts.schema.is_some_and(|of| of.get("openAPIV3Schema").is_some())
                }),
            valid_types: none(&|schema| {
                let kind = schema["type"].as_str().unwrap_or_default();
                !matches!(
                    kind,
                    "" | "array" | "boolean" | "integer" | "number" | "object" | "string"
                )
            }),
            structural: before.schemas().all(|schema| {
                structural::obstacle(schema).is_none()
                    && structural::validate("", schema).is_empty()
            }),
            pruned_defaults: before.schemas().all(|schema| {
                Schema::parse(schema).is_ok_and(|schema| default_values::are_pruned(&schema))
            }),
            atomic_sets: none(&|schema| {
                schema["x-kubernetes-list-type"] == "set"
                    && schema
                        .get("items")
                        .is_some_and(|items| lists::atomic_item(items, "").is_some())
            }),
            map_keys: none(&|inner| !lists::map_list_keys(inner, "").is_empty()),
            recognized_review_version: reviews.is_empty()
                || reviews.iter().any(|version| version == "v1" || version == "v1beta1"),
            any_ca_bundle: !established,
            unchanged: unchanged(new, old),
            many_selectable: many_selectable(&spec, &before),
        }
    }
}

/// The names of the versions whose schemas are the same in both definitions.
fn unchanged(new: &Value, old: &Value) -> BTreeSet<String> {
    let versions = |of: &'_ Value| of["spec"]["versions"].as_array().cloned().unwrap_or_default();
    let before = versions(old);
    let same = |version: &&Value| {
        before
            .iter()
            .any(|old| old["name"] == version["name"] && old["schema"] == version["schema"])
    };
    let all = versions(new);
    all.iter().filter(same).filter_map(|it| it["name"].as_str().map(str::to_owned)).collect()
}

/// Whether a schema, or one inside of it, has a property.
pub(super) fn any(schema: &Value, has: &dyn Fn(&Value) -> bool) -> bool {
    if has(schema) {
        return true;
    }
    let lists = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .flat_map(|field| schema[field].as_array().into_iter().flatten());
    let maps = ["properties", "patternProperties", "definitions", "dependencies"]
        .into_iter()
        .flat_map(|field| schema[field].as_object().into_iter().flat_map(Map::values));
    let single = ["items", "not", "additionalProperties", "additionalItems"]
        .into_iter()
        .filter_map(|field| schema.get(field));
    let several = schema["items"].as_array().into_iter().flatten();
    lists.chain(maps).chain(single).chain(several).any(|inner| inner.is_object() && any(inner, has))
}

fn many_selectable(spec: &Spec<'_>, before: &Spec<'_>) -> BTreeSet<String> {
    let many = |fields: Option<&Value>| {
        fields.and_then(Value::as_array).is_some_and(|list| list.len() > MAX_SELECTABLE)
    };
    let mut allowed = BTreeSet::new();
    if many(before.top.selectable) && spec.top.selectable == before.top.selectable {
        allowed.insert(String::new());
    }
    for version in &spec.versions {
        let old = before.versions.iter().find(|old| old.name() == version.name());
        if old.is_some_and(|old| {
            many(old.parts.selectable) && old.parts.selectable == version.parts.selectable
        }) {
            allowed.insert(version.name().to_owned());
        }
    }
    allowed
}
