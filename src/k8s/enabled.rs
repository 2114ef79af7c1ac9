//! What is turned off in an API server: built-in APIs, as `kube-apiserver --runtime-config` says it,
//! and features with a gate (`k8s.io/apiserver/pkg/server/resourceconfig/helpers.go`, `k8s.io/apiserver/pkg/server/options/api_enablement.go`).

use std::collections::BTreeMap;

#[cfg(feature = "cli")]
use super::golang::quote;

/// The groups and versions that kube-apiserver 1.36 knows (the `install` packages of `k8s.io/kubernetes/pkg/apis`,
/// `k8s.io/apiextensions-apiserver` and `k8s.io/kube-aggregator`), whether or not they are served by default.
#[cfg(feature = "cli")]
const KNOWN: [(&str, &str); 26] = [
    ("", "v1"),
    ("admission.k8s.io", "v1 v1beta1"),
    ("admissionregistration.k8s.io", "v1 v1beta1 v1alpha1"),
    ("apiextensions.k8s.io", "v1 v1beta1"),
    ("apiregistration.k8s.io", "v1 v1beta1"),
    ("apps", "v1 v1beta1 v1beta2"),
    ("authentication.k8s.io", "v1 v1beta1 v1alpha1"),
    ("authorization.k8s.io", "v1 v1beta1"),
    ("autoscaling", "v1 v2"),
    ("batch", "v1 v1beta1"),
    ("certificates.k8s.io", "v1 v1beta1 v1alpha1"),
    ("coordination.k8s.io", "v1 v1beta1 v1alpha2"),
    ("discovery.k8s.io", "v1 v1beta1"),
    ("events.k8s.io", "v1 v1beta1"),
    ("extensions", "v1beta1"),
    ("flowcontrol.apiserver.k8s.io", "v1 v1beta1 v1beta2 v1beta3"),
    ("imagepolicy.k8s.io", "v1alpha1"),
    ("internal.apiserver.k8s.io", "v1alpha1"),
    ("networking.k8s.io", "v1 v1beta1"),
    ("node.k8s.io", "v1 v1beta1 v1alpha1"),
    ("policy", "v1 v1beta1"),
    ("rbac.authorization.k8s.io", "v1 v1beta1 v1alpha1"),
    ("resource.k8s.io", "v1 v1beta1 v1beta2 v1alpha3"),
    ("scheduling.k8s.io", "v1 v1beta1 v1alpha2"),
    ("storage.k8s.io", "v1 v1beta1 v1alpha1"),
    ("storagemigration.k8s.io", "v1beta1"),
];

/// The keys that stand for all versions of a level, in the order in which they are applied.
const LEVELS: [&str; 4] = ["api/all", "api/ga", "api/beta", "api/alpha"];

/// The keys that turn priority and fairness off, in the order of precedence
/// (`validateAPIPriorityAndFairness`).
#[cfg(feature = "cli")]
const FLOW_CONTROL: [&str; 3] = ["flowcontrol.apiserver.k8s.io/v1", "api/ga", "api/all"];

/// Which built-in APIs are served. By default all that Standin has: those of stable versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EnabledApis {
    /// By the index in [`LEVELS`].
    levels: [Option<bool>; 4],
    /// By group and version.
    versions: BTreeMap<(String, String), bool>,
    /// By group, version and plural.
    resources: BTreeMap<(String, String, String), bool>,
}

/// Features of an API server that are turned off, by the names of their gates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FeaturesOff {
    /// `WatchList`: watches that begin with all objects and say where these end.
    pub watch_list: bool,
    /// `APIResponseCompression`: gzip for large answers.
    pub compression: bool,
    /// `ConstrainedImpersonation`: the modes besides the verb `impersonate`.
    pub constrained_impersonation: bool,
}

/// What is wrong with a configuration.
#[derive(Debug, Default, PartialEq, Eq)]
#[cfg(feature = "cli")]
pub(crate) struct RuntimeConfigProblems {
    /// It contradicts `--enable-priority-and-fairness`, which is on by default.
    pub(crate) flow_control: Option<String>,
    /// Said when the options are checked.
    pub(crate) options: Option<String>,
    /// Said when the server is made, where all options are right.
    pub(crate) server: Option<String>,
}

