//! The Go types of an audit policy (`k8s.io/apiserver/pkg/apis/audit/v1`).

use super::super::golang::{GoType, STRING, Struct};

static RESOURCES: GoType = GoType::Struct(&Struct {
    package: "v1",
    name: "GroupResources",
    fields: &[
        ("group", STRING),
        ("resources", GoType::List(&STRING)),
        ("resourceNames", GoType::List(&STRING)),
    ],
});

static STAGE: GoType = GoType::Text("v1.Stage");

static RULE: GoType = GoType::Struct(&Struct {
    package: "v1",
    name: "PolicyRule",
    fields: &[
        ("level", GoType::Text("v1.Level")),
        ("users", GoType::List(&STRING)),
        ("userGroups", GoType::List(&STRING)),
        ("verbs", GoType::List(&STRING)),
        ("resources", GoType::List(&RESOURCES)),
        ("namespaces", GoType::List(&STRING)),
        ("nonResourceURLs", GoType::List(&STRING)),
        ("omitStages", GoType::List(&STAGE)),
        ("omitManagedFields", GoType::Bool),
    ],
});

/// A policy.
pub(super) static POLICY: Struct = Struct {
    package: "v1",
    name: "Policy",
    fields: &[
        ("kind", STRING),
        ("apiVersion", STRING),
        ("metadata", GoType::Any),
        ("rules", GoType::List(&RULE)),
        ("omitStages", GoType::List(&STAGE)),
        ("omitManagedFields", GoType::Bool),
    ],
};
