//! Version and kind of a decoded text, which are read before the rest.

use serde_json::Value;

use super::super::golang::json_kind;
use super::{Decoded, fields};

/// The Go type that version and kind are read into (`SimpleMetaFactory`).
const TYPE_META: &str = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; \
     Kind string \"json:\\\"kind,omitempty\\\"\" }";

/// Version and kind as they are read before the rest of an object (`SimpleMetaFactory.Interpret`): from names in any
/// case, of several the last one.
#[derive(Debug, Default)]
pub(in super::super) struct TypeMeta {
    pub(in super::super) api_version: String,
    pub(in super::super) kind: String,
}

impl TypeMeta {
    /// Those of a value whose names are in order.
    ///
    /// # Errors
    /// Upstream's message about a value that has none.
    pub(in super::super) fn of(value: &Value) -> Result<Self, String> {
        match value {
            Value::Object(map) => Self::read(map.iter().map(|(name, value)| (&**name, value))),
            Value::Null => Ok(Self::default()),
            other => Err(unreadable(other, &format!("Go value of type {TYPE_META}"))),
        }
    }

    /// Those of a value that was decoded from a text, in the order of the text where that is JSON.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(in super::super) fn of_text(decoded: &Decoded, text: &[u8]) -> Result<Self, String> {
        let found = Self::of(&decoded.value);
        // The text is read again only where it may say something else.
        let Value::Object(map) = &decoded.value else { return found };
        let in_other_case =
            |name: &String| !matches!(&**name, "kind" | "apiVersion") && own_name(name).is_some();
        if found.is_ok() && decoded.strict.is_empty() && !map.keys().any(in_other_case) {
            return found;
        }
        match fields(text) {
            Some(fields) => Self::read(fields.iter().map(|(name, value)| (&**name, value))),
            None => found,
        }
    }

    fn read<'v>(fields: impl Iterator<Item = (&'v str, &'v Value)>) -> Result<Self, String> {
        let mut found = Self::default();
        let mut problem = None;
        for (name, value) in fields {
            let Some(own) = own_name(name) else { continue };
            let place = if own == "kind" { &mut found.kind } else { &mut found.api_version };
            match value {
                Value::String(text) => text.clone_into(place),
                Value::Null => {}
                other => {
                    let target = format!("Go struct field .{own} of type string");
                    problem.get_or_insert_with(|| unreadable(other, &target));
                }
            }
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
        // An empty group and an empty version (`ParseGroupVersion`).
        if found.api_version == "/" {
            found.api_version.clear();
        }
        if found.api_version.matches('/').count() > 1 {
            return Err(format!("unexpected GroupVersion string: {}", found.api_version));
        }
        Ok(found)
    }
}

/// Which of the two a name is, in whatever case.
fn own_name(name: &str) -> Option<&'static str> {
    // The sign of Kelvin is a K in another case.
    let is = |own: &&str| match name.strip_prefix('\u{212a}') {
        Some(rest) => *own == "kind" && rest.eq_ignore_ascii_case("ind"),
        None => name.eq_ignore_ascii_case(own),
    };
    ["apiVersion", "kind"].into_iter().find(is)
}

fn unreadable(found: &Value, target: &str) -> String {
    let found = json_kind(found);
    format!(
        "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into {target}"
    )
}
