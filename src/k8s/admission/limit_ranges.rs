//! `LimitRanger`: the defaults of containers, and the bounds of containers, pods and claims.

use serde_json::Value;

use super::super::core::quantity::Quantity;
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::store::Snapshot;
use super::resources::{self, List, Resources};

/// The annotation that says what was set.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The largest amount that is compared in thousandths (`MaxMilliValue`).
const MOST_IN_MILLI: i128 = i64::MAX as i128 / 1000;

/// The limits of the ranges of a namespace, range by range.
fn ranges(snapshot: &Snapshot, namespace: &str) -> Vec<Vec<Value>> {
    let Some(all) = snapshot.collection(&GroupResource::new("", "limitranges")) else {
        return Vec::new();
    };
    let limits = |range: Value| range["spec"]["limits"].as_array().cloned().unwrap_or_default();
    all.range(namespace, "").map(|range| limits(range.value("v1", "LimitRange"))).collect()
}

fn items<'l>(limits: &'l [Value], of: &str) -> impl Iterator<Item = &'l Value> {
    limits.iter().filter(move |limit| limit["type"] == of)
}

/// Sets the requests and limits that the containers of a new pod leave out (`PodMutateLimitFunc`).
pub(in super::super) fn set_defaults(snapshot: &Snapshot, namespace: &str, pod: &mut Value) {
    for limits in ranges(snapshot, namespace) {
        let (mut requests, mut most) = (Resources::new(), Resources::new());
        for limit in items(&limits, "Container") {
            requests.extend(resources::read(&limit["defaultRequest"]));
            most.extend(resources::read(&limit["default"]));
        }
        let mut done = Vec::new();
        for (field, shown) in [("containers", "container"), ("initContainers", "init container")] {
            let all = pod["spec"].get_mut(field).and_then(Value::as_array_mut);
            for container in all.into_iter().flatten() {
                let name = container["name"].as_str().unwrap_or_default().to_owned();
                for (list, defaults, what) in
                    [("requests", &requests, "request"), ("limits", &most, "limit")]
                {
                    let set = fill(container, list, defaults);
                    if !set.is_empty() {
                        done.push(format!("{} {what} for {shown} {name}", set.join(", ")));
                    }
                }
            }
        }
        if !done.is_empty() {
            let text = format!("LimitRanger plugin set: {}", done.join("; "));
            pod["metadata"]["annotations"][ANNOTATION] = text.into();
        }
    }
}

/// Sets the amounts that a list of a container leaves out. Returns their names.
fn fill(container: &mut Value, list: &str, defaults: &Resources) -> Vec<String> {
    let mut set = Vec::new();
    for (name, amount) in defaults {
        let slot = &mut container["resources"][list][name];
        if slot.is_null() {
            *slot = amount.text().into();
            set.push(name.clone());
        }
    }
    set
}

/// Checks a new pod, or a new or changed claim, against the bounds of its namespace.
///
/// # Errors
/// What the first range that it violates says.
pub(in super::super) fn check(
    snapshot: &Snapshot,
    plural: &str,
    object: &Value,
) -> Result<(), String> {
    for limits in ranges(snapshot, meta::text(object, "namespace")) {
        let mut problems = Vec::new();
        for limit in &limits {
            match (plural, limit["type"].as_str().unwrap_or_default()) {
                ("pods", kind @ "Container") => {
                    for field in ["containers", "initContainers"] {
                        for container in resources::containers(object, field) {
                            let of = |list| resources::of_container(container, list);
                            bounds(
                                kind,
                                limit,
                                &of(List::Requests),
                                &of(List::Limits),
                                &mut problems,
                            );
                        }
                    }
                }
                ("pods", kind @ "Pod") => {
                    let of = |list| resources::of_pod(object, list, false);
                    bounds(kind, limit, &of(List::Requests), &of(List::Limits), &mut problems);
                }
                ("persistentvolumeclaims", kind @ "PersistentVolumeClaim") => {
                    let requests = resources::of_container(&object["spec"], List::Requests);
                    for (name, least) in resources::read(&limit["min"]) {
                        problems.extend(minimum(kind, &name, &least, &requests, &Resources::new()));
                    }
                    for (name, most) in resources::read(&limit["max"]) {
                        problems.extend(maximum_request(kind, &name, &most, &requests));
                    }
                }
                _ => {}
            }
        }
        problems.dedup();
        match problems.as_slice() {
            [] => {}
            [one] => return Err(one.clone()),
            all => return Err(format!("[{}]", all.join(", "))),
        }
    }
    Ok(())
}

