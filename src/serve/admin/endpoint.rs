//! The endpoints: path → what is asked for, and with which methods.

use http::Method;

use super::reply::AdminError;
use super::{mappings, recordings, requests};

/// What the paths begin with.
pub(super) const ROOT: &str = "/__admin";

/// The paths below the root, for the error that names them.
const PATHS: &[&str] = &[
    "health",
    "version",
    "ca",
    "bounds",
    "metrics",
    "findings",
    "verdict",
    "settings",
    "settings/extended",
    "files",
    "files/NAME",
    "docs",
    "shutdown",
    "scenarios",
    "scenarios/reset",
    "scenarios/NAME",
    "scenarios/NAME/state",
    "schemas/scenario",
    "standin",
    "standin/replay",
    "standin/recording",
    "standin/records",
    "standin/scenarios",
    "standin/scenarios/available",
    "standin/scenarios/reset",
    "standin/scenarios/start",
    "standin/scenarios/step",
    "reset",
    "clock",
    "clock/freeze",
    "clock/advance",
    "clock/release",
    "clock/rate",
    "worlds",
    "worlds/NAME",
    "worlds/NAME/reset",
    "worlds/NAME/kubeconfig",
    "kubeconfig",
    "store/compact",
    "reload",
    "ui",
    "events",
    "objects/PATH",
];

const READ: &[Method] = &[Method::GET, Method::HEAD];
const READ_AND_DELETE: &[Method] = &[Method::GET, Method::HEAD, Method::DELETE];
const READ_AND_WRITE: &[Method] = &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE];
const POST: &[Method] = &[Method::POST];

