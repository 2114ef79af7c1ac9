//! The options of the verbs.

use serde_json::json;

use crate::message::Query;

use super::super::status::ApiError;
use super::*;

fn query(text: &str) -> Query<'_> {
    Query::parse(Some(text)).unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, ApiError>) -> String {
    let error = result.unwrap_err();
    format!("{} {}", error.code.as_u16(), error.message)
}

#[test]
fn options_of_writes_have_upstreams_messages() {
    let parse = |text: &str| WriteOptions::parse(&query(text), "CreateOptions", false);
    let invalid = "422 CreateOptions.meta.k8s.io \"\" is invalid: ";
    for (text, message) in [
        ("dryRun=", r#"dryRun: Unsupported value: [""]: supported values: "All""#),
        (
            "dryRun=All&dryRun=x",
            r#"dryRun: Unsupported value: ["All","x"]: supported values: "All""#,
        ),
        (
            "fieldValidation=strict",
            r#"fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn""#,
        ),
        (
            "fieldManager=a%E2%80%A8b",
            r#"fieldManager: Invalid value: "a\u2028b": invalid character U+2028 (at position 1)"#,
        ),
    ] {
        assert_eq!(refused(parse(text)), format!("{invalid}{message}"), "{text}");
    }
    let options = parse("dryRun=All&dryRun=All&fieldValidation=&fieldManager=%C3%A9").unwrap();
    assert!(options.dry_run);
    assert_eq!((options.validation, &*options.manager), (FieldValidation::Warn, "é"));
}

#[test]
fn delete_options_are_read_from_the_body_or_from_the_query() {
    let body = json!({"propagationPolicy": "Orphan", "preconditions": {"uid": "1"}, "dryRun": ["All"], "x": 1});
    let options = DeleteOptions::of_body(body).unwrap();
    assert_eq!(options.propagation, Some(Propagation::Orphan));
    assert!(options.dry_run);
    let same =
        DeleteOptions::of_query(&query("propagationPolicy=Orphan&uid=1&dryRun=All")).unwrap();
    assert_eq!(options, same);
    assert_eq!(DeleteOptions::of_body(json!(null)).unwrap(), DeleteOptions::default());
    let wrong = DeleteOptions::of_body(json!({"preconditions": {"uid": 5}}));
    assert_eq!(
        refused(wrong),
        "400 json: cannot unmarshal number into Go struct field Preconditions.preconditions.uid of type types.UID"
    );
    let empty = DeleteOptions::of_query(&query("gracePeriodSeconds="));
    assert_eq!(refused(empty), "400 strconv.ParseInt: parsing \"\": invalid syntax");
    let both = DeleteOptions::of_query(&query("propagationPolicy=x&orphanDependents=true"));
    assert!(refused(both).contains("cannot be both set, propagationPolicy: Unsupported value"));
}
