//! The settings of all stubs that the admin API sets (`C/global/GlobalSettings.java`). Those that answers are made
//! with are given to [`ResponseSettings`](crate::matching::ResponseSettings).

mod global;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::state::Shared;

pub(crate) use global::{GlobalSettings, StubSettings, read_extended};

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
