//! Definitions that upstream accepts and refuses, with its messages.

use serde_json::{Value, json};

use super::*;

fn definition(schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.e.io"},
        "spec": {
            "group": "e.io", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

/// The violations of a definition as it would be created.
fn problems(mut definition: Value) -> Vec<String> {
    decode(&mut definition).unwrap();
    set_defaults(&mut definition);
    definition["status"] = initial_status(&definition);
    validate_new(&definition).iter().map(ToString::to_string).collect()
}

/// The violations of the schema of a field, without the path to it.
fn of_field(schema: &Value) -> Vec<String> {
    let schema = json!({"type": "object", "properties": {"f": schema}});
    let path = "spec.validation.openAPIV3Schema.properties[f]";
    problems(definition(&schema)).iter().map(|why| why.replace(path, "f")).collect()
}

#[test]
fn names_and_versions_are_checked() {
    let schema = json!({"type": "object"});
    assert_eq!(problems(definition(&schema)), [""; 0]);
    let mut wrong = definition(&schema);
    wrong["spec"]["group"] = json!("");
    wrong["spec"]["scope"] = json!("World");
    wrong["spec"]["versions"] = json!([]);
    assert_eq!(
        problems(wrong),
        [
            "metadata.name: Invalid value: \"things.e.io\": must be spec.names.plural+\".\"+spec.group",
            "spec.group: Required value",
            "spec.scope: Unsupported value: \"World\": supported values: \"Cluster\", \"Namespaced\"",
            "spec.versions: Invalid value: []: must have exactly one version marked as storage version",
            "status.storedVersions: Invalid value: null: must have at least one stored version",
        ]
    );
}

#[test]
fn schemas_are_structural() {
    for (schema, wanted) in [
        (json!({}), vec!["f.type: Required value: must not be empty for specified object fields"]),
        (json!({"type": "array"}), vec!["f.items: Required value: must be specified"]),
        (
            json!({"type": "string", "pattern": "["}),
            vec![
                "f.pattern: Invalid value: \"[\": must be a valid regular expression, but isn't: error parsing regexp: \
                 missing closing ]: `[`",
            ],
        ),
        (
            json!({"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}]}),
            vec!["f.anyOf[0].properties[a].type: Forbidden: must be empty to be structural"],
        ),
        (
            json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
            vec![],
        ),
        (
            json!({"type": "string", "x-kubernetes-embedded-resource": true}),
            vec![
                "f.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without \
                 x-kubernetes-preserve-unknown-fields",
                "f.type: Invalid value: \"string\": must be object if x-kubernetes-embedded-resource is true",
            ],
        ),
        (
            json!({"type": "integer", "$ref": "#/x"}),
            vec!["f.$ref: Forbidden: $ref is not supported"],
        ),
        (
            json!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"}),
            vec![
                "f.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
            ],
        ),
        (
            json!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "set"}),
            vec![
                "f.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with \
                 x-kubernetes-list-type=set",
            ],
        ),
        (
            json!({"type": "strange"}),
            vec![
                "f.type: Unsupported value: \"strange\": supported values: \"array\", \"boolean\", \"integer\", \
                 \"number\", \"object\", \"string\"",
            ],
        ),
    ] {
        assert_eq!(of_field(&schema), wanted, "{schema}");
    }
}

#[test]
fn what_the_root_combines_is_specified() {
    let schema = json!({"type": "object", "anyOf": [{"properties": {"a": {"minimum": 1}}}]});
    let path = "spec.validation.openAPIV3Schema";
    assert_eq!(
        problems(definition(&schema)),
        [format!(
            "{path}.properties[a]: Required value: because it is defined in {path}.anyOf[0].properties[a]"
        )]
    );
}

#[test]
fn defaults_are_values_of_their_schema() {
    for (schema, wanted) in [
        (json!({"type": "integer", "default": 3}), vec![]),
        (
            json!({"type": "integer", "default": "x"}),
            vec![
                "f.default: Invalid value: \"string\":  in body must be of type integer: \"string\"",
            ],
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "default": {"b": 1}}),
            vec!["f.default: Invalid value: {\"b\":1}: must not have unknown fields"],
        ),
    ] {
        assert_eq!(of_field(&schema), wanted, "{schema}");
    }
}

#[test]
fn two_definitions_cannot_have_the_same_names() {
    let first = json!({
        "spec": {"names": {"plural": "as", "singular": "a", "kind": "A", "listKind": "AList"}},
        "status": {"acceptedNames": {"plural": "as", "singular": "a", "kind": "A", "listKind": "AList"}},
    });
    let second = json!({
        "spec": {"names": {"plural": "bs", "singular": "b", "kind": "A", "listKind": "BList", "shortNames": ["as"]}},
        "status": {"acceptedNames": {"plural": "", "kind": ""}},
    });
    let found = accept(&second, [&first]);
    assert!(!found.accepted);
    assert_eq!((found.reason, &*found.message), ("KindConflict", "\"A\" is already in use"));
    assert_eq!(
        found.names,
        json!({"plural": "bs", "singular": "b", "kind": "", "listKind": "BList"})
    );
    assert!(accept(&first, [&second]).accepted);
}

