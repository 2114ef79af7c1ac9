//! `AlwaysPullImages` (`plugin/pkg/admission/alwayspullimages`).

use serde_json::Value;

const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Has all images of a pod pulled, unless a change brings no other images.
pub(super) fn mutate(pod: &mut Value, old: Option<&Value>) {
    if old.is_some_and(|old| {
        let before: Vec<&Value> = images(old).collect();
        images(pod).all(|image| before.contains(&image))
    }) {
        return;
    }
    for list in LISTS {
        let all = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in all.into_iter().flatten() {
            container["imagePullPolicy"] = "Always".into();
        }
    }
    let volumes = pod["spec"].get_mut("volumes").and_then(Value::as_array_mut);
    for volume in volumes.into_iter().flatten().filter(|volume| volume["image"].is_object()) {
        volume["image"]["pullPolicy"] = "Always".into();
    }
}

fn images(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = LISTS.into_iter().filter_map(|list| pod["spec"][list].as_array());
    lists.flatten().map(|container| &container["image"])
}
