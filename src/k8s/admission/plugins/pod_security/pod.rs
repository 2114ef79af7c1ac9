//! A pod, or the template of one, as the checks see it.

use serde_json::Value;

/// A pod with its containers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pod<'a> {
    value: &'a Value,
}

impl<'a> Pod<'a> {
    /// Of an object with `metadata` and `spec`.
    pub(super) fn of(value: &'a Value) -> Self {
        Self { value }
    }

    /// The spec.
    pub(super) fn spec(self) -> &'a Value {
        &self.value["spec"]
    }

    /// The security context of the pod itself.
    pub(super) fn context(self) -> &'a Value {
        &self.spec()["securityContext"]
    }

    /// The annotations, in the order of names.
    pub(super) fn annotations(self) -> Vec<(&'a str, &'a str)> {
        let all = self.value["metadata"]["annotations"].as_object().into_iter().flatten();
        let mut all: Vec<_> =
            all.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect();
        all.sort_unstable();
        all
    }

    /// All containers: those of the start, the others, and those for debugging.
    pub(super) fn containers(self) -> impl Iterator<Item = &'a Value> {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        lists.into_iter().flat_map(move |list| self.spec()[list].as_array().into_iter().flatten())
    }

    /// Whether it runs on Windows.
    pub(super) fn is_windows(self) -> bool {
        self.spec()["os"]["name"] == "windows"
    }

    /// Whether it has users of its own (`relaxPolicyForUserNamespacePod`).
    pub(super) fn has_own_users(self) -> bool {
        self.spec()["hostUsers"] == false
    }
}

/// Whether a change of a pod has to be checked: other images or containers (`isSignificantPodUpdate`).
pub(super) fn changes(new: &Value, old: &Value) -> bool {
    let list = |pod: &Value, field: &str| -> Vec<(Value, Value)> {
        let all = pod["spec"][field].as_array().into_iter().flatten();
        all.map(|container| (container["name"].clone(), container["image"].clone())).collect()
    };
    let images = |pod: &Value, field: &str| -> Vec<Value> {
        list(pod, field).into_iter().map(|(_, image)| image).collect()
    };
    if ["containers", "initContainers"].iter().any(|field| images(new, field) != images(old, field))
    {
        return true;
    }
    let before = list(old, "ephemeralContainers");
    list(new, "ephemeralContainers").iter().any(|container| !before.contains(container))
}
