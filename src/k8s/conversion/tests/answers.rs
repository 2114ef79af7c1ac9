//! What is read from the answers of webhooks.

use serde_json::{Value, json};

use super::super::super::webhook::{ConversionWebhook, ReviewVersion, WebhookClient, WebhookReply};
use super::super::review;
use super::answered;

/// The error that an answer to a review is read with.
fn error_of(version: ReviewVersion, answer: &WebhookReply) -> String {
    let webhook = ConversionWebhook {
        client: WebhookClient::of(&json!({"url": "https://localhost"})),
        review: Some(version),
    };
    let object = json!({
        "apiVersion": "e.com/v1", "kind": "Thing",
        "metadata": {"name": "a", "labels": {"l": "1"}, "uid": "x"},
    });
    let read = review::read(&webhook, &object, "e.com/v2", "u", answer);
    read.map_or_else(|error| error.to_string(), |value| value.to_string())
}

/// An answer with an object.
fn with(object: &Value) -> WebhookReply {
    let response =
        json!({"uid": "u", "result": {"status": "Success"}, "convertedObjects": [object]});
    let kind = "ConversionReview";
    let review =
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": kind, "response": response});
    answered(200, &review.to_string())
}

#[test]
fn rubbish_is_refused_in_the_words_of_upstream() {
    let v1 = |status, body: &str| error_of(ReviewVersion::V1, &answered(status, body));
    let failed = |why: &str| format!("conversion webhook for e.com/v1, Kind=Thing failed: {why}");
    for (status, body, why) in [
        (200, "", "0-length response with status code: 200 and content type: text/plain"),
        (
            200,
            "{}",
            "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=",
        ),
        (
            200,
            r#"{"kind":"Other"}"#,
            "no kind \"Other\" is registered for version \"apiextensions.k8s.io/v1\" in scheme \
             \"pkg/runtime/scheme.go:111\"",
        ),
        (
            200,
            r#"{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1beta1"}"#,
            "converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion",
        ),
        (
            200,
            r#"{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","response":{"uid":5}}"#,
            "json: cannot unmarshal number into Go struct field ConversionResponse.response.uid of type types.UID",
        ),
        (
            200,
            r#"{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","response":{"uid":"w"}}"#,
            "expected response.uid=\"u\", got \"w\"",
        ),
        (
            200,
            r#"{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","response":{"uid":"u"}}"#,
            "response.result.status was '', not 'Success'",
        ),
        (404, "x", "the server could not find the requested resource"),
        (500, " x\n", "an error on the server (\"x\") has prevented the request from succeeding"),
        (403, r#"{"kind":"Status","apiVersion":"v1","message":"told"}"#, "told"),
    ] {
        assert_eq!(v1(status, body), failed(why), "{body}");
    }
    let garbage = v1(200, "this is not JSON");
    assert!(garbage.contains(
        "failed: couldn't get version/kind; json parse error: json: cannot unmarshal string"
    ));
    assert_eq!(
        error_of(ReviewVersion::V1Beta1, &answered(200, "{}")),
        failed("no response provided")
    );
}

#[test]
fn an_object_that_is_not_the_same_is_refused() {
    let of = |object: &Value| error_of(ReviewVersion::V1, &with(object));
    let object = |api_version: &str, metadata: Value| json!({"apiVersion": api_version, "kind": "Thing", "metadata": metadata});
    let webhook = "conversion webhook for e.com/v1, Kind=Thing returned";
    for (found, why) in [
        (
            object("e.com/v3", json!({})),
            "invalid object at index 0: invalid groupVersion (expected e.com/v2, received e.com/v3)",
        ),
        (
            object("e.com/v2", json!({"name": "b"})),
            "invalid object: must have the same name: a != b",
        ),
        (object("e.com/v2", json!({"name": "a"})), "invalid object: must have the same UID: x != "),
        (
            object("e.com/v2", json!({"name": "a", "uid": "x", "labels": {"n": 1}})),
            "invalid metadata: metadata.labels[n] must be a string, but is int64 in converted object",
        ),
        (
            object("e.com/v2", json!({"name": "a", "uid": "x", "annotations": []})),
            "invalid metadata: invalid metadata.annotations of type []interface {} in converted object",
        ),
    ] {
        assert_eq!(of(&found), format!("{webhook} {why}"));
    }
    assert_eq!(of(&json!(null)), "unexpected end of JSON input");
    assert_eq!(of(&json!({"a": 1})), "Object 'Kind' is missing in '{\"a\":1}'");
    let kept = object(
        "e.com/v2",
        json!({"name": "a", "uid": "x", "annotations": {"n": "1"}, "generation": 7}),
    );
    let shown: Value = serde_json::from_str(&of(&kept)).unwrap();
    assert_eq!(shown["metadata"], json!({"name": "a", "uid": "x", "annotations": {"n": "1"}}));
}
