//! What is read from answers, and what patches do.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::super::super::webhook::WebhookReply;
use super::super::json_patches as patch;
use super::answer::{Answer, decode_review, refusal, verify};
use super::configuration::ReviewVersion;

fn read(version: ReviewVersion, mutating: bool, review: &Value) -> Result<Answer, String> {
    let body = Bytes::from(review.to_string());
    let content_type = "application/json".to_owned();
    let reply = WebhookReply { status: StatusCode::OK, content_type, body };
    let review = decode_review(version, &reply)?;
    verify(version, "u", mutating, &review)
}

fn review(response: &Value) -> Value {
    let kind = "AdmissionReview";
    json!({"kind": kind, "apiVersion": "admission.k8s.io/v1", "response": response})
}

#[test]
fn answers_are_checked_in_the_words_of_upstream() {
    for (mutating, response, why) in [
        (true, json!({"uid": "x"}), "expected response.uid=\"u\", got \"x\""),
        (true, json!({}), "expected response.uid=\"u\", got \"\""),
        (true, Value::Null, "webhook response was absent"),
        (
            true,
            json!({"uid": "u", "patch": "W10="}),
            "webhook returned response.patch but not response.patchType",
        ),
        (
            true,
            json!({"uid": "u", "patchType": "JSONPatch"}),
            "webhook returned response.patchType but not response.patch",
        ),
        (
            true,
            json!({"uid": "u", "patch": "W10=", "patchType": ""}),
            "webhook returned invalid response.patchType of \"\"",
        ),
        (
            false,
            json!({"uid": "u", "patch": "W10="}),
            "validating webhook may not return response.patch",
        ),
        (
            false,
            json!({"uid": "u", "patchType": "JSONPatch"}),
            "validating webhook may not return response.patchType",
        ),
        (true, json!({"uid": "u", "patch": "***"}), "illegal base64 data at input byte 0"),
        (
            true,
            json!({"uid": "u", "allowed": "yes"}),
            "json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool",
        ),
    ] {
        let found = read(ReviewVersion::V1, mutating, &review(&response)).err();
        assert_eq!(found.as_deref(), Some(why), "{response}");
    }
}

#[test]
fn the_kind_of_an_answer_counts() {
    let old = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1beta1", "response": {"uid": "u"},
    });
    assert_eq!(
        read(ReviewVersion::V1, true, &old).err().as_deref(),
        Some("converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion")
    );
    assert_eq!(
        read(ReviewVersion::V1, true, &json!({"response": {"uid": "u"}})).err().as_deref(),
        Some(
            "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind="
        )
    );
    // The older version checks neither uid nor the type of a patch.
    let loose =
        json!({"response": {"uid": "x", "allowed": true, "patch": "W10=", "patchType": ""}});
    let answer = read(ReviewVersion::V1Beta1, true, &loose).expect("an answer");
    assert_eq!(
        (answer.allowed, &*answer.patch_type, &*answer.patch),
        (true, "JSONPatch", &b"[]"[..])
    );
}

#[test]
fn a_refusal_is_an_error_whatever_its_status_says() {
    for (status, code, message) in [
        (Value::Null, 400, "denied the request without explanation"),
        (json!({"code": 200, "status": "Success"}), 400, "denied the request without explanation"),
        (json!({"code": 418, "message": "short"}), 418, "denied the request: short"),
        (json!({"reason": "Forbidden"}), 400, "denied the request: Forbidden"),
        (json!({"code": 100_000}), 999, "denied the request without explanation"),
        (json!({"code": -1}), 400, "denied the request without explanation"),
    ] {
        let error = refusal("w.e.com", &status);
        let expected = format!("admission webhook \"w.e.com\" {message}");
        assert_eq!((error.code.as_u16(), error.message), (code, expected), "{status}");
    }
}

#[test]
fn a_patch_that_does_not_apply_is_explained() {
    let object = json!({"kind": "ConfigMap", "data": {"a": "b"}, "list": [1]});
    for (operation, why) in [
        (
            json!({"op": "replace", "path": "/spec/replicas", "value": 1}),
            "replace operation does not apply: doc is missing path: /spec/replicas: missing value",
        ),
        (
            json!({"op": "add", "path": "/spec/frob", "value": 1}),
            "add operation does not apply: doc is missing path: \"/spec/frob\": missing value",
        ),
        (
            json!({"op": "remove", "path": "/data/c"}),
            "error in remove for path: '/data/c': Unable to remove nonexistent key: c: missing value",
        ),
        (
            json!({"op": "remove", "path": "/list/4"}),
            "error in remove for path: '/list/4': Unable to access invalid index: 4: invalid index referenced",
        ),
        (
            json!({"op": "add", "path": "/list/x", "value": 1}),
            "error in add for path: '/list/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": \
             invalid syntax",
        ),
        (
            json!({"op": "test", "path": "/kind", "value": "x"}),
            "testing value /kind failed: test failed",
        ),
        (
            json!({"op": "move", "from": "/none/a", "path": "/x"}),
            "move operation does not apply: doc is missing from path: /none/a: missing value",
        ),
        (json!({"op": "frob", "path": "/kind"}), "Unexpected kind: frob"),
        (json!({"path": "/kind"}), "Unexpected kind: unknown"),
    ] {
        let found = patch::apply(vec![operation.clone()], &mut object.clone()).unwrap_err();
        assert_eq!(found.why, why, "{operation}");
        assert_eq!(found.is_test, why.ends_with("test failed"), "{operation}");
    }
    let mut changed = object;
    let operations = patch::operations(br#"[{"op":"add","path":"/list/-","value":2}]"#);
    patch::apply(operations.expect("operations"), &mut changed).expect("it applies");
    assert_eq!(changed["list"], json!([1, 2]));
}

#[test]
fn what_is_no_patch_is_said_as_go_says_it() {
    for (text, why) in [
        ("{{{", "invalid character '{' looking for beginning of object key string"),
        (r#"{"a":1}"#, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        ("[1]", "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
    ] {
        assert_eq!(patch::operations(text.as_bytes()).err().as_deref(), Some(why), "{text}");
    }
    assert_eq!(patch::operations(b"null"), Ok(Vec::new()));
}