#[test]
fn conditions_are_written_one_after_another() {
    let definition = definition(&json!({"type": "object"}));
    let accepted = accept(&definition, []);
    let written = served_status(&definition, &accepted, jiff::Timestamp::UNIX_EPOCH);
    let shown: Vec<Vec<String>> = written
        .iter()
        .map(|status| {
            let all = status["conditions"].as_array().unwrap().iter();
            all.map(|held| format!("{} {}", held["type"], held["reason"]).replace('"', ""))
                .collect()
        })
        .collect();
    assert_eq!(
        shown,
        [
            ["NamesAccepted NoConflicts", "Established Installing"],
            ["NamesAccepted NoConflicts", "Established InitialNamesAccepted"],
        ]
    );
}

#[test]
fn a_change_cannot_touch_what_objects_are_stored_by() {
    let mut old = definition(&json!({"type": "object"}));
    set_defaults(&mut old);
    let accepted = accept(&old, []);
    old["status"] = served_status(&old, &accepted, jiff::Timestamp::UNIX_EPOCH).pop().unwrap();
    let mut new = old.clone();
    new["spec"]["scope"] = json!("Cluster");
    new["spec"]["names"]["kind"] = json!("Other");
    let errors: Vec<String> = validate_update(&new, &old).iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "spec.scope: Invalid value: \"Cluster\": field is immutable",
            "spec.names.kind: Invalid value: \"Other\": field is immutable",
        ]
    );
}

#[test]
fn versions_and_conversions_are_checked_together() {
    let schema = json!({"type": "object"});
    let mut twice = definition(&schema);
    let version = twice["spec"]["versions"][0].clone();
    twice["spec"]["versions"] = json!([version.clone(), version]);
    assert!(
        problems(twice).contains(
            &"status.storedVersions: Invalid value: [\"v1\"]: must have the storage version v1"
                .to_owned()
        )
    );
    let mut absent = definition(&schema);
    absent["spec"]["versions"] = Value::Null;
    assert!(problems(absent).contains(
        &"spec.versions: Invalid value: null: must have exactly one version marked as storage version".to_owned()
    ));
    let with_url = |url: &str| {
        let mut definition = definition(&schema);
        definition["spec"]["conversion"] = json!({"strategy": "Webhook", "webhook": {
            "conversionReviewVersions": ["v1"], "clientConfig": {"url": url},
        }});
        definition
    };
    let mut preserving = with_url("https://a");
    preserving["spec"]["preserveUnknownFields"] = json!(true);
    assert!(problems(preserving).contains(
        &"spec.conversion.strategy: Invalid value: \"Webhook\": must be None if spec.preserveUnknownFields is true"
            .to_owned()
    ));
    assert_eq!(
        problems(with_url("a b://c")),
        [
            "spec.conversion.webhookClientConfig.url: Required value: url must be a valid URL: parse \"a b://c\": first \
             path segment in URL cannot contain colon; desired format: https://host[/path]"
        ]
    );
}

#[test]
fn items_that_are_no_schema_are_none() {
    assert_eq!(of_field(&json!({"type": "string", "items": true})), [""; 0]);
    assert_eq!(
        of_field(&json!({"type": "array", "items": "x"})),
        ["f.items: Required value: must be specified"]
    );
}

#[test]
fn a_default_has_to_be_within_negative_limits_too() {
    let limited = json!({"type": "object", "maxProperties": -1, "default": {"a": 1}, "properties": {"a": {"type": "integer"}}});
    assert_eq!(of_field(&limited), ["f.default: Too many: 1: has too many items"]);
    let text = json!({"type": "string", "maxLength": -1, "default": "a"});
    assert_eq!(of_field(&text), ["f.default: Too long: value is too long"]);
}

#[test]
fn a_default_of_the_type_is_a_text() {
    let schema =
        json!({"type": "object", "properties": {"apiVersion": {"type": "string", "default": 1}}});
    assert_eq!(
        problems(definition(&schema)),
        [
            "spec.validation.openAPIV3Schema.properties[apiVersion].default: Invalid value: 1: must result in valid \
             metadata: apiVersion: Invalid value: 1: must be a string",
            "spec.validation.openAPIV3Schema.properties[apiVersion].default: Forbidden: must not be set in top-level \
             apiVersion",
        ]
    );
}

#[test]
fn messages_name_the_whole_path_of_a_wrong_type() {
    let inner = json!({"type": "object", "properties": {"a": {"type": "string", "enum": "x"}}});
    let schema = json!({"type": "object", "properties": {"f": {"type": "array", "items": inner}}});
    let why = decode(&mut definition(&schema)).unwrap_err();
    assert_eq!(
        why,
        "json: cannot unmarshal string into Go struct field \
         JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties.items.properties.enum of type []v1.JSON"
    );
}
