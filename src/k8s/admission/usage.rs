//! What an object counts for a quota (`pkg/quota/v1/evaluator/core`).

use serde_json::Value;

use super::super::core::quantity::Quantity;
use super::resources::{self, List, Resources};

/// The suffix of what is counted for one class of storage.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// The resources that are counted of pods.
const POD_RESOURCES: [&str; 11] = [
    "count/pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];

/// The resources that every container of a pod must name where a quota is about them.
const REQUIRED: [&str; 6] =
    ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

/// The types whose number has a name besides `count/TYPE`.
const NAMED: [&str; 4] = ["configmaps", "replicationcontrollers", "resourcequotas", "secrets"];

/// The name of the number of objects of a type.
fn count_name(group: &str, plural: &str) -> String {
    if group.is_empty() { format!("count/{plural}") } else { format!("count/{plural}.{group}") }
}

fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

/// Whether a resource of a quota is counted of a type (`MatchingResources`).
pub(super) fn is_counted(group: &str, plural: &str, name: &str) -> bool {
    match (group, plural) {
        ("", "pods") => {
            POD_RESOURCES.contains(&name)
                || name.starts_with("hugepages-")
                || name.starts_with("requests.hugepages-")
                || name.starts_with("requests.") && is_extended(name)
        }
        ("", "services") => matches!(
            name,
            "count/services" | "services" | "services.nodeports" | "services.loadbalancers"
        ),
        ("", "persistentvolumeclaims") => {
            let own = |name: &str| matches!(name, "persistentvolumeclaims" | "requests.storage");
            name == "count/persistentvolumeclaims"
                || own(name)
                || name.split_once(OF_CLASS).is_some_and(|(_, rest)| own(rest))
        }
        ("", plural) if NAMED.contains(&plural) && name == plural => true,
        _ => name == count_name(group, plural),
    }
}

/// What an object counts.
pub(super) fn of(group: &str, plural: &str, object: &Value) -> Resources {
    let one = || Quantity::whole(1);
    let mut usage = Resources::from([(count_name(group, plural), one())]);
    match (group, plural) {
        ("", "pods") if !has_ended(object) => {
            let of = |list| resources::of_pod_with_overhead(object, list);
            usage.extend(named(&of(List::Requests), &of(List::Limits)));
        }
        ("", "services") => {
            let spec = &object["spec"];
            let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
            let all = Quantity::whole(i64::try_from(ports.len()).unwrap_or(i64::MAX));
            let chosen = ports.iter().filter(|port| port["nodePort"].as_i64().unwrap_or(0) != 0);
            let (node_ports, balancers) = match spec["type"].as_str() {
                Some("NodePort") => (all, 0),
                Some("LoadBalancer") if spec["allocateLoadBalancerNodePorts"] == false => {
                    (Quantity::whole(i64::try_from(chosen.count()).unwrap_or(i64::MAX)), 1)
                }
                Some("LoadBalancer") => (all, 1),
                _ => (Quantity::whole(0), 0),
            };
            usage.insert("services".to_owned(), one());
            usage.insert("services.nodeports".to_owned(), node_ports);
            usage.insert("services.loadbalancers".to_owned(), Quantity::whole(balancers));
        }
        ("", "persistentvolumeclaims") => {
            let spec = &object["spec"];
            let old = &object["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"];
            let class = old.as_str().or_else(|| spec["storageClassName"].as_str());
            let mut own = Resources::from([(plural.to_owned(), one())]);
            if let Some(asked) = resources::of_container(spec, List::Requests).remove("storage") {
                own.insert("requests.storage".to_owned(), asked.rounded_to_whole());
            }
            if let Some(class) = class.filter(|class| !class.is_empty()) {
                usage
                    .extend(own.iter().map(|(name, amount)| {
                        (format!("{class}{OF_CLASS}{name}"), amount.clone())
                    }));
            }
            usage.extend(own);
        }
        ("", plural) if NAMED.contains(&plural) => {
            usage.insert(plural.to_owned(), one());
        }
        _ => {}
    }
    usage
}

/// Whether a pod has ended: it uses nothing any more.
fn has_ended(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Failed" | "Succeeded"))
}

/// Requests and limits under the names that quotas have for them (`podComputeUsageHelper`).
fn named(requests: &Resources, limits: &Resources) -> Resources {
    let mut usage = Resources::from([("pods".to_owned(), Quantity::whole(1))]);
    let is_own = |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage");
    for (name, amount) in requests {
        if is_own(name) || name.starts_with("hugepages-") {
            usage.insert(name.clone(), amount.clone());
        }
        if is_own(name) || name.starts_with("hugepages-") || is_extended(name) {
            usage.insert(format!("requests.{name}"), amount.clone());
        }
    }
    for (name, amount) in limits.iter().filter(|(name, _)| is_own(name)) {
        usage.insert(format!("limits.{name}"), amount.clone());
    }
    usage
}

/// The resources that containers of a pod leave out although a quota is about them, each with the containers
/// (`podEvaluator.Constraints`).
pub(super) fn missing(pod: &Value, counted: &[&str]) -> Option<String> {
    let of_pod = &pod["spec"]["resources"];
    if of_pod["requests"].is_object() || of_pod["limits"].is_object() {
        return None;
    }
    let mut problems = Vec::new();
    for name in REQUIRED.iter().filter(|name| counted.contains(name)) {
        let all = ["containers", "initContainers"].map(|field| resources::containers(pod, field));
        let lacks = |container: &&Value| {
            let of = |list| resources::of_container(container, list);
            !named(&of(List::Requests), &of(List::Limits)).contains_key(*name)
        };
        let names = all.into_iter().flatten().filter(lacks).filter_map(|one| one["name"].as_str());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            problems.push(format!("{name} for: {}", names.join(",")));
        }
    }
    (!problems.is_empty()).then(|| format!("must specify {}", problems.join("; ")))
}
