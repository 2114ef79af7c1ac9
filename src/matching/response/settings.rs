//! Settings that concern all responses of stubs.

use std::time::Duration;

use http::header::CONTENT_LENGTH;

use crate::message::{Delay, Plan, ReplaySpeed};

use super::delays::Delays;

/// The settings of all responses (`C/global/GlobalSettings.java`, and options of the command line).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ResponseSettings {
    /// A delay for stubs that have no `fixedDelayMilliseconds`.
    pub(crate) fixed_delay: Option<Duration>,
    /// A delay for stubs that have no `delayDistribution`.
    pub(crate) delay_distribution: Option<Delay>,
    /// Which bodies are sent in chunks.
    pub(crate) chunked_encoding: ChunkedEncoding,
    /// The speed at which the delays and pauses of stubs pass.
    pub(crate) speed: ReplaySpeed,
}

/// Which responses of stubs are templates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseTemplating {
    /// Those whose `transformers` name `response-template`.
    #[default]
    Local,
    /// All.
    Global,
    /// None.
    Off,
}

impl ResponseTemplating {
    /// Returns whether a response is one. `named` says whether its `transformers` name it.
    pub(super) fn applies(self, named: bool) -> bool {
        match self {
            Self::Local => named,
            Self::Global => true,
            Self::Off => false,
        }
    }
}

/// Which bodies are sent in chunks over HTTP/1.1; the others have a Content-Length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ChunkedEncoding {
    /// None.
    Never,
    /// Those that come from files.
    BodyFile,
    /// All whose stub has no Content-Length.
    #[default]
    Always,
}

impl ResponseSettings {
    /// Returns whether they change nothing.
    pub(super) fn are_default(&self) -> bool {
        let Self { fixed_delay, delay_distribution, chunked_encoding, speed } = self;
        fixed_delay.is_none()
            && delay_distribution.is_none()
            && *chunked_encoding == ChunkedEncoding::Always
            && *speed == ReplaySpeed::AS_RECORDED
    }

    /// Returns the delay of an answer: the stub's own delays, and those of the settings where the
    /// stub has none.
    pub(super) fn delay(&self, own: &Delays, random: &mut dyn FnMut() -> u64) -> Duration {
        let drawn = own.drawn.as_ref().map(|delay| draw(delay, random)).unwrap_or_default();
        own.fixed.unwrap_or_default() + drawn + self.delay_beside(own, random)
    }

    /// Returns the delay of an answer beyond the stub's own delays.
    pub(super) fn delay_beside(&self, own: &Delays, random: &mut dyn FnMut() -> u64) -> Duration {
        let fixed = self.fixed_delay.filter(|_| own.fixed.is_none()).unwrap_or_default();
        let drawn = self.delay_distribution.as_ref().filter(|_| own.drawn.is_none());
        fixed + drawn.map(|delay| draw(delay, random)).unwrap_or_default()
    }

    /// Sets how the length of an answer is announced.
    pub(super) fn frame(&self, plan: &mut Plan, from_file: bool) {
        plan.chunked = !plan.headers.contains_key(CONTENT_LENGTH)
            && match self.chunked_encoding {
                ChunkedEncoding::Never => false,
                ChunkedEncoding::BodyFile => from_file,
                ChunkedEncoding::Always => true,
            };
    }
}

/// Draws a delay, in whole milliseconds as `WireMock` does.
pub(super) fn draw(delay: &Delay, random: &mut dyn FnMut() -> u64) -> Duration {
    // The upper 53 bits, which fit into a double.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let time = delay.draw(|| (random() >> 11) as f64 / (1_u64 << 53) as f64);
    Duration::from_millis(
        u64::try_from((time.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX),
    )
}
