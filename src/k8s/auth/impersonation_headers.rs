//! The headers of impersonation → the user that they name (`processImpersonationHeaders`).

use std::collections::BTreeMap;

use http::HeaderMap;
use percent_encoding::percent_decode_str;

use super::super::golang::quote;
use super::super::status::ApiError;
use super::user::User;

/// The beginning of the names of all headers of impersonation.
const PREFIX: &str = "impersonate-";
/// The beginning of the names of headers with extra values.
const EXTRA: &str = "impersonate-extra-";

/// Whether a request has headers of impersonation.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(PREFIX))
}

/// The user that headers name .
///
/// # Errors
/// 400 for parts of a user without a name.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Option<User>, ApiError> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let first = |name: &str| headers.get(name).map(text).unwrap_or_default();
    let groups: Vec<String> = headers.get_all("impersonate-group").iter().map(text).collect();
    let mut extra = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in headers {
        if let Some(key) = name.as_str().strip_prefix(EXTRA) {
            extra.entry(unescaped(key)).or_default().push(text(value));
        }
    }
    let user =
        User { name: first("impersonate-user"), uid: first("impersonate-uid"), groups, extra };
    if !user.name.is_empty() {
        return Ok(Some(user));
    }
    if user.uid.is_empty() && user.groups.is_empty() && user.extra.is_empty() {
        return Ok(None);
    }
    let shown = go_syntax(&user);
    let why = format!("requested {shown} without impersonating a user name");
    Err(ApiError::bad_request(why))
}

/// A key with its `%XX` decoded; as it is where one of them is broken (`unescapeExtraKey`).
pub(super) fn unescaped(key: &str) -> String {
    let is_whole = key.split('%').skip(1).all(|rest| {
        rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    if !is_whole {
        return key.to_owned();
    }
    percent_decode_str(key).decode_utf8_lossy().into_owned()
}

/// A user as `%#v` prints it.
fn go_syntax(user: &User) -> String {
    let list = |items: &[String]| {
        let items: Vec<String> = items.iter().map(|item| quote(item)).collect();
        format!("[]string{{{}}}", items.join(", "))
    };
    let groups =
        if user.groups.is_empty() { "[]string(nil)".to_owned() } else { list(&user.groups) };
    let extra = if user.extra.is_empty() {
        "map[string][]string(nil)".to_owned()
    } else {
        let entries = user.extra.iter().map(|(key, values)| {
            // Inside of a composite literal the type of items is known.
            let values = list(values);
            format!("{}:{values}", quote(key))
        });
        format!("map[string][]string{{{}}}", entries.collect::<Vec<_>>().join(", "))
    };
    format!(
        "&user.DefaultInfo{{Name:{}, UID:{}, Groups:{groups}, Extra:{extra}}}",
        quote(&user.name),
        quote(&user.uid)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &str)| {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, http::HeaderValue::from_str(value).unwrap())
        };
        let mut all = HeaderMap::new();
        for (name, value) in fields.iter().map(field) {
            all.append(name, value);
        }
        all
    }

    #[test]
    fn headers_name_a_user() {
        assert!(!is_asked(&headers(&[("accept", "x")])));
        let fields = [
            ("Impersonate-User", "jane"),
            ("Impersonate-Group", "a"),
            ("Impersonate-Group", "b"),
            ("Impersonate-Extra-acme.com%2Fproject", "p1"),
            ("Impersonate-Extra-bad%zz", "p2"),
            ("Impersonate-Uid", "7"),
        ];
        let user = wanted(&headers(&fields)).unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.uid.as_str()), ("jane", "7"));
        assert_eq!(user.groups, ["a", "b"]);
        let keys: Vec<&String> = user.extra.keys().collect();
        assert_eq!(keys, ["acme.com/project", "bad%zz"]);
    }

    #[test]
    fn parts_without_a_user_are_shown_as_go_prints_them() {
        let error = wanted(&headers(&[("Impersonate-Group", "a"), ("Impersonate-Extra-K", "v")]));
        assert_eq!(
            error.unwrap_err().message,
            "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"a\"}, \
             Extra:map[string][]string{\"k\":[]string{\"v\"}}} without impersonating a user name"
        );
        assert_eq!(wanted(&headers(&[("Impersonate-User", "")])).unwrap(), None);
    }
}
