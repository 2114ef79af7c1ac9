//! The cookies of an archive, for tools that write them without their header fields.

use serde_json::Value;

/// Returns the value of the field `Cookie`, or `None` if the archive has no cookies.
pub(super) fn of_request(request: &Value) -> Option<String> {
    let pairs: Vec<String> = list(request).filter_map(pair).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

/// Returns the values of the fields `Set-Cookie` (RFC 6265, section 4.1).
pub(super) fn of_response(response: &Value) -> Vec<String> {
    let written = |cookie: &Value| {
        let mut text = pair(cookie)?;
        for (key, attribute) in [("path", "Path"), ("domain", "Domain"), ("sameSite", "SameSite")] {
            if let Some(value) = cookie[key].as_str().filter(|value| !value.is_empty()) {
                text.push_str(&format!("; {attribute}={value}"));
            }
        }
        if let Some(expires) = cookie["expires"].as_str().and_then(http_date) {
            text.push_str(&format!("; Expires={expires}"));
        }
        for (key, attribute) in [("httpOnly", "HttpOnly"), ("secure", "Secure")] {
            if cookie[key] == true {
                text.push_str(&format!("; {attribute}"));
            }
        }
        Some(text)
    };
    list(response).filter_map(written).collect()
}

fn list(message: &Value) -> impl Iterator<Item = &Value> {
    message["cookies"].as_array().into_iter().flatten()
}

fn pair(cookie: &Value) -> Option<String> {
    Some(format!("{}={}", cookie["name"].as_str()?, cookie["value"].as_str()?))
}

/// Returns a time of an archive (ISO 8601) as HTTP writes it.
fn http_date(time: &str) -> Option<String> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(httpdate::fmt_http_date(time.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cookies_are_written_as_header_fields() {
        let message = json!({"cookies": [
            {"name": "a", "value": "1"},
            {"name": "b", "value": "", "path": "/x", "domain": "h", "expires": "2030-01-02T03:04:05.000Z",
                "httpOnly": true, "secure": true, "sameSite": "Lax"},
            {"name": "c"},
        ]});
        assert_eq!(of_request(&message).as_deref(), Some("a=1; b="));
        let expected = [
            "a=1",
            "b=; Path=/x; Domain=h; SameSite=Lax; Expires=Wed, 02 Jan 2030 03:04:05 GMT; HttpOnly; Secure",
        ];
        assert_eq!(of_response(&message), expected);
        assert_eq!(of_request(&json!({"cookies": []})), None);
    }
}
