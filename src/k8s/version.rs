//! The order of API versions: GA before beta before alpha, higher numbers first
//! (`k8s.io/apimachinery/pkg/version/helpers.go`).

use std::cmp::Ordering;

/// Compares two versions by priority: `v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > other`.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => b.cmp(a),
    }
}

/// (stability, major, minor) of a version such as `v1beta2`.
fn parse(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..end].parse().ok()?;
    let tail = &rest[end..];
    if tail.is_empty() {
        return Some((2, major, 0));
    }
    let (stability, minor) = match tail.strip_prefix("beta") {
        Some(minor) => (1, minor),
        None => (0, tail.strip_prefix("alpha")?),
    };
    Some((stability, major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ga_beats_beta_beats_alpha() {
        let mut versions = ["foo1", "v1alpha1", "v10", "v1", "v2beta1", "v1beta2", "v2"];
        versions.sort_by(|a, b| compare(b, a));
        assert_eq!(versions, ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "foo1"]);
    }
}
