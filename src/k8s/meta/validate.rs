//! The rules of `metadata` (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`).

use serde_json::{Map, Value};

use super::super::golang::{json_text, quote};
use super::super::names;
use super::super::status::FieldError;
use super::{finalizers, is_terminating, owners, text};

/// The rule for an object's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum NameRule {
    /// A DNS-1123 subdomain: most types (`NameIsDNSSubdomain`).
    Subdomain,
    /// A DNS-1123 label: namespaces, services (`NameIsDNSLabel`).
    Label,
    /// A segment of a path: every object that is updated (`validatePathSegment`).
    PathSegment,
}

impl NameRule {
    fn violations(self, name: &str, prefix: bool) -> Vec<String> {
        // A base may end in a dash: the generated suffix follows (`maskTrailingDash`).
        let masked = match name.strip_suffix('-') {
            // The character before the dash is not looked at either.
            Some(rest) if prefix && !rest.is_empty() => {
                let kept = rest.char_indices().next_back().map_or(0, |(at, _)| at);
                format!("{}a", &rest[..kept])
            }
            _ => name.to_owned(),
        };
        match self {
            Self::Subdomain => names::subdomain(&masked),
            Self::Label => names::label(&masked),
            Self::PathSegment => names::path_segment(name, prefix),
        }
    }
}

/// `ValidateObjectMetaAccessor`: the violations of a new object's metadata.
pub(in super::super) fn validate(object: &Value, rule: NameRule) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let generate = text(object, "generateName");
    if !generate.is_empty() {
        let problems = rule.violations(generate, true).into_iter();
        errors.extend(
            problems.map(|why| FieldError::invalid("metadata.generateName", quote(generate), &why)),
        );
    }
    let name = text(object, "name");
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        let problems = rule.violations(name, false).into_iter();
        errors.extend(problems.map(|why| FieldError::invalid("metadata.name", quote(name), &why)));
    }
    let generation = &object["metadata"]["generation"];
    if generation.as_i64().is_some_and(i64::is_negative) {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("metadata.generation", generation, why));
    }
    check_maps(object, &mut errors);
    owners::check(object, &mut errors);
    check_finalizers(object, &mut errors);
    errors
}

/// `ValidateObjectMetaAccessorUpdate`: the violations of a changed object's metadata.
pub(in super::super) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if is_terminating(old) {
        check_new_finalizers(new, old, &mut errors);
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let (value, before) = (&new["metadata"][field], &old["metadata"][field]);
        if value != before {
            let field = format!("metadata.{field}");
            errors.push(FieldError::invalid(field, json_text(value), "field is immutable"));
        }
    }
    check_maps(new, &mut errors);
    owners::check(new, &mut errors);
    errors
}

/// `ValidateNoNewFinalizers`.
fn check_new_finalizers(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let had = finalizers(old);
    let mut added: Vec<&str> =
        finalizers(new).into_iter().filter(|name| !had.contains(name)).collect();
    if added.is_empty() {
        return;
    }
    added.sort_unstable();
    added.dedup();
    let shown: Vec<String> = added.iter().map(|name| quote(name)).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        shown.join(", ")
    );
    errors.push(FieldError::forbidden("metadata.finalizers", &why));
}

fn check_maps(object: &Value, errors: &mut Vec<FieldError>) {
    let metadata = &object["metadata"];
    if let Some(labels) = metadata["labels"].as_object() {
        errors.extend(label_errors(labels, "metadata.labels"));
    }
    if let Some(annotations) = metadata["annotations"].as_object() {
        errors.extend(annotation_errors(annotations, "metadata.annotations"));
    }
}

/// `ValidateLabels`.
pub(in super::super) fn label_errors(labels: &Map<String, Value>, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels {
        let problems = names::qualified_name(key);
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(key), why)));
        let value = value.as_str().unwrap_or_default();
        let problems = names::label_value(value);
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(value), why)));
    }
    errors
}

