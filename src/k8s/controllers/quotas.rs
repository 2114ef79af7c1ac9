//! The resource quota controller: the status of a quota counts the objects of its namespace
//! (`pkg/controller/resourcequota`).

use super::super::admission::quotas;
use super::objects::{QUOTAS, Work};

pub(super) fn run(work: &mut Work, key: &str) {
    let Some(quota) = work.get(QUOTAS, key) else { return };
    let status = quotas::recount(work.change.snapshot(), &quota);
    work.set_status(QUOTAS, &quota, status);
}
