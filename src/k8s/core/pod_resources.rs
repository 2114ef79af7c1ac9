//! What the containers of a pod ask for together, and which resources a pod can have itself
//! (`k8s.io/component-helpers/resource/helpers.go`). Both the defaults and the rules of pods use it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::quantity::Quantity;

/// Amounts by the names of their resources.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// `IsHugePageResourceName`.
pub(super) fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// `IsSupportedPodLevelResource`.
pub(super) fn is_supported(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

/// `AggregateContainerRequests` and `AggregateContainerLimits`: `field` is `requests` or `limits`. Sidecars count with
/// the containers and with each init container behind them; any other init container runs alone.
pub(super) fn aggregated(spec: &Map<String, Value>, field: &str) -> Amounts {
    let containers = |list: &str| spec.get(list).and_then(Value::as_array).into_iter().flatten();
    let mut sum = Amounts::new();
    for container in containers("containers") {
        add(&mut sum, container, field);
    }
    let (mut sidecars, mut most) = (Amounts::new(), Amounts::new());
    for container in containers("initContainers") {
        let mut own = if container["restartPolicy"] == "Always" {
            add(&mut sum, container, field);
            add(&mut sidecars, container, field);
            sidecars.clone()
        } else {
            let mut own = Amounts::new();
            add(&mut own, container, field);
            for (name, amount) in &sidecars {
                let together = own.get(name).map_or_else(|| amount.clone(), |own| own.plus(amount));
                own.insert(name.clone(), together);
            }
            own
        };
        raise(&mut most, &mut own);
    }
    raise(&mut sum, &mut most);
    sum
}

/// `addResourceList`.
fn add(sum: &mut Amounts, container: &Value, field: &str) {
    for (name, amount) in container["resources"][field].as_object().into_iter().flatten() {
        let Ok(amount) = Quantity::parse(amount.as_str().unwrap_or_default()) else { continue };
        let sum = sum.entry(name.clone());
        sum.and_modify(|sum| *sum = sum.plus(&amount)).or_insert(amount);
    }
}

/// `maxResourceList`.
fn raise(most: &mut Amounts, other: &mut Amounts) {
    for (name, amount) in std::mem::take(other) {
        if most.get(&name).is_none_or(|most| amount > *most) {
            most.insert(name, amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::aggregated;

    #[test]
    fn sidecars_count_with_containers_and_later_init_containers() {
        let with = |cpu: &str| json!({"requests": {"cpu": cpu}});
        let spec = json!({
            "containers": [{"resources": with("1")}, {"resources": with("500m")}],
            "initContainers": [
                {"resources": with("2")},
                {"resources": with("1"), "restartPolicy": "Always"},
                {"resources": with("2")},
            ],
        });
        let spec = spec.as_object().unwrap();
        // The last init container runs beside the sidecar: 2 + 1 is more than 1.5 + 1.
        assert_eq!(aggregated(spec, "requests")["cpu"].text(), "3");
        assert!(aggregated(spec, "limits").is_empty());
    }
}