/// The maximum size of all annotations of an object, in bytes (`TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// `ValidateAnnotations`.
pub(in super::super) fn annotation_errors(
    annotations: &Map<String, Value>,
    field: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut total = 0;
    for (key, value) in annotations {
        let problems = names::qualified_name(&key.to_lowercase());
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(key), why)));
        total += key.len() + value.as_str().unwrap_or_default().len();
    }
    if total > MAX_ANNOTATIONS {
        errors.push(FieldError::too_long(field, MAX_ANNOTATIONS as u64));
    }
    errors
}

/// `ValidateFinalizers`.
fn check_finalizers(object: &Value, errors: &mut Vec<FieldError>) {
    let field = "metadata.finalizers";
    let all = finalizers(object);
    for finalizer in &all {
        let problems = names::qualified_name(finalizer);
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(finalizer), why)));
    }
    if all.contains(&"orphan") && all.contains(&"foregroundDeletion") {
        let shown = json_text(&object["metadata"]["finalizers"]);
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(field, shown, why));
    }
}

/// `validateKubeFinalizerName` (`k8s.io/kubernetes/pkg/apis/core/validation`): built-in types have it besides.
pub(in super::super) fn check_finalizer_names(object: &Value) -> Vec<FieldError> {
    let standard = ["kubernetes", "orphan", "foregroundDeletion"];
    let all = finalizers(object).into_iter().enumerate();
    let odd = all.filter(|(_, name)| !name.contains('/') && !standard.contains(name));
    let why = "name is neither a standard finalizer name nor is it fully qualified";
    odd.map(|(at, name)| {
        FieldError::invalid(format!("metadata.finalizers[{at}]"), quote(name), why)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(metadata: &Value) -> Vec<String> {
        let errors = validate(&json!({"metadata": metadata}), NameRule::Subdomain);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_and_finalizers_are_checked() {
        assert_eq!(
            problems(&json!({})),
            ["metadata.name: Required value: name or generateName is required"]
        );
        assert_eq!(
            problems(&json!({"name": "a", "generateName": "a-", "finalizers": ["bare"]})),
            [""; 0]
        );
        let wrong = problems(&json!({"name": "a", "generateName": "a."}));
        assert!(wrong[0].starts_with("metadata.generateName: Invalid value: \"a.\""), "{wrong:?}");
        assert_eq!(
            problems(&json!({"name": "a", "finalizers": ["foregroundDeletion", "orphan"]})),
            ["metadata.finalizers: Invalid value: [\"foregroundDeletion\",\"orphan\"]: \
              finalizer orphan and foregroundDeletion cannot be both set"]
        );
    }

    #[test]
    fn finalizers_of_built_in_types_are_standard_or_qualified() {
        let object = json!({"metadata": {"finalizers": ["orphan", "a.b", "a/b", ""]}});
        let fields: Vec<String> =
            check_finalizer_names(&object).iter().map(|error| error.field.clone()).collect();
        assert_eq!(fields, ["metadata.finalizers[1]", "metadata.finalizers[3]"]);
    }

    #[test]
    fn annotations_are_bounded_together_and_their_keys_have_no_case() {
        assert_eq!(
            problems(&json!({"name": "a", "annotations": {"E.COM/X": "x".repeat(262_137)}})),
            [""; 0]
        );
        assert_eq!(
            problems(&json!({"name": "a", "annotations": {"E.COM/X": "x".repeat(262_138)}})),
            ["metadata.annotations: Too long: may not be more than 262144 bytes"]
        );
    }

    #[test]
    fn an_update_cannot_change_what_identifies_an_object() {
        let old = json!({"metadata": {"name": "a", "uid": "1", "deletionTimestamp": "2001-01-01T00:00:00Z"}});
        let new = json!({"metadata": {
            "name": "a", "uid": "2", "deletionTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5,
            "finalizers": ["e.com/b", "e.com/a"],
        }});
        let errors: Vec<String> =
            validate_update(&new, &old).iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found \
                 new finalizers []string{\"e.com/a\", \"e.com/b\"}",
                "metadata.uid: Invalid value: \"2\": field is immutable",
                "metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable",
            ]
        );
    }
}
