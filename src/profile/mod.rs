//! Profiles: differences of a service's Kubernetes API from upstream, as data and hooks.
//!
//! ```text
//! Profile → configure: the engine's [k8s::Config], with a hook for its errors
//!         → [Gateway]: who may pass before the engine is asked, and where tokens are issued
//! ```
//!
//! The engine (`k8s`) does not depend on profiles. A profile configures it.

pub(crate) mod cci;

pub(crate) use cci::{Gateway, IssuedTokens, TOKEN_LIFETIME, TOKENS_PATH};

use std::time::Duration;

use crate::k8s;

/// The API server behaviour to emulate, for [`Builder::profile`](crate::Builder::profile).
///
/// ```
/// let builder = standin::Server::builder().profile(standin::Profile::Cci);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Kubernetes.
    #[default]
    Kubernetes,
    /// Huawei Cloud CCI: tokens of `POST /v3/auth/tokens` in `X-Auth-Token`, the gateway's 401, `errorCode` in
    /// errors, `selfLink` in objects.
    Cci,
}

impl Profile {
    /// Returns its name on the command line and in files.
    #[cfg(feature = "record")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Cci => "cci",
        }
    }

    /// Returns the engine's configuration with what the profile changes.
    pub(crate) fn configure(self, config: k8s::Config) -> k8s::Config {
        match self {
            Self::Kubernetes => config,
            Self::Cci => {
                k8s::Config { self_links: true, error_hook: Some(cci::add_error_code), ..config }
            }
        }
    }

    /// Returns the gateway in front of the engine; `None` if clients talk to the API server itself.
    pub(crate) fn gateway(self, token_lifetime: Duration) -> Option<Gateway> {
        match self {
            Self::Kubernetes => None,
            Self::Cci => Some(Gateway::new(token_lifetime)),
        }
    }
}

/// The phases of the jobs of the documented API, as their operators write them.
pub(crate) const JOB_PHASES: &str = include_str!("cci/phases.yaml");
