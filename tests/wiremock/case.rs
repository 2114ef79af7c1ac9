//! The cases as they are written: conversations recorded from WireMock, and what was answered.
//!
//! First stage: files to cases, a case's step to what the player does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// One conversation. Steps stay text until they are played: they hold variables.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) theme: String,
    /// Played after all others: it leaves a server behind that cannot be cleaned.
    #[serde(default)]
    pub(crate) last: bool,
    pub(crate) steps: Vec<Box<RawValue>>,
    /// One entry for each step; null where nothing is compared.
    pub(crate) expect: Vec<Value>,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Step {
    /// Makes a stub through the admin API.
    Stub(MakeStub),
    /// Sends a request, to a stub or to the admin API.
    Request(Box<RequestStep>),
    /// Waits for the requests that the backend gets.
    Backend(BackendStep),
    /// Writes a file under the root directory.
    File(WriteFile),
    /// Lists files under the root directory.
    Exists(ListFiles),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeStub {
    pub(crate) stub: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteFile {
    pub(crate) file: String,
    pub(crate) content: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListFiles {
    pub(crate) exists: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackendStep {
    /// How many requests it gets.
    pub(crate) backend: usize,
    #[serde(default)]
    pub(crate) compare_headers: Vec<String>,
    /// Seconds to wait for requests that must not come.
    #[serde(default)]
    pub(crate) settle: f64,
}

/// A request, and what of its answer is compared. The fields are described in the corpus's README.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RequestStep {
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) headers: HeaderLines,
    pub(crate) body: Option<Box<RawValue>>,
    pub(crate) body64: Option<String>,
    pub(crate) gzip_body: bool,
    pub(crate) raw: Option<String>,
    /// Seconds that the whole exchange may take.
    pub(crate) timeout: Option<f64>,
    pub(crate) until: Option<String>,
    pub(crate) save: BTreeMap<String, String>,
    pub(crate) quiet: bool,
    pub(crate) only: Option<Only>,
    pub(crate) pick: Option<Vec<String>>,
    pub(crate) diff: bool,
    pub(crate) text: bool,
    pub(crate) bytes: bool,
    pub(crate) to_end: bool,
    pub(crate) chunks: bool,
    pub(crate) min_ms: Option<u64>,
    pub(crate) mask: Vec<String>,
    pub(crate) compare_headers: Vec<String>,
    pub(crate) reason: bool,
    pub(crate) sort: Option<Sort>,
}

/// The one part of an answer that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Only {
    Status,
    /// That the status is 400 or more.
    Refused,
}

/// The list whose order does not count.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) enum Sort {
    /// The body itself.
    #[serde(rename = "")]
    Body,
}

/// Header lines in the order in which they are sent, repetition included.
#[derive(Debug, Default)]
pub(crate) struct HeaderLines(pub(crate) Vec<(String, String)>);

/// All cases of a directory, by file name; those that come last are at the end.
pub(crate) fn load(directory: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("the directory of cases")
        .map(|entry| entry.expect("a file of cases").path())
        .collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the text of a file of cases");
        let found: Vec<Case> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        cases.extend(found);
    }
    cases.sort_by_key(|case| case.last);
    cases
}

/// Variables of a case: `<<name>>` in a step stands for the value.
pub(crate) type Variables = BTreeMap<String, String>;

impl Step {
    /// Fills in the variables and reads the step.
    pub(crate) fn read(raw: &RawValue, variables: &Variables) -> Result<Self, String> {
        let text = fill(raw.get(), variables);
        let problem = |error: serde_json::Error| format!("the step cannot be read: {error}");
        let keys: BTreeMap<String, &RawValue> = serde_json::from_str(&text).map_err(problem)?;
        let step = if keys.contains_key("file") {
            serde_json::from_str(&text).map(Self::File)
        } else if keys.contains_key("exists") {
            serde_json::from_str(&text).map(Self::Exists)
        } else if keys.contains_key("backend") {
            serde_json::from_str(&text).map(Self::Backend)
        } else if keys.contains_key("stub") {
            serde_json::from_str(&text).map(Self::Stub)
        } else {
            serde_json::from_str(&text).map(|step| Self::Request(Box::new(step)))
        };
        step.map_err(problem)
    }

    /// What the step does, in a few words.
    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Stub(_) => "a stub is made".to_owned(),
            Self::Backend(step) => format!("the backend gets {} requests", step.backend),
            Self::File(step) => format!("{} is written", step.file),
            Self::Exists(step) => format!("{} is listed", step.exists),
            Self::Request(step) => {
                if let Some(raw) = &step.raw {
                    return raw.lines().next().unwrap_or_default().to_owned();
                }
                let method = step.method.as_deref().unwrap_or("GET");
                format!("{method} {}", step.path.as_deref().unwrap_or("/"))
            }
        }
    }
}

/// The variables' values are put in as the inside of a JSON string.
fn fill(text: &str, variables: &Variables) -> String {
    static VARIABLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"<<(\w+)>>").expect("a pattern"));
    let value = |found: &Captures<'_>| {
        let value = variables.get(&found[1]).map_or("MISSING", String::as_str);
        let quoted = Value::from(value).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    VARIABLE.replace_all(text, value).into_owned()
}

/// A text as it is, any other JSON value as it is written.
pub(crate) fn text_of(raw: &RawValue) -> String {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

impl<'de> Deserialize<'de> for HeaderLines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderLinesVisitor)
    }
}

/// Reads `{name: value}`, `{name: [value, …]}` and `[[name, value], …]`. A map type would lose the order.
struct HeaderLinesVisitor;

impl<'de> Visitor<'de> for HeaderLinesVisitor {
    type Value = HeaderLines;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of header values, or a list of pairs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderLines, A::Error> {
        let mut lines = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            let values = if let Value::Array(values) = value { values } else { vec![value] };
            for value in values {
                let value = value.as_str().ok_or_else(|| de::Error::custom("a value is a text"))?;
                lines.push((name.clone(), value.to_owned()));
            }
        }
        Ok(HeaderLines(lines))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<HeaderLines, A::Error> {
        let mut lines = Vec::new();
        while let Some(pair) = pairs.next_element()? {
            lines.push(pair);
        }
        Ok(HeaderLines(lines))
    }
}