#[cfg(feature = "cli")]
impl EnabledApis {
    /// Reads the elements of `--runtime-config`: `KEY=VALUE`, or a key alone.
    ///
    /// # Errors
    /// Upstream's messages. It goes through the keys in any order; here the first in the order of names is reported.
    pub(crate) fn parse<'p>(
        pairs: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, RuntimeConfigProblems> {
        let mut config = BTreeMap::new();
        for pair in pairs {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            config.insert(key.trim().to_owned(), value.trim().to_owned());
        }
        let text: Vec<String> =
            config.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let text = text.join(",");
        // The names of the core group, and one without effect (`Options.Complete`).
        let is_core = |key: &str| {
            matches!(key, "v1" | "api/v1") || key.starts_with("v1/") || key.starts_with("api/v1/")
        };
        let core: Vec<String> = config.keys().filter(|key| is_core(key)).cloned().collect();
        for key in core {
            if let Some(value) = config.remove(&key) {
                config.insert("/v1".to_owned(), value);
            }
        }
        config.remove("api/legacy");
        let mut problems = RuntimeConfigProblems {
            flow_control: flow_control(&text),
            options: groups(&config).err(),
            server: None,
        };
        let read = Self::read(&config);
        if problems.options.is_none() {
            problems.server = read.as_ref().err().cloned();
        }
        match read {
            Ok(read) if problems == RuntimeConfigProblems::default() => Ok(read),
            _ => Err(problems),
        }
    }

    /// `MergeAPIResourceConfigs`.
    fn read(config: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut read = Self::default();
        for (level, key) in read.levels.iter_mut().zip(LEVELS) {
            *level = match config.get(key).map(String::as_str) {
                None => None,
                Some("true") => Some(true),
                Some("false") => Some(false),
                Some(value) => return Err(format!("invalid value {key}={value}")),
            };
        }
        for (key, value) in config.iter().filter(|(key, _)| !LEVELS.contains(&key.as_str())) {
            let mut parts = key.splitn(3, '/');
            let (Some(group), Some(version)) = (parts.next(), parts.next()) else { continue };
            let Some((_, versions)) = KNOWN.iter().find(|(known, _)| *known == group) else {
                continue;
            };
            if !versions.split(' ').any(|known| known == version) {
                let shown = if group.is_empty() {
                    version.to_owned()
                } else {
                    format!("{group}/{version}")
                };
                return Err(format!("group version {shown} that has not been registered"));
            }
            let on = switch(value).ok_or_else(|| {
                let why = format!("strconv.ParseBool: parsing {}: invalid syntax", quote(value));
                format!("invalid value of {key}: {value}, err: {why}")
            })?;
            let of = (group.to_owned(), version.to_owned());
            match parts.next() {
                None => {
                    read.versions.insert(of, on);
                }
                Some(plural) if plural.to_lowercase() == plural => {
                    read.resources.insert((of.0, of.1, plural.to_owned()), on);
                }
                Some(plural) => {
                    let plural = quote(plural);
                    let why = format!(
                        "group/version/resource and resource is always lowercase plural, not {plural}"
                    );
                    return Err(format!("invalid key {key}: {why}"));
                }
            }
        }
        Ok(read)
    }

    /// What is turned on that Standin does not have: versions that are not stable.
    pub(crate) fn missing(&self) -> Vec<String> {
        let unstable = |version: &str| version.contains("alpha") || version.contains("beta");
        let levels = LEVELS.iter().zip(self.levels).skip(2);
        let levels = levels.filter(|(_, on)| *on == Some(true)).map(|(key, _)| (*key).to_owned());
        let versions = self.versions.iter().filter(|((_, version), on)| **on && unstable(version));
        let versions = versions.map(|((group, version), _)| format!("{group}/{version}"));
        let resources = self.resources.iter().filter(|((_, at, _), on)| **on && unstable(at));
        let resources = resources.map(|((group, at, plural), _)| format!("{group}/{at}/{plural}"));
        levels.chain(versions).chain(resources).collect()
    }
}

impl EnabledApis {
    /// Whether it changes what is served.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a resource is served that is served by default. A resource decides before its version, a version before
    /// its level.
    pub(crate) fn serves(&self, group: &str, version: &str, plural: &str) -> bool {
        let of = (group.to_owned(), version.to_owned());
        let resource = (of.0.clone(), of.1.clone(), plural.to_owned());
        let own = self.resources.get(&resource).or_else(|| self.versions.get(&of)).copied();
        own.unwrap_or_else(|| self.level(version))
    }

    /// Whether any resource of a group and version is served, as far as the configuration says so.
    pub(crate) fn serves_version(&self, group: &str, version: &str) -> bool {
        let of = (group.to_owned(), version.to_owned());
        let is_named = |((of, at, _), on): (&(String, String, String), &bool)| {
            *on && of == group && at == version
        };
        self.versions.get(&of).copied().unwrap_or_else(|| self.level(version))
            || self.resources.iter().any(is_named)
    }

    /// What the keys for levels say about a version; the later ones count.
    fn level(&self, version: &str) -> bool {
        let matches = |key: &str| match key {
            "api/ga" => !version.contains("alpha") && !version.contains("beta"),
            "api/beta" => version.contains("beta"),
            "api/alpha" => version.contains("alpha"),
            _ => true,
        };
        let said = LEVELS.iter().zip(self.levels).rev();
        let mut said = said.filter_map(|(key, on)| on.filter(|_| matches(key)));
        said.next().unwrap_or(true)
    }
}

