//! `--feature-gates`: what upstream refuses (`k8s.io/component-base/featuregate/feature_gate.go`,
//! `k8s.io/component-base/compatibility/registry.go`), and which gates are on.

use std::collections::BTreeMap;

use super::flags::Flags;
use super::kinds;

/// The feature gates of kube-apiserver 1.36.3, as its packages define them for 1.36: name, stage, default, then `locked`
/// where it cannot be changed, then `needs` with the gates that it depends on.
const GATES: &str = include_str!("data/feature-gates.txt");

/// The only component that has gates.
const COMPONENT: &str = "kube";

/// The gates that stand for all of a stage, with the stage.
const ALL: [(&str, &str); 2] = [("AllAlpha", "Alpha"), ("AllBeta", "Beta")];

/// A gate.
#[derive(Debug, Clone, Copy)]
struct Gate {
    name: &'static str,
    stage: &'static str,
    default: bool,
    locked: bool,
    needs: &'static str,
}

fn known() -> impl Iterator<Item = Gate> {
    GATES.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, stage) = (words.next()?, words.next()?);
        let default = words.next()? == "true";
        let rest: Vec<&'static str> = words.collect();
        let needs = rest.iter().position(|word| *word == "needs").and_then(|at| rest.get(at + 1));
        let needs = needs.copied().unwrap_or_default();
        Some(Gate { name, stage, default, locked: rest.contains(&"locked"), needs })
    })
}

/// The gates as they are set.
#[derive(Debug, Default)]
pub(super) struct FeatureGates(BTreeMap<&'static str, bool>);

impl FeatureGates {
    /// Reads the flag.
    ///
    /// # Errors
    /// Upstream's messages. It goes through the gates in any order; here they have the order of the flag.
    pub(super) fn read(flags: &Flags) -> Result<Self, String> {
        // By component, in the order in which they are given.
        let (mut own, mut unnamed) = (Vec::new(), Vec::new());
        let mut others: Vec<&str> = Vec::new();
        for pair in flags.list("feature-gates") {
            match pair.split_once(':') {
                None => unnamed.push(pair),
                Some((component, pair)) if component.trim() == COMPONENT => own.push(pair.trim()),
                Some((component, _)) => others.push(component.trim()),
            }
        }
        if !own.is_empty() && !unnamed.is_empty() {
            return Err("set kube feature gates with default empty prefix or kube: prefix consistently, do not mix use"
                .to_owned());
        }
        if let Some(component) = others.first() {
            return Err(format!("component not registered: {component}"));
        }
        own.append(&mut unnamed);
        let mut asked: Vec<(&str, bool)> = Vec::new();
        for pair in own {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("missing bool value for {}", pair.trim()))?;
            let (name, value) = (name.trim(), value.trim());
            let on = kinds::boolean(value)
                .map_err(|why| format!("invalid value of {name}={value}, err: {why}"))?;
            match asked.iter_mut().find(|(known, _)| *known == name) {
                Some(found) => found.1 = on,
                None => asked.push((name, on)),
            }
        }
        Self::set(&asked)
    }

    /// `unsafeSetFromMap`.
    fn set(asked: &[(&str, bool)]) -> Result<Self, String> {
        let (mut set, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, on) in asked {
            let Some(gate) = known().find(|gate| gate.name == *name) else {
                problems.push(format!("unrecognized feature gate: {name}"));
                return Err(aggregate(&problems));
            };
            if gate.locked && gate.default != *on {
                let default = gate.default;
                problems.push(format!(
                    "cannot set feature gate {name} to {on}, feature is locked to {default}"
                ));
                continue;
            }
            set.insert(gate.name, *on);
        }
        if !problems.is_empty() {
            return Err(aggregate(&problems));
        }
        // A gate that is named decides for itself.
        for (all, stage) in ALL {
            let Some(on) = set.get(all).copied() else { continue };
            for gate in known().filter(|gate| gate.stage == stage && !is_for_all(gate.name)) {
                set.entry(gate.name).or_insert(on);
            }
        }
        let set = Self(set);
        for gate in known().filter(|gate| !gate.needs.is_empty() && set.is_on(gate.name)) {
            let off: Vec<&str> = gate.needs.split(',').filter(|name| !set.is_on(name)).collect();
            if !off.is_empty() {
                let off = off.join(" ");
                let name = gate.name;
                problems.push(format!(
                    "{name} is enabled, but depends on features that are disabled: [{off}]"
                ));
            }
        }
        if problems.is_empty() { Ok(set) } else { Err(aggregate(&problems)) }
    }

    /// Whether a gate is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let default = || known().any(|gate| gate.name == name && gate.default);
        self.0.get(name).copied().unwrap_or_else(default)
    }
}

fn is_for_all(name: &str) -> bool {
    ALL.iter().any(|(all, _)| *all == name)
}

/// Several errors as one (`k8s.io/apimachinery/pkg/util/errors.aggregate`).
pub(super) fn aggregate(problems: &[String]) -> String {
    match problems {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::flags::Asked;
    use super::*;

    fn read(value: &str) -> Result<FeatureGates, String> {
        match Flags::parse(&[format!("--feature-gates={value}")]) {
            Ok(Asked::Run(flags)) => FeatureGates::read(&flags),
            other => panic!("{other:?}"),
        }
    }

    /// Values and what kube-apiserver 1.36.3 says about them.
    #[test]
    fn wrong_gates_have_upstreams_texts() {
        for (value, why) in [
            (
                "AllAlpha=true,kube:AllBeta=false",
                "set kube feature gates with default empty prefix or kube: prefix consistently, do not mix use",
            ),
            ("foo:X=true", "component not registered: foo"),
            ("a:b:c=1", "component not registered: a"),
            (
                "AuthorizeNodeWithSelectors=false",
                "cannot set feature gate AuthorizeNodeWithSelectors to false, feature is locked to true",
            ),
            (
                "AuthorizeNodeWithSelectors=false,Foo=true",
                "[cannot set feature gate AuthorizeNodeWithSelectors to false, feature is locked to true, unrecognized \
                 feature gate: Foo]",
            ),
            (
                "ClusterTrustBundleProjection=true",
                "ClusterTrustBundleProjection is enabled, but depends on features that are disabled: [ClusterTrustBundle]",
            ),
            ("featureC=true", "unrecognized feature gate: featureC"),
            ("WatchList", "missing bool value for WatchList"),
            ("A=b", "invalid value of A=b, err: strconv.ParseBool: parsing \"b\": invalid syntax"),
        ] {
            assert_eq!(read(value).unwrap_err(), why, "{value}");
        }
    }

    #[test]
    fn a_named_gate_decides_for_itself_and_the_last_value_counts() {
        let gates = read("AllBeta=false,WatchList=true,SidecarContainers=true").unwrap();
        assert!(gates.is_on("WatchList") && !gates.is_on("APIServerIdentity"));
        let gates = read("WatchList=true,WatchList=false").unwrap();
        assert!(!gates.is_on("WatchList") && gates.is_on("APIServerIdentity"));
        assert!(!read("").unwrap().is_on("CoordinatedLeaderElection"));
    }
}
