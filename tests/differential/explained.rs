//! Differences that have a reason: each as narrow as it is.

use serde_json::Value;

use crate::step::Step;

/// A difference that is expected.
struct Explained {
    reason: &'static str,
    applies: fn(&Step, &Value, &Value) -> bool,
}

const ALL: &[Explained] = &[
    Explained {
        reason: "a watch from the beginning needs progress requests of etcd, which the real server's etcd lacks before \
                 3.4.25 (storage/feature/feature_support_checker.go)",
        applies: |step, want, _| {
            let text = format!("{}{}", want["events"], want["fields"]);
            step.path.contains("/namespaces/")
                && (text.contains("Too large resource version")
                    || text.contains("storage feature RequestWatchProgress is disabled"))
        },
    },
    Explained {
        reason: "a watch whose time is over before it begins ends without an event; upstream sends that of its \
                 expired context, or none, as it happens (handlers/get.go)",
        applies: |step, want, _| {
            step.query.iter().any(|parameter| parameter == "timeoutSeconds=-1")
                && want["events"].to_string().contains("context deadline exceeded")
        },
    },
    Explained {
        reason: "a whole number that is written as a float is one until it is stored, and so a change each time \
                 (runtime/serializer/json with int64 and float64)",
        applies: |step, want, got| {
            let body = step.body.as_deref().unwrap_or_default();
            step.method == "PUT"
                && body.contains(".0")
                && want["status"] == got["status"]
                && want["body"]["metadata"]["generation"] != got["body"]["metadata"]["generation"]
        },
    },
    Explained {
        reason: "the resources of a custom group are in the order of a Go map \
                 (apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go lists an indexer)",
        applies: |_, want, got| {
            want["body"]["kind"] == "APIResourceList"
                && want["status"] == got["status"]
                && sorted(&want["body"]["resources"]) == sorted(&got["body"]["resources"])
        },
    },
    Explained {
        reason: "the addresses of a service are allocated before it is validated, and the error has a drawn address \
                 (registry/core/service/storage/storage.go)",
        applies: |_, want, got| {
            let message = want["body"]["message"].as_str().unwrap_or_default();
            message.contains("failed to allocate IP") && got["status"] == want["status"]
        },
    },
    Explained {
        reason: "errors of labels and annotations are in the order of a Go map \
                 (apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidateLabels)",
        applies: |_, want, got| {
            let causes = |answer: &Value| sorted(&answer["body"]["details"]["causes"]);
            let about = want["body"]["message"].as_str().unwrap_or_default();
            want["status"] == 422
                && got["status"] == 422
                && (about.contains("metadata.labels") || about.contains("metadata.annotations"))
                && causes(want) == causes(got)
        },
    },
];

fn sorted(list: &Value) -> Vec<String> {
    let mut texts: Vec<String> =
        list.as_array().into_iter().flatten().map(ToString::to_string).collect();
    texts.sort();
    texts
}

/// Why two answers to a request differ, where that is known.
pub(crate) fn reason(step: &Step, want: &Value, got: &Value) -> Option<&'static str> {
    let found = ALL.iter().find(|explained| (explained.applies)(step, want, got));
    found.map(|explained| explained.reason)
}
