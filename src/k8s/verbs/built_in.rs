//! What only built-in types have: their rules, their warnings, and what admission plugins set in new pods.

use serde_json::Value;

use super::super::core::decode::{self, From};
use super::super::core::merge;
use super::super::core::rules::{self, Rules};
use super::super::resource::GroupResource;
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::{Call, admit, definition};

/// The rules of a built-in type. Definitions have rules of their own.
pub(super) fn built_in_rules(call: &Call<'_>) -> Option<&'static Rules> {
    let of = &call.served.of;
    let own = of.is_built_in() && !definition::is_definition(of);
    own.then(|| rules::find(of.group(), of.plural()))
}

/// The object that a new one is compared with for the ownership of fields: an empty one of its type.
pub(super) fn empty(call: &Call<'_>) -> Value {
    let of = merge::go_struct(&call.served).filter(|_| built_in_rules(call).is_some());
    of.map_or_else(|| Value::Object(serde_json::Map::new()), decode::empty)
}

/// Makes empty lists what they are in the store: absent ones.
pub(super) fn forget_empty_lists(call: &Call<'_>, value: &mut Value) {
    let of = merge::go_struct(&call.served).filter(|_| built_in_rules(call).is_some());
    for name in of.map(|of| decode::empty_lists(value, of)).unwrap_or_default() {
        value[name] = Value::Null;
    }
}

/// An object of a built-in type as it is read back from the store: with its defaults.
pub(super) fn read_back(call: &Call<'_>, value: Value) -> Value {
    if built_in_rules(call).is_none() {
        return value;
    }
    let mut decoded = value.clone();
    match admit::coerce(call, &mut decoded, From::Map) {
        Ok(_) => decoded,
        Err(_) => value,
    }
}

/// The warnings about an object of a built-in type (`WarningsOnCreate`, `WarningsOnUpdate`).
pub(super) fn warnings(call: &Call<'_>, value: &Value, is_new: bool) -> Vec<String> {
    let rules = built_in_rules(call);
    rules.map(|rules| rules.warnings(value, is_new)).unwrap_or_default()
}

/// Sets what a new object gets from its sender: a request for a certificate names the user.
pub(super) fn set_sender(call: &Call<'_>, value: &mut Value) {
    if call.served.of.plural() != "certificatesigningrequests" || !value["spec"].is_object() {
        return;
    }
    let spec = &mut value["spec"];
    for field in ["username", "uid", "groups", "extra"] {
        drop(spec.as_object_mut().map(|spec| spec.remove(field)));
    }
    let user = call.user;
    spec["username"] = user.name.as_str().into();
    spec["groups"] = user.groups.clone().into();
    if !user.uid.is_empty() {
        spec["uid"] = user.uid.as_str().into();
    }
}

/// The version and kind of priority classes.
const CLASS: (&str, &str) = ("scheduling.k8s.io/v1", "PriorityClass");

/// The classes that every cluster has.
const SYSTEM_CLASSES: [(&str, i64); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// The admission plugin `Priority`: a pod has the priority of its class.
///
/// # Errors
/// 403 for an unknown class, and for another priority than that of the class.
pub(super) fn set_priority(
    call: &Call<'_>,
    change: &StoreChange,
    pod: &mut Value,
) -> Result<(), ApiError> {
    if !pod["spec"].is_object() {
        return Ok(());
    }
    let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let forbidden = |why: &str| ApiError::forbidden(&call.served.of.group_resource, &name, why);
    let classes = GroupResource::new("scheduling.k8s.io", "priorityclasses");
    let spec = &mut pod["spec"];
    let asked = spec["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let class = if asked.is_empty() {
        let all = change.snapshot().collection(&classes);
        let mut all = all
            .into_iter()
            .flat_map(|all| all.range("", ""))
            .map(|class| class.value(CLASS.0, CLASS.1));
        all.find(|class| class["globalDefault"] == true)
    } else {
        change.snapshot().get(&classes, &asked).map(|class| class.value(CLASS.0, CLASS.1))
    };
    let system = SYSTEM_CLASSES.iter().find(|(system, _)| *system == asked);
    let (priority, preemption) = match (&class, system) {
        (Some(class), _) => {
            (class["value"].as_i64().unwrap_or_default(), class["preemptionPolicy"].clone())
        }
        (None, Some((_, value))) => (*value, Value::Null),
        (None, None) if asked.is_empty() => (0, Value::Null),
        (None, None) => {
            return Err(forbidden(&format!("no PriorityClass with name {asked} was found")));
        }
    };
    if let Some(own) = spec["priority"].as_i64().filter(|own| *own != priority) {
        return Err(forbidden(&format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller \
             computed {priority} from the given PriorityClass name"
        )));
    }
    if let Some(class) = class.filter(|_| asked.is_empty()) {
        spec["priorityClassName"] = class["metadata"]["name"].clone();
    }
    spec["priority"] = priority.into();
    let policy = if preemption.is_null() { "PreemptLowerPriority".into() } else { preemption };
    match spec["preemptionPolicy"].as_str() {
        None => spec["preemptionPolicy"] = policy,
        Some(own) if policy != own => {
            return Err(forbidden(&format!(
                "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission \
                 controller computed {} from the given PriorityClass name",
                policy.as_str().unwrap_or_default()
            )));
        }
        Some(_) => {}
    }
    Ok(())
}

/// Gives a service the addresses and node ports that it has not.
pub(super) fn allocate(call: &Call<'_>, change: &mut StoreChange, service: &mut Value) {
    let resource = &call.served.of.group_resource;
    change.rely_on_all(resource);
    let mut taken = std::collections::HashSet::new();
    for (_, collection) in change.snapshot().collections().filter(|(of, _)| *of == resource) {
        for other in collection.range("", "") {
            let value = other.value(&call.served.api_version, &call.served.of.kind);
            let addresses = value["spec"]["clusterIPs"].as_array().into_iter().flatten();
            taken.extend(addresses.filter_map(Value::as_str).map(str::to_owned));
            let ports = value["spec"]["ports"].as_array().into_iter().flatten();
            taken.extend(
                ports.filter_map(|port| port["nodePort"].as_i64()).map(|port| port.to_string()),
            );
        }
    }
    rules::allocate(service, &|found| taken.contains(found), call.nonce);
}
