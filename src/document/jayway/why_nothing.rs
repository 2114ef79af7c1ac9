//! Why a definite path finds nothing, in Jayway's words: `WireMock` puts them into its journal.

use std::fmt::Write as _;

use crate::java::json::Json;

use super::query::{Query, Step};

/// The class that Jayway names.
const PROVIDER: &str = "wiremock.com.jayway.jsonpath.spi.json.JsonSmartJsonProvider";

impl Query {
    /// Returns why the path finds nothing in a document: at the first step that leads nowhere, as far as the path is
    /// definite (`PropertyPathToken`, `ArrayPathToken`, `PredicatePathToken`). `None` if it finds something, or is one
    /// that finds an empty list.
    pub(crate) fn why_nothing(&self, root: &Json) -> Option<String> {
        if matches!(root, Json::Null) {
            return Some("json can not be null".to_owned());
        }
        let (mut value, mut way) = (root, "$".to_owned());
        for (at, step) in self.steps.iter().enumerate() {
            let is_last = at + 1 == self.steps.len();
            match step {
                Step::Members(names) => {
                    let Json::Map(members) = value else {
                        let (names, class) = (quoted(names), class_of(value));
                        return Some(format!(
                            "Expected to find an object with property [{names}] in path {way} but found '{class}'. \
                             This is not a json object according to the JsonProvider: '{PROVIDER}'."
                        ));
                    };
                    let [name] = names.as_slice() else { return None };
                    match members.get(name) {
                        Some(member) => value = member,
                        None if is_last => return self.no_results(),
                        None => return Some(format!("Missing property in path {way}['{name}']")),
                    }
                    let _ = write!(way, "['{name}']");
                }
                Step::Items(indices) => {
                    let [index] = indices.as_slice() else { return None };
                    let items = match value {
                        Json::List(items) => items,
                        Json::Null => return Some(format!("The path {way} is null")),
                        other => {
                            let shown = other.to_java();
                            return Some(format!(
                                "Filter: [{index}] can only be applied to arrays. Current context is: {shown}"
                            ));
                        }
                    };
                    let from_end = || i64::try_from(items.len()).ok()?.checked_add(*index);
                    let place = if *index < 0 { from_end() } else { Some(*index) };
                    let item = place.and_then(|place| items.get(usize::try_from(place).ok()?));
                    let Some(item) = item else { return self.no_results() };
                    value = item;
                    let _ = write!(way, "[{index}]");
                }
                Step::Filter(_) if !matches!(value, Json::List(_) | Json::Map(_)) => {
                    let shown = value.to_java();
                    return Some(format!(
                        "Filter: [?] can not be applied to primitives. Current context is: {shown}"
                    ));
                }
                _ => return None,
            }
        }
        None
    }

    /// Returns the text about a path whose last step finds nothing: it names the whole path.
    fn no_results(&self) -> Option<String> {
        let mut path = "$".to_owned();
        for step in &self.steps {
            let written = match step {
                Step::Members(names) => write!(path, "[{}]", quoted(names)),
                Step::Items(indices) => {
                    let indices: Vec<String> = indices.iter().map(i64::to_string).collect();
                    write!(path, "[{}]", indices.join(","))
                }
                _ => return None,
            };
            written.ok()?;
        }
        Some(format!("No results for path: {path}"))
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    names.join(",")
}

/// Returns the Java class of a value.
fn class_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "java.lang.Boolean",
        Json::Text(_) => "java.lang.String",
        Json::List(_) => "wiremock.net.minidev.json.JSONArray",
        Json::Map(_) => "wiremock.net.minidev.json.JSONObject",
        Json::Number(number) => match number.as_str() {
            text if text.parse::<i32>().is_ok() => "java.lang.Integer",
            text if text.parse::<i64>().is_ok() => "java.lang.Long",
            text if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
                "java.math.BigInteger"
            }
            _ => "java.lang.Double",
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::java::json::Reader;

    use super::*;

    #[test]
    fn the_first_step_that_leads_nowhere_says_why() {
        let no_object = |names: &str, way: &str, class: &str| {
            format!(
                "Expected to find an object with property [{names}] in path {way} but found '{class}'. This is not a \
                 json object according to the JsonProvider: '{PROVIDER}'."
            )
        };
        let table = [
            ("$.a", "{}", Some("No results for path: $['a']".to_owned())),
            ("$.a.b", "{}", Some("Missing property in path $['a']".to_owned())),
            ("$.a.b", r#"{"a":5}"#, Some(no_object("'b'", "$['a']", "java.lang.Integer"))),
            ("$.a.b", r#"{"a":null}"#, Some(no_object("'b'", "$['a']", "null"))),
            ("$['a','b']", "1.5", Some(no_object("'a','b'", "$", "java.lang.Double"))),
            ("$.a", "[]", Some(no_object("'a'", "$", "wiremock.net.minidev.json.JSONArray"))),
            ("$.a[0]", r#"{"a":[]}"#, Some("No results for path: $['a'][0]".to_owned())),
            ("$.a[0]", r#"{"a":null}"#, Some("The path $['a'] is null".to_owned())),
            (
                "$[0]",
                r#"{"a":[1]}"#,
                Some(
                    "Filter: [0] can only be applied to arrays. Current context is: {a=[1]}"
                        .to_owned(),
                ),
            ),
            (
                "$.a[?(@.x)]",
                r#"{"a":"s"}"#,
                Some(
                    "Filter: [?] can not be applied to primitives. Current context is: s"
                        .to_owned(),
                ),
            ),
            ("$.a", "null", Some("json can not be null".to_owned())),
            ("$.a", r#"{"a":1}"#, None),
            ("$..a", "{}", None),
            ("$.*", "5", None),
        ];
        for (path, document, why) in table {
            let root = Json::read(document, Reader::Smart).unwrap();
            assert_eq!(Query::parse(path).unwrap().why_nothing(&root), why, "{path} {document}");
        }
    }
}
