//! The settings of all stubs that the admin API sets (`C/global/GlobalSettings.java`). Those that answers are made
//! with are given to [`ResponseSettings`](crate::matching::ResponseSettings).

mod global;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::state::Shared;

pub(crate) use global::{GlobalSettings, StubSettings, read_extended};

impl Shared {
    /// The settings now.
    pub(crate) fn stub_settings(&self) -> GlobalSettings {
        self.stub_settings.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the settings on this server alone.
    pub(crate) fn change_own_settings(&self, change: impl FnOnce(&mut GlobalSettings)) {
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
