//! Objects in several forms, as a kube-apiserver 1.36 converts them.

use serde_json::json;

use super::*;

#[test]
fn an_event_keeps_its_fields_in_both_groups() {
    let event = find("events.k8s.io", "v1", "Event").unwrap();
    let core = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "a", "namespace": "n"},
        "involvedObject": {"kind": "Pod", "name": "p"}, "reason": "r", "message": "m",
        "source": {"component": "k"}, "firstTimestamp": "2024-01-01T00:00:00Z", "lastTimestamp": null,
        "count": 3, "type": "Normal", "eventTime": null, "reportingComponent": "", "reportingInstance": "",
    });
    let mut object = core.clone();
    event.to_own(&mut object);
    assert_eq!(
        object,
        json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "a", "namespace": "n"},
            "eventTime": null, "reason": "r", "regarding": {"kind": "Pod", "name": "p"}, "note": "m",
            "type": "Normal", "deprecatedSource": {"component": "k"},
            "deprecatedFirstTimestamp": "2024-01-01T00:00:00Z", "deprecatedLastTimestamp": null,
            "deprecatedCount": 3,
        })
    );
    event.to_stored(&mut object);
    assert_eq!(object, core);
    assert!(find("", "v1", "Event").is_none() && find("autoscaling", "v1", "Scale").is_none());
}

#[test]
fn what_an_autoscaler_of_v1_has_no_fields_for_is_in_annotations() {
    let autoscaler = find("autoscaling", "v1", "HorizontalPodAutoscaler").unwrap();
    let selector = json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "Exists"}]});
    let policies = json!([{"type": "Pods", "value": 4, "periodSeconds": 15}]);
    let stored = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a", "annotations": {"own": "x"}},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "d"}, "minReplicas": 1, "maxReplicas": 3,
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": policies},
                "scaleDown": {"selectPolicy": "Min", "policies": policies},
            },
            "metrics": [
                {"type": "Pods", "pods": {
                    "metric": {"name": "q", "selector": selector},
                    "target": {"type": "AverageValue", "averageValue": "5"}}},
                {"type": "Object", "object": {
                    "describedObject": {"kind": "Service", "name": "s", "apiVersion": "v1"},
                    "metric": {"name": "h"}, "target": {"type": "Value", "value": "10k"}}},
            ],
        },
        "status": {
            "currentReplicas": 1, "desiredReplicas": 2, "currentMetrics": [{"type": "Resource", "resource": {
                "name": "cpu", "current": {"averageUtilization": 12, "averageValue": "3m"}}}],
            "conditions": [{
                "type": "AbleToScale", "status": "True", "lastTransitionTime": null, "message": "a<b",
            }],
        },
    });
    let mut object = stored.clone();
    autoscaler.to_own(&mut object);
    assert_eq!(object["spec"]["minReplicas"], 1);
    assert_eq!(object["status"]["currentCPUUtilizationPercentage"], 12);
    let annotation = |name: &str| {
        let name = format!("autoscaling.alpha.kubernetes.io/{name}");
        object["metadata"]["annotations"][&name].as_str().unwrap().to_owned()
    };
    assert_eq!(
        annotation("metrics"),
        r#"[{"type":"Pods","pods":{"metricName":"q","targetAverageValue":"5","selector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"Exists"}]}}},{"type":"Object","object":{"target":{"kind":"Service","name":"s","apiVersion":"v1"},"metricName":"h","targetValue":"10k"}}]"#
    );
    assert_eq!(
        annotation("behavior"),
        r#"{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Min","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null}}"#
    );
    assert_eq!(
        annotation("current-metrics"),
        r#"[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":12,"currentAverageValue":"3m"}}]"#
    );
    assert_eq!(
        annotation("conditions"),
        r#"[{"type":"AbleToScale","status":"True","lastTransitionTime":null,"message":"a\u003cb"}]"#
    );
    autoscaler.to_stored(&mut object);
    assert_eq!(object, stored);
}

#[test]
fn an_autoscaler_without_metrics_scales_by_the_processor() {
    let autoscaler = find("autoscaling", "v1", "HorizontalPodAutoscaler").unwrap();
    let mut object = json!({
        "metadata": {"name": "a"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "maxReplicas": 3},
        "status": {"currentReplicas": 0, "desiredReplicas": 0},
    });
    autoscaler.to_stored(&mut object);
    let resource =
        json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}});
    assert_eq!(object["spec"]["metrics"], json!([{"type": "Resource", "resource": resource}]));
    assert_eq!(object["status"], json!({"currentMetrics": null, "desiredReplicas": 0}));
    autoscaler.to_own(&mut object);
    assert_eq!(object["spec"]["targetCPUUtilizationPercentage"], 80);
    assert!(object["metadata"].get("annotations").is_none());
}
