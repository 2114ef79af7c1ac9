//! Releases of Kubernetes: which one the server says it is, and which built-in types that one has.

use std::fmt;
use std::str::FromStr;

/// A release of Kubernetes that the server can be: 1.30 to 1.36.
///
/// ```
/// let version: standin::KubernetesVersion = "1.33".parse()?;
/// assert_eq!(version.git_version(), "v1.33.0");
/// assert!("1.99".parse::<standin::KubernetesVersion>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubernetesVersion(u8);

/// The first and the last minor version.
const FIRST: u8 = 30;
const LAST: u8 = 36;

/// The built-in types that came after the first of these releases, by group and plural, with the minor version that
/// brought them (`APILifecycleIntroduced` in `zz_generated.prerelease-lifecycle.go` of `k8s.io/api`).
const INTRODUCED: [(&str, &str, u8); 9] = [
    ("networking.k8s.io", "ipaddresses", 33),
    ("networking.k8s.io", "servicecidrs", 33),
    ("resource.k8s.io", "deviceclasses", 34),
    ("resource.k8s.io", "resourceclaims", 34),
    ("resource.k8s.io", "resourceclaimtemplates", 34),
    ("resource.k8s.io", "resourceslices", 34),
    ("storage.k8s.io", "volumeattributesclasses", 34),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies", 36),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings", 36),
];

/// The objects that a new cluster of these releases did not have, by Kind and name (any for an empty one), with the minor
/// version that brought them.
const OBJECTS: [(&str, &str, u8); 3] = [
    ("ServiceCIDR", "kubernetes", 33),
    ("IPAddress", "", 33),
    ("APIService", "v1.resource.k8s.io", 34),
];

impl KubernetesVersion {
    /// Whether the release has a built-in type, which the last one has.
    pub(super) fn has(self, group: &str, plural: &str) -> bool {
        !INTRODUCED
            .iter()
            .any(|(of, name, since)| (*of, *name) == (group, plural) && *since > self.0)
    }

    /// Whether a new cluster of the release has an object, which one of the last release has.
    pub(crate) fn has_object(self, kind: &str, name: &str) -> bool {
        !OBJECTS.iter().any(|(of, named, since)| {
            *of == kind && (named.is_empty() || *named == name) && *since > self.0
        })
    }

    /// The minor version: 36 of 1.36.
    #[must_use]
    pub fn minor(self) -> u8 {
        self.0
    }

    /// The version as `gitVersion` has it. That of the last one is the release that Standin is held to.
    #[must_use]
    pub fn git_version(self) -> String {
        let patch = if self.0 == LAST { 3 } else { 0 };
        format!("v1.{}.{patch}", self.0)
    }
}

impl Default for KubernetesVersion {
    fn default() -> Self {
        Self(LAST)
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for KubernetesVersion {
    type Err = String;

    /// `1.33`, `v1.33`, `1.33.2` or `1.33.x`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("write a version from 1.{FIRST} to 1.{LAST}, such as 1.{LAST}");
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.").ok_or_else(wrong)?;
        let (minor, patch) = rest.split_once('.').unwrap_or((rest, "0"));
        let is_patch = matches!(patch, "x" | "*") || patch.parse::<u16>().is_ok();
        let minor = minor.parse().ok().filter(|minor| (FIRST..=LAST).contains(minor) && is_patch);
        minor.map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_setup_envtest_writes_them() {
        for (text, minor) in [("1.30", 30), ("v1.36", 36), ("1.33.x", 33), ("1.31.7", 31)] {
            assert_eq!(text.parse::<KubernetesVersion>().unwrap().minor(), minor);
        }
        for text in ["1.29", "1.37", "2.30", "1", "1.33.y", "", "1.33.1.1"] {
            assert!(text.parse::<KubernetesVersion>().is_err(), "{text}");
        }
        assert_eq!(KubernetesVersion::default().to_string(), "1.36");
    }

    #[test]
    fn types_are_there_from_the_release_that_brought_them() {
        let release = |text: &str| text.parse::<KubernetesVersion>().unwrap();
        assert!(!release("1.33").has("resource.k8s.io", "resourceclaims"));
        assert!(release("1.34").has("resource.k8s.io", "resourceclaims"));
        assert!(release("1.30").has("apps", "deployments"));
        assert!(!release("1.32").has_object("ServiceCIDR", "kubernetes"));
    }
}
