//! JSON values → text.

use std::fmt;

use super::Json;

/// As compact JSON.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |f: &mut fmt::Formatter<'_>, at: usize| if at > 0 { f.write_str(",") } else { Ok(()) };
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(number.as_str()),
            Self::Text(text) => write_text(text, f),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    list(f, at)?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (at, (name, value)) in map.iter().enumerate() {
                    list(f, at)?;
                    write_text(name, f)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl Json {
    /// As `String.valueOf` shows what json-smart has read: texts as they are, lists as JSON, objects as Java's
    /// maps.
    pub(crate) fn to_java(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Map(map) => {
                let members: Vec<String> =
                    map.iter().map(|(name, value)| format!("{name}={}", value.to_java())).collect();
                format!("{{{}}}", members.join(", "))
            }
            other => other.to_string(),
        }
    }

    /// Renders in Jackson's indented form.
    pub(crate) fn to_pretty(&self) -> String {
        format!("{:#}", self.to_serde())
    }
}