fn bounds(
    kind: &str,
    limit: &Value,
    requests: &Resources,
    limits: &Resources,
    problems: &mut Vec<String>,
) {
    for (name, least) in resources::read(&limit["min"]) {
        problems.extend(minimum(kind, &name, &least, requests, limits));
    }
    for (name, most) in resources::read(&limit["max"]) {
        problems.extend(maximum(kind, &name, &most, requests, limits));
    }
    for (name, most) in resources::read(&limit["maxLimitRequestRatio"]) {
        problems.extend(ratio(kind, &name, &most, requests, limits));
    }
}

/// The amounts as they are compared: in thousandths where all of them are small enough.
fn compared<const N: usize>(amounts: [Option<&Quantity>; N]) -> [i128; N] {
    let whole = amounts.map(|amount| amount.map_or(0, Quantity::rounded_up));
    if whole.iter().all(|amount| *amount <= MOST_IN_MILLI) {
        return amounts.map(|amount| amount.map_or(0, Quantity::milli));
    }
    whole
}

fn minimum(
    kind: &str,
    name: &str,
    least: &Quantity,
    requests: &Resources,
    limits: &Resources,
) -> Option<String> {
    let (request, limit) = (requests.get(name), limits.get(name));
    let [requested, limited, bound] = compared([request, limit, Some(least)]);
    let what = format!("minimum {name} usage per {kind} is {}", least.text());
    match (request, limit) {
        (None, _) => Some(format!("{what}.  No request is specified")),
        (Some(request), _) if requested < bound => {
            Some(format!("{what}, but request is {}", request.text()))
        }
        (_, Some(limit)) if limited < bound => {
            Some(format!("{what}, but limit is {}", limit.text()))
        }
        _ => None,
    }
}

fn maximum(
    kind: &str,
    name: &str,
    most: &Quantity,
    requests: &Resources,
    limits: &Resources,
) -> Option<String> {
    let (request, limit) = (requests.get(name), limits.get(name));
    let [requested, limited, bound] = compared([request, limit, Some(most)]);
    let what = format!("maximum {name} usage per {kind} is {}", most.text());
    match (limit, request) {
        (None, _) => Some(format!("{what}.  No limit is specified")),
        (Some(limit), _) if limited > bound => {
            Some(format!("{what}, but limit is {}", limit.text()))
        }
        (_, Some(request)) if requested > bound => {
            Some(format!("{what}, but request is {}", request.text()))
        }
        _ => None,
    }
}

fn maximum_request(
    kind: &str,
    name: &str,
    most: &Quantity,
    requests: &Resources,
) -> Option<String> {
    let request = requests.get(name);
    let [requested, bound] = compared([request, Some(most)]);
    let what = format!("maximum {name} usage per {kind} is {}", most.text());
    match request {
        None => Some(format!("{what}.  No request is specified")),
        Some(request) if requested > bound => {
            Some(format!("{what}, but request is {}", request.text()))
        }
        Some(_) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "upstream compares ratios as float64")]
fn ratio(
    kind: &str,
    name: &str,
    most: &Quantity,
    requests: &Resources,
    limits: &Resources,
) -> Option<String> {
    let (request, limit) = (requests.get(name), limits.get(name));
    let [requested, limited, _] = compared([request, limit, Some(most)]);
    let what = format!("{name} max limit to request ratio per {kind} is {}", most.text());
    if requested == 0 {
        return Some(format!("{what}, but no request is specified or request is 0"));
    }
    if limited == 0 {
        return Some(format!("{what}, but no limit is specified or limit is 0"));
    }
    let found = limited as f64 / requested as f64;
    let in_milli = most.rounded_up() <= MOST_IN_MILLI;
    let exceeds = if in_milli {
        found * 1000.0 > most.milli() as f64
    } else {
        found > most.rounded_up() as f64
    };
    exceeds.then(|| format!("{what}, but provided ratio is {found:.6}"))
}
