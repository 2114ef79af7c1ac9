//! Warnings about files of a volume that take the same place (`warningsForOverlappingVirtualPaths` in
//! `pkg/api/pod/warnings.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::check::{is_set, list, text};

/// A path in a volume, and what puts a file there; empty where the volume has one source alone.
struct Placed<'v> {
    path: &'v str,
    source: String,
}

impl Placed<'_> {
    fn shown(&self) -> String {
        let path = quote(self.path);
        if self.source.is_empty() { path } else { format!("{path} ({})", self.source) }
    }

    /// Whether one of two places is the other, or inside of it.
    fn overlaps(&self, other: &Self) -> bool {
        let holds = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !self.path.is_empty()
            && !other.path.is_empty()
            && (holds(self.path, other.path) || holds(other.path, self.path))
    }
}

/// The warnings about the volumes of a pod.
pub(super) fn overlaps(spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for volume in list(spec, "volumes") {
        let name = quote(text(volume, "name"));
        let of = |field: &str, what: &str, named: &str| {
            let source = &volume[field];
            let shown = if named.is_empty() {
                what.to_owned()
            } else {
                format!("{what} {}", quote(text(source, named)))
            };
            let placed = files(source, "");
            let pairs = colliding(placed.into_iter().map(|file| vec![file]));
            pairs.into_iter().map(|pair| warning(&name, &shown, &pair)).collect::<Vec<_>>()
        };
        found.extend(of("configMap", "ConfigMap", "name"));
        found.extend(of("secret", "Secret", "secretName"));
        found.extend(of("downwardAPI", "DownwardAPI", ""));
        let sources = list(&volume["projected"], "sources");
        for _ in
            sources.iter().filter(|source| source.as_object().is_none_or(serde_json::Map::is_empty))
        {
            found.push(format!("volume {name} (Projected) has no sources provided"));
        }
        let pairs = colliding(sources.iter().map(projected));
        found.extend(pairs.into_iter().map(|pair| warning(&name, "Projected", &pair)));
    }
    found
}

fn warning(volume: &str, what: &str, pair: &str) -> String {
    format!("volume {volume} ({what}): overlapping paths: {pair}")
}

/// The pairs of places that overlap.
fn colliding<'v>(sources: impl Iterator<Item = Vec<Placed<'v>>>) -> Vec<String> {
    let (mut known, mut found): (Vec<Placed<'_>>, _) = (Vec::new(), Vec::new());
    for placed in sources.flatten() {
        let others = known.iter().filter(|other| placed.overlaps(other));
        found.extend(others.map(|other| format!("{} with {}", placed.shown(), other.shown())));
        known.push(placed);
    }
    found
}

/// The files of a source that names its items.
fn files<'v>(source: &'v Value, shown: &str) -> Vec<Placed<'v>> {
    let items = list(source, "items").iter();
    items.map(|item| placed(text(item, "path"), shown.to_owned())).collect()
}

fn placed(path: &str, source: String) -> Placed<'_> {
    Placed { path: path.trim_end_matches('/'), source }
}

/// The files of a source of a projected volume.
fn projected(source: &Value) -> Vec<Placed<'_>> {
    for (field, what) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
        if is_set(&source[field], "items") {
            let shown = format!("{what} {}", quote(text(&source[field], "name")));
            return files(&source[field], &shown);
        }
    }
    if is_set(&source["downwardAPI"], "items") {
        return files(&source["downwardAPI"], "DownwardAPI");
    }
    let (token, bundle) = (&source["serviceAccountToken"], &source["clusterTrustBundle"]);
    if !token.is_null() {
        return vec![placed(text(token, "path"), "ServiceAccountToken".to_owned())];
    }
    if !bundle.is_null() {
        let named = if bundle["name"].is_null() { "signerName" } else { "name" };
        let shown = format!("ClusterTrustBundle {}", quote(text(bundle, named)));
        return vec![placed(text(bundle, "path"), shown)];
    }
    let certificate = &source["podCertificate"];
    let parts = [
        ("certificateChainPath", "chain"),
        ("keyPath", "key"),
        ("credentialBundlePath", "credential bundle"),
    ];
    let set = parts.into_iter().filter(|(field, _)| is_set(certificate, field));
    set.map(|(field, what)| placed(text(certificate, field), format!("PodCertificate {what}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::overlaps;

    #[test]
    fn files_in_one_place_are_named() {
        let spec = json!({"volumes": [
            {"name": "c", "configMap": {"name": "m", "items": [
                {"key": "a", "path": "x"}, {"key": "b", "path": "x/y"}, {"key": "c", "path": "xy"},
            ]}},
            {"name": "p", "projected": {"sources": [
                {},
                {"secret": {"name": "s", "items": [{"key": "k", "path": "t/"}]}},
                {"serviceAccountToken": {"path": "t"}},
            ]}},
            {"name": "e", "emptyDir": {}},
        ]});
        assert_eq!(
            overlaps(&spec),
            [
                "volume \"c\" (ConfigMap \"m\"): overlapping paths: \"x/y\" with \"x\"",
                "volume \"p\" (Projected) has no sources provided",
                "volume \"p\" (Projected): overlapping paths: \"t\" (ServiceAccountToken) with \"t\" (Secret \"s\")",
            ]
        );
    }
}