/// One endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Summary,
    Health,
    Version,
    Ca,
    Bounds,
    Metrics,
    Mappings(mappings::Endpoint<'a>),
    Settings,
    ExtendedSettings,
    Files,
    File(&'a str),
    Recordings(recordings::Endpoint),
    Journal(requests::Endpoint<'a>),
    Findings,
    Verdict,
    Replay,
    Recording,
    Records,
    Scenarios,
    ScenarioReset,
    ScenarioState(&'a str),
    PutScenario(&'a str),
    ScenarioSchema,
    OwnScenarios,
    AvailableScenarios,
    OwnScenarioReset,
    ScenarioStart,
    ScenarioStep,
    Root,
    Shutdown,
    Docs,
    Reset,
    Clock,
    ClockFreeze,
    ClockAdvance,
    ClockRelease,
    ClockRate,
    Worlds,
    World(&'a str),
    WorldReset(&'a str),
    Kubeconfig,
    WorldKubeconfig(&'a str),
    Compact,
    Reload,
    Console,
    Events,
    /// The path of the Kubernetes API, without the slash before it.
    Objects(&'a str),
}

/// What follows the root; nothing for a path that is not below it.
pub(super) fn below_root(path: &str) -> Option<&str> {
    path.strip_prefix(ROOT).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path is that of the console.
pub(super) fn is_console(path: &str) -> bool {
    matches!(below_root(path), Some("/ui" | "/ui/"))
}

impl<'a> Endpoint<'a> {
    /// The endpoint of a path. One slash at its end is the same path, as for `WireMock`.
    pub(super) fn parse(path: &'a str) -> Result<Self, AdminError> {
        let unknown = || {
            let paths =
                [PATHS, mappings::PATHS, requests::PATHS, recordings::PATHS].concat().join(", ");
            AdminError::NotFound(format!("no such admin endpoint; there are {paths}"))
        };
        let rest = below_root(path).ok_or_else(unknown)?;
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let segments: Vec<&str> = rest.splitn(5, '/').collect();
        Ok(match segments.as_slice() {
            [""] if path.len() > ROOT.len() => Self::Root,
            ["" | "standin"] => Self::Summary,
            ["health"] => Self::Health,
            ["version"] => Self::Version,
            ["ca"] => Self::Ca,
            ["bounds"] => Self::Bounds,
            ["metrics"] => Self::Metrics,
            ["mappings", ..] => {
                mappings::Endpoint::parse(&segments).map(Self::Mappings).ok_or_else(unknown)?
            }
            ["settings"] => Self::Settings,
            ["settings", "extended"] => Self::ExtendedSettings,
            ["files"] => Self::Files,
            ["files", ..] => Self::File(&rest["files/".len()..]),
            ["docs"] | ["docs", "swagger"] => Self::Docs,
            ["shutdown"] => Self::Shutdown,
            ["recordings", ..] => {
                recordings::Endpoint::parse(&segments).map(Self::Recordings).ok_or_else(unknown)?
            }
            ["requests" | "near-misses", ..] => {
                requests::Endpoint::parse(&segments).map(Self::Journal).ok_or_else(unknown)?
            }
            ["findings"] => Self::Findings,
            ["verdict"] => Self::Verdict,
            ["standin", "replay"] => Self::Replay,
            ["standin", "recording"] => Self::Recording,
            ["standin", "records"] => Self::Records,
            ["scenarios"] => Self::Scenarios,
            ["scenarios", "reset"] => Self::ScenarioReset,
            ["scenarios", name, "state"] => Self::ScenarioState(name),
            ["schemas", "scenario"] => Self::ScenarioSchema,
            ["standin", "scenarios"] => Self::OwnScenarios,
            ["standin", "scenarios", "available"] => Self::AvailableScenarios,
            ["standin", "scenarios", "reset"] => Self::OwnScenarioReset,
            ["scenarios", "start"] | ["standin", "scenarios", "start"] => Self::ScenarioStart,
            ["scenarios", "step"] | ["standin", "scenarios", "step"] => Self::ScenarioStep,
            ["scenarios", name] => Self::PutScenario(name),
            ["reset"] => Self::Reset,
            ["clock"] => Self::Clock,
            ["clock", "freeze"] => Self::ClockFreeze,
            ["clock", "advance"] => Self::ClockAdvance,
            ["clock", "release"] => Self::ClockRelease,
            ["clock", "rate"] => Self::ClockRate,
            ["worlds"] => Self::Worlds,
            ["worlds", name] => Self::World(name),
            ["worlds", name, "reset"] => Self::WorldReset(name),
            ["worlds", name, "kubeconfig"] => Self::WorldKubeconfig(name),
            ["kubeconfig"] => Self::Kubeconfig,
            ["store", "compact"] => Self::Compact,
            ["reload"] => Self::Reload,
            ["ui"] => Self::Console,
            ["events"] => Self::Events,
            ["objects", ..] if rest.len() > "objects/".len() => {
                Self::Objects(&rest["objects/".len()..])
            }
            _ => return Err(unknown()),
        })
    }

    /// The methods it has.
    fn methods(self) -> &'static [Method] {
        match self {
            Self::Mappings(endpoint) => endpoint.methods(),
            Self::Settings => &[Method::GET, Method::POST, Method::PUT],
            Self::Summary
            | Self::Root
            | Self::Docs
            | Self::Files
            | Self::Health
            | Self::Version
            | Self::Ca
            | Self::Bounds
            | Self::Metrics
            | Self::Findings
            | Self::Verdict
            | Self::Replay
            | Self::Recording
            | Self::Records
            | Self::ScenarioSchema
            | Self::AvailableScenarios
            | Self::Console
            | Self::Events
            | Self::Objects(_)
            | Self::Kubeconfig
            | Self::WorldKubeconfig(_)
            | Self::Clock => READ,
            Self::Journal(endpoint) => endpoint.methods(),
            Self::Recordings(endpoint) => endpoint.methods(),
            Self::Worlds => READ_AND_DELETE,
            Self::Scenarios
            | Self::OwnScenarios
            | Self::PutScenario(_)
            | Self::World(_)
            | Self::File(_) => READ_AND_WRITE,
            Self::ScenarioState(_) => &[Method::PUT],
            Self::ExtendedSettings => &[Method::PATCH],
            Self::ScenarioReset
            | Self::OwnScenarioReset
            | Self::Shutdown
            | Self::ScenarioStart
            | Self::ScenarioStep
            | Self::Reset
            | Self::ClockFreeze
            | Self::ClockAdvance
            | Self::ClockRelease
            | Self::ClockRate
            | Self::WorldReset(_)
            | Self::Compact
            | Self::Reload => POST,
        }
    }

    /// Whether it is about what servers that share a store have in common besides objects.
    pub(super) fn is_of_all_servers(self) -> bool {
        matches!(
            self,
            Self::Mappings(_)
                | Self::Settings
                | Self::ExtendedSettings
                | Self::Scenarios
                | Self::ScenarioReset
                | Self::ScenarioState(_)
                | Self::PutScenario(_)
                | Self::OwnScenarios
                | Self::AvailableScenarios
                | Self::OwnScenarioReset
                | Self::ScenarioStart
                | Self::ScenarioStep
                | Self::Reset
                | Self::Clock
                | Self::ClockFreeze
                | Self::ClockAdvance
                | Self::ClockRelease
                | Self::ClockRate
                | Self::Worlds
                | Self::World(_)
                | Self::WorldReset(_)
                | Self::Findings
                | Self::Verdict
                | Self::Records
        )
    }

    /// Whether `WireMock` has it, and it came with its API.
    fn is_of_stubs(self) -> bool {
        matches!(
            self,
            Self::Mappings(_)
                | Self::Journal(_)
                | Self::Settings
                | Self::ExtendedSettings
                | Self::Files
                | Self::File(_)
                | Self::Recordings(_)
                | Self::ScenarioState(_)
                | Self::Docs
                | Self::Shutdown
        )
    }

    /// 405 for a method that it does not have; 404 where `WireMock` answers so.
    pub(super) fn check_method(self, method: &Method) -> Result<(), AdminError> {
        let allowed = self.methods();
        if allowed.contains(method) {
            return Ok(());
        }
        let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        // WireMock has no such route then.
        if self.is_of_stubs() {
            let names = names.join(", ");
            return Err(AdminError::NotFound(format!(
                "{method} is not a method of this endpoint; there are {names}"
            )));
        }
        let names = names.join(", ");
        let why = format!("{method} is not a method of this endpoint; there are {names}");
        Err(AdminError::Method { why, allowed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_path_is_an_endpoint_and_nothing_else_is() {
        for path in [PATHS, requests::PATHS].concat() {
            let path = format!("/__admin/{path}");
            assert!(Endpoint::parse(&path).is_ok(), "{path}");
            assert!(Endpoint::parse(&format!("{path}/")).is_ok(), "{path}/");
        }
        for path in [
            "/__admin/__admin/health",
            "/__admin//health",
            "/__admin/health//",
            "/__admin/worlds/worlds/a",
            "/__admin/worlds/a/b/c",
            "/__admin/worlds/a/reset/x",
            "/__admin/x",
            "/__admins",
        ] {
            assert!(Endpoint::parse(path).is_err(), "{path}");
        }
        assert_eq!(Endpoint::parse("/__admin").unwrap(), Endpoint::Summary);
        assert_eq!(Endpoint::parse("/__admin/").unwrap(), Endpoint::Root);
        assert_eq!(Endpoint::parse("/__admin/worlds/worlds").unwrap(), Endpoint::World("worlds"));
    }
}
