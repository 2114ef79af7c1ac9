//! `Priority`: a pod has the priority of its class (`plugin/pkg/admission/priority`).

use serde_json::Value;

use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::Request;

/// The version and kind of priority classes.
const CLASS: (&str, &str) = ("scheduling.k8s.io/v1", "PriorityClass");

/// The classes that every cluster has.
const SYSTEM_CLASSES: [(&str, i64); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Sets the priority of a new pod.
///
/// # Errors
/// 403 for an unknown class, and for another priority than that of the class.
pub(super) fn mutate(request: &Request<'_>, pod: &mut Value) -> Result<(), ApiError> {
    let classes = GroupResource::new("scheduling.k8s.io", "priorityclasses");
    let asked = pod["spec"]["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let class = if asked.is_empty() {
        let all = request.snapshot.collection(&classes);
        let mut all = all
            .into_iter()
            .flat_map(|all| all.range("", ""))
            .map(|class| class.value(CLASS.0, CLASS.1));
        all.find(|class| class["globalDefault"] == true)
    } else {
        request.snapshot.get(&classes, &asked).map(|class| class.value(CLASS.0, CLASS.1))
    };
    let system = SYSTEM_CLASSES.iter().find(|(system, _)| *system == asked);
    let (priority, preemption) = match (&class, system) {
        (Some(class), _) => {
            (class["value"].as_i64().unwrap_or_default(), class["preemptionPolicy"].clone())
        }
        (None, Some((_, value))) => (*value, Value::Null),
        (None, None) if asked.is_empty() => (0, Value::Null),
        (None, None) => {
            let why = format!("no PriorityClass with name {asked} was found");
            return Err(request.forbidden(pod, &why));
        }
    };
    if let Some(own) = pod["spec"]["priority"].as_i64().filter(|own| *own != priority) {
        let why = format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller \
             computed {priority} from the given PriorityClass name"
        );
        return Err(request.forbidden(pod, &why));
    }
    let policy = if preemption.is_null() { "PreemptLowerPriority".into() } else { preemption };
    if let Some(own) = pod["spec"]["preemptionPolicy"].as_str().filter(|own| policy != *own) {
        let why = format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission \
             controller computed {} from the given PriorityClass name",
            policy.as_str().unwrap_or_default()
        );
        return Err(request.forbidden(pod, &why));
    }
    let spec = &mut pod["spec"];
    if let Some(class) = class.filter(|_| asked.is_empty()) {
        spec["priorityClassName"] = class["metadata"]["name"].clone();
    }
    spec["priority"] = priority.into();
    spec["preemptionPolicy"] = policy;
    Ok(())
}

/// A changed pod that leaves its priority out keeps it.
pub(super) fn keep(new: &mut Value, old: &Value) {
    for field in ["priority", "preemptionPolicy"] {
        let Some(spec) = new["spec"].as_object_mut() else { return };
        match old["spec"].get(field) {
            Some(value) if spec.get(field).is_none_or(Value::is_null) => {
                spec.insert(field.to_owned(), value.clone());
            }
            _ => {}
        }
    }
}
