//! The cells of the tables of built-in types (`pkg/printers/internalversion/printers.go`).

use serde_json::Value;

use super::super::resource::Column;
use super::super::store::Cell;
use super::cells_of_pods as pods;
use super::shown::{Shown, at, labels, list, number, or, other, selector, text};

/// The cells of an object for the given columns.
pub(in super::super) fn of(
    group: &str,
    kind: &str,
    object: &Value,
    columns: &[Column],
) -> Box<[Cell]> {
    let cell = |column: &Column| match shown(group, kind, object, &column.name) {
        Shown::Text(text) => Cell::Text(Value::from(text).to_string().into()),
        Shown::Value(value) => Cell::Text(value.to_string().into()),
        Shown::Since(Value::String(time)) => {
            time.parse().map_or_else(|_| Cell::Text("\"<invalid>\"".into()), Cell::Age)
        }
        Shown::Since(_) => Cell::Text("\"<unknown>\"".into()),
    };
    columns.iter().map(cell).collect()
}

fn count(value: &Value) -> i64 {
    let length = value.as_object().map_or(0, serde_json::Map::len);
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn shown(group: &str, kind: &str, object: &Value, column: &str) -> Shown {
    match (kind, column) {
        ("ConfigMap", "Data") => (count(&object["data"]) + count(&object["binaryData"])).into(),
        ("Secret", "Type") => text(object, "type").into(),
        ("Secret", "Data") => count(&object["data"]).into(),
        ("Namespace", "Status") => text(object, "status.phase").into(),
        ("Lease", "Holder") => text(object, "spec.holderIdentity").into(),
        ("PriorityClass", "Value") => number(object, "value").into(),
        ("PriorityClass", "Global-Default") => (object["globalDefault"] == true).into(),
        ("PriorityClass", "PreemptionPolicy") => text(object, "preemptionPolicy").into(),
        ("Scale", "Desired") => number(object, "spec.replicas").into(),
        ("Scale", "Available") => number(object, "status.replicas").into(),
        ("StorageClass", _) => storage_class(object, column),
        ("RoleBinding" | "ClusterRoleBinding", _) => binding(object, column),
        ("Service", _) => service(object, column),
        ("PersistentVolumeClaim", _) => claim(object, column),
        ("PersistentVolume", _) => volume(object, column),
        ("ResourceQuota", "Request" | "Limit") => quota(object, column == "Limit").into(),
        ("NetworkPolicy", "Pod-Selector") => selector(&object["spec"]["podSelector"]).into(),
        ("Ingress", _) => ingress(object, column),
        ("PodDisruptionBudget", "Min Available") => amount(object, "spec.minAvailable"),
        ("PodDisruptionBudget", "Max Unavailable") => amount(object, "spec.maxUnavailable"),
        ("PodDisruptionBudget", "Allowed Disruptions") => {
            number(object, "status.disruptionsAllowed").into()
        }
        ("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", "Webhooks") => {
            i64::try_from(list(object, "webhooks").len()).unwrap_or_default().into()
        }
        ("Event", _) if group.is_empty() || group == "events.k8s.io" => event(object, column),
        ("Pod", _) => pods::pod(object, column),
        ("Node", _) => pods::node(object, column),
        (
            "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "DaemonSet",
            _,
        ) => pods::workload(kind, object, column),
        ("Job" | "CronJob", _) => pods::job(kind, object, column),
        ("PodTemplate", "Pod Labels") => labels(&object["template"]["metadata"]["labels"]).into(),
        ("PodTemplate", _) => pods::template(&object["template"], object, column),
        ("ControllerRevision", "Revision") => number(object, "revision").into(),
        ("RuntimeClass", "Handler") => text(object, "handler").into(),
        ("IngressClass", "Controller") => text(object, "spec.controller").into(),
        ("HorizontalPodAutoscaler", _) => scaler(object, column),
        ("Endpoints", "Endpoints") => endpoints(object).into(),
        ("EndpointSlice", _) => slice(object, column),
        ("ResourceClaim", "State") => pods::claim_state(object).into(),
        _ => other(object, column),
    }
}

fn amount(object: &Value, path: &str) -> Shown {
    match at(object, path) {
        Value::Null => "N/A".into(),
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

fn texts(object: &Value, path: &str) -> String {
    list(object, path).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

fn storage_class(object: &Value, column: &str) -> Shown {
    match column {
        "Provisioner" => text(object, "provisioner").into(),
        "ReclaimPolicy" => or(text(object, "reclaimPolicy"), "Delete").into(),
        "VolumeBindingMode" => or(text(object, "volumeBindingMode"), "<unset>").into(),
        "AllowVolumeExpansion" => (object["allowVolumeExpansion"] == true).into(),
        _ => other(object, column),
    }
}

fn binding(object: &Value, column: &str) -> Shown {
    let subjects = |kind: &str| {
        let all = list(object, "subjects").iter().filter(|subject| text(subject, "kind") == kind);
        let names = all.map(|subject| {
            let (namespace, name) = (text(subject, "namespace"), text(subject, "name"));
            if kind == "ServiceAccount" { format!("{namespace}/{name}") } else { name.to_owned() }
        });
        names.collect::<Vec<_>>().join(", ").into()
    };
    match column {
        "Role" => {
            format!("{}/{}", text(object, "roleRef.kind"), text(object, "roleRef.name")).into()
        }
        "Users" => subjects("User"),
        "Groups" => subjects("Group"),
        "ServiceAccounts" => subjects("ServiceAccount"),
        _ => other(object, column),
    }
}

fn service(object: &Value, column: &str) -> Shown {
    let spec = &object["spec"];
    let kind = text(spec, "type");
    let external = texts(spec, "externalIPs");
    match column {
        "Type" => kind.into(),
        "Cluster-IP" => or(
            list(spec, "clusterIPs").first().and_then(Value::as_str).unwrap_or_default(),
            "<none>",
        )
        .into(),
        "External-IP" => match kind {
            "ClusterIP" | "NodePort" => or(&external, "<none>").into(),
            "ExternalName" => text(spec, "externalName").into(),
            "LoadBalancer" => {
                let ingress = list(object, "status.loadBalancer.ingress").iter();
                let mut all: Vec<&str> =
                    ingress.map(|point| or(text(point, "ip"), text(point, "hostname"))).collect();
                all.extend(external.split(',').filter(|address| !address.is_empty()));
                or(&all.join(","), "<pending>").into()
            }
            _ => "<unknown>".into(),
        },
        "Port(s)" => {
            let ports = list(spec, "ports").iter().map(|port| {
                let (own, protocol) = (number(port, "port"), text(port, "protocol"));
                match number(port, "nodePort") {
                    0 => format!("{own}/{protocol}"),
                    node => format!("{own}:{node}/{protocol}"),
                }
            });
            or(&ports.collect::<Vec<_>>().join(","), "<none>").into()
        }
        "Selector" => labels(&spec["selector"]).into(),
        _ => other(object, column),
    }
}

/// `GetAccessModesAsString`.
fn access_modes(value: &Value, path: &str) -> String {
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| list(value, path).iter().any(|found| found == mode);
    let found = short.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short);
    found.collect::<Vec<_>>().join(",")
}

fn claim(object: &Value, column: &str) -> Shown {
    let spec = &object["spec"];
    let bound = !text(spec, "volumeName").is_empty();
    match column {
        "Status" if !object["metadata"]["deletionTimestamp"].is_null() => "Terminating".into(),
        "Status" => text(object, "status.phase").into(),
        "Volume" => text(spec, "volumeName").into(),
        "Capacity" if bound => or(text(object, "status.capacity.storage"), "0").into(),
        "Access Modes" if bound => access_modes(object, "status.accessModes").into(),
        "Capacity" | "Access Modes" => "".into(),
        "StorageClass" => text(spec, "storageClassName").into(),
        "VolumeAttributesClass" => or(text(spec, "volumeAttributesClassName"), "<unset>").into(),
        "VolumeMode" => or(text(spec, "volumeMode"), "<unset>").into(),
        _ => other(object, column),
    }
}

fn volume(object: &Value, column: &str) -> Shown {
    let spec = &object["spec"];
    match column {
        "Capacity" => or(text(spec, "capacity.storage"), "0").into(),
        "Access Modes" => access_modes(spec, "accessModes").into(),
        "Reclaim Policy" => text(spec, "persistentVolumeReclaimPolicy").into(),
        "Status" if !object["metadata"]["deletionTimestamp"].is_null() => "Terminating".into(),
        "Status" => text(object, "status.phase").into(),
        "Claim" if spec["claimRef"].is_null() => "".into(),
        "Claim" => {
            format!("{}/{}", text(spec, "claimRef.namespace"), text(spec, "claimRef.name")).into()
        }
        "StorageClass" => text(spec, "storageClassName").into(),
        "VolumeAttributesClass" => or(text(spec, "volumeAttributesClassName"), "<unset>").into(),
        "Reason" => text(object, "status.reason").into(),
        "VolumeMode" => or(text(spec, "volumeMode"), "<unset>").into(),
        _ => other(object, column),
    }
}

fn quota(object: &Value, limits: bool) -> String {
    let hard = object["status"]["hard"].as_object().into_iter().flatten();
    let of_column = hard.filter(|(name, _)| name.starts_with("limits.") == limits);
    let cells = of_column.map(|(name, hard)| {
        let used = object["status"]["used"][name].as_str().unwrap_or("0");
        format!("{name}: {used}/{}", hard.as_str().unwrap_or_default())
    });
    cells.collect::<Vec<_>>().join(", ")
}

fn scaler(object: &Value, column: &str) -> Shown {
    let spec = &object["spec"];
    match column {
        "Reference" => {
            let (kind, name) =
                (text(spec, "scaleTargetRef.kind"), text(spec, "scaleTargetRef.name"));
            format!("{kind}/{name}").into()
        }
        "Targets" => {
            let targets = list(spec, "metrics").iter().map(|metric| {
                let name = or(text(metric, "resource.name"), text(metric, "type"));
                let target = &metric["resource"]["target"];
                match target["averageUtilization"].as_i64() {
                    Some(percent) => format!("{name}: <unknown>/{percent}%"),
                    None => {
                        format!("{name}: <unknown>/{}", or(text(target, "averageValue"), "<auto>"))
                    }
                }
            });
            or(&targets.collect::<Vec<_>>().join(", "), "<none>").into()
        }
        "MinPods" => match spec["minReplicas"].as_i64() {
            Some(count) => count.to_string().into(),
            None => "<unset>".into(),
        },
        "MaxPods" => number(spec, "maxReplicas").into(),
        "Replicas" => number(object, "status.currentReplicas").into(),
        _ => other(object, column),
    }
}

/// Up to three of several texts, and how many there are besides.
fn first_three(all: &[String], none: &str) -> String {
    match all {
        [] => none.to_owned(),
        [first, second, third, _, ..] => {
            format!("{first},{second},{third} + {} more...", all.len() - 3)
        }
        all => all.join(","),
    }
}

fn endpoints(object: &Value) -> String {
    let mut all = Vec::new();
    for subset in list(object, "subsets") {
        let addresses = list(subset, "addresses").iter().map(|address| text(address, "ip"));
        let ports = list(subset, "ports");
        for address in addresses {
            if ports.is_empty() {
                all.push(address.to_owned());
            }
            all.extend(ports.iter().map(|port| format!("{address}:{}", number(port, "port"))));
        }
    }
    first_three(&all, "<none>")
}

fn slice(object: &Value, column: &str) -> Shown {
    match column {
        "AddressType" => text(object, "addressType").into(),
        "Ports" => {
            let ports = list(object, "ports").iter();
            let ports = ports
                .map(|port| port["port"].as_i64().map_or("*".to_owned(), |port| port.to_string()));
            first_three(&ports.collect::<Vec<_>>(), "<unset>").into()
        }
        "Endpoints" => {
            let points = list(object, "endpoints").iter();
            let all = points.flat_map(|point| list(point, "addresses")).filter_map(Value::as_str);
            first_three(&all.map(str::to_owned).collect::<Vec<_>>(), "<unset>").into()
        }
        _ => other(object, column),
    }
}

fn ingress(object: &Value, column: &str) -> Shown {
    let spec = &object["spec"];
    match column {
        "Class" => or(text(spec, "ingressClassName"), "<none>").into(),
        "Hosts" => {
            let rules = list(spec, "rules").iter().map(|rule| text(rule, "host"));
            let hosts: Vec<&str> = rules.filter(|host| !host.is_empty()).collect();
            match hosts.as_slice() {
                [] => "*".into(),
                [first, second, third, _, ..] => {
                    format!("{first},{second},{third} + {} more...", hosts.len() - 3).into()
                }
                hosts => hosts.join(",").into(),
            }
        }
        "Address" => {
            let points = list(object, "status.loadBalancer.ingress").iter();
            let points = points.map(|point| or(text(point, "ip"), text(point, "hostname")));
            points.collect::<Vec<_>>().join(",").into()
        }
        "Ports" if list(spec, "tls").is_empty() => "80".into(),
        "Ports" => "80, 443".into(),
        _ => other(object, column),
    }
}

fn event(object: &Value, column: &str) -> Shown {
    // The two versions have other names for the same fields.
    let one = |first: &str, second: &str| {
        let found = at(object, first);
        if found.is_null() { at(object, second).clone() } else { found.clone() }
    };
    let words = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let first = match one("firstTimestamp", "deprecatedFirstTimestamp") {
        Value::Null => object["eventTime"].clone(),
        found => found,
    };
    match column {
        "Last Seen" => match &object["series"]["lastObservedTime"] {
            Value::Null => match one("lastTimestamp", "deprecatedLastTimestamp") {
                Value::Null => Shown::Since(first),
                found => Shown::Since(found),
            },
            found => Shown::Since(found.clone()),
        },
        "Type" => text(object, "type").into(),
        "Reason" => text(object, "reason").into(),
        "Object" => {
            let kind = words(one("involvedObject.kind", "regarding.kind")).to_lowercase();
            let name = words(one("involvedObject.name", "regarding.name"));
            if name.is_empty() { kind.into() } else { format!("{kind}/{name}").into() }
        }
        "Subobject" => words(one("involvedObject.fieldPath", "regarding.fieldPath")).into(),
        "Source" => {
            let component = words(one("source.component", "deprecatedSource.component"));
            let host = words(one("source.host", "deprecatedSource.host"));
            let component = if component.is_empty() {
                words(one("reportingComponent", "reportingController"))
            } else {
                component
            };
            let host =
                if host.is_empty() { text(object, "reportingInstance").to_owned() } else { host };
            if host.is_empty() { component.into() } else { format!("{component}, {host}").into() }
        }
        "Message" => words(one("message", "note")).trim().into(),
        "First Seen" => Shown::Since(first),
        "Count" => {
            let series = number(object, "series.count");
            let own = one("count", "deprecatedCount").as_i64().unwrap_or_default();
            if series > 0 { series.into() } else { own.max(1).into() }
        }
        _ => other(object, column),
    }
}
