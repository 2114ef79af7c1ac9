//! The settings as a document: read, held, shown.

use std::sync::Mutex;

use serde_json::{Map, Value, json};

use crate::document::{Keys, Node, Refusal, read_body};
use crate::matching::{delay_text, distribution};
use crate::message::Delay;

/// The settings as they were set last.
#[derive(Debug, Default)]
pub(crate) struct StubSettings(pub(super) Mutex<GlobalSettings>);

/// The settings, as `WireMock` has them.
#[derive(Debug, Clone)]
pub(crate) struct GlobalSettings {
    /// In milliseconds.
    pub(super) fixed_delay: Option<i64>,
    pub(super) delay_distribution: Option<(Delay, Value)>,
    pub(super) extended: Option<Map<String, Value>>,
    pub(super) proxy_pass_through: bool,
}

impl Default for GlobalSettings {
    fn default() -> Self {
        Self {
            fixed_delay: None,
            delay_distribution: None,
            extended: None,
            proxy_pass_through: true,
        }
    }
}

impl GlobalSettings {
    /// Reads settings, which may stand below `settings`.
    ///
    /// # Errors
    /// What is wrong with them first.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        read_body(body, |node| {
            let keys = node.keys()?;
            match keys.get("settings") {
                Some(settings) => {
                    let read = settings.keys().and_then(Self::of);
                    keys.finish();
                    read
                }
                None => Self::of(keys),
            }
        })
    }

    fn of(keys: Keys<'_>) -> Option<Self> {
        let fixed = keys.get("fixedDelay").map(|node| node.loose_integer());
        let drawn = keys.get("delayDistribution").map(|node| {
            let text = delay_text(&node.value().to_string());
            let shown = serde_json::from_str(&text).unwrap_or_default();
            distribution(&node).map(|delay| (delay, shown))
        });
        let extended = keys.get("extended").map(|node| object(&node));
        let pass_through = keys.get("proxyPassThrough").map(|node| node.loose_bool());
        keys.finish();
        Some(Self {
            fixed_delay: fixed.transpose().ok()?.flatten(),
            delay_distribution: lift(drawn)?,
            extended: lift(extended)?,
            // Where settings are given, what is not among them is off.
            proxy_pass_through: lift(pass_through)?.unwrap_or(false),
        })
    }

    /// Adds to the extended settings. A value that is null removes.
    pub(crate) fn extend(&mut self, more: &Map<String, Value>) {
        let extended = self.extended.get_or_insert_default();
        extended.extend(more.clone());
        extended.retain(|_, value| !value.is_null());
        // WireMock makes new settings of the old ones, and this one is on in new ones.
        self.proxy_pass_through = true;
    }

    /// As `WireMock` shows them.
    pub(crate) fn to_json(&self) -> Value {
        let mut shown = json!({"proxyPassThrough": self.proxy_pass_through});
        if let Some(delay) = self.fixed_delay {
            shown["fixedDelay"] = delay.into();
        }
        if let Some((_, text)) = &self.delay_distribution {
            shown["delayDistribution"] = text.clone();
        }
        if let Some(extended) = &self.extended {
            shown["extended"] = without_nulls(Value::Object(extended.clone()));
        }
        shown
    }
}

/// Reads the extended settings of a request.
///
/// # Errors
/// What is wrong with them first.
pub(crate) fn read_extended(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    read_body(body, |node| {
        let keys = node.keys()?;
        let extended = keys.get("extended").map(|node| object(&node));
        keys.finish();
        lift(extended).map(Option::unwrap_or_default)
    })
}

fn object(node: &Node<'_>) -> Option<Map<String, Value>> {
    if !node.value().is_object() {
        node.expected("an object");
    }
    node.value().as_object().cloned()
}

/// `None` where there is something that is wrong.
#[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
fn lift<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(None) => None,
        Some(good) => Some(good),
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        value => value,
    }
}
