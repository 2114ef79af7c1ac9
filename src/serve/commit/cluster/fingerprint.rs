//! Tells first states apart: servers with the same fixtures and options have the same.

use sha2::{Digest, Sha256};

use crate::k8s::State;

/// Tells first states apart.
pub(super) fn fingerprint(first: &State) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", first.types.release()));
    for (resource, collection) in first.snapshot.collections() {
        for object in collection.range("", "") {
            hash.update(format!("\n{resource}/{}\n", object.key));
            hash.update(&object.rest);
        }
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