/// `APIEnablementOptions.Validate`.
#[cfg(feature = "cli")]
fn groups(config: &BTreeMap<String, String>) -> Result<(), String> {
    if config.len() == 1 && config.get("api/all").is_some_and(|value| value == "false") {
        return Err("invalid runtime-config with only api/all=false".to_owned());
    }
    let mut unknown = Vec::new();
    for key in config.keys().filter(|key| !LEVELS.contains(&key.as_str())) {
        let parts: Vec<&str> = key.split('/').collect();
        let [group, version, ..] = *parts else {
            return Err(format!("runtime-config invalid key {key}"));
        };
        if parts.len() > 3 {
            return Err(format!("runtime-config invalid key {key}"));
        }
        if !KNOWN.iter().any(|(known, _)| *known == group) {
            unknown.push(format!("{group}/{version}"));
        }
    }
    unknown.dedup();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(format!("unknown api groups {}", unknown.join(",")))
}

/// The key that turns the API of priority and fairness off, which is in use by default.
#[cfg(feature = "cli")]
fn flow_control(config: &str) -> Option<String> {
    for key in FLOW_CONTROL {
        if config.contains(&format!("{key}=false")) {
            return Some(format!(
                "--runtime-config={key}=false conflicts with --enable-priority-and-fairness=true"
            ));
        }
        if config.contains(&format!("{key}=true")) {
            return None;
        }
    }
    None
}

/// `strconv.ParseBool`, where an empty text is true.
#[cfg(feature = "cli")]
fn switch(value: &str) -> Option<bool> {
    match value {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EnabledApis, RuntimeConfigProblems> {
        EnabledApis::parse(text.split(','))
    }

    /// Configurations and what kube-apiserver 1.36.3 says about them.
    #[test]
    fn wrong_configurations_have_upstreams_texts() {
        for (text, why) in [
            ("foo=true", "runtime-config invalid key foo"),
            ("a/b/c/d=true", "runtime-config invalid key a/b/c/d"),
            ("foo/v1=true,bar/v1=true", "unknown api groups bar/v1,foo/v1"),
        ] {
            assert_eq!(parse(text).unwrap_err().options.unwrap(), why);
        }
        for (text, why) in [
            ("api/all=x", "invalid value api/all=x"),
            ("api/all", "invalid value api/all="),
            ("apps/v9=true", "group version apps/v9 that has not been registered"),
            (
                "apps/v1=x",
                "invalid value of apps/v1: x, err: strconv.ParseBool: parsing \"x\": invalid syntax",
            ),
            (
                "apps/v1/Deployments=true",
                "invalid key apps/v1/Deployments: group/version/resource and resource is always lowercase plural, not \
                 \"Deployments\"",
            ),
        ] {
            let problems = parse(text).unwrap_err();
            assert_eq!((problems.server.as_deref(), problems.options), (Some(why), None));
        }
        let problems = parse("api/all=false").unwrap_err();
        assert_eq!(problems.options.unwrap(), "invalid runtime-config with only api/all=false");
        assert_eq!(
            problems.flow_control.unwrap(),
            "--runtime-config=api/all=false conflicts with --enable-priority-and-fairness=true"
        );
    }

    #[test]
    fn a_resource_decides_before_its_version_and_a_version_before_its_level() {
        let apis = parse("api/ga=false,flowcontrol.apiserver.k8s.io/v1=true,apps/v1=true,apps/v1/daemonsets=0,v1")
            .unwrap();
        let serves = |group, version, plural| apis.serves(group, version, plural);
        assert!(serves("apps", "v1", "deployments") && serves("", "v1", "pods"));
        assert!(!serves("apps", "v1", "daemonsets") && !serves("batch", "v1", "jobs"));
        assert!(apis.serves_version("apps", "v1") && !apis.serves_version("batch", "v1"));
        let apis = parse("batch/v1=false,batch/v1/jobs=true").unwrap();
        assert!(apis.serves("batch", "v1", "jobs") && !apis.serves("batch", "v1", "cronjobs"));
        assert!(apis.serves_version("batch", "v1"));
        assert!(EnabledApis::default().serves("apps", "v1", "deployments"));
    }

    #[test]
    fn what_is_turned_on_and_is_not_there_is_named() {
        let apis =
            parse("api/beta=true,api/all=true,storage.k8s.io/v1alpha1=true,apps/v1=true").unwrap();
        assert_eq!(apis.missing(), ["api/beta", "storage.k8s.io/v1alpha1"]);
    }
}
