//! Lists of resources, and what a pod requests and is limited to (`k8s.io/component-helpers/resource/helpers.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::core::quantity::Quantity;

/// Amounts of resources, by name.
pub(super) type Resources = BTreeMap<String, Quantity>;

/// Which of the two lists of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Requests,
    Limits,
}

impl List {
    fn field(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }
}

/// Reads a list.
pub(super) fn read(list: &Value) -> Resources {
    let list = list.as_object().into_iter().flatten();
    list.filter_map(|(name, value)| Some((name.clone(), Quantity::parse(value.as_str()?).ok()?)))
        .collect()
}

/// Writes a list.
pub(super) fn write(list: &Resources) -> Value {
    list.iter().map(|(name, amount)| (name.clone(), Value::from(amount.text()))).collect()
}

/// Adds the amounts of another list.
pub(super) fn add(list: &mut Resources, other: &Resources) {
    for (name, amount) in other {
        let sum = list.get(name).map_or_else(|| amount.clone(), |own| own.plus(amount));
        list.insert(name.clone(), sum);
    }
}

/// Raises the amounts to those of another list.
fn raise(list: &mut Resources, other: &Resources) {
    for (name, amount) in other {
        if list.get(name).is_none_or(|own| amount > own) {
            list.insert(name.clone(), amount.clone());
        }
    }
}

/// One list of a container.
pub(super) fn of_container(container: &Value, list: List) -> Resources {
    read(&container["resources"][list.field()])
}

/// The containers of a pod, or its init containers.
pub(super) fn containers<'p>(pod: &'p Value, field: &str) -> &'p [Value] {
    pod["spec"][field].as_array().map_or(&[], Vec::as_slice)
}

/// What a pod has at once: its containers with the init containers that keep running, or an init container that needs
/// more; in place of these what the pod itself names. `huge_pages` says whether that may be huge pages too.
pub(super) fn of_pod(pod: &Value, list: List, huge_pages: bool) -> Resources {
    let mut all = Resources::new();
    for container in containers(pod, "containers") {
        add(&mut all, &of_container(container, list));
    }
    let (mut running, mut initial) = (Resources::new(), Resources::new());
    for container in containers(pod, "initContainers") {
        let mut own = of_container(container, list);
        if container["restartPolicy"] == "Always" {
            add(&mut all, &own);
            add(&mut running, &own);
            own.clone_from(&running);
        } else {
            add(&mut own, &running);
        }
        raise(&mut initial, &own);
    }
    raise(&mut all, &initial);
    let of_pod = of_container(&pod["spec"], list).into_iter();
    all.extend(of_pod.filter(|(name, _)| {
        matches!(name.as_str(), "cpu" | "memory") || huge_pages && name.starts_with("hugepages-")
    }));
    all
}

/// What a pod counts for a quota: with the overhead of its runtime.
pub(super) fn of_pod_with_overhead(pod: &Value, list: List) -> Resources {
    let mut all = of_pod(pod, list, true);
    let mut overhead = read(&pod["spec"]["overhead"]);
    if list == List::Limits {
        // What has no limit gets none.
        overhead.retain(|name, _| all.get(name).is_some_and(|own| !own.is_zero()));
    }
    add(&mut all, &overhead);
    all
}
