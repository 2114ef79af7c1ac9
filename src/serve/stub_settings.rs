//! The settings of all stubs that the admin API sets (`C/global/GlobalSettings.java`). Those that answers are made
//! with are given to [`ResponseSettings`](crate::matching::ResponseSettings).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::document::{Keys, Node, Refusal, read_body};
use crate::matching::{delay_text, distribution};
use crate::message::Delay;

use super::state::Shared;

/// The settings as they were set last.
#[derive(Debug, Default)]
pub(crate) struct StubSettings(Mutex<GlobalSettings>);

/// The settings, as `WireMock` has them.
#[derive(Debug, Clone)]
pub(crate) struct GlobalSettings {
    /// In milliseconds.
    fixed_delay: Option<i64>,
    delay_distribution: Option<(Delay, Value)>,
    extended: Option<Map<String, Value>>,
    proxy_pass_through: bool,
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
        let pass_through = keys.get("proxyPassThrough").map(|node| node.bool());
        keys.finish();
        Some(Self {
            fixed_delay: fixed.transpose().ok()?.flatten(),
            delay_distribution: lift(drawn)?,
            extended: lift(extended)?,
            // Where settings are given, what is not among them is off.
            proxy_pass_through: lift(pass_through)?.unwrap_or(false),
        })
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

impl Shared {
    /// The settings now.
    pub(crate) fn stub_settings(&self) -> GlobalSettings {
        self.stub_settings.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the settings.
    pub(crate) fn set_stub_settings(&self, settings: GlobalSettings) {
        self.change_stub_settings(|now| *now = settings);
    }

    /// Adds to the extended settings. A value that is null removes.
    pub(crate) fn extend_stub_settings(&self, more: Map<String, Value>) {
        self.change_stub_settings(|settings| {
            let extended = settings.extended.get_or_insert_default();
            extended.extend(more);
            extended.retain(|_, value| !value.is_null());
            // WireMock makes new settings of the old ones, and this one is on in new ones.
            settings.proxy_pass_through = true;
        });
    }

    fn change_stub_settings(&self, change: impl FnOnce(&mut GlobalSettings)) {
        let mut settings = self.stub_settings.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut settings);
        let millis = settings.fixed_delay.and_then(|delay| u64::try_from(delay).ok());
        let mut responses = (**self.responses.load()).clone();
        responses.fixed_delay = millis.map(Duration::from_millis);
        responses.delay_distribution =
            settings.delay_distribution.as_ref().map(|(delay, _)| delay.clone());
        self.responses.store(Arc::new(responses));
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
