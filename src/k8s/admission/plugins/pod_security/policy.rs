//! The labels of a namespace → what it demands of its pods (`k8s.io/pod-security-admission/api`).

use std::fmt;

use super::super::super::super::golang::quote;
use super::super::super::super::status::FieldError;

/// How strict a namespace is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing is forbidden.
    #[default]
    Privileged,
    /// Known escalations are forbidden.
    Baseline,
    /// Pods have to be hardened.
    Restricted,
}

/// The minor version whose checks count; none for the latest ones.
pub(super) type Version = Option<u32>;

/// A level as one version defines it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LevelVersion {
    pub(super) level: Level,
    pub(super) version: Version,
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        match self.version {
            None => write!(f, "{level}:latest"),
            Some(minor) => write!(f, "{level}:v1.{minor}"),
        }
    }
}

/// What a namespace demands. What it has audited goes to a log that is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Policy {
    /// What is refused.
    pub(super) enforce: LevelVersion,
    /// What is warned about.
    pub(super) warn: LevelVersion,
}

impl Policy {
    /// Whether nothing is refused, and nothing warned about.
    pub(super) fn is_privileged(&self) -> bool {
        self.enforce.level == Level::Privileged && self.warn.level == Level::Privileged
    }
}

/// The labels of one mode.
struct Mode {
    /// The level; none without a label, an error for a wrong one.
    level: Option<Result<Level, ()>>,
    /// The version, where a label says one.
    version: Option<Version>,
}

impl Mode {
    fn read<L: AsRef<str>>(
        mode: &str,
        label: impl Fn(&str) -> Option<L>,
        errors: &mut Vec<FieldError>,
    ) -> Self {
        let mut wrong = |label: &str, value: &str, why: &str| {
            let field = format!("metadata.labels[{label}]");
            errors.push(FieldError::invalid(field, quote(value), why));
        };
        let name = format!("pod-security.kubernetes.io/{mode}");
        let level = label(&name).map(|text| {
            read_level(text.as_ref()).ok_or_else(|| {
                wrong(&name, text.as_ref(), "must be one of privileged, baseline, restricted");
            })
        });
        let name = format!("{name}-version");
        let version = label(&name).map(|text| {
            read_version(text.as_ref()).unwrap_or_else(|| {
                wrong(&name, text.as_ref(), "must be \"latest\" or \"v1.x\"");
                None
            })
        });
        Self { level, version }
    }

    fn level_version(&self, otherwise: Level) -> LevelVersion {
        let level = self.level.map_or(Level::Privileged, |level| level.unwrap_or(otherwise));
        LevelVersion { level, version: self.version.flatten() }
    }
}

/// Reads labels. Where one is wrong, the strictest value is enforced, and nothing is warned about
/// (`PolicyToEvaluate`).
pub(super) fn read<L: AsRef<str>>(label: impl Fn(&str) -> Option<L>) -> (Policy, Vec<FieldError>) {
    let mut errors = Vec::new();
    let enforce = Mode::read("enforce", &label, &mut errors);
    Mode::read("audit", &label, &mut errors);
    let warn = Mode::read("warn", &label, &mut errors);
    let mut policy = Policy {
        enforce: enforce.level_version(Level::Restricted),
        warn: warn.level_version(Level::Privileged),
    };
    // What is refused is warned about in the templates of pods.
    if warn.level.is_none() && matches!(enforce.level, Some(Ok(level)) if level > policy.warn.level)
    {
        policy.warn.level = policy.enforce.level;
        if warn.version.is_none() {
            policy.warn.version = policy.enforce.version;
        }
    }
    (policy, errors)
}

fn read_level(text: &str) -> Option<Level> {
    match text {
        "privileged" => Some(Level::Privileged),
        "baseline" => Some(Level::Baseline),
        "restricted" => Some(Level::Restricted),
        _ => None,
    }
}

/// `latest` or `v1.N`.
fn read_version(text: &str) -> Option<Version> {
    if text == "latest" {
        return Some(None);
    }
    let minor = text.strip_prefix("v1.")?;
    let is_number = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || (minor.len() > 1 && minor.starts_with('0')) {
        return None;
    }
    // Numbers that upstream cannot read are wrong; the others are as the latest version.
    minor.parse::<u64>().ok().map(|minor| Some(u32::try_from(minor).unwrap_or(u32::MAX)))
}
