//! What is secret in an exchange, all in one place: it never reaches the disk, a log or the journal's
//! answers.

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE};
use serde_json::Value;

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "redacted";

/// [`REDACTED`] in base64: the values of a Kubernetes Secret must stay base64.
const REDACTED_BASE64: &str = "cmVkYWN0ZWQ=";

/// Header fields that carry credentials, in requests and in answers. They are left out.
const HEADERS: [HeaderName; 9] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    SET_COOKIE,
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-subject-token"),
    HeaderName::from_static("x-security-token"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-api-key"),
];

/// Names of query parameters, form fields and JSON fields whose values are secrets. Compared without
/// case, `-` and `_`.
const NAMES: [&str; 22] = [
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "token",
    "password",
    "passwd",
    "secret",
    "clientsecret",
    "secretkey",
    "secretaccesskey",
    "accesskey",
    "privatekey",
    "apikey",
    "credential",
    "securitytoken",
    "sessiontoken",
    "signature",
    "xamzsignature",
    "xamzcredential",
    "xamzsecuritytoken",
    "assertion",
    "clientassertion",
];

/// Whether a header field is left out.
pub(crate) fn is_secret_header(name: &HeaderName) -> bool {
    HEADERS.contains(name)
}

/// Whether a parameter or field of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&plain.as_str())
}

/// Puts `instead` in the place of every secret text of a JSON value; says whether there was one.
pub(crate) fn redact(value: &mut Value, instead: &str) -> bool {
    match value {
        Value::Array(items) => {
            items.iter_mut().fold(false, |found, item| redact(item, instead) | found)
        }
        Value::Object(map) => {
            let mut found = false;
            if map.get("kind").and_then(Value::as_str) == Some("Secret") {
                for (key, instead) in [("data", REDACTED_BASE64), ("stringData", instead)] {
                    found |= map.get_mut(key).is_some_and(|values| redact_values(values, instead));
                }
            }
            for (name, value) in map.iter_mut() {
                found |= match value {
                    // A Secret's own values have just been seen to.
                    Value::String(text) if is_secret_name(name) && text != REDACTED_BASE64 => {
                        instead.clone_into(text);
                        true
                    }
                    value => redact(value, instead),
                };
            }
            found
        }
        _ => false,
    }
}

fn redact_values(map: &mut Value, instead: &str) -> bool {
    let Value::Object(map) = map else {
        return false;
    };
    map.values_mut().for_each(|value| *value = Value::from(instead));
    !map.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_by_their_names_wherever_they_stand() {
        let mut value = json!({
            "auth": {"identity": {"password": {"user": {"name": "u", "password": "p"}}}},
            "tokens": [{"access_token": "a", "Client-Secret": "b", "token": {"id": 1}}],
            "items": [{"kind": "Secret", "data": {"token": "eA==", "x": "eQ=="}, "stringData": {"y": "z"}}],
            "metadata": {"continue": "c"},
        });
        assert!(redact(&mut value, REDACTED));
        assert_eq!(
            value,
            json!({
                "auth": {"identity": {"password": {"user": {"name": "u", "password": "redacted"}}}},
                "tokens": [{"access_token": "redacted", "Client-Secret": "redacted", "token": {"id": 1}}],
                "items": [{"kind": "Secret", "data": {"token": "cmVkYWN0ZWQ=", "x": "cmVkYWN0ZWQ="}, "stringData": {"y": "redacted"}}],
                "metadata": {"continue": "c"},
            })
        );
        assert!(!redact(&mut json!({"name": "token"}), REDACTED));
    }
}
