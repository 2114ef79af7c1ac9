//! The Go types of an answered `AdmissionReview` (`k8s.io/api/admission`), as far as they are read.

use super::super::super::golang::{GoType, STRING, Struct};
use super::configuration::ReviewVersion;

static LIST_META: Struct = Struct {
    package: "v1",
    name: "ListMeta",
    fields: &[
        ("selfLink", STRING),
        ("resourceVersion", STRING),
        ("continue", STRING),
        ("remainingItemCount", GoType::Int),
    ],
};

static CAUSE: GoType = GoType::Struct(&Struct {
    package: "v1",
    name: "StatusCause",
    fields: &[("reason", GoType::Text("v1.CauseType")), ("message", STRING), ("field", STRING)],
});

static DETAILS: Struct = Struct {
    package: "v1",
    name: "StatusDetails",
    fields: &[
        ("name", STRING),
        ("group", STRING),
        ("kind", STRING),
        ("uid", GoType::Text("types.UID")),
        ("causes", GoType::List(&CAUSE)),
        ("retryAfterSeconds", GoType::Int32),
    ],
};

static STATUS: Struct = Struct {
    package: "v1",
    name: "Status",
    fields: &[
        ("kind", STRING),
        ("apiVersion", STRING),
        ("metadata", GoType::Struct(&LIST_META)),
        ("status", STRING),
        ("message", STRING),
        ("reason", GoType::Text("v1.StatusReason")),
        ("details", GoType::Struct(&DETAILS)),
        ("code", GoType::Int32),
    ],
};

/// The review of a version: the types of both differ in their packages.
macro_rules! review {
    ($package:literal, $patch_type:literal) => {{
        static RESPONSE: Struct = Struct {
            package: $package,
            name: "AdmissionResponse",
            fields: &[
                ("uid", GoType::Text("types.UID")),
                ("allowed", GoType::Bool),
                ("status", GoType::Struct(&STATUS)),
                ("patch", GoType::Bytes),
                ("patchType", GoType::Text($patch_type)),
                ("auditAnnotations", GoType::Texts),
                ("warnings", GoType::List(&STRING)),
            ],
        };
        static REVIEW: Struct = Struct {
            package: $package,
            name: "AdmissionReview",
            fields: &[
                ("kind", STRING),
                ("apiVersion", STRING),
                ("request", GoType::Any),
                ("response", GoType::Struct(&RESPONSE)),
            ],
        };
        &REVIEW
    }};
}

/// The type of a review.
pub(super) fn review(version: ReviewVersion) -> &'static Struct {
    match version {
        ReviewVersion::V1 => review!("v1", "v1.PatchType"),
        ReviewVersion::V1Beta1 => review!("v1beta1", "v1beta1.PatchType"),
    }
}
