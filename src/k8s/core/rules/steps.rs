//! The orders in which the parts of a changed object are validated (`Validate*Update` in `pkg/apis/*/validation` and
//! `ValidateUpdate` of the strategies of `k8s.io/kubernetes`).

use super::Step;

const CHANGE: Step = Step::MetadataChange;

/// `ValidateX` besides `ValidateObjectMetaUpdate`, before the rules of a change.
pub(super) const WHOLE: &[Step] = &[CHANGE, Step::Metadata, Step::Version, Step::Change];
/// `ValidateX`, then `ValidateXUpdate`.
pub(super) const WHOLE_FIRST: &[Step] = &[Step::Metadata, Step::Version, CHANGE, Step::Change];
/// `ValidateX` without `ValidateObjectMetaUpdate`.
pub(super) const VERSION: &[Step] = &[Step::Metadata, Step::Version, Step::Change];
/// `ValidateX` behind the rules of a change.
pub(super) const WHOLE_LAST: &[Step] = &[CHANGE, Step::Change, Step::Metadata, Step::Version];
/// The rules of a change before those of every version.
pub(super) const CHANGE_FIRST: &[Step] = &[CHANGE, Step::Change, Step::Version];
/// `ValidateJob`, then `ValidateJobUpdate`, which checks the content again.
pub(super) const JOB: &[Step] =
    &[Step::Metadata, Step::Version, CHANGE, Step::Version, Step::Change];
/// `ValidatePersistentVolume` twice.
pub(super) const VOLUME: &[Step] =
    &[Step::Metadata, Step::Version, Step::Metadata, Step::Version, Step::Change];
