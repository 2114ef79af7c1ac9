//! What every namespace has: the account of pods that name none, and the certificates by which they know the server
//! (`pkg/controller/serviceaccount/serviceaccounts_controller.go`,
//! `pkg/controller/certificates/rootcacertpublisher`).

use serde_json::json;

use super::super::meta;
use super::objects::{CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, Work};

/// The account of pods that name none.
pub(super) const ACCOUNT: &str = "default";

/// The config map with the certificates.
pub(super) const CERTIFICATES: &str = "kube-root-ca.crt";

/// Creates the account of a namespace where it has none.
pub(super) fn account(work: &mut Work, namespace: &str) {
    if is_open(work, namespace) {
        let metadata = json!({"name": ACCOUNT, "namespace": namespace});
        work.create(SERVICE_ACCOUNTS, json!({"metadata": metadata}));
    }
}

/// Creates the certificates of a namespace where it has none. They are empty: the engine does not know how it is
/// served.
pub(super) fn certificates(work: &mut Work, namespace: &str) {
    if is_open(work, namespace) {
        let why = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such \
                   as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
                   distributions of Kubernetes clusters.";
        let metadata = json!({
            "name": CERTIFICATES, "namespace": namespace,
            "annotations": {"kubernetes.io/description": why},
        });
        work.create(CONFIG_MAPS, json!({"metadata": metadata, "data": {"ca.crt": ""}}));
    }
}

fn is_open(work: &Work, namespace: &str) -> bool {
    work.get(NAMESPACES, namespace).is_some_and(|found| !meta::is_terminating(&found))
}
