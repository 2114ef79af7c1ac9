//! Many stubs at once (`C/core/WireMockApp.java`, `importStubs`).

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::matching::Stub;
use crate::message::Plan;

use super::super::super::context::RequestContext;
use super::super::reply::{AdminError, empty};
use super::change::{remove_all, save_persistent};

/// Adds stubs so that the first one is tried first. All of them can be read, or none is added.
pub(super) fn import(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let shared = &context.shared;
    let import =
        shared.stubs.reader(&shared.body_files()).import(body).map_err(AdminError::Json)?;
    let ids: HashSet<Uuid> = import.stubs.iter().map(|stub| stub.id).collect();
    let stubs: Vec<Arc<Stub>> = import.stubs.into_iter().map(Arc::new).collect();
    let (changed, others) = shared.change_stubs(|set| {
        let mut changed: Vec<Arc<Stub>> = Vec::with_capacity(stubs.len());
        for stub in stubs.iter().rev() {
            if set.get(stub.id).is_none() {
                set.add(Arc::clone(stub));
            } else if import.overwrites {
                set.replace(Arc::clone(stub));
            } else {
                continue;
            }
            changed.push(Arc::clone(stub));
        }
        let is_other = |stub: &&Arc<Stub>| import.deletes_others && !ids.contains(&stub.id);
        let others: Vec<Arc<Stub>> = set.stubs().filter(is_other).cloned().collect();
        (changed, others)
    })?;
    remove_all(context, &others)?;
    for stub in &changed {
        save_persistent(context, stub)?;
    }
    Ok(empty())
}
