//! The audit: `--audit-*` → its options (`k8s.io/apiserver/pkg/server/options/audit.go`).

use std::time::Duration;

use crate::k8s::parse_duration;
use crate::serve::{AuditBatches, AuditRotation};
use crate::server::{AuditOptions, Builder};

use super::flags::Flags;

/// A megabyte, as `--audit-log-maxsize` counts them.
const MEGABYTE: u64 = 1 << 20;

/// The audit that the flags describe: there is none without a policy, and without somewhere to write to.
pub(super) fn with_audit(builder: Builder, flags: &Flags) -> Builder {
    let Some(policy) = flags.file("audit-policy-file") else { return builder };
    let log = flags.file("audit-log-path").map(|path| (path.into(), rotation(flags)));
    let webhook = flags.file("audit-webhook-config-file");
    let webhook = webhook.map(|path| (path.into(), batches(flags)));
    if log.is_none() && webhook.is_none() {
        return builder;
    }
    builder.audit_options(AuditOptions { policy: policy.into(), log, webhook })
}

/// A number of a flag. A wrong one was refused before.
fn number<N: std::str::FromStr>(flags: &Flags, name: &str, default: N) -> N {
    flags.last(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn rotation(flags: &Flags) -> AuditRotation {
    let default = AuditRotation::default();
    let megabytes = number(flags, "audit-log-maxsize", default.most_bytes / MEGABYTE);
    AuditRotation {
        most_bytes: megabytes.saturating_mul(MEGABYTE),
        backups: number(flags, "audit-log-maxbackup", default.backups),
        days: number(flags, "audit-log-maxage", default.days),
    }
}

/// Without batches each event is sent by itself.
fn batches(flags: &Flags) -> AuditBatches {
    let default = AuditBatches::default();
    let flag = |name: &str| format!("audit-webhook-batch-{name}");
    if flags.last("audit-webhook-mode").is_some_and(|mode| mode != "batch") {
        return AuditBatches { most: 1, ..default };
    }
    let time = flags.last(&flag("max-wait")).and_then(|text| parse_duration(text).ok());
    let time = time.and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
    AuditBatches {
        waiting: number(flags, &flag("buffer-size"), default.waiting),
        most: number(flags, &flag("max-size"), default.most),
        time: time.map_or(default.time, Duration::from_nanos),
    }
}
